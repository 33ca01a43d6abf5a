"""The pages: each is a view, a template, and a fragment of it that is fetched again when something changed.

A page and its fragment are drawn by the same function from the same values; the fragment's address is under ``/parts``.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool

from oncue.control.jobspage import STATE_WORDS, JobFilter, view_jobs_page
from oncue.control.views import view_job
from oncue.core.model import Job
from oncue.errors import NotFound
from oncue.web.access import SESSION_DAYS
from oncue.web.rendering import STATIC, render_page
from oncue.web.site import Reading, Site, TheJob, TheSite

SECONDS_A_DAY = 86_400
A_YEAR = "public, max-age=31536000, immutable"
router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/static/{name:path}")
def static(name: str) -> FileResponse:
    """A file that every page needs; it says nothing about any job."""
    file = (STATIC / name).resolve()
    if not file.is_relative_to(STATIC) or not file.is_file():
        raise NotFound(f"there is no file {name[:100]!r}", hint="make vendor fetches the front-end files")
    return FileResponse(file, headers={"Cache-Control": A_YEAR})


@router.get("/signin")
def signin_page(request: Request) -> HTMLResponse:
    """Where a token is entered."""
    error = {"code": "not_signed_in", "message": "Sign in", "hint": "oncue serve printed a URL; its token opens these pages."}
    return HTMLResponse(render_page("problem.html", scope=request.scope, status=401, error=error))


@router.post("/signin")
async def signin(request: Request, site: TheSite, token: Annotated[str, Form(max_length=200)] = "") -> RedirectResponse:
    """Exchange a token for a session."""
    return await enter(request, site, token)


@router.post("/signout")
def signout(request: Request, site: TheSite) -> RedirectResponse:
    """End the session."""
    site.door.leave(request.cookies.get(site.names.cookie, ""))
    answer = RedirectResponse("/signin", status_code=303)
    answer.delete_cookie(site.names.cookie)
    return answer


async def enter(request: Request, site: Site, token: str) -> RedirectResponse:
    """Give the browser a session, and take the token out of its address bar."""
    peer = request.client.host if request.client else ""
    session = await run_in_threadpool(site.door.exchange, token.strip(), peer=peer)
    answer = RedirectResponse("/", status_code=303)
    is_secure = request.url.scheme == "https"
    lifetime = SESSION_DAYS * SECONDS_A_DAY
    answer.set_cookie(site.names.cookie, session, max_age=lifetime, httponly=True, samesite="strict", secure=is_secure)
    return answer


# ---------------------------------------------------------------------------------------------------------------- jobs


class JobsQuery:
    """Which jobs a page shows."""

    def __init__(
        self,
        search: Annotated[str, Query(max_length=200)] = "",
        state: Annotated[str, Query(max_length=20)] = "",
        cursor: Annotated[str, Query(max_length=100)] = "",
    ) -> None:
        self.wanted = JobFilter(search=search.strip(), state=state)
        self.cursor = cursor

    def address(self, cursor: str | None) -> str:
        """The query of the page that begins at a cursor."""
        given = {"search": self.wanted.search, "state": self.wanted.state, "cursor": cursor or ""}
        return urlencode({name: value for name, value in given.items() if value})


@router.get("/")
async def home(
    *,
    request: Request,
    site: TheSite,
    query: Annotated[JobsQuery, Depends()],
    token: Annotated[str, Query(max_length=200)] = "",
) -> object:
    """The jobs; or, with a token, the way in."""
    if token:
        return await enter(request, site, token)
    return HTMLResponse(await run_in_threadpool(_draw_jobs, "jobs.html", request, site, query=query))


@router.get("/parts/jobs")
def jobs_part(*, request: Request, site: TheSite, query: Annotated[JobsQuery, Depends()], _: Reading) -> str:
    """The list of jobs alone."""
    return _draw_jobs("jobs_part.html", request, site, query=query)


def _draw_jobs(template: str, request: Request, site: Site, *, query: JobsQuery) -> str:
    cursor = str(site.feed.cursor)
    page = view_jobs_page(site.workspace, query.wanted, cursor=query.cursor or None)
    return render_page(
        template,
        scope=request.scope,
        page=page,
        wanted=query.wanted,
        words=STATE_WORDS,
        cursor=cursor,
        query=query.address(query.cursor),
        next_query=query.address(page.next_cursor),
    )


@router.get("/jobs/{job}")
def job_page(*, request: Request, site: TheSite, job: TheJob, _: Reading) -> str:
    """One job."""
    return _draw_job("job.html", request, site, job=job)


@router.get("/parts/jobs/{job}")
def job_part(*, request: Request, site: TheSite, job: TheJob, _: Reading) -> str:
    """One job without what surrounds it."""
    return _draw_job("job_part.html", request, site, job=job)


def _draw_job(template: str, request: Request, site: Site, *, job: Job) -> str:
    cursor = str(site.feed.cursor)
    return render_page(template, scope=request.scope, view=view_job(site.workspace, job.id), cursor=cursor)
