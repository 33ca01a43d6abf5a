"""Looking at model calls, comments and settings: that part of the ``Reader`` port."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from operator import itemgetter

from oncue.core.callports import Setting
from oncue.core.comments import GivenComment
from oncue.core.counting import ALL_RUNS, RunSpan
from oncue.core.model import AttemptKey, JobId, StepId, step_name
from oncue.core.modelcalls import ModelCall, Spending
from oncue.store import callrows
from oncue.store.database import Cursor, Row
from oncue.store.sqltext import Sql

FEW_STEPS = 20
"""Up to so many steps are looked for one by one; for more, one look at all is quicker."""

_EVERY = 2**63 - 1


def at_most(limit: int | None) -> int:
    """A limit as both dialects take it; None is no limit."""
    return _EVERY if limit is None else limit


class StoreCallReader:
    """Reads through a cursor whose transaction somebody else begins and ends."""

    def __init__(self, cursor: Cursor, sql: Sql) -> None:
        self._cursor = cursor
        self._sql = sql

    def _all(self, name: str, *params: object) -> list[Row]:
        self._cursor.execute(self._sql[name], params)
        return self._cursor.fetchall()

    def _one(self, name: str, *params: object) -> Row | None:
        self._cursor.execute(self._sql[name], params)
        row: Row | None = self._cursor.fetchone()
        return row

    def list_calls(
        self, job_id: JobId, *, run: int | None = None, step: StepId | None = None, limit: int | None = None
    ) -> Sequence[ModelCall]:
        """The calls of a job in the order in which they were sent, narrowed by what is given."""
        most = at_most(limit)
        match run, step:
            case None, None:
                found = self._all("calls_of_job", job_id, most)
            case _, None:
                found = self._all("calls_of_run", job_id, run, most)
            case None, _:
                found = self._all("calls_of_step", job_id, step, most)
            case _:
                found = self._all("calls_of_run_and_step", job_id, run, step, most)
        return [callrows.read_call(row) for row in found]

    def calls_of_attempt(self, key: AttemptKey) -> Sequence[ModelCall]:
        """The calls of one attempt by number."""
        found = self._all("calls_of_attempt", key.job_id, key.run, key.step, key.number)
        return [callrows.read_call(row) for row in found]

    def spending(self, job_id: JobId, run: int | None = None) -> Spending:
        """What a run, or the whole job, spent on models so far."""
        found = self._all("spent", job_id) if run is None else self._all("spent_in_run", job_id, run)
        return callrows.read_spending(found[0])

    def spending_by_run(self, job_id: JobId, runs: RunSpan = ALL_RUNS) -> Mapping[int, Spending]:
        """Run → what it spent on models; runs without a call are absent."""
        found = self._all("spent_by_run", job_id, runs.first, runs.last)
        return {row[0]: callrows.read_spending(row[1:]) for row in found}

    def spending_by_step(self, job_id: JobId) -> Mapping[StepId, Spending]:
        """Step or instance → what it spent on models in all runs; those without a call are absent."""
        return {StepId(row[0]): callrows.read_spending(row[1:]) for row in self._all("spent_by_step", job_id)}

    def costs(self, job_id: JobId, names: Collection[str] | None = None, *, limit: int = 5) -> Mapping[str, Sequence[Spending]]:
        """Step name → what its latest succeeded attempts spent, the newest first; empty without any call of the job."""
        if self._one("has_calls", job_id) is None:
            return {}
        spending_of = (
            self._spent_by_few(job_id) if names is not None and len(names) <= FEW_STEPS else self._spent_by_all(job_id)
        )
        found: dict[str, list[Spending]] = {}
        for step, _, _, run, number in self._succeeded(job_id, names, limit=limit):
            costs = found.setdefault(step_name(step), [])
            if len(costs) < limit:
                costs.append(spending_of(run, step, number))
        return found

    def _spent_by_few(self, job_id: JobId) -> Callable[[int, str, int], Spending]:
        """What an attempt spent, looked for one by one."""
        return lambda run, step, number: callrows.read_spending(self._all("spent_in_attempt", job_id, run, step, number)[0])

    def _spent_by_all(self, job_id: JobId) -> Callable[[int, str, int], Spending]:
        """What an attempt spent, from one look at all."""
        spent = {row[:3]: row[3:] for row in self._all("spent_by_attempt", job_id)}

        def spending_of(*attempt: object) -> Spending:
            row = spent.get(attempt)
            return Spending() if row is None else callrows.read_spending(row)

        return spending_of

    def _succeeded(self, job_id: JobId, names: Collection[str] | None, *, limit: int, since_run: int = 0) -> Iterable[Row]:
        """Succeeded attempts, of each step the newest first; for a few steps only theirs are read."""
        if names is None or len(names) > FEW_STEPS:
            return (row for row in self._all("succeeded", job_id, since_run) if names is None or step_name(row[0]) in names)
        return (row for name in names for row in self._succeeded_of(job_id, name, limit=limit, since_run=since_run))

    def _succeeded_of(self, job_id: JobId, name: str, *, limit: int, since_run: int) -> list[Row]:
        """Those of a step, and of the instances that it has, or once had, beside it."""
        own = self._all("succeeded_of", job_id, job_id, since_run, name, limit)
        each = self._all("succeeded_of_each", job_id, job_id, since_run, f"{name}[", f"{name}\\", limit)
        return sorted((*own, *each), key=itemgetter(2), reverse=True)

    def list_comments(self, job_id: JobId) -> Sequence[GivenComment]:
        """Every comment of a job, the oldest first."""
        return [callrows.read_comment(row) for row in self._all("comments", job_id)]

    def list_settings(self) -> Sequence[Setting]:
        """What was set for the workspace, by name."""
        return [callrows.read_setting(row) for row in self._all("settings")]
