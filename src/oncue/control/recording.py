"""The transaction of an executing run: the end of some attempts and the beginning of others, or nothing of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from oncue.control.workspace import load_job
from oncue.core.events import EventDraft
from oncue.core.model import Artifact, Attempt, Current, Expansion, Run, RunState
from oncue.core.ports import Transaction
from oncue.errors import WriteRefused


@dataclass(slots=True)
class Batch:
    """What one transaction records."""

    drafts: list[EventDraft] = field(default_factory=list)
    begun: list[Attempt] = field(default_factory=list)
    reclaimed: list[Attempt] = field(default_factory=list)
    ended: list[Attempt] = field(default_factory=list)
    failed: list[Attempt] = field(default_factory=list)
    currents: list[Current] = field(default_factory=list)
    artifacts: list[Artifact] = field(default_factory=list)
    expansions: list[Expansion] = field(default_factory=list)
    run_after: Run | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to record."""
        return not (self.drafts or self.begun or self.reclaimed or self.ended or self.expansions or self.run_after)


def record_batch(tx: Transaction, run: Run, batch: Batch, *, at: datetime) -> None:
    """Record everything of a batch; the job's row is locked first.

    Raises:
        WriteRefused: the run, or one of its attempts, belongs to another worker by now.
    """
    seq = tx.append_events(run.job_id, batch.drafts, at)
    if not tx.holds_run(run.job_id, run.number, fence=run.fence):
        raise WriteRefused(f"run {run.number} of job {run.job_id} is executed by another worker")
    tx.put_artifacts(batch.artifacts)
    refused = tx.end_attempts(batch.ended) if batch.ended else ()
    if refused:
        raise WriteRefused(f"the attempt of {refused[0].step} belongs to another worker")
    if batch.failed:
        tx.set_last(run.job_id, batch.failed, seq=seq)
    if batch.currents:
        tx.set_currents(run.job_id, batch.currents, seq=seq)
    for expansion in batch.expansions:
        tx.put_expansion(run.job_id, expansion)
    for attempt in batch.reclaimed:
        if not tx.reclaim_attempt(attempt, expected_fence=attempt.fence - 1):
            raise WriteRefused(f"the attempt of {attempt.key.step} was taken by another worker")
    if batch.begun:
        tx.begin_attempts(batch.begun)
    if batch.run_after is not None:
        _record_run(tx, run, batch.run_after)


def _record_run(tx: Transaction, run: Run, after: Run) -> None:
    if not tx.update_run(after, expected=run.state, expected_fence=run.fence):
        raise WriteRefused(f"run {run.number} of job {run.job_id} was ended by another worker")
    if after.state is not RunState.WAITING:
        job = load_job(tx, run.job_id)
        tx.update_job(replace(job, revision=job.revision + 1), expected_revision=job.revision)
