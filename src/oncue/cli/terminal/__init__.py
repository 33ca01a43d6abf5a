"""A run at a terminal: from a wish to a run that goes on, its progress, its questions, and keys."""
