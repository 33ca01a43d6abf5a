"""What guided a job, on pages: the trace of a step, one model call with everything that was said, and the comments."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from oncue.control.views.callview import CallView
from oncue.control.views.commentsview import view_comments
from oncue.control.views.deltaview import DeltaView, DeltaWish, view_delta
from oncue.control.views.traceview import TraceWish, view_latest_attempts, view_trace
from oncue.core.model import Job
from oncue.errors import NotFound
from oncue.web.counters import Counter, MaybeCounter
from oncue.web.pages.jobpages import Search, draw_job_page
from oncue.web.pages.steppages import Name
from oncue.web.promptwords import OUTCOME_STATES, OUTCOMES
from oncue.web.site import Reading, Site, TheJob, TheSite

LISTED_ATTEMPTS = 20
router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/parts/jobs/{job}/trace")
def trace_part(*, request: Request, site: TheSite, job: TheJob, _: Reading, name: Name, run: MaybeCounter = None) -> str:
    """The attempts of a step with their model calls, and how its prompts changed; those of one run, or the latest."""
    cursor = str(site.feed.cursor)
    trace = view_latest_attempts(site.workspace, job.id, name, run=run, count=LISTED_ATTEMPTS)
    delta = _delta(site, job, name, run=run)
    return draw_job_page(
        "trace_part.html",
        request,
        site,
        job=job,
        cursor=cursor,
        step=name,
        run=run,
        trace=trace,
        deltas=delta.steps if delta else (),
        is_telling=bool(delta) or trace.is_telling or (run is not None and not trace.attempts),
        outcomes=OUTCOMES,
        outcome_states=OUTCOME_STATES,
    )


@router.get("/jobs/{job}/call")
def call_page(
    *,
    request: Request,
    site: TheSite,
    job: TheJob,
    _: Reading,
    name: Name,
    run: Counter,
    attempt: Counter = 1,
    call: Counter = 1,
) -> str:
    """One model call: its sections, the exact payload, the reply, and what it cost.

    Raises:
        UnknownStep, UnknownRun, NotFound: there is no such call.
    """
    trace = view_trace(site.workspace, job.id, TraceWish(step=name, run=run, call=call, has_texts=True))
    shown = next((one.calls[0] for one in trace.attempts if one.attempt.key.number == attempt), None)
    if shown is None:
        raise NotFound(f"attempt {attempt} of {name} made no call {call}", hint="the step's page lists its calls")
    return draw_job_page(
        "call.html",
        request,
        site,
        job=job,
        tab="steps",
        view=shown,
        texts=_texts(shown),
        outcomes=OUTCOMES,
        outcome_states=OUTCOME_STATES,
    )


@router.get("/jobs/{job}/delta")
def delta_page(*, request: Request, site: TheSite, job: TheJob, _: Reading, name: Name, run: Counter, against: Counter) -> str:
    """How the prompts of one step differ between two runs.

    Raises:
        UnknownStep, UnknownRun, InvalidInput, NotFound: there is nothing to compare.
    """
    view = view_delta(site.workspace, job.id, DeltaWish(step=name, run=run, against=against, limit=LISTED_ATTEMPTS))
    return draw_job_page(
        "delta_page.html",
        request,
        site,
        job=job,
        tab="runs",
        step=view.asked,
        run=run,
        against=against,
        deltas=view.steps,
    )


@router.get("/jobs/{job}/comments")
def comments_page(*, request: Request, site: TheSite, job: TheJob, _: Reading, step: Search = "") -> str:
    """Every comment of a job and what came of it, or those of one step."""
    return _draw_comments("comments.html", request, site, job=job, step=step)


@router.get("/parts/jobs/{job}/comments")
def comments_part(*, request: Request, site: TheSite, job: TheJob, _: Reading, step: Search = "") -> str:
    """The comments alone."""
    return _draw_comments("comments_part.html", request, site, job=job, step=step)


def _draw_comments(template: str, request: Request, site: Site, *, job: Job, step: str) -> str:
    cursor = str(site.feed.cursor)
    view = view_comments(site.workspace, job.id, step or None)
    return draw_job_page(template, request, site, job=job, tab="comments", view=view, cursor=cursor)


def _delta(site: Site, job: Job, name: str, *, run: int | None) -> DeltaView | None:
    try:
        return view_delta(site.workspace, job.id, DeltaWish(step=name, run=run, limit=LISTED_ATTEMPTS))
    except NotFound as error:
        if error.code != "no_model_call":
            raise
        return None


def _texts(view: CallView) -> list[tuple[str, str, str | None]]:
    """What was sent and what came back beside the sections: its name, its address, its text."""
    call = view.call
    sent: list[tuple[str, str, str | None]] = [("Payload", call.payload, view.payload)]
    if call.reply:
        sent.append(("Response", call.reply, view.reply))
    return sent
