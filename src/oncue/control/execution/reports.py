"""Which of a step's progress reports are recorded: not more than people can read."""

from __future__ import annotations

from oncue.core.model import StepId

PROGRESS_SECONDS = 0.5
"""Reports of a step that come faster are dropped."""


class Reports:
    """When each step last reported, on the monotonic clock."""

    def __init__(self) -> None:
        self._taken_at: dict[StepId | None, float] = {}

    def is_due(self, step: StepId | None, at: float) -> bool:
        """Whether a report of this step is to be recorded; it then is."""
        if at - self._taken_at.get(step, float("-inf")) < PROGRESS_SECONDS:
            return False
        self._taken_at[step] = at
        return True
