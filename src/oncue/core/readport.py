"""Looking at the store: the ``Reader`` that every view and every decision sees it through.

Its parts for calls, lists and people are in ``callports.py``, ``listports.py``, ``traceports.py`` and ``peopleports.py``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from oncue.core.callports import CallReader
from oncue.core.counting import ALL_RUNS, RunSpan
from oncue.core.events import Event
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
)
from oncue.core.peopleports import PeopleReader
from oncue.core.questions import Question, QuestionId


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

    def list_runs(self, job_id: JobId, runs: RunSpan = ALL_RUNS, *, states: Collection[RunState] = ()) -> Sequence[Run]:
        """The runs of a job by number; only those in the given states, if any are given."""
        ...

    def list_open_runs(self, job_id: JobId | None = None) -> Sequence[Run]:
        """The runs that have not ended, of one job or of all, by job and number; one job costs nothing for the others."""
        ...

    def list_ready_runs(self) -> Sequence[Run]:
        """Every run that has not ended and may have something to do, by job and number.

        Of those that wait for people only such as got an answer, so that the others cost nothing but a look into an index.
        """
        ...

    def load_plan(self, job_id: JobId, number: int) -> bytes:
        """The stored plan of a run."""
        ...

    def load_trigger(self, trigger_id: TriggerId) -> tuple[Trigger, int] | None:
        """A trigger and the number of the run it authorized, or None."""
        ...

    def list_triggers(self, job_id: JobId, runs: RunSpan = ALL_RUNS) -> Mapping[int, Trigger]:
        """The triggers of a job's runs by run number."""
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

    def executed_steps(self, job_id: JobId, runs: RunSpan = ALL_RUNS) -> Mapping[int, Sequence[StepId]]:
        """For each of these runs of a job the steps it executed (at least one attempt), in the order in which they started."""
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
        self, *, job_id: JobId | None = None, run: int | None = None, is_waiting: bool | None = None, limit: int | None = None
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
