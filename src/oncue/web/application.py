"""The web application: routes, errors and the guard, put together for one site."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import FastAPI
from starlette.types import ASGIApp

from oncue.web import livesocket, pageroutes
from oncue.web.errorbody import install_error_handlers
from oncue.web.guard import Guard
from oncue.web.site import Site

API = "/api/v1"


def make_application(site: Site) -> ASGIApp:
    """What a server serves: the application behind its guard."""
    app = make_routes()
    app.state.site = site
    return Guard(app=app, door=site.door, names=site.names)


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
    app.include_router(livesocket.router)
    app.include_router(pageroutes.router)
    return app
