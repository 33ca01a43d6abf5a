"""What one running server consists of, and what a route may ask for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from oncue.control.views.joblist import JobSummaries
from oncue.control.workspace import Workspace, find_job
from oncue.core.model import Job, WorkerId
from oncue.core.people import Permission
from oncue.errors import OncueError
from oncue.web.access import Door, Identity
from oncue.web.eventnames import PhaseBook
from oncue.web.feed import Feed
from oncue.web.guard import Names
from oncue.web.refusals import NotSignedIn


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One server: ``worker_id`` is the worker of this process that executes runs, where there is one."""

    workspace: Workspace
    door: Door
    names: Names
    feed: Feed
    phases: PhaseBook
    worker_id: WorkerId | None = None
    summaries: JobSummaries = field(default_factory=JobSummaries)


def get_site(connection: HTTPConnection) -> Site:
    """The server that a request came to."""
    site: Site = connection.app.state.site
    return site


def get_identity(connection: HTTPConnection) -> Identity:
    """Who asks.

    Raises:
        NotSignedIn: nobody is known to.
    """
    identity: Identity | None = connection.scope["state"]["identity"]
    if identity is None:
        raise NotSignedIn
    return identity


def need(permission: Permission) -> Callable[[HTTPConnection], Identity]:
    """A dependency that lets only those in who may do this."""

    def check(connection: HTTPConnection) -> Identity:
        identity = get_identity(connection)
        identity.check(permission)
        return identity

    return check


def still_reading(connection: HTTPConnection) -> Callable[[], bool]:
    """Asks anew whether whoever listens may look: access can end while a stream is open."""
    identify: Callable[[], Identity | None] = connection.scope["state"]["identify"]

    def check() -> bool:
        try:
            identity = identify()
        except OncueError:
            return False
        return identity is not None and identity.may(Permission.READ)

    return check


def get_job(job: str, connection: HTTPConnection) -> Job:
    """The job that a path names, by its id or the beginning of one.

    Raises:
        UnknownJob, AmbiguousJob: it cannot be found.
    """
    with get_site(connection).workspace.store.read() as reader:
        return find_job(reader, job)


TheSite = Annotated[Site, Depends(get_site)]
Reading = Annotated[Identity, Depends(need(Permission.READ))]
Answering = Annotated[Identity, Depends(need(Permission.ANSWER))]
Operating = Annotated[Identity, Depends(need(Permission.OPERATE))]
Recommending = Annotated[Identity, Depends(need(Permission.RECOMMEND))]
TheJob = Annotated[Job, Depends(get_job)]
