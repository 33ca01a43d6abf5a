"""How a run is to end: nothing forbids it to go on, or a failure, a person or its budget does."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from oncue.core.model import Attempt, Failure, Run, RunState
from oncue.core.progress import RunProgress


class Ending:
    """What is known of a run's end while it executes. The first reason stays, but a person's cancellation prevails."""

    def __init__(self) -> None:
        self.failure: Failure | None = None
        self._state: RunState | None = None

    @property
    def is_near(self) -> bool:
        """Whether nothing more may begin."""
        return self.failure is not None

    @property
    def is_cancelled(self) -> bool:
        """Whether the run is to end as cancelled."""
        return self._state is RunState.CANCELLED

    def fail(self, failure: Failure) -> None:
        """A step failed for good, or the run cannot go on."""
        self.failure = self.failure or failure

    def fail_step(self, failed: Attempt) -> None:
        """A step failed for good."""
        reason = failed.error.message if failed.error else "did not succeed"
        self.fail(Failure(code="step_failed", message=f"step {failed.key.step}: {reason}"))

    def cancel(self, failure: Failure) -> None:
        """A person, or a deadline, ends the run."""
        self.failure, self._state = failure, RunState.CANCELLED

    def halt(self, failure: Failure) -> None:
        """The budget ends the run."""
        self.failure, self._state = failure, RunState.HALTED

    def of(self, run: Run, progress: RunProgress, *, at: datetime) -> Run:
        """The run as it ended. One whose last step ended in time was not halted; one whose person declined the rest is done."""
        state = self._state or (RunState.FAILED if self.failure else RunState.SUCCEEDED)
        if progress.is_done and not self.is_cancelled:
            state = RunState.SUCCEEDED
        return replace(
            run,
            state=state,
            ended_at=at,
            error=None if state is RunState.SUCCEEDED else self.failure,
            owner=None,
            cut_off=tuple(progress.cut_off),
        )
