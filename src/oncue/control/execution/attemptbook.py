"""Which attempts a run has made of each step: numbers for new ones, and those a dead worker left behind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from oncue.control.generation.composing import effective_context
from oncue.core.model import NOBODY, Attempt, AttemptKey, AttemptState, ContextMode, Run, StepId, WorkerId, step_name
from oncue.core.progress import RunProgress

MAX_LOSSES = 3
"""How often an attempt may lose its worker before it counts as failed."""


class AttemptBook:
    """Makes the attempts of one run for one worker."""

    def __init__(self, run: Run, progress: RunProgress, *, worker: WorkerId) -> None:
        self._run = run
        self._progress = progress
        self._worker = worker
        self._numbers: dict[StepId, int] = {}
        self._left: dict[StepId, Attempt] = {}

    def note(self, attempts: Iterable[Attempt]) -> list[Attempt]:
        """Take note of what the run did before; returns the failures after which no retry is left."""
        final: list[Attempt] = []
        for attempt in attempts:
            step = attempt.key.step
            self._numbers[step] = max(attempt.key.number, self._numbers.get(step, 0))
            self._left.pop(step, None)
            if attempt.state in (AttemptState.RUNNING, AttemptState.WAITING):
                self._left[step] = attempt
            elif attempt.state is AttemptState.FAILED and not self.may_retry(attempt):
                final.append(attempt)
        return final

    def may_retry(self, failed: Attempt) -> bool:
        """Whether the step declares another attempt after this one."""
        definition = self._progress.graph.steps.get(step_name(failed.key.step))
        return definition is not None and failed.key.number <= definition.retry.retries

    def take_left(self, step: StepId) -> Attempt | None:
        """The attempt a dead worker left behind, if there is one; it is not left any more."""
        return self._left.pop(step, None)

    def take_all_left(self) -> list[Attempt]:
        """Every attempt that a dead worker left behind."""
        left, self._left = list(self._left.values()), {}
        return left

    def reclaim(self, left: Attempt) -> Attempt | None:
        """The same attempt in this worker's hands, under a higher fence; None when it lost too many workers."""
        losses = left.losses if left.worker == NOBODY else left.losses + 1
        if losses >= MAX_LOSSES:
            return None
        return replace(left, fence=left.fence + 1, worker=self._worker, losses=losses)

    def proceed(self, waiting: Attempt) -> Attempt:
        """A waiting attempt in this worker's hands, under a higher fence."""
        return replace(waiting, state=AttemptState.RUNNING, fence=waiting.fence + 1, worker=self._worker)

    def begin(self, step: StepId, at: datetime) -> Attempt:
        """The next attempt of a step."""
        number = self._numbers.get(step, 0) + 1
        self._numbers[step] = number
        return Attempt(
            key=AttemptKey(job_id=self._run.job_id, run=self._run.number, step=step, number=number),
            state=AttemptState.RUNNING,
            fence=1,
            worker=self._worker,
            started_at=at,
            context=self._context(step),
        )

    def _context(self, step: StepId) -> ContextMode:
        """What the step sees besides its inputs."""
        definition = self._progress.graph.steps[step_name(step)]
        return effective_context(self._run.request.get("context"), self._progress.currents.get(step), definition.hash)
