"""Workspaces with a server, for the tests of the web."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from oncue import wiring
from oncue.control.jobs import create_job
from oncue.control.workspace import Workspace
from oncue.core.people import Permission, Role
from oncue.web.access import FindToken, Identity
from tests.web.hosting import Host, hosted, only
from tests.web.workflows import WORKFLOWS

TOKENS = {
    "viewer-token": Identity(actor="vera", role=Role.VIEWER),
    "answerer-token": Identity(actor="anna", role=Role.ANSWERER),
    "operator-token": Identity(actor="otto", role=Role.OPERATOR),
    "adviser-token": Identity(actor="otto", role=Role.OPERATOR, scopes=frozenset({Permission.READ, Permission.RECOMMEND})),
    "greedy-adviser-token": Identity(actor="otto", role=Role.OPERATOR, scopes=frozenset(Permission)),
    "reader-token": Identity(actor="otto", role=Role.OPERATOR, scopes=frozenset({Permission.READ})),
}


ALLOWED = ("oncue.example",)


def people() -> tuple[FindToken, ...]:
    """One source for each of the tokens above."""
    return tuple(only(token, identity) for token, identity in TOKENS.items())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the workflows of these tests in it."""
    for name, text in WORKFLOWS.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def workspace(folder: Path) -> Iterator[Workspace]:
    """A workspace in that folder."""
    opened = wiring.open_workspace(folder / ".oncue", create=True, synchronous="NORMAL")
    yield opened
    opened.store.close()


@pytest.fixture
def host(workspace: Workspace) -> Iterator[Host]:
    """A server of that workspace, which also knows one person of every kind."""
    with hosted(workspace, sources=people(), allowed_hosts=ALLOWED) as running:
        yield running


@pytest.fixture(scope="session")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Host, str]]:
    """A server with a job that was run once, shared by tests that change nothing; it knows the same people."""
    place = tmp_path_factory.mktemp("standing")
    (place / "chain.yaml").write_text(WORKFLOWS["chain.yaml"], encoding="utf-8")
    opened = wiring.open_workspace(place / ".oncue", create=True, synchronous="NORMAL")
    job = create_job(opened, "chain.yaml", params={}, folder=place).id
    with hosted(opened, sources=people(), allowed_hosts=ALLOWED) as running:
        running.run(job)
        yield running, job
    opened.store.close()


@pytest.fixture
def chain(workspace: Workspace, folder: Path) -> str:
    """A job of four shell steps; not run yet."""
    return create_job(workspace, "chain.yaml", params={}, folder=folder).id


@pytest.fixture
def asking(workspace: Workspace, folder: Path) -> str:
    """A job that asks; not run yet."""
    return create_job(workspace, "asking.yaml", params={}, folder=folder).id


@pytest.fixture
def holding(workspace: Workspace, folder: Path) -> str:
    """A job whose only step waits until somebody writes into the pipe ``gate``; not run yet."""
    os.mkfifo(folder / "gate")
    return create_job(workspace, "holding.yaml", params={}, folder=folder).id
