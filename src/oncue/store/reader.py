"""Looking at the store: one transaction, one state, whatever is asked."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter

from oncue.core.counting import ALL_RUNS, RunSpan
from oncue.core.events import Event
from oncue.core.jobhead import JobHead
from oncue.core.model import (
    Acceptance,
    Artifact,
    Attempt,
    AttemptKey,
    AttemptState,
    ContentHash,
    Expansion,
    Job,
    JobId,
    Run,
    RunState,
    StepId,
    Trigger,
    TriggerId,
    step_name,
)
from oncue.core.questions import Question, QuestionId
from oncue.core.readport import StepRecord
from oncue.errors import NotFound
from oncue.store import rows
from oncue.store.callreader import at_most
from oncue.store.listreader import StoreListReader, wanted_states
from oncue.store.peoplereader import StorePeopleReader
from oncue.store.questionrows import read_question
from oncue.store.sqltext import ADDRESSES

_LAST_CHARACTER = "\U0010ffff"

_QUESTION_LISTS = {
    None: ("questions", "questions_of_job", "questions_of_run"),
    True: ("waiting_questions", "waiting_questions_of_job", "waiting_questions_of_run"),
    False: ("decided_questions", "decided_questions_of_job", "decided_questions_of_run"),
}
"""Statements by whether the questions wait, then by how many things narrow them: none, the job, the job and the run."""


class StoreReader(StoreListReader, StorePeopleReader):
    """The ``Reader`` port over a cursor whose transaction somebody else begins and ends."""

    def load_job(self, job_id: JobId) -> Job | None:
        """The job, or None."""
        row = self._one("job", job_id)
        return None if row is None else rows.read_job(row)

    def find_job_ids(self, prefix: str, limit: int = 20) -> Sequence[JobId]:
        """The ids that begin with this prefix, in order."""
        return [id_ for (id_,) in self._all("job_ids", prefix, prefix + _LAST_CHARACTER, limit)]

    def list_jobs(self, *, limit: int = 1000) -> Sequence[Job]:
        """Jobs, the newest first."""
        return [rows.read_job(row) for row in self._all("jobs", limit)]

    def list_job_heads(self) -> Sequence[JobHead]:
        """Every job in short, the newest first; quick also for ten thousand."""
        return [rows.read_job_head(row) for row in self._all("job_heads")]

    def job_marks(self) -> Mapping[JobId, int]:
        """The number of the last event of every job."""
        return dict(self._all("job_marks"))

    def load_definition(self, address: ContentHash) -> bytes:
        """The stored snapshot of a definition."""
        return self._body(f"definition {address}", "definition", address)

    def load_run(self, job_id: JobId, number: int) -> Run | None:
        """One run, or None."""
        row = self._one("run", job_id, number)
        return None if row is None else rows.read_run(row)

    def list_runs(self, job_id: JobId, runs: RunSpan = ALL_RUNS, *, states: Collection[RunState] = ()) -> Sequence[Run]:
        """The runs of a job by number; only those in the given states, if any are given."""
        found = (rows.read_run(row) for row in self._all("runs", job_id, runs.first, runs.last))
        return [run for run in found if not states or run.state in states]

    def list_open_runs(self, job_id: JobId | None = None) -> Sequence[Run]:
        """The runs that have not ended, of one job or of all, by job and number."""
        found = self._all("open_runs") if job_id is None else self._all("open_runs_of_job", job_id)
        return [rows.read_run(row) for row in found]

    def list_ready_runs(self) -> Sequence[Run]:
        """Every run that has not ended and may have something to do, by job and number."""
        return [rows.read_run(row) for row in self._all("ready_runs")]

    def load_plan(self, job_id: JobId, number: int) -> bytes:
        """The stored plan of a run."""
        return self._body(f"plan of run {number} of job {job_id}", "plan", job_id, number)

    def _body(self, what: str, name: str, *params: object) -> bytes:
        row = self._one(name, *params)
        if row is None:
            raise NotFound(f"the store has no {what}")
        return bytes(row[0])

    def load_trigger(self, trigger_id: TriggerId) -> tuple[Trigger, int] | None:
        """A trigger and the number of the run it authorized, or None."""
        row = self._one("trigger", trigger_id)
        return None if row is None else rows.read_trigger(row)

    def list_triggers(self, job_id: JobId, runs: RunSpan = ALL_RUNS) -> Mapping[int, Trigger]:
        """The triggers of a job's runs by run number."""
        found = self._all("triggers", job_id, runs.first, runs.last)
        return {run: trigger for trigger, run in map(rows.read_trigger, found)}

    def list_attempts(
        self,
        job_id: JobId,
        *,
        run: int | None = None,
        step: StepId | None = None,
        states: Collection[AttemptState] = (),
    ) -> Sequence[Attempt]:
        """Attempts in the order run, start, number, narrowed by what is given."""
        wanted = wanted_states(states)
        match run, step:
            case None, None:
                found = self._all("attempts", job_id, *wanted)
            case _, None:
                found = self._all("attempts_of_run", job_id, run, *wanted)
            case None, _:
                found = self._all("attempts_of_step", job_id, job_id, step, *wanted)
            case _:
                found = self._all("attempts_of_run_and_step", job_id, run, step, *wanted)
        return rows.read_attempts(found)

    def load_attempt(self, key: AttemptKey) -> Attempt | None:
        """One attempt, or None."""
        row = self._one("attempt", key.job_id, key.run, key.step, key.number)
        return None if row is None else rows.read_attempts((row,))[0]

    def executed_steps(self, job_id: JobId, runs: RunSpan = ALL_RUNS) -> Mapping[int, Sequence[StepId]]:
        """For each of these runs of a job the steps it executed, in the order in which they started."""
        found = self._all("executed", job_id, runs.first, runs.last)
        return {run: [step for _, step in steps] for run, steps in groupby(found, key=itemgetter(0))}

    def durations(
        self, job_id: JobId, names: Collection[str] | None = None, *, limit: int = 5, since_run: int = 0
    ) -> Mapping[str, Sequence[float]]:
        """Step name → seconds its latest succeeded attempts in runs since that worked, at most ``limit`` of each."""
        found: dict[str, list[float]] = {}
        waited = self._look_for_waits(job_id, names, since_run=since_run)
        for step, started, ended, run, number in self._succeeded(job_id, names, limit=limit, since_run=since_run):
            seconds = found.setdefault(step_name(step), [])
            if len(seconds) < limit:
                seconds.append(max(0, ended - started - waited(run, step, number)) / 1_000_000)
        return found

    def list_steps(self, job_id: JobId, *, since_seq: int = 0) -> Sequence[StepRecord]:
        """What is known of the steps of a job; only those changed after that event, in no order."""
        return rows.read_steps(self._all("steps", job_id, since_seq))

    def list_expansions(self, job_id: JobId) -> Sequence[Expansion]:
        """The latest expansion of each fan-out step."""
        return [rows.read_expansion(row) for row in self._all("expansions", job_id)]

    def list_acceptances(self, job_id: JobId) -> Sequence[Acceptance]:
        """Every acceptance of a job, the oldest first."""
        return [rows.read_acceptance(row) for row in self._all("acceptances", job_id)]

    def load_artifact(self, address: ContentHash) -> Artifact | None:
        """The artifact with its body where that is small; None when it was never stored."""
        row = self._one("artifact", address)
        return None if row is None else rows.read_artifacts((row,))[0]

    def load_artifacts(self, addresses: Sequence[ContentHash]) -> Mapping[ContentHash, Artifact]:
        """Many artifacts at once; those never stored are absent."""
        found: dict[ContentHash, Artifact] = {}
        for part in _chunks(addresses):
            found.update((artifact.hash, artifact) for artifact in rows.read_artifacts(self._all("artifacts", *part)))
        return found

    def load_memo(self, key: AttemptKey, name: str) -> bytes | None:
        """What was kept under this name for this attempt, or None."""
        row = self._one("memo", key.job_id, key.run, key.step, key.number, name)
        return None if row is None else bytes(row[0])

    def load_question(self, question_id: QuestionId) -> Question | None:
        """One question, or None."""
        row = self._one("question", question_id)
        return None if row is None else read_question(row)

    def list_questions(
        self, *, job_id: JobId | None = None, run: int | None = None, is_waiting: bool | None = None, limit: int | None = None
    ) -> Sequence[Question]:
        """Questions as they were asked, or those that wait by their deadlines; ``run`` needs ``job_id``."""
        if job_id is None and run is not None:
            raise ValueError("questions of a run need the job of the run")
        narrowed = [part for part in (job_id, run) if part is not None]
        found = self._all(_QUESTION_LISTS[is_waiting][len(narrowed)], *narrowed, at_most(limit))
        return [read_question(row) for row in found]

    def questions_of_attempt(self, key: AttemptKey) -> Sequence[Question]:
        """The questions that one attempt asked, in the order in which they were asked."""
        found = self._all("questions_of_attempt", key.job_id, key.run, key.step, key.number)
        return [read_question(row) for row in found]

    def list_due_questions(self, at: datetime, *, limit: int = 100) -> Sequence[Question]:
        """Undecided questions whose deadline is over and whose policy acts on it, the earliest first."""
        return [read_question(row) for row in self._all("due_questions", rows.to_micros(at), limit)]

    def list_events(self, job_id: JobId, *, after: int = 0, limit: int = 1000, run: int | None = None) -> Sequence[Event]:
        """Events with a number above ``after``, in order."""
        if run is None:
            return rows.read_events(self._all("events", job_id, after, limit))
        return rows.read_events(self._all("events_of_run", job_id, after, run, limit))


def _chunks(addresses: Sequence[ContentHash]) -> Iterator[list[ContentHash]]:
    """Groups of the one size that a statement takes; the last is filled by repeating its first."""
    for start in range(0, len(addresses), ADDRESSES):
        part = list(addresses[start : start + ADDRESSES])
        yield part + part[:1] * (ADDRESSES - len(part))
