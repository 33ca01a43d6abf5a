"""Advice in the run panel: it fills the form, a badge shows while the form still says it, and a person presses Run."""

import pytest
from playwright.sync_api import expect

from oncue.control.recommending import recommend_run
from oncue.core.comments import Comment, CommentKind
from oncue.core.model import ContextMode, JobId
from oncue.core.request import Budget, DefinitionChoice, Downstream, RunRequest, Scope
from tests.browser.conftest import Visitor, press_run
from tests.web.hosting import Host


def advise(host: Host, job: str) -> str:
    """Advice with an option of every kind."""
    request = RunRequest(
        scope=Scope.ONLY,
        steps=("finding",),
        downstream=Downstream.RERUN,
        params={"region": "us"},
        comment=Comment(text="weigh the land"),
        budget=Budget(seconds=90.0, tokens=2_000_000),
    )
    return recommend_run(host.workspace, job, request, rationale="the land was left out", author="the agent of ada").id  # type: ignore[arg-type]


@pytest.mark.proves("S1-61")
def test_using_advice_fills_the_form_and_the_badge_goes_when_the_person_departs_from_it(
    visitor: Visitor, host: Host, atlas: str
) -> None:
    host.run(atlas)
    given = advise(host, atlas)
    page = visitor.go(f"/jobs/{atlas}")
    page.click("#run")
    badge = page.locator("[data-badge=recommended]")
    expect(page.locator(".advice")).to_contain_text("the land was left out")
    expect(badge).to_have_count(0)

    page.click("[data-use]")

    expect(badge).to_contain_text("the agent of ada")
    expect(page.locator("[name=scope][value=only]")).to_be_checked()
    expect(page.locator("#comment")).to_have_value("weigh the land")
    expect(page.locator("#param-region")).to_have_value("us")
    assert len(host.program.api(f"/jobs/{atlas}/runs")["runs"]) == 1
    visitor.shoot("panel advice")
    page.fill("#comment", "weigh the land twice")
    expect(badge).to_have_count(0)
    expect(page.locator("#plan")).to_contain_text("changed: comment.text")
    page.fill("#comment", "weigh the land")
    expect(badge).to_have_count(1)

    page.fill("#comment", "weigh the land twice")
    expect(badge).to_have_count(0)
    press_run(page)

    run = host.wait(atlas, 2)
    assert run["recommended_message_id"] == given
    assert run["recommended_config_snapshot"]["comment"]["text"] == "weigh the land"
    assert [change["name"] for change in run["trigger"]["overrides"]] == ["comment.text"]
    assert run["trigger"]["source"] == "run_config_panel"


def test_advice_that_was_taken_back_by_time_does_not_break_the_panel(visitor: Visitor, host: Host, atlas: str) -> None:
    form = b"scope=all&recommendation=nothing"
    browser = host.browser()

    answer = browser.ask("POST", f"/parts/jobs/{atlas}/plan", form, {"Content-Type": "application/x-www-form-urlencoded"})

    assert answer.status == 200
    assert "Cannot start" in answer.text
    assert visitor.troubles == []


def test_advice_for_instances_fills_every_field_that_it_names(visitor: Visitor, host: Host, atlas: str) -> None:
    host.run(atlas)
    request = RunRequest(
        scope=Scope.ONLY,
        steps=("finding[solar]", "finding[wind]"),
        downstream=Downstream.RERUN,
        context=ContextMode.CLEAN,
        definition=DefinitionChoice.ORIGINAL,
        params={"region": "us"},
        comment=Comment(text="weigh the land", kind=CommentKind.METHOD),
        budget=Budget(calls=7),
    )
    recommend_run(host.workspace, JobId(atlas), request, rationale="two are thin", author="ada")
    page = visitor.go(f"/jobs/{atlas}")
    page.click("#run")

    page.click("[data-use]")

    expect(page.locator("[data-badge=recommended]")).to_be_visible()
    expect(page.locator(".chip:has(:checked)")).to_have_text(["finding[solar] fresh", "finding[wind] fresh"])
    expect(page.locator("[name=downstream][value=rerun]")).to_be_checked()
    expect(page.locator("#budget-calls")).to_be_visible()
    fields = {"context": "clean", "kind": "method", "definition": "original", "budget-calls": "7", "param-region": "us"}
    assert {name: page.input_value(f"#{name}") for name in fields} == fields
    expect(page.locator("#plan-params")).to_have_text("Parameters: region eu → us")
    press_run(page)
    assert host.wait(atlas, 2)["trigger"]["overrides"] == []
