"""How high the numbers go that people and programs may name (what is higher was never given to anything), and parts of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

HIGHEST_NUMBER: Final = 2**31 - 1
"""Of runs, attempts, calls and whatever else is counted from 1: the columns hold no more."""
HIGHEST_EVENT: Final = 2**63 - 1
"""Of the events of a job, which are counted in wider columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSpan:
    """The runs of a job from one number to another, both included."""

    first: int = 0
    last: int = HIGHEST_NUMBER


ALL_RUNS: Final = RunSpan()
