"""From what a person asks to a run that exists: plan, show the plan, record the trigger, start."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from oncue.control.preflight import Prepared, is_owned, prepare_run
from oncue.control.repeats import check_seen
from oncue.control.runs import start_run
from oncue.control.triggers import mint_trigger
from oncue.control.workspace import Workspace
from oncue.core.model import Job, JobId, Run, RunKind, Trigger, TriggerSource, WorkerId
from oncue.core.request import RunRequest
from oncue.errors import JobBusy, PlanChanged

ATTEMPTS = 3
"""How often a plan is made again when the job changes before it could be started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A run that a person asks for, with everything the trigger records; ``digest`` names the only plan that may start."""

    request: RunRequest
    action: RunKind
    actor: str
    reason: str = ""
    trigger_id: str | None = None
    digest: str | None = None
    may_queue: bool = True


def plan_order(workspace: Workspace, job_id: JobId, order: Order) -> Prepared:
    """Plan what is asked for; parameter values come from the command line."""
    return prepare_run(workspace, job_id, order.request, is_text=True)


def start_order(
    workspace: Workspace, prepared: Prepared, order: Order, *, owner: WorkerId, show_plan: Callable[[Prepared], None]
) -> Run:
    """Start what is asked for. A plan that is outdated by the time it starts is made again and shown again.

    Raises:
        PlanChanged: the plan is not the one of the digest, or the job keeps changing.
        JobBusy: another run is executing, and waiting was not wanted.
        Blocked: preflight found blockers.
    """
    for attempt in range(ATTEMPTS):
        check_seen(prepared, order.digest)
        if not order.may_queue:
            check_free(workspace, prepared.snapshot.job)
        try:
            return start_run(workspace, prepared, _mint(workspace, prepared, order), owner=owner)
        except PlanChanged as error:
            fresh = error.new_plan
            if not isinstance(fresh, Prepared) or attempt == ATTEMPTS - 1:
                raise
            prepared = fresh
            show_plan(prepared)
    raise AssertionError("the last attempt returns or raises")


def _mint(workspace: Workspace, prepared: Prepared, order: Order) -> Trigger:
    return mint_trigger(
        workspace,
        prepared,
        source=TriggerSource.CLI_TOOL,
        action=order.action,
        actor=order.actor,
        trigger_id=order.trigger_id,
        reason=order.reason,
    )


def check_free(workspace: Workspace, job: Job) -> None:
    """Make sure that nobody executes a run of the job.

    Raises:
        JobBusy: somebody does.
    """
    for run in open_runs(workspace, job.id):
        if is_owned(workspace.store, run):
            raise JobBusy(
                f"run {run.number} of job {job.id} is {run.state.value} in another process",
                hint=f"oncue job cancel {job.id} ends it; without --no-wait the new run queues behind it",
            )


def open_runs(workspace: Workspace, job_id: JobId) -> Sequence[Run]:
    """The runs of a job that have not ended, by number."""
    with workspace.store.read() as reader:
        return reader.list_open_runs(job_id)
