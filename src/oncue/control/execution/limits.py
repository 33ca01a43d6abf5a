"""What bounds a run in a process: steps at once, steps in all, and its budget."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from oncue.core.model import Attempt, Run

DEFAULT_PARALLEL = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What bounds a run here: steps at once, steps in all (a single-step run pauses after it), and its budget.

    ``deadline`` is on the monotonic clock.
    """

    parallel: int = DEFAULT_PARALLEL
    steps: int | None = None
    deadline: float | None = None

    def is_reached(self, monotonic: float) -> bool:
        """Whether the budget is used up."""
        return self.deadline is not None and monotonic >= self.deadline


def budget_deadline(run: Run, attempts: Iterable[Attempt], *, monotonic: float) -> float | None:
    """When a run's budget of seconds is used up, on the monotonic clock; None without one."""
    budget = run.request.get("budget")
    seconds = budget.get("seconds") if isinstance(budget, dict) else None
    return None if seconds is None else monotonic + float(seconds) - busy_seconds(attempts)


def busy_seconds(attempts: Iterable[Attempt]) -> float:
    """How long at least one attempt executed; the time in which a run waited for a person or for a worker is nobody's.

    An attempt that waited for a person is left out, since the record does not say for how long.
    """
    spans = sorted(
        (attempt.started_at, attempt.ended_at)
        for attempt in attempts
        if attempt.ended_at is not None and attempt.fence == 1 + attempt.losses
    )
    total = 0.0
    until: datetime | None = None
    for start, end in spans:
        begin = start if until is None else max(start, until)
        if end > begin:
            total += (end - begin).total_seconds()
        until = end if until is None else max(until, end)
    return total
