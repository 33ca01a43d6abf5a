"""Persona and rules: those of the workflow first, and never fewer."""

from typing import Any

import pytest

from oncue import StepContext, Workflow
from oncue.errors import DefinitionError


def make_flow(*, step: dict[str, Any] | None = None, **said: Any) -> Workflow:
    flow = Workflow("w", **said)

    @flow.step
    def pages() -> list[str]:
        return []

    @flow.step(**(step or {}))
    def report(pages: Any, ctx: StepContext) -> Any:
        return ctx.generate(str(pages))

    return flow


@pytest.mark.parametrize(
    ("said", "step", "persona", "rules"),
    [
        ({}, {}, "", ()),
        ({"persona": " An editor. ", "rules": ["Be brief."]}, {}, "An editor.", ("Be brief.",)),
        ({}, {"persona": "A judge.", "rules": "Be fair."}, "A judge.", ("Be fair.",)),
        (
            {"persona": "An editor.", "rules": ["Be brief."]},
            {"persona": "A judge.", "rules": ["Be fair."]},
            "An editor.\n\nA judge.",
            ("Be brief.", "Be fair."),
        ),
    ],
)
def test_a_step_adds_to_what_the_workflow_says(
    said: dict[str, Any], step: dict[str, Any], persona: str, rules: tuple[str, ...]
) -> None:
    pages, report = make_flow(step=step, **said).definition.steps

    assert (report.persona, report.rules) == (persona, rules)
    assert (pages.persona, pages.rules) == ("", ())


def test_a_step_can_say_that_it_needs_a_model() -> None:
    needs = [step.needs_model for step in make_flow(step={"needs_model": True}).definition.steps]

    assert needs == [False, True]


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"persona": 5}, "persona must be text, not 5"),
        ({"rules": 5}, "rules must be a list of texts, not 5"),
        ({"rules": ["ok", " "]}, "a rule must be a text that says something, not ' '"),
        ({"rules": ["ok", 5]}, "a rule must be a text that says something, not 5"),
    ],
)
def test_what_is_no_persona_and_no_rule_is_refused(said: dict[str, Any], message: str) -> None:
    with pytest.raises(DefinitionError) as of_workflow:
        make_flow(**said)
    with pytest.raises(DefinitionError) as of_step:
        make_flow(step=said)

    assert message in of_workflow.value.message
    assert (message in of_step.value.message, of_step.value.field) == (True, "steps.report")


@pytest.mark.parametrize("said", [{"persona": "A judge."}, {"rules": "Be fair."}, {"needs_model": True}])
def test_a_step_that_cannot_call_a_model_says_nothing_of_one(said: dict[str, Any]) -> None:
    flow = Workflow("w")

    with pytest.raises(DefinitionError, match="they take ctx"):

        @flow.step(**said)
        def pages() -> list[str]:
            return []
