"""The transaction of an executing run: the end of some attempts and the beginning of others, or nothing of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from oncue.control.asking import cancel_questions, describe_asked
from oncue.control.steps.work import Result, Work
from oncue.control.workspace import load_job
from oncue.core.events import EventDraft, EventType
from oncue.core.model import (
    NOBODY,
    Artifact,
    Attempt,
    AttemptKey,
    AttemptState,
    Current,
    Expansion,
    Failure,
    Inputs,
    Run,
    RunState,
)
from oncue.core.questions import Question
from oncue.core.writeport import Transaction
from oncue.errors import WriteRefused


@dataclass(slots=True)
class Batch:
    """What one transaction records, in the order in which it happened."""

    drafts: list[EventDraft] = field(default_factory=list)
    begun: list[Attempt] = field(default_factory=list)
    reclaimed: list[Attempt] = field(default_factory=list)
    continued: list[Attempt] = field(default_factory=list)
    suspended: list[Attempt] = field(default_factory=list)
    ended: list[Attempt] = field(default_factory=list)
    unsuccessful: list[Attempt] = field(default_factory=list)
    currents: list[Current] = field(default_factory=list)
    artifacts: list[Artifact] = field(default_factory=list)
    expansions: list[Expansion] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    run_after: Run | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to record."""
        return not (self.drafts or self.starting or self.suspended or self.ended or self.expansions or self.run_after)

    @property
    def starting(self) -> list[Attempt]:
        """The attempts that execute after the commit."""
        return [*self.begun, *self.reclaimed, *self.continued]

    def begin(self, attempt: Attempt) -> None:
        """A new attempt begins."""
        number = attempt.key.number
        self.begun.append(attempt)
        self._tell(EventType.STEP_STARTED, attempt.key, {"attempt": number} if number > 1 else None)

    def suspend(self, attempt: Attempt) -> None:
        """An attempt asked a person, and waits."""
        self.suspended.append(attempt)
        self._tell(EventType.STEP_WAITING, attempt.key)

    def proceed(self, attempt: Attempt) -> None:
        """A waiting attempt has its answer, and is entered again."""
        self.continued.append(attempt)
        self._tell(EventType.STEP_CONTINUED, attempt.key)

    def succeed(self, work: Work, result: Result, *, inputs: Inputs, at: datetime) -> Current:
        """An attempt ended with an artifact, which becomes the step's current output."""
        assert result.artifact is not None, "a success has an artifact"
        key, address = work.attempt.key, result.artifact.hash
        self.ended.append(
            replace(work.attempt, state=AttemptState.SUCCEEDED, ended_at=at, artifact=address, inputs=inputs, log=result.log)
        )
        is_unchanged = work.previous is not None and work.previous.artifact == address
        self._tell(EventType.STEP_SUCCEEDED, key, {"unchanged": True} if is_unchanged else None)
        self.expansions.extend(result.expansions)
        current = Current(step=key.step, run=key.run, number=key.number, artifact=address, inputs=inputs)
        self.currents.append(current)
        return current

    def fail(self, failed: Attempt, *, retry_at: datetime | None = None) -> None:
        """An attempt ended without an artifact; the step's current output stays."""
        assert failed.error is not None, "a failure says why"
        self._end(failed)
        data: dict[str, object] = {
            "attempt": failed.key.number,
            "code": failed.error.code,
            "message": failed.error.message,
        }
        if retry_at is not None:
            data["retry_at"] = retry_at.isoformat()
        self._tell(EventType.STEP_FAILED, failed.key, data)

    def cancel(self, attempt: Attempt, failure: Failure | None, *, at: datetime) -> None:
        """An attempt was ended because its run is."""
        self._end(replace(attempt, state=AttemptState.CANCELLED, ended_at=at, error=failure))
        self._tell(EventType.STEP_CANCELLED, attempt.key)

    def pause_run(self, run: Run) -> None:
        """The run waits for its person's next cue."""
        self.run_after = replace(run, state=RunState.WAITING, owner=None)
        self.drafts.append(EventDraft(type=EventType.RUN_PAUSED, run=run.number))

    def ask(self, question: Question) -> None:
        """The run itself asks a person."""
        self.questions.append(question)
        self.drafts.append(describe_asked(question))

    def wait_run(self, run: Run) -> None:
        """Nothing of the run goes on before a person answers; nobody needs to hold it."""
        self.run_after = replace(run, state=RunState.WAITING, owner=None)
        self.drafts.append(EventDraft(type=EventType.RUN_WAITING, run=run.number))

    def end_run(self, after: Run) -> None:
        """The run is over."""
        self.run_after = after
        for step in after.cut_off:
            self.drafts.append(EventDraft(type=EventType.STEP_CUT_OFF, run=after.number, step=step))
        data: dict[str, object] = {"state": after.state.value}
        if after.error is not None:
            data["error"] = after.error.message
        self.drafts.append(EventDraft(type=EventType.RUN_ENDED, run=after.number, data=data))

    def _end(self, attempt: Attempt) -> None:
        self.ended.append(attempt)
        self.unsuccessful.append(attempt)

    def _tell(self, kind: EventType, key: AttemptKey, data: Mapping[str, object] | None = None) -> None:
        self.drafts.append(EventDraft(type=kind, run=key.run, step=key.step, data=data))


