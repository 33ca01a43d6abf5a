"""The part of the store's protocols that needs one look at much: long lists, and counts; see ``readport.py``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from oncue.core.counting import ALL_RUNS, RunSpan
from oncue.core.model import Attempt, AttemptKey, AttemptState, ContentHash, JobId, StepId
from oncue.core.questions import How, Question
from oncue.core.traceports import TraceReader


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """Which decisions are wanted; what is left out narrows nothing. ``text`` is part of their words, folded."""

    type: str | None = None
    run: int | None = None
    how: How | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionCount:
    """How many questions of one type were asked in one run and settled in one way; ``how`` None are those that wait."""

    type: str
    run: int
    how: How | None
    count: int


class ListReader(TraceReader, Protocol):
    """Looks at the questions and attempts of a job without reading all of them."""

    def list_open_attempts(self, job_id: JobId) -> Sequence[Attempt]:
        """The attempts that run or wait, of the runs that have not ended, in the order run, start, number."""
        ...

    def latest_attempts(
        self, job_id: JobId, step: StepId, runs: RunSpan = ALL_RUNS, *, limit: int, states: Collection[AttemptState] = ()
    ) -> Sequence[Attempt]:
        """The last attempts of a step in these runs, the newest first; only those in the given states, if any are given."""
        ...

    def count_attempts(self, job_id: JobId, steps: Collection[StepId]) -> Mapping[StepId, int]:
        """How many attempts each of these steps has, in all runs."""
        ...

    def outputs_of_run(self, job_id: JobId, run: int, steps: Collection[StepId] | None = None) -> Mapping[StepId, ContentHash]:
        """Step → the output of its last success in a run; of these steps, or of all that have one."""
        ...

    def latest_maker(self, job_id: JobId, step: StepId, output: ContentHash) -> int | None:
        """The last run in which a step put this out, if any did."""
        ...

    def waits_of_run(self, job_id: JobId, run: int) -> Mapping[AttemptKey, float]:
        """How many seconds each attempt of a run waited for the answers it got; those that did not wait are absent."""
        ...

    def count_questions(self, job_id: JobId) -> Sequence[QuestionCount]:
        """How many questions there are of each type, run and way; the types in the order in which they were first asked."""
        ...

    def count_waiting(self) -> Mapping[JobId, int]:
        """How many questions of each job wait for a person; jobs without any are absent."""
        ...

    def search_params(self, has_text: Callable[[Mapping[str, object]], bool]) -> frozenset[JobId]:
        """The jobs whose parameters ``has_text`` accepts, which is called once for all jobs that have the same."""
        ...

    def list_decisions(
        self, job_id: JobId, wanted: Narrowing, *, offset: int = 0, limit: int | None = None
    ) -> Sequence[Question]:
        """Some decided questions, in the order in which they were asked."""
        ...

    def count_decisions(self, job_id: JobId, wanted: Narrowing) -> int:
        """How many of the decided questions are wanted."""
        ...

    def list_late_questions(self, job_id: JobId) -> Sequence[Question]:
        """The questions that were answered after their deadline, in the order in which they were asked."""
        ...

    def latest_answered(
        self, job_id: JobId, step: StepId, *, type_: str, occurrence: int, fingerprint: str | None = None
    ) -> Question | None:
        """The question that a step asked last in one place, in any run, of those whose answer may be used again.

        With a fingerprint only of those that asked just this. Costs the same however often the place was asked.
        """
        ...
