"""What the product needs from outside, as protocols; each has one contract suite that runs on every implementation.

``Store`` keeps the truth: a write is a function over a ``Transaction``, carried out whole or not at all. ``Blobs`` keeps large
bodies by content. ``Clock`` gives the time and waits. The engine's protocol is in ``dispatch.py``, the loader's in
``control/steps/calls.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import BinaryIO, Protocol, TypeVar

from oncue.core.callports import CallReader, CallTransaction
from oncue.core.events import Event, EventDraft
from oncue.core.jobhead import JobHead
from oncue.core.listports import ListReader
from oncue.core.model import (
    Acceptance,
    Artifact,
    Attempt,
    AttemptKey,
    AttemptState,
    ContentHash,
    Current,
    Expansion,
    Job,
    JobId,
    Run,
    RunState,
    StepId,
    Trigger,
    TriggerId,
    WorkerId,
)
from oncue.core.peopleports import PeopleReader, PeopleTransaction
from oncue.core.questions import Decision, LateAnswer, Question, QuestionId

T = TypeVar("T")


class Clock(Protocol):
    """Time, as an argument: tests inject their own."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back, for measuring durations."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait without holding a thread."""
        ...


class Blobs(Protocol):
    """Bodies by content. Writing what is there already is harmless; a name is never given to other bytes."""

    def put(self, body: bytes) -> ContentHash:
        """Store a body; durable on return."""
        ...

    def put_file(self, path: PurePath) -> tuple[ContentHash, int]:
        """Store a file in constant memory; returns its address and its size in bytes. Durable on return."""
        ...

    def open(self, address: ContentHash) -> BinaryIO:
        """A stream over a body, which can be read from any place.

        Raises:
            NoArtifact: nothing is stored under this address (it may have been pruned).
        """
        ...

    def has(self, address: ContentHash) -> bool:
        """Whether a body is stored."""
        ...

    def delete(self, address: ContentHash) -> None:
        """Forget a body; harmless when it is absent."""
        ...

    def addresses(self) -> Iterator[ContentHash]:
        """Every stored address, in no order."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    """What the store knows of one step of a job: its latest ended attempt, and its current output if it has one."""

    step: StepId
    last_run: int
    last_number: int
    last_state: AttemptState
    current: Current | None = None


class Reader(CallReader, ListReader, PeopleReader, Protocol):
    """A consistent view of the store; nothing in it changes while it is open."""

    def load_job(self, job_id: JobId) -> Job | None:
        """The job, or None."""
        ...

    def find_job_ids(self, prefix: str, limit: int = 20) -> Sequence[JobId]:
        """The ids that begin with this prefix, in order."""
        ...

    def list_jobs(self, *, limit: int = 1000) -> Sequence[Job]:
        """Jobs, the newest first."""
        ...

    def list_job_heads(self) -> Sequence[JobHead]:
        """Every job in short, the newest first; quick also for ten thousand."""
        ...

    def job_marks(self) -> Mapping[JobId, int]:
        """The number of the last event of every job."""
        ...

    def load_definition(self, address: ContentHash) -> bytes:
        """The stored snapshot of a definition."""
        ...

    def load_run(self, job_id: JobId, number: int) -> Run | None:
        """One run, or None."""
        ...

    def list_runs(self, job_id: JobId, *, states: Collection[RunState] = ()) -> Sequence[Run]:
        """The runs of a job by number; only those in the given states, if any are given."""
        ...

    def list_open_runs(self) -> Sequence[Run]:
        """Every run of every job that has not ended, by job and number."""
        ...

    def load_plan(self, job_id: JobId, number: int) -> bytes:
        """The stored plan of a run."""
        ...

    def load_trigger(self, trigger_id: TriggerId) -> tuple[Trigger, int] | None:
        """A trigger and the number of the run it authorized, or None."""
        ...

    def list_triggers(self, job_id: JobId) -> Mapping[int, Trigger]:
        """The triggers of a job by run number."""
        ...

    def list_attempts(
        self,
        job_id: JobId,
        *,
        run: int | None = None,
        step: StepId | None = None,
        states: Collection[AttemptState] = (),
    ) -> Sequence[Attempt]:
        """Attempts in the order run, start, number, narrowed by what is given."""
        ...

    def load_attempt(self, key: AttemptKey) -> Attempt | None:
        """One attempt, or None."""
        ...

    def executed_steps(self, job_id: JobId) -> Mapping[int, Sequence[StepId]]:
        """For each run of a job the steps it executed (at least one attempt), in the order in which they started."""
        ...

    def durations(
        self, job_id: JobId, names: Collection[str] | None = None, *, limit: int = 5, since_run: int = 0
    ) -> Mapping[str, Sequence[float]]:
        """Step name (None: every one) → seconds its latest successes in runs since that worked, not waited; newest first."""
        ...

    def list_steps(self, job_id: JobId, *, since_seq: int = 0) -> Sequence[StepRecord]:
        """What is known of the steps of a job; only those changed after that event, in no order."""
        ...

    def list_expansions(self, job_id: JobId) -> Sequence[Expansion]:
        """The latest expansion of each fan-out step."""
        ...

    def list_acceptances(self, job_id: JobId) -> Sequence[Acceptance]:
        """Every acceptance of a job, the oldest first."""
        ...

    def load_artifact(self, address: ContentHash) -> Artifact | None:
        """The artifact with its body where that is small; None when it was never stored."""
        ...

    def load_artifacts(self, addresses: Sequence[ContentHash]) -> Mapping[ContentHash, Artifact]:
        """Many artifacts at once; those never stored are absent."""
        ...

    def load_memo(self, key: AttemptKey, name: str) -> bytes | None:
        """What ``ctx.remember`` kept under this name for this attempt, or None."""
        ...

    def load_question(self, question_id: QuestionId) -> Question | None:
        """One question, or None."""
        ...

    def list_questions(
        self, *, job_id: JobId | None = None, run: int | None = None, is_waiting: bool | None = None, limit: int = 100_000
    ) -> Sequence[Question]:
        """Questions in the order in which they were asked, narrowed by what is given; ``run`` needs ``job_id``.

        With ``is_waiting`` only the undecided ones, the earliest deadline first and those without one last.
        """
        ...

    def questions_of_attempt(self, key: AttemptKey) -> Sequence[Question]:
        """The questions that one attempt asked, in the order in which they were asked."""
        ...

    def list_due_questions(self, at: datetime, *, limit: int = 100) -> Sequence[Question]:
        """Undecided questions whose deadline is over and whose policy acts on it, the earliest first; an index finds them."""
        ...

    def list_events(self, job_id: JobId, *, after: int = 0, limit: int = 1000, run: int | None = None) -> Sequence[Event]:
        """Events with a number above ``after``, in order."""
        ...


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

    def decide_question(self, question_id: QuestionId, decision: Decision) -> bool:
        """Settle an undecided question; False when it was settled before."""
        ...

    def answer_late(self, question_id: QuestionId, late: LateAnswer) -> bool:
        """Keep an answer to a question that timed out; False when there is one already, or it did not time out."""
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


class WorkerLease(Protocol):
    """Proof that a worker lives: held as long as its process does, freed by the operating system or the server."""

    worker_id: WorkerId

    def close(self) -> None:
        """Say that the worker ends."""
        ...


class Watch(Protocol):
    """Notices that another process committed."""

    def changed(self) -> bool:
        """Whether anything was committed by another connection since the last call; cheap enough for 20 calls a second."""
        ...

    def close(self) -> None:
        """Stop watching."""
        ...


class Store(Protocol):
    """Persistence of one workspace; safe for many threads and many processes."""

    @property
    def url(self) -> str:
        """The workspace as a person would name it; never with a password."""
        ...

    @property
    def folder(self) -> PurePath:
        """The local folder for logs, scratch files and projections."""
        ...

    @property
    def blobs(self) -> Blobs:
        """Where large bodies are."""
        ...

    def read(self) -> AbstractContextManager[Reader]:
        """A consistent view; several may be open, each in its own thread."""
        ...

    def submit(self, unit: Callable[[Transaction], T]) -> Future[T]:
        """Queue a write. The future resolves after the commit; an exception undoes the unit alone, a deadlock repeats it."""
        ...

    def write(self, unit: Callable[[Transaction], T]) -> T:
        """Carry out a write and wait for its commit."""
        ...

    def hold_worker(self, worker_id: WorkerId) -> WorkerLease:
        """Announce a worker of this process as alive."""
        ...

    def is_alive(self, worker_id: WorkerId) -> bool:
        """Whether the process of a worker still lives; exact, without clocks."""
        ...

    def watch(self) -> Watch:
        """Begin to notice commits of other processes."""
        ...

    def write_projection(self, job_id: JobId, body: bytes) -> None:
        """Replace the job's ``job_data.json`` atomically."""
        ...

    def close(self) -> None:
        """Finish queued writes and free every connection."""
        ...
