"""One word for where a step stands, whatever it does at the moment: what a board shows at a glance.

::

    an attempt runs or waits        running, waiting
    the run that goes on will come  due
    its latest attempt did not end well   failed, cancelled
    its output                      fresh, accepted, stale, or missing
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from oncue.control.views.jobview import JobPicture
from oncue.core.model import ENDED_RUNS, Attempt, AttemptState, Run, StepId, step_name
from oncue.core.planrecord import decode_plan
from oncue.core.readport import Reader
from oncue.core.reasons import explain_reason
from oncue.core.staleness import StepState

WORDS = ("running", "waiting", "failed", "cancelled", "stale", "due", "missing", "accepted", "fresh")
"""Every word, the one that counts most for a fan-out first."""
EXPLAINED = {
    "running": "it executes now",
    "waiting": "it asked a question and goes on when it has the answer",
    "failed": "its latest attempt failed",
    "cancelled": "its latest attempt was cancelled",
    "stale": "its output no longer follows from its inputs",
    "due": "the run that goes on will come to it",
    "missing": "it has no output yet",
    "accepted": "its output is stale, and a person accepted it as it is",
    "fresh": "its output follows from its inputs as they are now",
}
_ENDED_BADLY = {AttemptState.FAILED: "failed", AttemptState.CANCELLED: "cancelled"}
LISTED_REASONS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What tells where the steps of a job stand: its picture, what executes, and what is still to come in ``run``."""

    picture: JobPicture
    open_attempts: Mapping[StepId, Attempt]
    run: Run | None = None
    due: frozenset[StepId] = frozenset()
    expanding: frozenset[str] = field(default=frozenset())

    def word(self, this: StepId) -> str:
        """One word for a step or an instance."""
        attempt = self.open_attempts.get(this)
        if attempt is not None:
            return attempt.state.value
        record = self.picture.records.get(this)
        has_ended = record is not None and self.run is not None and record.last_run == self.run.number
        if not has_ended and (this in self.due or step_name(this) in self.expanding):
            return "due"
        if record is not None and record.last_state in _ENDED_BADLY:
            return _ENDED_BADLY[record.last_state]
        status = self.picture.assessment.statuses.get(this)
        return (status.state if status else StepState.MISSING).value

    def count(self, members: Iterable[StepId]) -> dict[str, int]:
        """How many instances stand where, in the order of the words."""
        counts = Counter(map(self.word, members))
        return {word: counts[word] for word in WORDS if counts[word]}

    def reasons(self, members: Sequence[StepId]) -> tuple[str, ...]:
        """Why these outputs are stale, in words; at most three different reasons."""
        statuses = self.picture.assessment.statuses
        found: dict[str, None] = {}
        for this in members:
            status = statuses.get(this)
            if status is None or status.state is not StepState.STALE:
                continue
            found.update((explain_reason(reason), None) for reason in status.reasons)
            if len(found) > LISTED_REASONS:
                break
        listed = list(found)
        return tuple(listed[:LISTED_REASONS]) + (("and more",) if len(listed) > LISTED_REASONS else ())


def read_standing(reader: Reader, picture: JobPicture) -> Standing:
    """Read what tells where the steps of a job stand now."""
    job = picture.job
    attempts = {attempt.key.step: attempt for attempt in reader.list_open_attempts(job.id)}
    run = reader.load_run(job.id, job.runs) if job.runs else None
    if run is None or run.state in ENDED_RUNS:
        return Standing(picture=picture, open_attempts=attempts)
    planned = decode_plan(reader.load_plan(job.id, run.number)).executing
    return Standing(
        picture=picture,
        open_attempts=attempts,
        run=run,
        due=frozenset(step.id for step in planned) - frozenset(run.cut_off),
        expanding=frozenset(step_name(step.id) for step in planned if step.is_expanding),
    )
