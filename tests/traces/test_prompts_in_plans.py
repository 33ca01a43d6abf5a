"""The prompts of a plan are those that are sent afterwards, or the plan says why it cannot know."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import click
import pytest

from oncue.cli.text.plannedprompts import render_prompts
from oncue.control.jobs import create_job
from oncue.control.preflight import prepare_run
from oncue.control.views.promptplan import Basis, PlannedPrompt, PromptPlan, plan_prompts
from oncue.control.workspace import Workspace
from oncue.core.comments import Comment
from oncue.core.model import ContextMode, Job
from oncue.core.promptdelta import Change
from oncue.core.request import AnswersPolicy, Downstream, RunRequest, Scope
from tests.generating.conftest import Desk
from tests.generating.running import only, run
from tests.generating.scripted import always, reply
from tests.traces.scenes import new_job, run_answered

OpenDesk = Callable[..., Desk]
MANIFEST = """
    params: {topic: rain, tone: dry}
    persona: You are a careful clerk.
    rules: [Never invent a number.]
    steps:
      - {id: notes, run: "echo 11 mm of {{ params.topic }}"}
      - id: draft
        prompt: {request: "Write in a {{ params.tone }} tone.", context: "{{ inputs.notes }}"}
      - id: title
        prompt: "Name this: {{ inputs.draft }}"
