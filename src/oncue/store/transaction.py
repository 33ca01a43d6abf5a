"""Changing the store: the ``Transaction`` port over the writer's cursor."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from oncue.core.events import EventDraft
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
    Trigger,
)
from oncue.core.questions import Question
from oncue.errors import UnknownJob
from oncue.store import questionrows, rows
from oncue.store.database import Cursor, Database, Row
from oncue.store.peoplewriter import StorePeopleWriter

_SUCCEEDED = AttemptState.SUCCEEDED.value


class StoreTransaction(StorePeopleWriter):
    """Reads see what the transaction wrote so far."""

    def __init__(self, cursor: Cursor, database: Database) -> None:
        super().__init__(cursor, database.sql)
        self._database = database

    def savepoint(self) -> None:
        """Begin a unit among others."""
        self._cursor.execute("SAVEPOINT unit")

    def release_savepoint(self) -> None:
        """Keep what the unit did."""
        self._cursor.execute("RELEASE SAVEPOINT unit")

    def undo_to_savepoint(self) -> None:
        """Forget what the unit did."""
        self._cursor.execute("ROLLBACK TO SAVEPOINT unit")
        self._cursor.execute("RELEASE SAVEPOINT unit")

    def _each(self, name: str, found: Sequence[Sequence[object]]) -> None:
        """Carry out a statement for each row; a single one is cheaper by itself."""
        if len(found) == 1:
            self._cursor.execute(self._sql[name], found[0])
        elif found:
            self._cursor.executemany(self._sql[name], found)

    def append_events(self, job_id: JobId, drafts: Sequence[EventDraft], at: datetime) -> int:
        """Number and store events, and return the last number."""
        self._cursor.execute(self._sql["number_events"], (len(drafts), job_id))
        row = self._cursor.fetchone()
        if row is None:
            raise UnknownJob(job_id)
        last: int = row[0]
        micros, first, encode = rows.to_micros(at), last - len(drafts) + 1, rows.encode
        self._each(
            "insert_event",
            [
                (job_id, seq, micros, draft.type.value, draft.run, draft.step, encode(draft.data) if draft.data else None)
                for seq, draft in enumerate(drafts, first)
            ],
        )
        return last

    def insert_job(self, job: Job) -> None:
        """Store a new job."""
        self._cursor.execute(self._sql["insert_job"], rows.job_row(job))
        self._cursor.execute(self._sql["put_params"], (job.id, rows.encode(job.params)))

    def update_job(self, job: Job, *, expected_revision: int) -> bool:
        """Write a job, if its revision is still the expected one."""
        if not self._change("update_job", rows.job_change(job, expected_revision)):
            return False
        self._cursor.execute(self._sql["put_params"], (job.id, rows.encode(job.params)))
        return True

    def put_definition(self, address: ContentHash, body: bytes) -> None:
        """Store a definition snapshot; harmless when it is there."""
        self._cursor.execute(self._sql["put_definition"], (address, body))

    def insert_run(self, run: Run, *, plan: bytes) -> None:
        """Store a new run with its plan."""
        self._cursor.execute(self._sql["insert_run"], rows.run_row(run))
        self._cursor.execute(self._sql["insert_plan"], (run.job_id, run.number, plan))

    def insert_trigger(self, trigger: Trigger, *, run: int) -> None:
        """Store a trigger; its id is unique in the workspace."""
        self._cursor.execute(self._sql["insert_trigger"], rows.trigger_row(trigger, run))

    def update_run(self, run: Run, *, expected: RunState, expected_fence: int) -> bool:
        """Write a run, if state and fence are still the expected ones."""
        return self._change("update_run", rows.run_change(run, expected, expected_fence))

    def holds_run(self, job_id: JobId, number: int, *, fence: int) -> bool:
        """Whether a run is running under this fence."""
        self._cursor.execute(self._sql["held_run"], (job_id, number, fence))
        return self._cursor.fetchone() is not None

    def request_cancel(self, job_id: JobId, number: int, at: datetime) -> bool:
        """Set the cancel flag of an open run; the first time it was set stays."""
        return self._change("request_cancel", (rows.to_micros(at), job_id, number))

    def begin_attempts(self, attempts: Sequence[Attempt]) -> None:
        """Store new attempts in state running."""
        self._each("begin_attempt", [rows.attempt_row(attempt) for attempt in attempts])

    def reclaim_attempt(self, attempt: Attempt, *, expected_fence: int) -> bool:
        """Give an interrupted attempt to another worker with a higher fence."""
        return self._change("reclaim_attempt", rows.attempt_claim(attempt, expected_fence))

    def end_attempts(self, attempts: Sequence[Attempt]) -> Sequence[AttemptKey]:
        """Write the end of attempts that run or wait under their fence; returns the keys that were refused."""
        return self._change_each("end_attempt", attempts, [rows.attempt_end(attempt) for attempt in attempts])

    def continue_attempt(self, attempt: Attempt, *, expected_fence: int) -> bool:
        """Let a waiting attempt run again in a worker's hands, with a higher fence."""
        return self._change("continue_attempt", rows.attempt_claim(attempt, expected_fence))

    def suspend_attempts(self, attempts: Sequence[Attempt]) -> Sequence[AttemptKey]:
        """Let attempts that run under their fence wait; returns the keys that were refused."""
        return self._change_each("suspend_attempt", attempts, [rows.attempt_pause(attempt) for attempt in attempts])

    def _change_each(self, name: str, attempts: Sequence[Attempt], found: Sequence[Row]) -> Sequence[AttemptKey]:
        """Carry out a conditional update for each attempt; the keys of those to which it did not apply."""
        counts = self._database.update_each(self._cursor, self._sql[name], found)
        return [attempt.key for attempt, count in zip(attempts, counts, strict=True) if count == 0]

    def put_artifacts(self, artifacts: Sequence[Artifact]) -> None:
        """Store artifacts; a pruned one gets its body back. In one order, so that two writers cannot wait for each other."""
        found = [rows.artifact_row(artifact) for artifact in artifacts]
        found.sort(key=_address)
        self._each("put_artifact", found)

    def set_currents(self, job_id: JobId, currents: Sequence[Current], *, seq: int) -> None:
        """Point steps to new outputs; their latest attempt is the one that made the output, and succeeded."""
        self._each(
            "set_current",
            [(job_id, c.step, c.run, c.number, _SUCCEEDED, c.run, c.number, c.artifact, seq) for c in currents],
        )

    def set_last(self, job_id: JobId, attempts: Sequence[Attempt], *, seq: int) -> None:
        """Record attempts that ended without success as the latest of their steps; current outputs stay."""
        self._each(
            "set_last",
            [(job_id, a.key.step, a.key.run, a.key.number, a.state.value, None, None, None, seq) for a in attempts],
        )

    def put_expansion(self, job_id: JobId, expansion: Expansion) -> None:
        """Record the instances of a fan-out step; replaces the ones known before."""
        row = (job_id, expansion.step, expansion.over, expansion.definition, rows.encode(expansion.items))
        self._cursor.execute(self._sql["put_expansion"], row)

    def insert_acceptance(self, job_id: JobId, acceptance: Acceptance) -> None:
        """Record an acceptance."""
        self._cursor.execute(self._sql["insert_acceptance"], rows.acceptance_row(job_id, acceptance))

    def insert_question(self, question: Question) -> None:
        """Store a new question, decided or not."""
        self._cursor.execute(self._sql["insert_question"], questionrows.question_row(question))

    def decide_question(self, question: Question) -> bool:
        """Settle an undecided question by its decision; False when it was settled before."""
        return self._change("decide_question", questionrows.settled_row(question))

    def answer_late(self, question: Question) -> bool:
        """Keep the late answer to a question that timed out; False when there is one already, or it did not time out."""
        return self._change("answer_late", questionrows.late_row(question))

    def put_memo(self, key: AttemptKey, name: str, body: bytes) -> None:
        """Keep a result for the attempt; the first one stored under a name stays."""
        self._cursor.execute(self._sql["put_memo"], (key.job_id, key.run, key.step, key.number, name, body))

    def hold_artifacts(self) -> None:
        """From now to the end nobody else stores artifacts; whoever did has ended."""
        self._database.hold_table(self._cursor, "artifact")

    def list_outputs(self) -> Sequence[Row]:
        """Job, step, artifact and inputs of every attempt that made an output; the artifact again if it is current."""
        return self._all("outputs")

    def list_logs(self) -> Sequence[ContentHash]:
        """The addresses of the logs of all attempts."""
        return [log for (log,) in self._all("logs")]

    def list_bodies(self) -> Sequence[Row]:
        """Address, kind, size inside the row, files and time of pruning of every artifact."""
        return self._all("bodies")

    def prune_artifacts(self, addresses: Sequence[ContentHash], at: datetime) -> None:
        """Empty the bodies of artifacts, and mark them as pruned."""
        micros = rows.to_micros(at)
        self._each("prune_artifact", [(micros, address) for address in sorted(addresses)])


def _address(row: Sequence[object]) -> str:
    return str(row[0])
