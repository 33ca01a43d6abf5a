"""A workspace whose model is spoken for by the test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from oncue import wiring
from oncue.control.settings import change_setting
from oncue.control.workspace import Workspace
from oncue.core.ports import Clock
from oncue.definitions.loading import WorkflowLoader
from oncue.store import open_store
from tests.engines.manual_clock import ManualClock
from tests.generating.scripted import Answer, ScriptedModel

Desk = tuple[Workspace, ScriptedModel]


@pytest.fixture
def clock() -> ManualClock:
    """Time that stands still."""
    return ManualClock()


@pytest.fixture
def open_desk(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """Opens a workspace with a model that answers from a function."""
    opened: list[Workspace] = []

    def make(answer: Answer, *, clock: Clock | None = None, is_set: bool = True) -> Desk:
        from oncue.clock import SystemClock

        model = ScriptedModel(answer)
        workspace = Workspace(
            store=open_store(str(tmp_path / "workspace"), create=True, folder=tmp_path),
            loader=WorkflowLoader(),
            clock=clock or SystemClock(),
            new_id=wiring.new_id,
            models=model,
        )
        model.workspace = workspace
        if is_set:
            change_setting(workspace, "model", "recorded:script", actor="tester")
        opened.append(workspace)
        return workspace, model

    yield make
    for workspace in opened:
        workspace.store.close()
