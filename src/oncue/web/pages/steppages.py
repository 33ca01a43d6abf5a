"""The page of a step: its output as people read it, and where it comes from."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from oncue.control.views.logview import view_log
from oncue.control.views.runningview import view_running
from oncue.control.views.stepview import StepPage, StepWish, view_step_page
from oncue.core.model import Job
from oncue.errors import OncueError
from oncue.web.counters import MaybeCounter, Page
from oncue.web.pages.chosen import ChosenSteps, TheChosen
from oncue.web.pages.frame import draw
from oncue.web.pages.jobpages import Search, draw_job_page
from oncue.web.pages.outputblocks import MAX_TEXT, show_files, show_value
from oncue.web.site import Reading, Site, TheJob, TheSite

Name = Annotated[str, Query(max_length=1000)]
router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


def read_wish(*, name: Name, run: MaybeCounter = None, search: Search = "", word: Search = "", page: Page = 1) -> StepWish:
    """What a request wants of a step; ``run`` shows the output that a run made."""
    return StepWish(step=name, run=run, search=search, word=word, page=page)


TheWish = Annotated[StepWish, Depends(read_wish)]


@router.get("/jobs/{job}/step")
def step_page(*, request: Request, site: TheSite, job: TheJob, _: Reading, wish: TheWish, chosen: TheChosen) -> str:
    """One step, or one instance of a fan-out."""
    return _draw("step.html", request, site, job=job, wish=wish, chosen=chosen)


@router.get("/parts/jobs/{job}/step")
def step_part(*, request: Request, site: TheSite, job: TheJob, _: Reading, wish: TheWish, chosen: TheChosen) -> str:
    """The step alone."""
    return _draw("step_part.html", request, site, job=job, wish=wish, chosen=chosen)


@router.get("/parts/jobs/{job}/running")
def running_part(*, request: Request, site: TheSite, job: TheJob, _: Reading, name: Name) -> str:
    """A step or an instance while it executes, with the end of its log; asked for again and again as long as it does."""
    running = view_running(site.workspace, job.id, name, worker=site.worker_id)
    return draw("running_part.html", request, site, job=f"/jobs/{job.id}", step_id=name, running=running)


@router.get("/parts/jobs/{job}/log")
def log_part(
    *,
    request: Request,
    site: TheSite,
    job: TheJob,
    _: Reading,
    name: Name,
    run: MaybeCounter = None,
    attempt: MaybeCounter = None,
) -> str:
    """The end of the log of a step's attempt."""
    try:
        log = view_log(site.workspace, job.id, name, run=run, attempt=attempt)
    except OncueError as error:
        return draw("step_log.html", request, site, job=job, log=None, text=error.message)
    body, left_out = log.end(MAX_TEXT)
    return draw("step_log.html", request, site, job=job, log=log, text=body.decode("utf-8", "replace"), left_out=left_out)


def _draw(template: str, request: Request, site: Site, *, job: Job, wish: StepWish, chosen: ChosenSteps) -> str:
    cursor = str(site.feed.cursor)
    view: StepPage = view_step_page(site.workspace, job.id, wish)
    return draw_job_page(
        template,
        request,
        site,
        job=job,
        tab="steps",
        step=view,
        chosen=chosen,
        running=None if view.instances else view_running(site.workspace, job.id, view.id, worker=site.worker_id),
        block=show_value(view.output.output.value) if view.output else None,
        files=show_files(view.output) if view.output else [],
        cursor=cursor,
    )
