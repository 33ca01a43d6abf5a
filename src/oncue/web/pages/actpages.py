"""What a person does to a job besides running it: cancel, stop, accept, replay. Each asks first, and says what is lost."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BeforeValidator

from oncue.control.jobs import accept_output, stop_job
from oncue.control.replays import create_replay, replayable_decisions
from oncue.control.runs import cancel_run
from oncue.control.views.decisionview import find_defaults
from oncue.control.views.panelview import fold_breaks
from oncue.errors import Blocked
from oncue.web.counters import Counter
from oncue.web.pages.frame import draw
from oncue.web.site import Operating, TheJob, TheSite

Reason = Annotated[str, BeforeValidator(fold_breaks), Form(max_length=600)]
"""A line break counts as one character, as it does in the form."""
StepText = Annotated[str, Form(max_length=1000)]
router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/parts/jobs/{job}/ask/cancel")
def ask_cancel(*, request: Request, site: TheSite, job: TheJob, _: Operating, run: Counter) -> str:
    """Whether to cancel a run."""
    return draw("ask_cancel.html", request, site, job=job, run=run)


@router.get("/parts/jobs/{job}/ask/stop")
def ask_stop(*, request: Request, site: TheSite, job: TheJob, _: Operating) -> str:
    """Whether to end a job for good; while runs of it are open, whether to cancel those first."""
    with site.workspace.store.read() as reader:
        runs = [run.number for run in reader.list_open_runs() if run.job_id == job.id]
    return draw("ask_stop.html", request, site, job=job, runs=runs)


@router.get("/parts/jobs/{job}/ask/accept")
def ask_accept(*, request: Request, site: TheSite, job: TheJob, _: Operating, step: str) -> str:
    """Whether a stale output may stand, and why."""
    return draw("ask_accept.html", request, site, job=job, step=step)


@router.get("/parts/jobs/{job}/ask/replay")
def ask_replay(*, request: Request, site: TheSite, job: TheJob, _: Operating) -> str:
    """Whether to make a job with the same decisions; shows them, or says that there are none."""
    try:
        decisions = list(replayable_decisions(site.workspace, job.id))
    except Blocked:
        decisions = []
    with site.workspace.store.read() as reader:
        defaults = find_defaults(reader, decisions)
    return draw("ask_replay.html", request, site, job=job, decisions=decisions, defaults=defaults)


@router.post("/jobs/{job}/cancel")
def cancel(*, site: TheSite, job: TheJob, identity: Operating, run: Annotated[Counter, Form()]) -> RedirectResponse:
    """Ask a run to end."""
    cancel_run(site.workspace, job.id, actor=identity.actor, numbers=(run,))
    return RedirectResponse(f"/jobs/{job.id}", status_code=303)


@router.post("/jobs/{job}/stop")
def stop(*, site: TheSite, job: TheJob, identity: Operating, reason: Reason = "") -> RedirectResponse:
    """End a job for good."""
    stop_job(site.workspace, job.id, actor=identity.actor, reason=reason)
    return RedirectResponse(f"/jobs/{job.id}", status_code=303)


@router.post("/jobs/{job}/accept")
def accept(*, site: TheSite, job: TheJob, identity: Operating, step: StepText, reason: Reason) -> RedirectResponse:
    """Let a stale output stand as it is."""
    accept_output(site.workspace, job.id, step, actor=identity.actor, reason=reason)
    return RedirectResponse(f"/jobs/{job.id}/step?{urlencode({'name': step})}", status_code=303)


@router.post("/jobs/{job}/replay")
def replay(*, site: TheSite, job: TheJob, _: Operating) -> RedirectResponse:
    """Make a job with the same decisions; its run panel opens, and nothing runs before that says so."""
    made = create_replay(site.workspace, job.id)
    return RedirectResponse(f"/jobs/{made.id}?panel=open", status_code=303)
