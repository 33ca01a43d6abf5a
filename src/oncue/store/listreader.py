"""Long lists, and counts: that part of the ``Reader`` port."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache

from oncue.core.counting import ALL_RUNS, RunSpan
from oncue.core.listports import Narrowing, QuestionCount
from oncue.core.model import Attempt, AttemptKey, AttemptState, ContentHash, JobId, StepId
from oncue.core.questions import How, Question
from oncue.store.callreader import FEW_STEPS, at_most
from oncue.store.questionrows import read_question
from oncue.store.rows import decode, read_attempts
from oncue.store.sqltext import STATES
from oncue.store.tracereader import StoreTraceReader


class StoreListReader(StoreTraceReader):
    """Reads through a cursor whose transaction somebody else begins and ends."""

    def list_open_attempts(self, job_id: JobId) -> Sequence[Attempt]:
        """The attempts that run or wait, of the runs that have not ended."""
        return read_attempts(self._all("open_attempts", job_id, job_id))

    def latest_attempts(
        self, job_id: JobId, step: StepId, runs: RunSpan = ALL_RUNS, *, limit: int, states: Collection[AttemptState] = ()
    ) -> Sequence[Attempt]:
        """The last attempts of a step in these runs, the newest first; only those in the given states, if any are given."""
        wanted = (*wanted_states(states), limit)
        return read_attempts(self._all("latest_attempts", job_id, job_id, runs.first, runs.last, step, *wanted))

    def count_attempts(self, job_id: JobId, steps: Collection[StepId]) -> Mapping[StepId, int]:
        """How many attempts each of these steps has, in all runs."""
        if len(steps) <= FEW_STEPS:
            return {step: self._all("attempt_count", job_id, job_id, step)[0][0] for step in steps}
        counts: Mapping[StepId, int] = dict(self._all("attempt_counts", job_id))
        return {step: counts.get(step, 0) for step in steps}

    def outputs_of_run(self, job_id: JobId, run: int, steps: Collection[StepId] | None = None) -> Mapping[StepId, ContentHash]:
        """Step → the output of its last success in a run; of these steps, or of all that have one."""
        if steps is not None and len(steps) <= FEW_STEPS:
            return dict(row for step in steps for row in self._all("output_in_run", job_id, run, step))
        return {step: made for step, made in self._all("outputs_of_run", job_id, run) if steps is None or step in steps}

    def latest_maker(self, job_id: JobId, step: StepId, output: ContentHash) -> int | None:
        """The last run in which a step put this out, if any did."""
        run: int | None = self._all("latest_maker", job_id, job_id, step, output)[0][0]
        return run

    def waits_of_run(self, job_id: JobId, run: int) -> Mapping[AttemptKey, float]:
        """How many seconds each attempt of a run waited for the answers it got; those that did not wait are absent."""
        return {
            AttemptKey(job_id=job_id, run=run, step=step, number=number): waited / 1_000_000
            for step, number, waited in self._all("waits_of_run", job_id, run)
        }

    def count_questions(self, job_id: JobId) -> Sequence[QuestionCount]:
        """How many questions there are of each type, run and way; the types in the order in which they were first asked."""
        return [
            QuestionCount(type=type_, run=run, how=None if how is None else How(how), count=count)
            for type_, run, how, count, _ in self._all("question_counts", job_id)
        ]

    def count_waiting(self) -> Mapping[JobId, int]:
        """How many questions of each job wait for a person; jobs without any are absent."""
        return dict(self._all("waiting_counts"))

    def _look_for_waits(self, job_id: JobId, names: Collection[str] | None, *, since_run: int) -> Callable[..., int]:
        """How many microseconds an attempt (run, step, number) waited for answers; for a few steps looked for one by one."""
        if names is not None and len(names) <= FEW_STEPS:
            return lambda run, step, number: self._all("waited_in_attempt", job_id, run, step, number)[0][0]
        waits = {row[:3]: row[3] for row in self._all("waited_by_attempt", job_id, since_run)}
        return lambda run, step, number: waits.get((run, step, number), 0)

    def search_params(self, has_text: Callable[[Mapping[str, object]], bool]) -> frozenset[JobId]:
        """The jobs whose parameters ``has_text`` accepts, which is called once for all jobs that have the same."""

        @cache
        def holds(body: str) -> bool:
            return has_text(decode(body))

        return frozenset(job_id for job_id, body in self._all("every_job_params") if holds(body))

    def list_decisions(
        self, job_id: JobId, wanted: Narrowing, *, offset: int = 0, limit: int | None = None
    ) -> Sequence[Question]:
        """Some decided questions, in the order in which they were asked."""
        found = self._all("decisions", job_id, *_narrowed(wanted), at_most(limit), offset)
        return [read_question(row) for row in found]

    def count_decisions(self, job_id: JobId, wanted: Narrowing) -> int:
        """How many of the decided questions are wanted."""
        count: int = self._all("decision_count", job_id, *_narrowed(wanted))[0][0]
        return count

    def list_late_questions(self, job_id: JobId) -> Sequence[Question]:
        """The questions that were answered after their deadline, in the order in which they were asked."""
        return [read_question(row) for row in self._all("late_questions", job_id, at_most(None))]

    def latest_answered(
        self, job_id: JobId, step: StepId, *, type_: str, occurrence: int, fingerprint: str | None = None
    ) -> Question | None:
        """The question that a step asked last in one place, in any run, of those whose answer may be used again."""
        row = self._one("latest_answered", job_id, step, type_, occurrence, fingerprint)
        return None if row is None else read_question(row)


def wanted_states(states: Collection[AttemptState]) -> list[str]:
    """As many as a statement takes: those that are wanted, or every one if none is named."""
    wanted = [state.value for state in states or AttemptState]
    return wanted + wanted[:1] * (STATES - len(wanted))


def _narrowed(wanted: Narrowing) -> tuple[object, ...]:
    return wanted.type, wanted.run, wanted.how and wanted.how.value, wanted.text or None
