"""The drawings of a job: its graph, and a run over time; both are drawn on the server."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from oncue.control.views.boardview import view_board
from oncue.control.views.drawings import draw_graph
from oncue.control.views.stepwords import EXPLAINED
from oncue.control.views.timeline import draw_timeline
from oncue.core.model import Job
from oncue.web.counters import MaybeCounter
from oncue.web.pages.frame import draw
from oncue.web.site import Reading, Site, TheJob, TheSite

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/jobs/{job}/graph")
def graph_page(*, request: Request, site: TheSite, job: TheJob, _: Reading) -> str:
    """The steps of a job as a graph."""
    return _draw_graph("graph.html", request, site, job=job)


@router.get("/parts/jobs/{job}/graph")
def graph_part(*, request: Request, site: TheSite, job: TheJob, _: Reading) -> str:
    """The graph alone."""
    return _draw_graph("graph_part.html", request, site, job=job)


@router.get("/jobs/{job}/timeline")
def timeline_page(*, request: Request, site: TheSite, job: TheJob, _: Reading, run: MaybeCounter = None) -> str:
    """A run over time; the latest one where none is named."""
    return _draw_timeline("timeline.html", request, site, job=job, run=run)


@router.get("/parts/jobs/{job}/timeline")
def timeline_part(*, request: Request, site: TheSite, job: TheJob, _: Reading, run: MaybeCounter = None) -> str:
    """The timeline alone."""
    return _draw_timeline("timeline_part.html", request, site, job=job, run=run)


def _draw_graph(template: str, request: Request, site: Site, *, job: Job) -> str:
    cursor = str(site.feed.cursor)
    board = view_board(site.workspace, job.id)
    drawing = draw_graph(board)
    return draw(template, request, site, head=board, drawing=drawing, words=EXPLAINED, tab="graph", cursor=cursor)


def _draw_timeline(template: str, request: Request, site: Site, *, job: Job, run: int | None) -> str:
    cursor = str(site.feed.cursor)
    board = view_board(site.workspace, job.id)
    number = run or board.runs
    names = [card.name for card in board.cards]
    drawing = draw_timeline(site.workspace, job.id, number, names=names) if number else None
    return draw(
        template, request, site, head=board, drawing=drawing, wanted=run, words=EXPLAINED, tab="timeline", cursor=cursor
    )  # fmt: skip
