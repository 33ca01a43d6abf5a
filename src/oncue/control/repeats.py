"""Repeating an action is harmless: the run that a trigger has started already is the answer."""

from __future__ import annotations

from oncue.control.preflight import Prepared
from oncue.control.workspace import Workspace
from oncue.core.model import JobId, Run, TriggerId
from oncue.errors import Conflict, PlanChanged


def find_repeated(workspace: Workspace, job_id: JobId, trigger_id: str | None) -> Run | None:
    """The run that this trigger has started already.

    Raises:
        Conflict: it started a run of another job.
    """
    if trigger_id is None:
        return None
    with workspace.store.read() as reader:
        known = reader.load_trigger(TriggerId(trigger_id))
        if known is None:
            return None
        if known[0].job_id != job_id:
            raise Conflict(f"trigger {trigger_id} was used for job {known[0].job_id}", hint="every action needs its own id")
        return reader.load_run(job_id, known[1])


def check_seen(prepared: Prepared, digest: str | None) -> None:
    """Make sure that the plan is the one that the person saw; None is any.

    Raises:
        PlanChanged: it is another one; carries it.
    """
    if digest is not None and digest != prepared.plan.digest:
        job = prepared.plan.job_id
        message = f"the plan of job {job} is not {digest} any more; it is {prepared.plan.digest}"
        raise PlanChanged(message, new_plan=prepared)
