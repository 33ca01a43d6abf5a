"""The API of guided reruns: comments, traces of model calls, and how prompts changed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from oncue.control.views.commentsview import view_comments
from oncue.control.views.deltaview import DeltaWish, view_delta
from oncue.control.views.traceview import TraceRange, TraceWish, view_calls, view_trace
from oncue.web.api.jobroutes import Limit
from oncue.web.api.runrecords import read_place, show_place
from oncue.web.counters import MaybeCounter
from oncue.web.schemas import guidanceshapes as shapes
from oncue.web.site import Reading, TheJob, TheSite

Step = Annotated[str | None, Query(max_length=1000)]
Place = Annotated[str | None, Query(max_length=5000, description="From `next_cursor` of the page before.")]
router = APIRouter(tags=["guidance"])


@router.get("/jobs/{job}/comments", response_model=shapes.CommentsRecord)
def list_comments(*, site: TheSite, _: Reading, job: TheJob, step: Step = None) -> object:
    """Every comment that was given in a job, with who gave it and what came of it."""
    return view_comments(site.workspace, job.id, step).as_dict()


@router.get("/jobs/{job}/trace", response_model=shapes.TraceRecord)
def show_trace(
    *,
    site: TheSite,
    _: Reading,
    job: TheJob,
    step: Step = None,
    run: MaybeCounter = None,
    call: MaybeCounter = None,
    texts: bool = False,
    cursor: Place = None,
    limit: Limit = 50,
) -> object:
    """What attempts consumed and which calls they made; ``texts`` adds the sections and payloads.

    With ``call`` only attempts that made a call of this number are listed, and a page may hold fewer than ``limit``.
    """
    wish = TraceWish(step=step, run=run, call=call, has_texts=texts)
    view = view_trace(site.workspace, job.id, wish, page=TraceRange(after=read_place(cursor), limit=limit))
    return {**view.as_dict(), "next_cursor": show_place(view.end)}


@router.get("/jobs/{job}/calls", response_model=shapes.CallsRecord)
def list_calls(
    *,
    site: TheSite,
    _: Reading,
    job: TheJob,
    step: Step = None,
    run: MaybeCounter = None,
    cursor: Place = None,
    limit: Limit = 100,
) -> object:
    """The calls of language models in the order in which they were sent: purpose, model, state, usage and cost.

    ``state`` ``sent`` has no known outcome.
    """
    page = TraceRange(after=read_place(cursor), limit=limit)
    view = view_calls(site.workspace, job.id, TraceWish(step=step, run=run), page=page)
    return {**view.as_dict(), "next_cursor": show_place(view.end)}


@router.get("/jobs/{job}/steps/{step:path}/delta", response_model=shapes.DeltaRecord)
def show_delta(
    *, site: TheSite, _: Reading, job: TheJob, step: str, run: MaybeCounter = None, against: MaybeCounter = None
) -> object:
    """How the prompts of a step changed between two of its runs."""
    return view_delta(site.workspace, job.id, DeltaWish(step=step, run=run, against=against)).as_dict()
