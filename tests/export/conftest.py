"""A workspace for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from oncue.control.workspace import Workspace
from oncue.wiring import open_workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    opened = open_workspace(tmp_path / "workspace", create=True, synchronous="NORMAL")
    yield opened
    opened.store.close()
