"""Fixtures that every test may ask for. Those of one subject live beside its tests."""

from collections.abc import Iterator

import pytest

from tests.support.postgres import TestServer, running_server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[TestServer]:
    """A PostgreSQL server of this worker, started by the first test that needs it."""
    with running_server() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: TestServer) -> Iterator[str]:
    """The ``postgresql://`` address of an empty database that belongs to this test."""
    with postgres_server.fresh_database() as url:
        yield url
