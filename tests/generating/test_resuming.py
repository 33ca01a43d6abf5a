"""A run that goes on pays for nothing twice, however often it was halted."""

from __future__ import annotations

from collections.abc import Callable

from oncue.core.model import RunState
from oncue.core.request import Budget, RunRequest, Scope
from tests.generating.conftest import Desk
from tests.generating.running import new_job, only, output, run
from tests.generating.scripted import always, reply

OpenDesk = Callable[..., Desk]


def test_a_job_that_is_halted_again_and_again_pays_for_each_answer_once(open_desk: OpenDesk) -> None:
    workspace, model = open_desk(always("paid for"))
    job = new_job(workspace, model, "lone", params={"count": 3})
    budget = Budget(calls=1)

    first = run(workspace, job, RunRequest(scope=Scope.ONLY, steps=("numbers",), budget=budget))
    states = [run(workspace, job, RunRequest(scope=Scope.RESUME, budget=budget)).state for _ in range(2)]

    assert (first.state, states[0]) == (RunState.HALTED, RunState.HALTED)
    assert len(model.sent) == 3
    assert output(workspace, job, "numbers") == ["paid for"] * 3


def test_a_rerun_that_resumes_nothing_pays_anew(open_desk: OpenDesk) -> None:
    answers = iter([reply("one"), reply("two"), reply("three"), reply("four")])
    workspace, model = open_desk(lambda _: next(answers))
    job = new_job(workspace, model, "lone", params={"count": 2})

    run(workspace, job, RunRequest(scope=Scope.ONLY, steps=("numbers",), budget=Budget(calls=1)))
    run(workspace, job, only("numbers"))

    assert output(workspace, job, "numbers") == ["two", "three"]
