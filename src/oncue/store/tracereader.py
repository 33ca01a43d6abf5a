"""Looking at attempts and calls page by page: that part of the ``Reader`` port."""

from __future__ import annotations

from collections.abc import Sequence

from oncue.core.counting import ALL_RUNS, HIGHEST_NUMBER, RunSpan
from oncue.core.model import Attempt, JobId
from oncue.core.modelcalls import ModelCall, Spending
from oncue.core.traceports import TracePart
from oncue.store import callrows, rows
from oncue.store.callreader import StoreCallReader


class StoreTraceReader(StoreCallReader):
    """Reads through a cursor whose transaction somebody else begins and ends."""

    def trace_attempts(self, job_id: JobId, part: TracePart, *, after: Attempt | None, limit: int) -> Sequence[Attempt]:
        """Attempts in the order run, start, number, step, those after one."""
        place: tuple[object, ...] = (0, 0, 0, "")
        if after is not None:
            place = (after.key.run, rows.to_micros(after.started_at), after.key.number, after.key.step)
        runs = _runs(part) if after is None else (max(_runs(part)[0], after.key.run), _runs(part)[1])
        if part.step is None:
            return rows.read_attempts(self._all("trace_attempts", job_id, *runs, *place, limit))
        if part.is_whole:
            steps = (part.step, f"{part.step}[", f"{part.step}\\")
            return rows.read_attempts(self._all("trace_attempts_of_each", job_id, job_id, *runs, *steps, *place, limit))
        return rows.read_attempts(self._all("trace_attempts_of_step", job_id, job_id, *runs, part.step, *place, limit))

    def trace_calls(self, job_id: JobId, part: TracePart, *, after: ModelCall | None, limit: int) -> Sequence[ModelCall]:
        """Calls in the order in which they were sent, those after one."""
        place: tuple[object, ...] = (0, 0, "", 0, 0)
        if after is not None:
            key = after.key
            place = (rows.to_micros(after.sent_at), key.run, key.step, key.number, after.number)
        if part.step is None:
            found = self._all("trace_calls", job_id, *_runs(part), *place, limit)
        elif part.is_whole:
            steps = (part.step, f"{part.step}[", f"{part.step}\\")
            found = self._all("trace_calls_of_each", job_id, *_runs(part), *steps, *place, limit)
        else:
            found = self._all("trace_calls_of_step", job_id, *_runs(part), part.step, *place, limit)
        return [callrows.read_call(row) for row in found]

    def trace_spending(self, job_id: JobId, part: TracePart) -> Spending:
        """What the calls of a part cost together."""
        if part.step is None:
            return callrows.read_spending(self._all("trace_spent", job_id, *_runs(part))[0])
        if part.is_whole:
            steps = (part.step, f"{part.step}[", f"{part.step}\\")
            return callrows.read_spending(self._all("trace_spent_of_each", job_id, *_runs(part), *steps)[0])
        return callrows.read_spending(self._all("trace_spent_of_step", job_id, *_runs(part), part.step)[0])

    def list_guided_attempts(self, job_id: JobId, runs: RunSpan = ALL_RUNS) -> Sequence[Attempt]:
        """The attempts of these runs that tell which comments were read, in the order run, start, number."""
        return rows.read_attempts(self._all("guided_attempts", job_id, runs.first, runs.last))


def _runs(part: TracePart) -> tuple[int, int]:
    return (0, HIGHEST_NUMBER) if part.run is None else (part.run, part.run)
