"""How an error leaves the server: one JSON body for programs, a page for people; nothing of a defect but an id.

The body is ``{code, message, hint}``, with ``fields`` where some are wrong, ``plan`` where the plan is another by now, and
``blockers`` where preflight found some.
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Mapping

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import Scope

from oncue.control.preflight import Prepared
from oncue.control.views.planview import view_plan
from oncue.errors import Blocked, NotFound, OncueError, PlanChanged
from oncue.web.refusals import InvalidFields, NoSuchRange, NotSignedIn, TooManyAttempts

log = logging.getLogger(__name__)
API = "/api/"
_IN_A_PAGE = "Something is missing here, or cannot be taken"
_ON_PAGES: Mapping[str, str] = {
    "unknown_job": "The list of jobs shows those of this workspace.",
    "unknown_run": "The runs of the job are listed under “Runs”.",
    "unknown_step": "The steps of the job are listed under “Steps”.",
    "step_out_of_range": "The steps of the job are listed under “Steps”.",
    "job_busy": "Cancel that run first: the button for it is at the top of the job's page.",
    "job_stopped": "Its results stay readable; a new job takes runs.",
}
"""What to do about an error, for people; programs and the command line are told a command."""
_JOB = re.compile(r"\bJOB\b")


def error_body(error: OncueError, *, job: str | None = None) -> dict[str, object]:
    """The one error body."""
    body: dict[str, object] = dict(error.as_dict())
    if job:
        body["hint"] = _JOB.sub(lambda _: job, error.hint)  # as a text it would be a pattern of its own
    match error:
        case PlanChanged(new_plan=Prepared() as fresh):
            body["plan"] = view_plan(fresh).as_dict()
        case Blocked():
            body["blockers"] = [dict(blocker) for blocker in error.blockers]
        case InvalidFields():
            body["fields"] = error.fields
        case _:
            pass
    return body


def answer_error(scope: Scope, error: OncueError) -> Response:
    """The answer to a request that failed by its own fault."""
    body = error_body(error, job=scope.get("path_params", {}).get("job"))
    if wants_page(scope):
        body["hint"] = _ON_PAGES.get(error.code, body.get("hint", ""))
    if isinstance(error, InvalidFields) and wants_page(scope):
        body["message"], body["hint"] = _IN_A_PAGE, f"It is about: {', '.join(error.fields)}. Go back and choose again."
    headers: dict[str, str] = {}
    match error:
        case NotSignedIn():
            headers["WWW-Authenticate"] = "Bearer"
        case TooManyAttempts():
            headers["Retry-After"] = str(error.wait_seconds)
        case NoSuchRange():
            headers["Content-Range"] = f"bytes */{error.size}"
        case _:
            pass
    return _answer(scope, error.http_status, body, headers=headers)


def answer_defect(scope: Scope, error: Exception) -> Response:
    """The answer to a request that failed by ours; the log has the rest, under the same id."""
    name = secrets.token_hex(4)
    facts = {"event": "defect", "id": name, "path": scope.get("path", "")}
    log.error("a request failed: %s", name, extra=facts, exc_info=error)
    message = f"something failed that should not (error {name})"
    body: dict[str, object] = {"code": "internal", "message": message, "hint": f"the server's log says more, at {name}"}
    return _answer(scope, 500, body, headers={})


def _answer(scope: Scope, status: int, body: Mapping[str, object], *, headers: Mapping[str, str]) -> Response:
    if wants_page(scope):
        from oncue.web.rendering import render_page

        is_part = any(name == b"hx-request" for name, _ in scope["headers"])
        name = "problem_part.html" if is_part else "problem.html"
        page = render_page(name, scope=scope, status=status, error=body)
        return Response(page, status, headers=dict(headers), media_type="text/html")
    return JSONResponse(dict(body), status, headers=dict(headers))


def wants_page(scope: Scope) -> bool:
    """Whether a person's browser asks: pages and their fragments, not the API."""
    accepted = next((value for name, value in scope["headers"] if name == b"accept"), b"")
    return not scope["path"].startswith(API) and b"text/html" in accepted


def install_error_handlers(app: FastAPI) -> None:
    """Give every error its body."""

    @app.exception_handler(OncueError)
    async def _known(request: Request, error: OncueError) -> Response:
        return answer_error(request.scope, error)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        return answer_error(request.scope, InvalidFields(_fields(error)))

    @app.exception_handler(Exception)
    async def _defect(request: Request, error: Exception) -> Response:
        request.scope["state"]["answered"] = error
        return answer_defect(request.scope, error)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        if isinstance(error.__cause__, OncueError):  # the body could not be read because it is refused
            return answer_error(request.scope, error.__cause__)
        found: OncueError = NotFound(
            f"there is nothing at {request.url.path[:200]}", hint="/api/v1/openapi.json lists the routes"
        )
        if error.status_code != found.http_status:
            found = OncueError(str(error.detail), code=f"http_{error.status_code}")
        return _answer(request.scope, error.status_code, error_body(found), headers=error.headers or {})


def _fields(error: RequestValidationError) -> dict[str, str]:
    """Field → what is wrong with it; what was given is not repeated, because it may be a secret."""
    fields: dict[str, str] = {}
    for found in error.errors():
        place = ".".join(str(part) for part in found["loc"] if part not in ("body", "query", "path", "header"))
        fields.setdefault(place or "body", _in_words(found))
    return fields


def _in_words(found: Mapping[str, object]) -> str:
    """What a validator says, without its prefix."""
    return str(found["msg"]).removeprefix("Value error, ")
