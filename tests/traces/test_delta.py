"""How prompts changed between two runs of a step, and what came out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import click
import pytest

from oncue.cli.text.deltatext import render_delta
from oncue.control.views.deltaview import DeltaView, DeltaWish, view_delta
from oncue.control.workspace import Workspace
from oncue.core.model import ContextMode, Job
from oncue.core.modelport import ModelFailed, ModelTrouble
from oncue.core.promptdelta import Change
from oncue.core.prompts import Purpose
from oncue.core.request import Budget, RunRequest, Scope
from oncue.errors import InvalidInput, NotFound, OncueError, UnknownRun
from tests.generating.conftest import Desk
from tests.generating.running import only, run
from tests.generating.scripted import always, reply
from tests.traces.scenes import DRAFTING, MANY, new_job

OpenDesk = Callable[..., Desk]


def delta_of(workspace: Workspace, job: Job, step: str = "draft", **runs: int | None) -> DeltaView:
    return view_delta(workspace, job.id, DeltaWish(step=step, **runs))


def changes(view: DeltaView) -> dict[str, Change]:
    """Section → what became of it, of the first call of the first step."""
    return {section.name.value: section.change for section in view.steps[0].calls[0].sections}


def shown(view: DeltaView) -> str:
    return click.unstyle("\n".join(render_delta(view)))


def test_a_comment_is_the_one_line_that_a_clean_rerun_adds(open_desk: OpenDesk) -> None:
    workspace, _ = open_desk(always("Rain fell."))
    job = new_job(workspace, "yearly")
    run(workspace, job)
    run(workspace, job, replace(only("draft", comment="use the 2024 column"), context=ContextMode.CLEAN))

    view = delta_of(workspace, job)

    assert {name: change for name, change in changes(view).items() if change is not Change.SAME} == {"comment": Change.ADDED}
    assert [comment.text for comment in view.steps[0].came] == ["use the 2024 column"]
    text = shown(view)
    assert "+> use the 2024 column" in text
    assert "same: rules, context, request, closing" in text
    assert "output: the same bytes" in text


def test_the_latest_run_is_compared_with_the_one_before_it_that_called_a_model(open_desk: OpenDesk) -> None:
    workspace, _ = open_desk(always("Rain fell."))
    job = new_job(workspace, "yearly")
    run(workspace, job)
    run(workspace, job, only("draft", comment="one"))
    run(workspace, job, only("table"))
    run(workspace, job, only("draft", comment="two"))

    step = delta_of(workspace, job).steps[0]
    first = delta_of(workspace, job, run=4, against=1).steps[0]

    assert step.before is not None
    assert (step.after.key.run, step.before.key.run) == (4, 2)
    assert ([comment.text for comment in step.came], [comment.text for comment in step.went]) == (["two"], ["one"])
    assert (first.as_dict()["against_run"], [comment.text for comment in first.came]) == (1, ["two"])


def test_against_a_first_run_everything_was_added(open_desk: OpenDesk) -> None:
    workspace, _ = open_desk(always("Rain fell."))
    job = new_job(workspace, "yearly")
    run(workspace, job)

    view = delta_of(workspace, job)

    assert set(changes(view).values()) == {Change.ADDED}
    assert view.steps[0].before is None
    assert "its first run with a model" in shown(view)
    assert "+Write in a dry tone." in shown(view)


def test_what_came_out_is_compared_line_by_line(open_desk: OpenDesk) -> None:
    answers = iter([reply("It rained.\n11 mm fell."), reply("It rained.\n12 mm fell.")])
    workspace, _ = open_desk(lambda _: next(answers))
    job = new_job(workspace, "yearly")
    run(workspace, job)
    run(workspace, job, only("draft", comment="use the 2024 column"))

    output = delta_of(workspace, job).steps[0].output

    assert output.change is Change.CHANGED
    assert output.diff is not None
    assert output.diff.split("\n") == [
        "--- output of run 1",
        "+++ output of run 2",
        "@@ -1,2 +1,2 @@",
        " It rained.",
        "-11 mm fell.",
        "+12 mm fell.",
    ]


def test_a_long_output_is_shown_in_part_and_says_so(open_desk: OpenDesk) -> None:
    answers = iter([reply("a\n" * 200), reply("b\n" * 200)])
    workspace, _ = open_desk(lambda _: next(answers))
    job = new_job(workspace, "yearly")
    run(workspace, job)
    run(workspace, job, only("draft"))

    view = delta_of(workspace, job)

    assert "more lines: oncue job artifact" in shown(view)
    assert str(view.as_dict()).count("+b") == 200


def test_a_run_that_put_nothing_out_is_compared_all_the_same(open_desk: OpenDesk) -> None:
    answers = iter([reply("Rain fell."), ModelFailed(ModelTrouble.BAD_REQUEST, "no such model")])
    workspace, _ = open_desk(lambda _: next(answers))
    job = new_job(workspace, "yearly")
    run(workspace, job)
    run(workspace, job, only("draft", comment="shorter"))

    view = delta_of(workspace, job)

    (step,) = view.steps
    assert (step.is_changed, step.output.change) == (True, Change.REMOVED)
    assert "output: none came of run 2" in shown(view)
    assert [comment.text for comment in step.came] == ["shorter"]


def test_corrections_are_compared_with_corrections(open_desk: OpenDesk) -> None:
    workspace, _ = open_desk(lambda request: reply("rain" if "Your draft." in request.user else "RAIN"))
    job = new_job(workspace, DRAFTING)
    run(workspace, job)
    run(workspace, job, only("draft", comment="shorter"))

    calls = delta_of(workspace, job).steps[0].calls

    assert [call.pair.slot.purpose for call in calls] == [Purpose.GENERATE, Purpose.FIX_ERROR]
    assert [{section.name.value for section in call.sections if section.change is Change.ADDED} for call in calls] == [
        {"previous", "comment"},
        {"previous", "comment"},
    ]


def test_a_prompt_that_one_run_sent_alone_is_named_as_such(open_desk: OpenDesk) -> None:
    answers = iter([reply("RAIN"), reply("rain"), reply("Rain"), reply("title"), reply("rain")])
    workspace, _ = open_desk(lambda _: next(answers))
    job = new_job(workspace, DRAFTING)
    run(workspace, job)
    run(workspace, job, only("draft"))

    view = delta_of(workspace, job)

    assert [call.change for call in view.steps[0].calls] == [Change.CHANGED, Change.REMOVED]
    assert "fix_error: sent in run 1 only" in shown(view)


def test_the_same_prompt_with_other_settings_is_told_apart(open_desk: OpenDesk, tmp_path: Path) -> None:
    workspace, _ = open_desk(always("Rain fell."))
    flow = "steps:\n  - {id: draft, prompt: {request: Write., max_tokens: 100}}\n"
    (tmp_path / "flow.yaml").write_text(flow, encoding="utf-8")
    job = new_job(workspace, str(tmp_path / "flow.yaml"))
    run(workspace, job)
    (tmp_path / "flow.yaml").write_text(flow.replace("100", "200"), encoding="utf-8")
    run(workspace, job, only("draft"))

    view = delta_of(workspace, job)

    assert [(call.change, call.has_other_settings) for call in view.steps[0].calls] == [(Change.SAME, True)]
    assert "the same prompt, asked for in another shape, length or temperature" in shown(view)


def test_many_prompts_that_are_the_same_are_counted(open_desk: OpenDesk) -> None:
    workspace, _ = open_desk(always("rain"))
    job = new_job(workspace, MANY, count=7)
    run(workspace, job, only("each"))
    run(workspace, job, replace(only("each"), context=ContextMode.CLEAN))

    text = shown(delta_of(workspace, job, "each"))

    assert "7 further prompts are the same" in text
    assert "ctx.generate" not in text


def test_every_instance_of_a_fan_out_is_compared(open_desk: OpenDesk) -> None:
    workspace, _ = open_desk(always("A tree."))
    job = new_job(workspace, "spread")
    run(workspace, job)
    run(workspace, job, only("line[elm]", comment="taller"))

    both = delta_of(workspace, job, "line")
    one = delta_of(workspace, job, "line[elm]")
    few = view_delta(workspace, job.id, DeltaWish(step="line", limit=1))

    assert [(step.step, step.after.key.run, step.before is None) for step in both.steps] == [
        ("line[ash]", 1, True),
        ("line[elm]", 2, False),
    ]
    assert [step.step for step in one.steps] == ["line[elm]"]
    assert few.steps == both.steps[:1]
    assert [step.step for step in delta_of(workspace, job, "line", run=2, against=1).steps] == ["line[elm]"]


def test_answers_of_an_attempt_that_was_interrupted_still_count(open_desk: OpenDesk) -> None:
    workspace, _ = open_desk(always("Rain fell."))
    job = new_job(workspace, MANY, count=2)
    run(workspace, job, RunRequest(budget=Budget(calls=1), scope=Scope.ONLY, steps=("each",)))
    run(workspace, job, RunRequest(scope=Scope.RESUME))

    view = delta_of(workspace, job, "each", run=2)

    assert view.steps[0].is_resumed
    assert "run 2 went on from run 1" in shown(view)
    assert [call.pair.slot.generation for call in view.steps[0].calls if call.pair.after] == [2]


@pytest.mark.parametrize(
    ("step", "number", "against", "error", "code"),
    [
        ("draft", 7, None, UnknownRun, "unknown_run"),
        ("draft", None, 7, UnknownRun, "unknown_run"),
        ("table", None, None, NotFound, "no_model_call"),
        ("draft", 2, None, NotFound, "no_model_call"),
        ("draft", None, 2, NotFound, "no_model_call"),
        ("draft", 1, 1, InvalidInput, "same_run"),
    ],
)
def test_what_cannot_be_compared_is_an_error_of_its_own(
    open_desk: OpenDesk, step: str, number: int | None, against: int | None, error: type[OncueError], code: str
) -> None:
    workspace, _ = open_desk(always("Rain fell."))
    job = new_job(workspace, "yearly")
    run(workspace, job)
    run(workspace, job, only("table"))

    with pytest.raises(error) as caught:
        delta_of(workspace, job, step, run=number, against=against)

    assert caught.value.code == code


def test_the_runs_that_did_call_a_model_are_named_where_another_was_asked_for(open_desk: OpenDesk) -> None:
    workspace, _ = open_desk(always("Rain fell."))
    job = new_job(workspace, "yearly")
    run(workspace, job)
    run(workspace, job, only("table"))
    run(workspace, job, only("draft"))

    with pytest.raises(NotFound) as caught:
        delta_of(workspace, job, run=2)

    assert caught.value.message == "step draft called no model in run 2"
    assert caught.value.hint == "it did in these runs: 1, 3"
