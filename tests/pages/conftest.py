"""A workspace in a folder, for what the pages are drawn from."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from oncue import wiring
from oncue.control.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    opened = wiring.open_workspace(tmp_path / ".oncue", create=True, synchronous="NORMAL")
    yield opened
    opened.store.close()
