"""The pages that look back: the runs of a job, one run, two of them side by side, the decisions, and the results."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from oncue.control.views.comparison import view_comparison
from oncue.control.views.decisionview import DecisionFilter, view_decisions
from oncue.control.views.deliverables import Deliverable, view_deliverables
from oncue.control.views.runlist import view_run_list, view_run_page
from oncue.core.model import Job
from oncue.core.questions import How
from oncue.errors import InvalidInput
from oncue.web.counters import Counter, Page
from oncue.web.errorbody import wants_page
from oncue.web.pages.jobpages import Search, draw_job_page
from oncue.web.pages.outputblocks import show_files, show_value
from oncue.web.site import Reading, Site, TheJob, TheSite

TwoRuns = Annotated[list[Counter], Query(max_length=100, default_factory=list)]
LISTED_DECISIONS = 50
router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/jobs/{job}/runs")
def runs_page(*, request: Request, site: TheSite, job: TheJob, _: Reading, page: Page = 1) -> str:
    """The runs of a job, the newest first."""
    return _draw_runs("runs.html", request, site, job=job, page=page)


@router.get("/parts/jobs/{job}/runs")
def runs_part(*, request: Request, site: TheSite, job: TheJob, _: Reading, page: Page = 1) -> str:
    """The list alone."""
    return _draw_runs("runs_part.html", request, site, job=job, page=page)


def _draw_runs(template: str, request: Request, site: Site, *, job: Job, page: int, **values: object) -> str:
    cursor = str(site.feed.cursor)
    view = view_run_list(site.workspace, job.id, page=page)
    return draw_job_page(template, request, site, job=job, tab="runs", list=view, cursor=cursor, **values)


@router.get("/jobs/{job}/compare")
def compare_page(*, request: Request, site: TheSite, job: TheJob, _: Reading, run: TwoRuns) -> HTMLResponse:
    """Two runs side by side; for a person who did not choose exactly two, the runs again, with a note.

    Raises:
        InvalidInput: a program did not.
    """
    if len(run) != 2 and not wants_page(request.scope):
        raise InvalidInput(f"{len(run)} runs are named; two are compared", hint="name two as run")
    if len(run) != 2:
        return HTMLResponse(_draw_runs("runs.html", request, site, job=job, page=1, chosen=len(run)), status_code=422)
    view = view_comparison(site.workspace, job.id, left=min(run), right=max(run))
    return HTMLResponse(draw_job_page("compare.html", request, site, job=job, tab="runs", view=view))


@router.get("/jobs/{job}/runs/{number}")
def run_page(*, request: Request, site: TheSite, job: TheJob, _: Reading, number: Counter) -> str:
    """One run."""
    return _draw_run("run.html", request, site, job=job, number=number)


@router.get("/parts/jobs/{job}/runs/{number}")
def run_part(*, request: Request, site: TheSite, job: TheJob, _: Reading, number: Counter) -> str:
    """The run alone."""
    return _draw_run("run_part.html", request, site, job=job, number=number)


def _draw_run(template: str, request: Request, site: Site, *, job: Job, number: int) -> str:
    cursor = str(site.feed.cursor)
    view = view_run_page(site.workspace, job.id, number)
    return draw_job_page(template, request, site, job=job, tab="runs", run=view, cursor=cursor)


# ----------------------------------------------------------------------------------------------------------- decisions


class DecisionsQuery:
    """Which decisions a page shows; an empty field narrows nothing."""

    def __init__(
        self,
        *,
        kind: Annotated[str, Query(alias="type", max_length=200)] = "",
        run: Annotated[str, Query(max_length=9, pattern=r"^\d*$")] = "",
        how: Annotated[str, Query(max_length=20)] = "",
        search: Search = "",
        page: Page = 1,
    ) -> None:
        known = {one.value for one in How}
        self.wanted = DecisionFilter(
            type=kind or None, run=int(run) if run else None, how=How(how) if how in known else None, search=search.strip()
        )
        self.page = page
        self._given = {"type": kind, "run": run, "how": how, "search": search}

    def address(self, page: int) -> str:
        """The query that leads to a page of the same decisions."""
        given = {**self._given, "page": str(page) if page > 1 else ""}
        return urlencode({name: value for name, value in given.items() if value})


TheDecisions = Annotated[DecisionsQuery, Depends()]


@router.get("/jobs/{job}/decisions")
def decisions_page(*, request: Request, site: TheSite, job: TheJob, query: TheDecisions, _: Reading) -> str:
    """The decisions of a job."""
    return _draw_decisions("decisions.html", request, site, job=job, query=query)


@router.get("/parts/jobs/{job}/decisions")
def decisions_part(*, request: Request, site: TheSite, job: TheJob, query: TheDecisions, _: Reading) -> str:
    """The decisions alone."""
    return _draw_decisions("decisions_part.html", request, site, job=job, query=query)


def _draw_decisions(template: str, request: Request, site: Site, *, job: Job, query: DecisionsQuery) -> str:
    cursor = str(site.feed.cursor)
    view = view_decisions(
        site.workspace, job.id, query.wanted, offset=(query.page - 1) * LISTED_DECISIONS, limit=LISTED_DECISIONS
    )
    pages = max(1, -(-view.found // LISTED_DECISIONS))
    page = min(query.page, pages)
    if page < query.page:  # there is no such page: the last one
        view = view_decisions(
            site.workspace, job.id, query.wanted, offset=(page - 1) * LISTED_DECISIONS, limit=LISTED_DECISIONS
        )
    return draw_job_page(
        template,
        request,
        site,
        job=job,
        tab="decisions",
        view=view,
        shown=view.decisions,
        wanted=query.wanted,
        ways=tuple(How),
        page=page,
        pages=pages,
        query=query.address(page),
        earlier=query.address(page - 1),
        later=query.address(page + 1),
        cursor=cursor,
    )


# ------------------------------------------------------------------------------------------------------------- results


@router.get("/jobs/{job}/results")
def results_page(*, request: Request, site: TheSite, job: TheJob, _: Reading) -> str:
    """The deliverables of a job, as people read them."""
    return _draw_results("results.html", request, site, job=job)


@router.get("/parts/jobs/{job}/results")
def results_part(*, request: Request, site: TheSite, job: TheJob, _: Reading) -> str:
    """The deliverables alone."""
    return _draw_results("results_part.html", request, site, job=job)


def _draw_results(template: str, request: Request, site: Site, *, job: Job) -> str:
    cursor = str(site.feed.cursor)
    view = view_deliverables(site.workspace, job.id)
    shown = [(one, *_blocks(one)) for one in view.deliverables]
    return draw_job_page(
        template, request, site, job=job, tab="results", shown=shown, left_out=view.left_out, cursor=cursor
    )  # fmt: skip


def _blocks(one: Deliverable) -> tuple[object, object]:
    return (show_value(one.output.output.value), show_files(one.output)) if one.output else (None, [])
