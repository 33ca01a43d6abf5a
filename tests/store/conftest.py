"""Every test that takes ``store`` or ``location`` runs on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from oncue.core.ports import Store
from oncue.store import open_store


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a workspace is, or will be."""

    location: str
    folder: Path

    def open(self, *, create: bool = True) -> Store:
        return open_store(self.location, create=create, folder=self.folder)


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    folder = tmp_path / ".oncue"
    if request.param == "sqlite":
        return Place(location=str(folder), folder=folder)
    return Place(location=request.getfixturevalue("postgres_url"), folder=folder)


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    opened = place.open()
    yield opened
    opened.close()


@pytest.fixture
def sqlite_place(tmp_path: Path) -> Place:
    return Place(location=str(tmp_path / ".oncue"), folder=tmp_path / ".oncue")
