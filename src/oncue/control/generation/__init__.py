"""Calls of language models as a running step makes them: composed, within the budget, stored before they are sent."""
