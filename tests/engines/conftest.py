"""Places and processes for the tests of engines and of the executor."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from oncue.control.workspace import Workspace
from tests.engines.gates import gate
from tests.engines.starting import open_at
from tests.support.processes import Nursery, nursery

MODULES = ("tests.engines.acting", "tests.engines.flows", "oncue.store.postgres", "oncue.engines.embedded")


@pytest.fixture(scope="session")
def children() -> Iterator[Nursery]:
    """Where the processes of these tests come from."""
    with nursery(*MODULES) as made:
        yield made


@pytest.fixture(params=["sqlite", "postgres"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A place for a new workspace."""
    if request.param == "sqlite":
        return str(tmp_path / "workspace")
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def workspace(location: str, tmp_path: Path) -> Iterator[Workspace]:
    """A new workspace, opened by the test itself."""
    gate.reset()
    opened = open_at(location, tmp_path)
    yield opened
    gate.opened.set()
    opened.store.close()
