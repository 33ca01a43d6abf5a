"""The way in: static files, and signing in and out with a token."""

from __future__ import annotations

import gzip
import mimetypes
from functools import cache
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from oncue.errors import NotFound
from oncue.web.access import peer_of
from oncue.web.cookies import give_session, given_sessions, take_session
from oncue.web.refusals import NotSignedIn
from oncue.web.rendering import STATIC, render_page
from oncue.web.site import Site, TheSite
from oncue.web.wanted import token_in_address, wanted_page

A_YEAR = "public, max-age=31536000, immutable"
router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/static/{name:path}")
def static(request: Request, name: str) -> Response:
    """A file that every page needs; it says nothing about any job, so that it may be compressed."""
    file = find_static(name)
    if file is None:
        raise NotFound(f"there is no file {name[:100]!r}", hint="make vendor fetches the front-end files")
    headers = {"Cache-Control": A_YEAR, "Vary": "Accept-Encoding"}
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return FileResponse(file, headers=headers)
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return Response(compress_file(file), media_type=kind, headers=headers | {"Content-Encoding": "gzip"})


def find_static(name: str) -> Path | None:
    """The static file of this name, if it is one: also of a name that no file system takes."""
    try:
        file = (STATIC / name).resolve()
        return file if file.is_relative_to(STATIC) and file.is_file() else None
    except (OSError, ValueError):
        return None


@cache
def compress_file(file: Path) -> bytes:
    """A static file as it goes over the wire; they do not change while a server runs."""
    return gzip.compress(file.read_bytes(), mtime=0)


@router.get("/signin")
def signin_page(request: Request) -> HTMLResponse:
    """Where a token is entered."""
    return HTMLResponse(render_page("problem.html", scope=request.scope, status=401, error=NotSignedIn().as_dict()))


@router.post("/signin")
async def signin(request: Request, site: TheSite, token: Annotated[str, Form(max_length=200)] = "") -> Response:
    """Exchange a token for a session, and go to the page that was wanted (``next``)."""
    return await enter(request, site, token)


@router.post("/signout")
def signout(request: Request, site: TheSite) -> RedirectResponse:
    """End the session, and whatever its pages hear."""
    for session in given_sessions(request.scope, site.names.cookie):
        site.door.leave(session)
    site.feed.nudge()
    answer = RedirectResponse("/signin", status_code=303)
    take_session(answer, request.scope, name=site.names.cookie)
    return answer


class Entrance:
    """In front of the pages: a token in the address of any of them is exchanged, and the page shown without it."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self._app = app
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or somebody in."""
        token = token_in_address(scope)
        if token is None:
            await self._app(scope, receive, send)
            return
        answer = await enter(Request(scope), self._site, token)
        await answer(scope, receive, send)


async def enter(request: Request, site: Site, token: str) -> Response:
    """Give the browser a session in place of the one it had, and take the token out of its address bar."""
    session = await run_in_threadpool(site.door.exchange, token.strip(), peer=peer_of(request.scope))
    for former in given_sessions(request.scope, site.names.cookie):
        await run_in_threadpool(site.door.leave, former)
    answer = RedirectResponse(wanted_page(request.scope), status_code=303)
    give_session(answer, request.scope, name=site.names.cookie, session=session)
    return answer
