"""The part of the store's protocols that traces and comments need: of many attempts and calls those that tell something."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from oncue.core.counting import ALL_RUNS, RunSpan
from oncue.core.model import Attempt, JobId, StepId
from oncue.core.modelcalls import ModelCall, Spending


@dataclass(frozen=True, slots=True, kw_only=True)
class TracePart:
    """Which part of a job's trace is wanted; None narrows nothing. ``is_whole``: the step together with its instances."""

    step: StepId | None = None
    is_whole: bool = False
    run: int | None = None


class TraceReader(Protocol):
    """Looks at attempts and calls page by page, and past those that have nothing to tell."""

    def trace_attempts(self, job_id: JobId, part: TracePart, *, after: Attempt | None, limit: int) -> Sequence[Attempt]:
        """Attempts in the order run, start, number, step, those after one.

        Without a step only such as may tell something: they called a model, read a comment, or may go on from an attempt of a
        step that called one. Some of the last kind do not.
        """
        ...

    def trace_calls(self, job_id: JobId, part: TracePart, *, after: ModelCall | None, limit: int) -> Sequence[ModelCall]:
        """Calls in the order in which they were sent, those after one."""
        ...

    def trace_spending(self, job_id: JobId, part: TracePart) -> Spending:
        """What the calls of a part cost together."""
        ...

    def list_guided_attempts(self, job_id: JobId, runs: RunSpan = ALL_RUNS) -> Sequence[Attempt]:
        """The attempts of these runs that tell which comments were read, in the order run, start, number.

        They read one, made no output, or came after such an attempt in the same run; others may be among them.
        """
        ...
