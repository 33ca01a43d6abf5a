"""The API of runs: look ahead, start, look back.

``POST /jobs/{job}/runs`` is the one way to start a run; the two restarts are shorter ways to write its body and end in the same
function. Looking ahead stores nothing.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from oncue.control.runs import cancel_run, load_run
from oncue.core.request import RunRequest
from oncue.web.api.jobroutes import Cursor, Limit
from oncue.web.api.runrecords import read_run, read_runs
from oncue.web.counters import Counter
from oncue.web.runbody import read_phase_restart, read_request, read_step_restart
from oncue.web.runstart import Cue, find_advice, look_ahead, read_cue, start
from oncue.web.schemas import runshapes as shapes
from oncue.web.schemas.jobshapes import CancelledRecord
from oncue.web.site import Operating, Reading, Site, TheJob, TheSite

CHANGED: dict[int | str, dict[str, Any]] = {
    409: {"model": shapes.PlanChangedProblem, "description": "The plan is another one by now, or it is blocked."}
}
STARTED: dict[int | str, dict[str, Any]] = {
    200: {"model": shapes.StartedRun, "description": "This action started the run before."},
    201: {"model": shapes.StartedRun, "description": "The run was started."},
    **CHANGED,
}
router = APIRouter(tags=["runs"])


@router.post("/jobs/{job}/runs/preflight", response_model=shapes.PreflightRecord)
def preflight(*, site: TheSite, _: Reading, job: TheJob, body: shapes.PreflightBody, prompts: bool = False) -> object:
    """What a run would do, what stands in its way, and the digest a start must name; ``prompts`` adds what would be sent."""
    advice = find_advice(site, job, body.recommended_message_id)
    return look_ahead(site, job, read_request(body), advice=advice, has_prompts=prompts)


@router.post("/jobs/{job}/runs", response_model=shapes.StartedRun, status_code=201, responses=STARTED)
def start_planned(*, site: TheSite, identity: Operating, job: TheJob, body: shapes.StartBody, response: Response) -> object:
    """Start exactly the plan that was on screen, once for each ``ui_trigger_id``."""
    return _started(site, job, read_request(body), cue=read_cue(site, job, identity, body=body), response=response)


@router.post("/jobs/{job}/restart/phase", response_model=shapes.StartedRun, status_code=201, responses=STARTED)
def restart_phase(
    *, site: TheSite, identity: Operating, job: TheJob, body: shapes.RestartPhaseBody, response: Response
) -> object:
    """The same with the scope ``phase``."""
    return _started(site, job, read_phase_restart(body), cue=read_cue(site, job, identity, body=body), response=response)


@router.post("/jobs/{job}/restart/step", response_model=shapes.StartedRun, status_code=201, responses=STARTED)
def restart_step(
    *, site: TheSite, identity: Operating, job: TheJob, body: shapes.RestartStepBody, response: Response
) -> object:
    """The same with the scope ``only`` or ``from``, and one step."""
    return _started(site, job, read_step_restart(body), cue=read_cue(site, job, identity, body=body), response=response)


def _started(site: Site, job: TheJob, request: RunRequest, *, cue: Cue, response: Response) -> object:
    started = start(site, job, request, cue=cue)
    response.status_code = 201 if started.is_new else 200
    return read_run(site.workspace, job, started.run.number)


@router.get("/jobs/{job}/runs", response_model=shapes.RunsPage)
def list_runs(*, site: TheSite, _: Reading, job: TheJob, cursor: Cursor = None, limit: Limit = 50) -> object:
    """The runs of a job, the newest first."""
    return read_runs(site.workspace, job, cursor=cursor, limit=limit)


@router.get("/jobs/{job}/runs/{number}", response_model=shapes.StartedRun)
def show_run(*, site: TheSite, _: Reading, job: TheJob, number: Counter) -> object:
    """One run."""
    return read_run(site.workspace, job, number)


@router.post("/jobs/{job}/runs/{number}/cancel", response_model=CancelledRecord)
def cancel_one(*, site: TheSite, identity: Operating, job: TheJob, number: Counter) -> object:
    """Ask a run to end; one that has ended stays as it is."""
    load_run(site.workspace, job.id, number)
    return {"job_id": job.id, "runs": list(cancel_run(site.workspace, job.id, actor=identity.actor, numbers=(number,)))}
