"""How high the numbers go that people and programs may name; what is higher was never given to anything."""

from __future__ import annotations

from typing import Final

HIGHEST_NUMBER: Final = 2**31 - 1
"""Of runs, attempts, calls and whatever else is counted from 1: the columns hold no more."""
HIGHEST_EVENT: Final = 2**63 - 1
"""Of the events of a job, which are counted in wider columns."""
