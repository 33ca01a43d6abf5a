"""Every comment ever given to a job, and what came of it: which attempts read it, and what was different with it.

What came of a comment is judged by records alone: how the output stood is kept with the run's plan; prompt, definition and
output are compared with those of the step's last success before that run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from oncue.control.commentrecords import RunGuidance, comment_record, comments_read_by, guidance_of
from oncue.control.views.artifactview import find_step
from oncue.control.views.jobview import look_at_job
from oncue.control.workspace import Workspace, load_job
from oncue.core.comments import GivenComment
from oncue.core.counting import RunSpan
from oncue.core.model import Attempt, AttemptKey, AttemptState, Job, JobId, Run, RunState, StepId, step_name
from oncue.core.modelcalls import ModelCall
from oncue.core.planrecord import decode_plan
from oncue.core.promptdelta import Change, pair_calls
from oncue.core.readport import Reader
from oncue.core.staleness import StepState

FEW = 100
"""So many steps, or attempts of a run, are looked for one by one; for more, one look at all is quicker."""
_SUCCEEDED = (AttemptState.SUCCEEDED,)
K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One attempt that read a comment.

    ``before`` is how the step's output stood when the run was planned. What ``…_changed`` says is None where there is nothing
    to compare: no earlier success, no model that was called, no output.
    """

    attempt: Attempt
    before: StepState | None
    prompt_changed: bool | None
    definition_changed: bool | None
    output_changed: bool | None

    def as_dict(self) -> dict[str, object]:
        """The wire form."""
        key = self.attempt.key
        return {
            "run": key.run,
            "step": key.step,
            "attempt": key.number,
            "before": self.before.value if self.before else None,
            "after": self.attempt.state.value,
            "context": self.attempt.context.value,
            "prompt_changed": self.prompt_changed,
            "definition_changed": self.definition_changed,
            "output_changed": self.output_changed,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentEntry:
    """A comment with the run it was given with, and every attempt that read it, then or later."""

    comment: GivenComment
    run_state: RunState
    guidance: RunGuidance
    readings: tuple[Reading, ...]
    is_unread: bool

    def as_dict(self) -> dict[str, object]:
        """The wire form."""
        return {
            **comment_record(self.comment),
            "run_status": self.run_state.value,
            "unread": self.is_unread,
            "read_by": [reading.as_dict() for reading in self.readings],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentsView:
    """The comments of a job in the order in which they were given; ``step`` where only one step was asked about."""

    job_id: JobId
    step: StepId | None
    comments: tuple[CommentEntry, ...]

    def as_dict(self) -> dict[str, object]:
        """The wire form."""
        return {"job_id": self.job_id, "step": self.step, "comments": [entry.as_dict() for entry in self.comments]}


def view_comments(workspace: Workspace, job_id: JobId, step: str | None = None) -> CommentsView:
    """Look at every comment of a job, or only at those that were for a step or were read by it.

    Raises:
        UnknownStep, StepOutOfRange: there is no such step.
    """
    with workspace.store.read() as reader:
        job = load_job(reader, job_id)
        this = None if step is None else find_step(look_at_job(workspace, reader, job), step)
        comments = reader.list_comments(job_id)
        entries = _Record(reader, job).entries(comments) if comments else []
    wanted = [entry for entry in entries if this is None or _concerns(entry, this)]
    return CommentsView(job_id=job_id, step=this, comments=tuple(wanted))


def _concerns(entry: CommentEntry, this: StepId) -> bool:
    """Whether a comment was meant for a step or reached it; a fan-out stands for its instances."""
    steps = {reading.attempt.key.step for reading in entry.readings}
    meant = entry.comment.is_for(this) or this in {step_name(step) for step in entry.comment.steps}
    return meant or this in steps or this in {step_name(step) for step in steps}


class _Record:
    """What is on record of a job's comments: the attempts that may have read one, and what came before each of them.

    What is asked of many steps or attempts is read for all of them at once, what is asked of few one by one.
    """

    def __init__(self, reader: Reader, job: Job) -> None:
        self._reader = reader
        self._job = job
        self._runs: Mapping[int, Run] = {run.number: run for run in reader.list_runs(job.id)}
        self._attempts: dict[int, list[Attempt]] = {}
        self._successes: dict[StepId, Sequence[Attempt]] | None = None
        self._successes_of_few: dict[StepId, Sequence[Attempt]] = {}
        self._has_calls = reader.spending(job.id).calls > 0
        self._calls: dict[int, Mapping[AttemptKey, Sequence[ModelCall]]] = {}
        self._calls_of_few: dict[int, dict[AttemptKey, Sequence[ModelCall]]] = {}
        self._before: dict[int, Mapping[StepId, StepState]] = {}

    def entries(self, comments: Sequence[GivenComment]) -> list[CommentEntry]:
        """Every comment with what came of it."""
        readings: dict[int, list[Reading]] = {comment.run: [] for comment in comments}
        for attempt in self._reader.list_guided_attempts(self._job.id, RunSpan(first=min(readings))):
            self._attempts.setdefault(attempt.key.run, []).append(attempt)
            read = [run for run in self._read_by(attempt) if run in readings]
            if read:
                reading = self._compare(attempt)
                for run in read:
                    readings[run].append(reading)
        return [self._entry(comment, readings[comment.run]) for comment in comments]

    def _entry(self, comment: GivenComment, readings: Sequence[Reading]) -> CommentEntry:
        run = self._runs[comment.run]
        guidance = guidance_of(self._attempts.get(comment.run, ()), comment=comment, read_by=self._read_by)
        return CommentEntry(
            comment=comment,
            run_state=run.state,
            guidance=guidance,
            readings=tuple(readings),
            is_unread=guidance.is_unread(run),
        )

    def _read_by(self, attempt: Attempt) -> tuple[int, ...]:
        return comments_read_by(attempt, self._calls_of)

    def _compare(self, attempt: Attempt) -> Reading:
        made = [one for one in self._successes_of(attempt.key.step) if one.key.run < attempt.key.run]
        earlier = made[-1] if made else None
        return Reading(
            attempt=attempt,
            before=self._state_before(attempt),
            prompt_changed=self._is_prompt_changed(earlier, attempt),
            definition_changed=None
            if earlier is None or earlier.inputs is None or attempt.inputs is None
            else earlier.inputs.definition != attempt.inputs.definition,
            output_changed=None if earlier is None or attempt.artifact is None else earlier.artifact != attempt.artifact,
        )

    def _state_before(self, attempt: Attempt) -> StepState | None:
        run = attempt.key.run
        if run not in self._before:
            self._before[run] = decode_plan(self._reader.load_plan(self._job.id, run)).before
        recorded = self._before[run]
        if not recorded:
            return None
        return recorded.get(attempt.key.step, StepState.MISSING)

    def _is_prompt_changed(self, earlier: Attempt | None, attempt: Attempt) -> bool | None:
        if earlier is None:
            return None
        pairs = pair_calls(self._calls_of(earlier.key), self._calls_of(attempt.key))
        return any(pair.change is not Change.SAME for pair in pairs) if pairs else None

    def _successes_of(self, step: StepId) -> Sequence[Attempt]:
        """The attempts of a step that succeeded, in the order of the runs."""
        few = self._successes_of_few
        if self._successes is None and step not in few and len(few) < FEW:
            few[step] = self._reader.list_attempts(self._job.id, step=step, states=_SUCCEEDED)
        if step in few:
            return few[step]
        if self._successes is None:
            self._successes = _by(lambda one: one.key.step, self._reader.list_attempts(self._job.id, states=_SUCCEEDED))
        return self._successes.get(step, ())

    def _calls_of(self, key: AttemptKey) -> Sequence[ModelCall]:
        """The calls of an attempt."""
        if not self._has_calls:
            return ()
        few = self._calls_of_few.setdefault(key.run, {})
        if key.run not in self._calls and key not in few and len(few) < FEW:
            few[key] = self._reader.calls_of_attempt(key)
        if key in few:
            return few[key]
        if key.run not in self._calls:
            self._calls[key.run] = _by(lambda call: call.key, self._reader.list_calls(self._job.id, run=key.run))
        return self._calls[key.run].get(key, ())


def _by(key: Callable[[V], K], found: Iterable[V]) -> dict[K, Sequence[V]]:
    """Things by something they have in common, in their order."""
    grouped: dict[K, list[V]] = {}
    for one in found:
        grouped.setdefault(key(one), []).append(one)
    return dict(grouped)
