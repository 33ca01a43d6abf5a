"""The part of the store's protocols that model calls, comments and settings need; see ``readport.py`` and ``writeport.py``."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from oncue.core.comments import GivenComment
from oncue.core.counting import ALL_RUNS, RunSpan
from oncue.core.model import AttemptKey, JobId, StepId
from oncue.core.modelcalls import ModelCall, Spending


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Something a person set for the whole workspace."""

    name: str
    value: str
    set_by: str
    set_at: datetime


class CallReader(Protocol):
    """Looks at model calls, comments and settings."""

    def list_calls(
        self, job_id: JobId, *, run: int | None = None, step: StepId | None = None, limit: int | None = None
    ) -> Sequence[ModelCall]:
        """The calls of a job in the order in which they were sent, narrowed by what is given."""
        ...

    def calls_of_attempt(self, key: AttemptKey) -> Sequence[ModelCall]:
        """The calls of one attempt by number."""
        ...

    def spending(self, job_id: JobId, run: int | None = None) -> Spending:
        """What a run, or the whole job, spent on models so far."""
        ...

    def spending_by_run(self, job_id: JobId, runs: RunSpan = ALL_RUNS) -> Mapping[int, Spending]:
        """Run → what it spent on models; runs without a call are absent."""
        ...

    def spending_by_step(self, job_id: JobId) -> Mapping[StepId, Spending]:
        """Step or instance → what it spent on models in all runs; those without a call are absent."""
        ...

    def costs(self, job_id: JobId, names: Collection[str] | None = None, *, limit: int = 5) -> Mapping[str, Sequence[Spending]]:
        """Step name → what its latest succeeded attempts spent, as ``durations``; one without calls spent nothing.

        Empty where the job never called a model.
        """
        ...

    def list_comments(self, job_id: JobId) -> Sequence[GivenComment]:
        """Every comment of a job, the oldest first."""
        ...

    def list_settings(self) -> Sequence[Setting]:
        """What was set for the workspace, by name."""
        ...


class CallTransaction(CallReader, Protocol):
    """Records model calls, comments and settings."""

    def insert_call(self, call: ModelCall) -> None:
        """Store a call that is about to be sent; its attempt and number are unique."""
        ...

    def end_call(self, call: ModelCall) -> bool:
        """Write what came of a call that was sent; False when that is recorded already."""
        ...

    def insert_comment(self, comment: GivenComment) -> None:
        """Store the comment of a run; a run has one at most."""
        ...

    def put_setting(self, setting: Setting) -> None:
        """Set something, or replace what was set."""
        ...

    def delete_setting(self, name: str) -> bool:
        """Forget a setting; False when there is none."""
        ...