"""


def plan_of(workspace: Workspace, job: Job, request: RunRequest) -> PromptPlan:
    return plan_prompts(workspace, prepare_run(workspace, job.id, request))


def hashes(prompt: PlannedPrompt) -> list[tuple[str, str]]:
    """Section → hash, of what would be sent."""
    return [(section.name.value, section.after) for section in prompt.sections if section.after is not None]


def sent(workspace: Workspace, job: Job, step: str, number: int) -> list[list[tuple[str, str]]]:
    """Section → hash, of what a run sent first in each ``ctx.generate``."""
    with workspace.store.read() as reader:
        calls = [call for call in reader.list_calls(job.id, run=number) if call.key.step == step and call.tries == 1]
    return [[(ref.name.value, ref.hash) for ref in call.sections] for call in calls if call.purpose.value == "generate"]


def of(plan: PromptPlan, step: str) -> PlannedPrompt:
    return next(prompt for prompt in plan.prompts if prompt.step == step)


def shown(plan: PromptPlan) -> str:
    return click.unstyle("\n".join(render_prompts(plan)))


def manifest_job(workspace: Workspace, folder: Path, text: str = MANIFEST) -> Job:
    path = folder / "flow.yaml"
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return create_job(workspace, str(path), params={}, folder=folder)


REQUESTS = [
    only("draft", comment="use the 2024 column"),
    replace(only("draft", comment="use the 2024 column"), context=ContextMode.CLEAN),
    only("draft", comment="\u202elines\nof\u200b text", keep_comments=True),
    replace(only("draft"), params={"tone": "warm"}),
    replace(only("draft"), context=ContextMode.CLEAN),
    only("draft"),
]


@pytest.mark.parametrize("request_", REQUESTS)
def test_what_is_composed_for_the_plan_is_what_is_sent(open_desk: OpenDesk, tmp_path: Path, request_: RunRequest) -> None:
    workspace, _ = open_desk(always("It rained."))
    job = manifest_job(workspace, tmp_path)
    run(workspace, job)
    run(workspace, job, only("draft", comment="shorter"))

    planned = of(plan_of(workspace, job, request_), "draft")
    run(workspace, job, request_)

    assert planned.basis is Basis.COMPOSED
    assert [hashes(planned)] == sent(workspace, job, "draft", 3)


@pytest.mark.parametrize("request_", [one for one in REQUESTS if not one.params])
def test_what_is_predicted_from_the_record_is_what_is_sent(open_desk: OpenDesk, request_: RunRequest) -> None:
    workspace, _ = open_desk(always("It rained."))
    job = new_job(workspace, "yearly")
    run(workspace, job)
    run(workspace, job, only("draft", comment="shorter"))

    planned = of(plan_of(workspace, job, request_), "draft")
    run(workspace, job, request_)

    assert planned.basis is Basis.RECORDED
    assert [hashes(planned)] == sent(workspace, job, "draft", 3)


def test_a_plan_shows_the_line_that_a_comment_adds_before_anything_is_sent(open_desk: OpenDesk) -> None:
    workspace, model = open_desk(always("It rained."))
    job = new_job(workspace, "yearly")
    run(workspace, job)
    before = len(model.sent)

    text = shown(plan_of(workspace, job, replace(only("draft", comment="use the 2024 column"), context=ContextMode.CLEAN)))

    assert len(model.sent) == before
    assert "draft (clean context): another prompt than in run 1" in text
    assert "added: comment" in text
    assert "+> use the 2024 column" in text
    assert "same: rules, context, request, closing" in text


def test_secrets_are_taken_out_of_what_is_planned_as_of_what_is_sent(
    open_desk: OpenDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", "correct-horse-battery")
    workspace, _ = open_desk(always("It rained."))
    job = manifest_job(workspace, tmp_path, MANIFEST.replace("11 mm", "correct-horse-battery"))
    run(workspace, job)
    request = only("draft", comment="shorter")

    planned = of(plan_of(workspace, job, request), "draft")
    run(workspace, job, request)

    assert [hashes(planned)] == sent(workspace, job, "draft", 2)
    assert "correct-horse" not in shown(plan_of(workspace, job, request))


def test_a_step_whose_input_is_made_by_the_run_cannot_be_composed_before_it(open_desk: OpenDesk, tmp_path: Path) -> None:
    workspace, _ = open_desk(always("It rained."))
    job = manifest_job(workspace, tmp_path)
    first = plan_of(workspace, job, RunRequest())
    run(workspace, job)

    again = plan_of(workspace, job, RunRequest(scope=Scope.FROM, steps=("draft",)))

    assert [(prompt.step, prompt.basis) for prompt in first.prompts] == [("draft", Basis.UNKNOWN), ("title", Basis.UNKNOWN)]
    assert [(prompt.step, prompt.basis) for prompt in again.prompts] == [("draft", Basis.COMPOSED), ("title", Basis.UNKNOWN)]
    assert "title: not known before the run: draft, which it consumes, executes first" in shown(again)


def test_a_first_prompt_is_shown_whole(open_desk: OpenDesk, tmp_path: Path) -> None:
    workspace, _ = open_desk(always("It rained."))
    job = manifest_job(workspace, tmp_path)
    run(workspace, job, only("notes"))

    planned = of(plan_of(workspace, job, RunRequest(scope=Scope.RESUME)), "draft")

    assert (planned.basis, planned.against) == (Basis.COMPOSED, None)
    assert {section.change for section in planned.sections} == {Change.ADDED}
    assert "+Write in a dry tone." in "\n".join(section.diff or "" for section in planned.sections)


def test_a_long_prompt_is_shown_in_part_and_says_so(open_desk: OpenDesk, tmp_path: Path) -> None:
    workspace, _ = open_desk(always("It rained."))
    job = manifest_job(workspace, tmp_path, MANIFEST.replace("echo 11 mm of {{ params.topic }}", "seq 1 500"))
    run(workspace, job, only("notes"))

    plan = plan_of(workspace, job, RunRequest(scope=Scope.RESUME))

    assert "… 463 more lines; --json has all of them" in shown(plan)
    assert "+500" in str(plan.as_dict())


def test_an_edited_prompt_is_compared_with_what_was_sent(open_desk: OpenDesk, tmp_path: Path) -> None:
    workspace, _ = open_desk(always("It rained."))
    job = manifest_job(workspace, tmp_path)
    run(workspace, job)
    (tmp_path / "flow.yaml").write_text(textwrap.dedent(MANIFEST.replace("Write in", "Tell it in")), encoding="utf-8")

    planned = of(plan_of(workspace, job, only("draft")), "draft")

    assert planned.context is ContextMode.CLEAN
    assert {section.name.value: section.change for section in planned.sections if section.change is not Change.SAME} == {
        "request": Change.CHANGED
    }


def test_a_prompt_that_cannot_be_composed_says_why(open_desk: OpenDesk, tmp_path: Path) -> None:
    workspace, _ = open_desk(always("It rained."))
    job = manifest_job(workspace, tmp_path, MANIFEST.replace("Write in a {{ params.tone }} tone.", "{{ params.tone }}"))
    run(workspace, job)

    planned = of(plan_of(workspace, job, replace(only("draft"), params={"tone": ""})), "draft")

    assert planned.basis is Basis.UNKNOWN
    assert "it cannot be composed: the prompt is empty" in planned.note


@pytest.mark.parametrize(
    ("request_", "step", "note"),
    [
        (only("fetched"), "fetched", "not known before the run: it fetches from outside"),
        (only("asking"), "asking", "not known before the run: it asks a person first (sure)"),
        (replace(only("twice"), params={"topic": "snow"}), "twice", "not known before the run: parameter topic changed"),
    ],
)
def test_what_would_be_asked_again_otherwise_is_not_guessed(
    open_desk: OpenDesk, request_: RunRequest, step: str, note: str
) -> None:
    workspace, _ = open_desk(always("It rained."))
    job = new_job(workspace, "unsure")
    run_answered(workspace, job, "yes")

    planned = of(plan_of(workspace, job, request_), step)

    assert (planned.basis, planned.note) == (Basis.UNKNOWN, note)


def test_with_the_same_answers_a_step_that_asks_is_predicted(open_desk: OpenDesk) -> None:
    workspace, _ = open_desk(always("It rained."))
    job = new_job(workspace, "unsure")
    run_answered(workspace, job, "yes")

    planned = of(plan_of(workspace, job, replace(only("asking"), answers=AnswersPolicy.REUSE)), "asking")

    assert planned.basis is Basis.RECORDED


def test_a_later_prompt_depends_on_the_answers_before_it(open_desk: OpenDesk) -> None:
    workspace, _ = open_desk(always("rain"))
    job = new_job(workspace, "unsure")
    run_answered(workspace, job, "yes")

    plan = plan_of(workspace, job, only("twice", comment="shorter"))
    run(workspace, job, only("twice", comment="shorter"))

    planned = [prompt for prompt in plan.prompts if prompt.step == "twice"]
    assert [hashes(prompt) for prompt in planned] == sent(workspace, job, "twice", 2)
    assert ["gets the same answers before" in prompt.note for prompt in planned] == [False, True]


def test_of_a_step_that_shows_a_part_of_its_last_output_that_part_is_not_guessed(open_desk: OpenDesk) -> None:
    workspace, _ = open_desk(always("It rained."))
    job = new_job(workspace, "unsure")
    run_answered(workspace, job, "yes")
    run(workspace, job, only("secretive"))

    planned = of(plan_of(workspace, job, only("secretive", comment="shorter")), "secretive")

    assert "previous" not in {section.name.value for section in planned.sections}
    assert "what it shows of its last output is decided then" in planned.note


def test_steps_that_call_no_model_have_no_prompts(open_desk: OpenDesk) -> None:
    workspace, _ = open_desk(always("It rained."))
    job = new_job(workspace, "yearly")
    run(workspace, job)

    plan = plan_of(workspace, job, only("table", "report"))

    assert (plan.prompts, shown(plan)) == ((), "")


def test_a_step_without_an_output_is_not_guessed(open_desk: OpenDesk) -> None:
    answers = iter([reply("RAIN"), *[reply("RAIN")] * 9])
    workspace, _ = open_desk(lambda _: next(answers))
    job = new_job(workspace, "tests.generating.flows:drafting")
    run(workspace, job)

    planned = of(plan_of(workspace, job, RunRequest(scope=Scope.RESUME, comment=Comment(text="no capitals"))), "draft")

    assert planned.basis is Basis.UNKNOWN
    assert "no output yet" in planned.note


def test_instances_that_change_in_the_same_way_share_their_lines(open_desk: OpenDesk) -> None:
    workspace, _ = open_desk(always("A tree."))
    job = new_job(workspace, "spread")
    run(workspace, job)

    alike = shown(plan_of(workspace, job, only("line", comment="taller")))
    whole = shown(plan_of(workspace, job, RunRequest(scope=Scope.ALL)))

    assert "line[ash], line[elm] (keep context): another prompt than in run 1" in alike
    assert alike.count("+> taller") == 1
    assert "line: not known before the run: names, which it consumes, executes first" in whole


def test_of_many_instances_the_first_are_worked_out_and_the_others_counted(open_desk: OpenDesk) -> None:
    workspace, _ = open_desk(always("A tree."))
    job = new_job(workspace, "spread", count=25)
    run(workspace, job)

    plan = plan_of(workspace, job, only("line", comment="taller"))

    assert len(plan.prompts) == 20
    assert plan.as_dict()["prompts_left_out"] == {"line": 5}
    assert "… and 5 more instances of line" in shown(plan)


def test_a_step_that_executes_only_if_its_inputs_change_is_not_guessed(open_desk: OpenDesk) -> None:
    workspace, _ = open_desk(always("It rained."))
    job = new_job(workspace, "yearly")
    run(workspace, job)

    plan = plan_of(workspace, job, replace(only("table"), downstream=Downstream.RERUN))

    assert of(plan, "draft").note == "not known before the run: table, which it consumes, executes first"


def test_a_plan_of_many_steps_knows_the_same_prompts(open_desk: OpenDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace, _ = open_desk(always("A tree."))
    job = new_job(workspace, "spread")
    run(workspace, job)
    one_by_one = plan_of(workspace, job, only("line", comment="taller"))

    monkeypatch.setattr("oncue.control.views.recordedprompts.FEW_STEPS", 1)

    assert plan_of(workspace, job, only("line", comment="taller")) == one_by_one
