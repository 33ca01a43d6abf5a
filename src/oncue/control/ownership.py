"""Who executes a run: the transactions that take one, and that end one whose code is gone."""

from __future__ import annotations

from dataclasses import replace

from oncue.control.runs import end_idle_run
from oncue.control.workspace import Workspace, load_job
from oncue.core.events import EventDraft, EventType
from oncue.core.model import Failure, Run, RunState, WorkerId
from oncue.core.ports import Transaction
from oncue.errors import OncueError


def own_run(workspace: Workspace, run: Run, worker: WorkerId) -> Run | None:
    """Make a worker the owner of a run, under a higher fence; None where somebody else was faster."""
    now = workspace.clock.now()
    kind = EventType.RUN_STARTED if run.started_at is None else EventType.RUN_CONTINUED
    taken = replace(run, state=RunState.RUNNING, owner=worker, fence=run.fence + 1, started_at=run.started_at or now)

    def record(tx: Transaction) -> Run | None:
        tx.append_events(run.job_id, [], now)  # the job's row is locked first
        if not tx.update_run(taken, expected=run.state, expected_fence=run.fence):
            return None
        tx.append_events(run.job_id, [EventDraft(type=kind, run=run.number, data={"worker": worker})], now)
        return taken

    return workspace.store.write(record)


def end_unloadable(workspace: Workspace, run: Run, error: OncueError) -> None:
    """A run whose code cannot be had any more fails; what it did is kept."""
    failure = Failure(code=error.code, message=error.message, detail=error.hint)
    now = workspace.clock.now()

    def record(tx: Transaction) -> None:
        tx.append_events(run.job_id, [], now)
        if not tx.holds_run(run.job_id, run.number, fence=run.fence):
            return
        tx.append_events(run.job_id, end_idle_run(tx, workspace, run, failure=failure, state=RunState.FAILED), now)
        job = load_job(tx, run.job_id)
        tx.update_job(replace(job, revision=job.revision + 1), expected_revision=job.revision)

    workspace.store.write(record)