def record_batch(tx: Transaction, run: Run, batch: Batch, *, at: datetime) -> None:
    """Record everything of a batch; the job's row is locked first.

    Raises:
        WriteRefused: the run, or one of its attempts, belongs to another worker by now.
    """
    seq = tx.append_events(run.job_id, batch.drafts, at)
    if not tx.holds_run(run.job_id, run.number, fence=run.fence):
        raise WriteRefused(f"run {run.number} of job {run.job_id} is executed by another worker")
    _record_ends(tx, run, batch, seq=seq)
    _record_starts(tx, batch)
    for question in batch.questions:
        tx.insert_question(question)
    if batch.run_after is not None:
        _record_run(tx, run, batch.run_after, at=at)


def _record_ends(tx: Transaction, run: Run, batch: Batch, *, seq: int) -> None:
    tx.put_artifacts(batch.artifacts)
    refused = [*(tx.end_attempts(batch.ended) if batch.ended else ())]
    if batch.suspended:
        refused.extend(tx.suspend_attempts(batch.suspended))
    if refused:
        raise WriteRefused(f"the attempt of {refused[0].step} belongs to another worker")
    if batch.unsuccessful:
        tx.set_last(run.job_id, batch.unsuccessful, seq=seq)
    if batch.currents:
        tx.set_currents(run.job_id, batch.currents, seq=seq)
    for expansion in batch.expansions:
        tx.put_expansion(run.job_id, expansion)


def _record_starts(tx: Transaction, batch: Batch) -> None:
    for attempt in batch.continued:
        if not tx.continue_attempt(attempt, expected_fence=attempt.fence - 1):
            raise WriteRefused(f"the attempt of {attempt.key.step} was continued by another worker")
    for attempt in batch.reclaimed:
        if not tx.reclaim_attempt(attempt, expected_fence=attempt.fence - 1):
            raise WriteRefused(f"the attempt of {attempt.key.step} was taken by another worker")
    if batch.begun:
        tx.begin_attempts(batch.begun)


def _record_run(tx: Transaction, run: Run, after: Run, *, at: datetime) -> None:
    if not tx.update_run(after, expected=run.state, expected_fence=run.fence):
        raise WriteRefused(f"run {run.number} of job {run.job_id} was ended by another worker")
    if after.state is not RunState.WAITING:
        questions = cancel_questions(tx, run, at=at)
        if questions:
            tx.append_events(run.job_id, questions, at)
        job = load_job(tx, run.job_id)
        tx.update_job(replace(job, revision=job.revision + 1), expected_revision=job.revision)


def give_back(tx: Transaction, *, attempts: Sequence[Attempt]) -> None:
    """Leave attempts to whoever continues their run: the process ends in order, so that is no loss of a worker."""
    for attempt in attempts:
        left = replace(attempt, fence=attempt.fence + 1, worker=NOBODY)
        tx.reclaim_attempt(left, expected_fence=attempt.fence)
