"""The web application: routes, errors and the guard, put together for one site."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import APIRouter, Depends, FastAPI
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp

from oncue.web import livesocket
from oncue.web.api import (
    eventroutes,
    guidanceroutes,
    jobroutes,
    questionroutes,
    recommendroutes,
    runroutes,
    workflowroutes,
)
from oncue.web.errorbody import install_error_handlers
from oncue.web.guard import Guard
from oncue.web.packing import Packing
from oncue.web.pages import pageroutes
from oncue.web.pages.doorpages import Entrance
from oncue.web.schemas.wire import Problem
from oncue.web.sharing import Sharing
from oncue.web.site import Site

API = "/api/v1"
PROBLEMS = {
    400: "The request cannot be read, or names another host.",
    401: "Nobody is known to be asking.",
    403: "The role, the scopes or the origin do not allow it.",
    404: "There is no such thing.",
    409: "It collides with the present state; nothing was changed.",
    413: "The request is too large.",
    422: "The request cannot be meant; `fields` says where.",
    429: "Too many wrong tokens.",
    503: "The workspace cannot be used.",
}


class BearerScheme(SecurityBase):
    """Says in the description how programs sign in. It refuses nobody: the guard did, before the request came here."""

    def __init__(self) -> None:
        self.model = HTTPBearer(description="A token: that of the printed URL, or one of `oncue user`.")
        self.scheme_name = "token"

    async def __call__(self, connection: HTTPConnection) -> None:
        """Nothing is left to do, on sockets neither."""


def make_application(site: Site) -> ASGIApp:
    """What a server serves: the application behind its guard."""
    app = make_routes()
    app.state.site = site
    return Guard(app=Packing(Sharing(Entrance(app, site)), unpacked=(f"{API}/", "/static/")), door=site.door, names=site.names)


def make_routes() -> FastAPI:
    """The application alone; its schema is that of the API."""
    app = FastAPI(
        title="Oncue",
        version=version("oncue"),
        docs_url=None,
        redoc_url=None,
        openapi_url=f"{API}/openapi.json",
        telemetry={"tracing": False},
    )
    install_error_handlers(app)
    api = APIRouter(
        prefix=API,
        responses={status: {"model": Problem, "description": text} for status, text in PROBLEMS.items()},
        dependencies=[Depends(BearerScheme())],
    )
    for routes in (runroutes, recommendroutes, jobroutes, workflowroutes, questionroutes, guidanceroutes, eventroutes):
        api.include_router(routes.router)
    app.include_router(api)
    app.include_router(livesocket.router)
    app.include_router(pageroutes.router)
    return app
