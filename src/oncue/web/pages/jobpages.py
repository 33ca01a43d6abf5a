"""The pages of jobs: the list, and one job as a board of phases and steps.

A page and its fragment are drawn by the same function from the same values; the fragment's address is under ``/parts``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from oncue.control.views.boardview import BoardView, view_board
from oncue.control.views.instancesview import InstancesPage, view_instances
from oncue.control.views.joblist import JobOrder, view_job_table
from oncue.control.views.jobspage import STATE_WORDS, JobFilter
from oncue.control.views.stepwords import EXPLAINED
from oncue.core.model import Job
from oncue.core.people import Permission
from oncue.web.counters import Page
from oncue.web.pages.chosen import ChosenSteps, TheChosen
from oncue.web.pages.frame import draw
from oncue.web.pages.seenquestions import Seen, look_at_questions
from oncue.web.site import Reading, Site, TheJob, TheSite

Search = Annotated[str, Query(max_length=200)]
router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


class JobsQuery:
    """Which jobs a page shows."""

    def __init__(
        self,
        *,
        search: Search = "",
        state: Annotated[str, Query(max_length=20)] = "",
        order: JobOrder = JobOrder.NEWEST,
        page: Page = 1,
    ) -> None:
        self.wanted = JobFilter(search=search.strip(), state=state)
        self.order = order
        self.page = page

    def address(self, page: int) -> str:
        """The query that leads to a page of the same jobs."""
        given = {"search": self.wanted.search, "state": self.wanted.state}
        if self.order is not JobOrder.NEWEST:
            given["order"] = self.order.value
        if page > 1:
            given["page"] = str(page)
        return urlencode({name: value for name, value in given.items() if value})


@router.get("/")
@router.get("/jobs")
def home(*, request: Request, site: TheSite, query: Annotated[JobsQuery, Depends()], _: Reading) -> str:
    """The jobs; what is looked for among them has the address of its fragment."""
    return _draw_jobs("jobs.html", request, site, query=query)


@router.get("/parts/jobs")
def jobs_part(*, request: Request, site: TheSite, query: Annotated[JobsQuery, Depends()], _: Reading) -> str:
    """The list of jobs alone."""
    return _draw_jobs("jobs_part.html", request, site, query=query)


def _draw_jobs(template: str, request: Request, site: Site, *, query: JobsQuery) -> str:
    cursor = str(site.feed.cursor)
    table = view_job_table(
        site.workspace, query.wanted, summaries=site.summaries, order=query.order, page=query.page
    )  # fmt: skip
    return draw(
        template,
        request,
        site,
        table=table,
        wanted=query.wanted,
        words=STATE_WORDS,
        order=query.order,
        orders=tuple(JobOrder),
        cursor=cursor,
        query=query.address(table.page),
        earlier=query.address(table.page - 1),
        later=query.address(table.page + 1),
    )


@router.get("/parts/frame")
def frame_part(*, request: Request, site: TheSite, _: Reading) -> str:
    """What waits for a person, in the header of every page."""
    return draw("frame_inbox.html", request, site)


# ------------------------------------------------------------------------------------------------------------------- a job


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfolded:
    """Which fan-out of a board is unfolded, what of it is shown and ticked; ``query`` leads to the same board again."""

    name: str = ""
    page: InstancesPage | None = None
    chosen: ChosenSteps = field(default_factory=lambda: ChosenSteps([]))

    @property
    def query(self) -> str:
        """The query of the fragment."""
        if self.page is None:
            return ""
        shown = {"search": self.page.search, "word": self.page.word, "page": self.page.page}
        return "&".join(filter(None, [urlencode({"unfold": self.name, **shown}), self.chosen.query]))


class UnfoldQuery:
    """What a person unfolded."""

    def __init__(
        self,
        *,
        seen: Seen,
        chosen: TheChosen,
        unfold: Search = "",
        search: Search = "",
        word: Search = "",
        page: Page = 1,
    ) -> None:
        self.name, self.search, self.word, self.page = unfold, search, word, page
        self.seen, self.chosen = seen, chosen

    def look(self, board: BoardView) -> Unfolded:
        """The instances that are wanted."""
        if not self.name:
            return Unfolded()
        page = view_instances(board.standing, self.name, search=self.search, word=self.word, page=self.page, size=20)
        return Unfolded(name=self.name, page=page, chosen=self.chosen) if page else Unfolded()


TheUnfolded = Annotated[UnfoldQuery, Depends()]


@router.get("/jobs/{job}")
def job_page(
    *, request: Request, site: TheSite, job: TheJob, unfold: TheUnfolded, identity: Reading, panel: Search = ""
) -> str:
    """One job as a board; with ``panel=open`` the run panel opens at once."""
    opens = panel == "open" and identity.may(Permission.OPERATE)
    return _draw_job("job.html", request, site, job=job, unfold=unfold, opens_panel=opens)


@router.get("/parts/jobs/{job}")
def job_part(*, request: Request, site: TheSite, job: TheJob, unfold: TheUnfolded, _: Reading) -> str:
    """The board alone."""
    return _draw_job("job_part.html", request, site, job=job, unfold=unfold)


@router.get("/parts/jobs/{job}/head")
def head_part(*, request: Request, site: TheSite, job: TheJob, _: Reading) -> str:
    """What stands above every page of a job."""
    return draw_job_page("job_head.html", request, site, job=job)


def _draw_job(template: str, request: Request, site: Site, *, job: Job, unfold: UnfoldQuery, opens_panel: bool = False) -> str:
    cursor = str(site.feed.cursor)
    board = view_board(site.workspace, job.id)
    return draw(
        template,
        request,
        site,
        head=board,
        unfolded=unfold.look(board),
        asked=look_at_questions(request, site, seen=unfold.seen, waiting=board.questions),
        words=EXPLAINED,
        tab="steps",
        cursor=cursor,
        opens_panel=opens_panel,
    )


def draw_job_page(template: str, request: Request, site: Site, *, job: Job, tab: str = "", **values: object) -> str:
    """A page of a job below its head, with what the page itself needs."""
    values.setdefault("cursor", str(site.feed.cursor))
    return draw(template, request, site, head=view_board(site.workspace, job.id), words=EXPLAINED, tab=tab, **values)
