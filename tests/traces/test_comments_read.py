"""What came of comments is told the same however much there is of it, and so however it is read."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from oncue.control.views import commentsview
from oncue.control.views.commentsview import view_comments
from oncue.core.modelport import ModelFailed, ModelTrouble
from tests.generating.conftest import Desk
from tests.generating.running import only, run
from tests.generating.scripted import reply
from tests.traces.scenes import new_job


def test_many_steps_and_calls_are_read_at_once_and_tell_the_same(
    open_desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([reply("One."), reply("Two."), ModelFailed(ModelTrouble.BAD_REQUEST, "no"), reply("Three.")])
    workspace, _ = open_desk(lambda _: next(answers))
    job = new_job(workspace, "yearly")
    run(workspace, job)
    for text in ("use the 2024 column", "use none", "use the 2024 column"):
        run(workspace, job, only("draft", comment=text))
    few = view_comments(workspace, job.id)

    monkeypatch.setattr(commentsview, "FEW", 0)

    assert view_comments(workspace, job.id) == few
    came_of = [[reading.attempt.state.value for reading in entry.readings] for entry in few.comments]
    assert came_of == [["succeeded"], ["failed"], ["succeeded"]]
