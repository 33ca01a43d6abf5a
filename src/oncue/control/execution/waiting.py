"""The people a run waits for: attempts that asked, and the run's own question at its end."""

from __future__ import annotations

from collections.abc import Collection

from oncue.core.model import Attempt, StepId
from oncue.core.progress import RunProgress
from oncue.core.questions import Question


class Waiting:
    """Which attempts of a run wait for a person.

    ``gate`` is the question whether what became stale shall run as well, once it was asked.
    """

    def __init__(self) -> None:
        self.gate: Question | None = None
        self._attempts: dict[StepId, Attempt] = {}
        self._undecided: frozenset[StepId] = frozenset()

    def __bool__(self) -> bool:
        return bool(self._attempts)

    def note(self, undecided: frozenset[StepId], gate: Question | None, progress: RunProgress) -> None:
        """Take note of what was asked before the run was interrupted, and of what was answered since."""
        self._undecided = undecided
        self.gate = gate
        if gate is not None and gate.decision is not None and gate.decision.response is True:
            progress.release()

    def is_undecided(self, step: StepId) -> bool:
        """Whether a step that was found waiting still waits."""
        return step in self._undecided

    def add(self, attempt: Attempt) -> None:
        """An attempt waits."""
        self._attempts[attempt.key.step] = attempt

    def take_answered(self, undecided: Collection[StepId]) -> list[Attempt]:
        """The attempts that do not wait any more."""
        return [self._attempts.pop(step) for step in list(self._attempts) if step not in undecided]

    def take_all(self) -> list[Attempt]:
        """Every attempt: nothing is waited for any more."""
        attempts, self._attempts = list(self._attempts.values()), {}
        return attempts
