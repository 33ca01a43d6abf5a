"""Changing the store: the ``Transaction`` that a write is carried out over, whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from oncue.core.callports import CallTransaction
from oncue.core.events import EventDraft
from oncue.core.model import (
    Acceptance,
    Artifact,
    Attempt,
    AttemptKey,
    ContentHash,
    Current,
    Expansion,
    Job,
    JobId,
    Run,
    RunState,
    Trigger,
)
from oncue.core.peopleports import PeopleTransaction
from oncue.core.questions import Question
from oncue.core.readport import Reader


class Transaction(Reader, CallTransaction, PeopleTransaction, Protocol):
    """A write: everything in it becomes visible at once, or nothing does. It holds no step code and no waiting.

    Conditional writes say whether they applied instead of raising; the caller decides what a lost race means.
    """

    def append_events(self, job_id: JobId, drafts: Sequence[EventDraft], at: datetime) -> int:
        """Number and store events, and return the last number. Takes the job's row first: it is the mutex of the job."""
        ...

    def insert_job(self, job: Job) -> None:
        """Store a new job."""
        ...

    def update_job(self, job: Job, *, expected_revision: int) -> bool:
        """Write definition, params, status, revision, runs and stop of a job, if its revision is still the expected one."""
        ...

    def put_definition(self, address: ContentHash, body: bytes) -> None:
        """Store a definition snapshot; harmless when it is there."""
        ...

    def insert_run(self, run: Run, *, plan: bytes) -> None:
        """Store a new run with its plan."""
        ...

    def insert_trigger(self, trigger: Trigger, *, run: int) -> None:
        """Store a trigger; its id is unique in the workspace."""
        ...

    def update_run(self, run: Run, *, expected: RunState, expected_fence: int) -> bool:
        """Write state, times, error, owner, fence and cut-offs of a run, if state and fence are still the expected ones."""
        ...

    def holds_run(self, job_id: JobId, number: int, *, fence: int) -> bool:
        """Whether a run is running under this fence; cheap, asked in every transaction of its executor."""
        ...

    def request_cancel(self, job_id: JobId, number: int, at: datetime) -> bool:
        """Set the cancel flag of an open run."""
        ...

    def begin_attempts(self, attempts: Sequence[Attempt]) -> None:
        """Store new attempts in state running."""
        ...

    def reclaim_attempt(self, attempt: Attempt, *, expected_fence: int) -> bool:
        """Give an interrupted attempt to another worker with a higher fence."""
        ...

    def end_attempts(self, attempts: Sequence[Attempt]) -> Sequence[AttemptKey]:
        """Write the end of attempts that run or wait under their fence; returns the keys that were refused."""
        ...

    def put_artifacts(self, artifacts: Sequence[Artifact]) -> None:
        """Store artifacts; harmless for those that are there."""
        ...

    def set_currents(self, job_id: JobId, currents: Sequence[Current], *, seq: int) -> None:
        """Point steps to new outputs; their latest attempt is the one that made the output, and succeeded."""
        ...

    def set_last(self, job_id: JobId, attempts: Sequence[Attempt], *, seq: int) -> None:
        """Record attempts that ended without success as the latest of their steps; current outputs stay."""
        ...

    def put_expansion(self, job_id: JobId, expansion: Expansion) -> None:
        """Record the instances of a fan-out step; replaces the ones known before."""
        ...

    def insert_acceptance(self, job_id: JobId, acceptance: Acceptance) -> None:
        """Record an acceptance."""
        ...

    def insert_question(self, question: Question) -> None:
        """Store a new question, decided or not; its attempt, type and occurrence are unique."""
        ...

    def decide_question(self, question: Question) -> bool:
        """Settle an undecided question by its decision; False when it was settled before."""
        ...

    def answer_late(self, question: Question) -> bool:
        """Keep the late answer to a question that timed out; False when there is one already, or it did not time out."""
        ...

    def continue_attempt(self, attempt: Attempt, *, expected_fence: int) -> bool:
        """Let a waiting attempt run again in a worker's hands, with a higher fence."""
        ...

    def suspend_attempts(self, attempts: Sequence[Attempt]) -> Sequence[AttemptKey]:
        """Let attempts that run under their fence wait; returns the keys that were refused."""
        ...

    def put_memo(self, key: AttemptKey, name: str, body: bytes) -> None:
        """Keep a result for the attempt; the first one stored under a name stays."""
        ...
