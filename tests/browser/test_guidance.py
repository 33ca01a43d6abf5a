"""Guided reruns on pages: which prompts a run would change, what was said to a model, and what came of each comment."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, expect

from oncue.control.workspace import Workspace
from oncue.core.model import JobId
from oncue.core.modelcalls import CallState
from tests.browser.conftest import SHOTS, Visitor, press_run, visiting
from tests.browser.test_access_for_all import violations
from tests.store.callrecords import keep_calls
from tests.web.guided import new_study
from tests.web.hosting import Host

ASKED = "use lmfit, and say which lines\nyou left out"
GUIDED = {"scope": "only", "steps": ["draft"]}


@pytest.fixture
def study(host: Host, workspace: Workspace, folder: Path) -> str:
    """A study that was run, and its draft rerun with a comment."""
    job = new_study(workspace, folder)
    host.run(job)
    cue = host.cue(job, **GUIDED, rerun_comment=ASKED, comment_kind="method")
    order = {**GUIDED, "rerun_comment": ASKED, "comment_kind": "method", "reason": "the fit was poor"}
    assert host.program.post(f"/api/v1/jobs/{job}/runs", {**order, **cue}).status == 201
    host.wait(job, 2)
    return job


def test_a_step_shows_its_calls_and_how_its_prompt_changed(visitor: Visitor, study: str) -> None:
    page = visitor.go(f"/jobs/{study}/step?name=draft")

    delta = page.locator("#delta")
    expect(delta.locator("h3")).to_contain_text("What changed in the prompts of run 2 against run 1")
    expect(delta.locator("summary").first).to_have_text("generate: previous added, comment added")
    expect(delta.locator("ins", has_text="use lmfit").first).to_have_text("+> (on: method) use lmfit, and say which lines")
    attempts = page.locator("#trace .attempt")
    expect(attempts).to_have_count(2)
    expect(attempts.first).to_contain_text("its own output of run 1 (shown to the model)")
    expect(attempts.first.locator("tbody tr")).to_have_count(1)
    expect(attempts.first.locator("tbody .state")).to_have_text("answered")
    expect(attempts.first.locator("tbody")).to_contain_text("recorded:")
    visitor.shoot("trace")


def test_a_model_call_opens_with_everything_that_was_said(visitor: Visitor, study: str) -> None:
    page = visitor.go(f"/jobs/{study}/step?name=draft&run=2")

    page.locator("#trace").get_by_role("link", name="Call 1").click()

    expect(page.locator("h2").first).to_contain_text("Call 1 of draft in run 2")
    names = ("rules", "context", "request", "previous", "comment", "closing")
    expect(page.locator("[id^=section-] h3")).to_have_text([re.compile(rf"^{name}\b") for name in names])
    expect(page.locator("#section-comment pre")).to_contain_text("use lmfit, and say which lines")
    expect(page.locator("#section-rules .hash")).to_contain_text("sha256:")
    expect(page.locator("#payload pre")).to_contain_text("careful data scientist")
    expect(page.locator("#response pre")).to_contain_text("Done, with: use lmfit")
    visitor.shoot("call")


def test_every_comment_is_listed_with_what_came_of_it(visitor: Visitor, study: str) -> None:
    page = visitor.go(f"/jobs/{study}/comments")

    given = page.locator("#comment-2")
    expect(given.locator("blockquote")).to_have_text(ASKED)
    expect(given).to_contain_text("for draft · ada")
    expect(given).to_contain_text("method")
    expect(given).to_contain_text("“the fit was poor”")
    expect(given.locator("tbody tr")).to_contain_text("prompt changed, definition the same, output changed")
    expect(given.locator("tbody .state")).to_have_text(["fresh", "succeeded"])
    visitor.shoot("comments")


def test_the_panel_shows_which_prompts_change_before_anything_is_sent(visitor: Visitor, study: str) -> None:
    page = visitor.go(f"/jobs/{study}/step?name=draft")
    page.get_by_role("button", name="Rerun…").click()
    page.check("[name=scope][value=only]")
    expect(page.locator("#plan [data-code=comment_dropped]")).to_contain_text("without the comment of run 2")

    page.fill("#comment", "use scipy\nin metric units")

    expect(page.locator(".counter")).to_have_text("25 of 600")
    expect(page.locator("#plan")).to_contain_text("The comment goes to draft.")
    expect(page.locator("#prompts > details > summary")).to_have_text("1 prompt changes")
    page.locator(".prompt summary").click()
    expect(page.locator(".prompt ins").filter(has_text="use scipy")).to_have_text("+> use scipy")
    expect(page.locator(".prompt del").filter(has_text="use lmfit")).to_have_count(1)
    expect(page.locator("#plan")).to_contain_text("tokens")
    visitor.shoot("panel prompts")
    page.check("[name=keep_comments]")
    expect(page.locator("#plan [data-code=comment_dropped]")).to_have_count(0)
    expect(page.locator("#plan")).to_contain_text("Along goes the comment of run 2")
    page.locator(".prompt summary").click()
    expect(page.locator(".prompt del").filter(has_text="use lmfit")).to_have_count(0)


def test_the_panel_says_when_no_chosen_step_reads_comments(visitor: Visitor, study: str) -> None:
    page = visitor.go(f"/jobs/{study}/step?name=report")
    page.get_by_role("button", name="Rerun…").click()
    expect(page.locator("#plan [data-code=no_reader]")).to_have_text("No step of this plan reads comments.")

    page.fill("#comment", "be brief")

    expect(page.locator("#plan .blocker[data-code=comment_without_effect]")).to_contain_text("can read one")
    expect(page.locator("#plan [data-start]")).to_be_disabled()


@pytest.mark.proves("S0-1", "S0-2")
@pytest.mark.parametrize("mode", ["keep", "clean"])
def test_a_guided_rerun_opens_as_a_dialog_and_runs_in_the_chosen_context(
    visitor: Visitor, host: Host, study: str, mode: str
) -> None:
    page = visitor.go(f"/jobs/{study}")
    page.get_by_role("button", name="Rerun draft").click()
    dialog = page.get_by_role("dialog", name="Run")
    expect(dialog.get_by_label("Comment for the steps")).to_be_focused()
    assert page.locator("#sheet").evaluate("one => one.matches(':modal')")

    page.keyboard.type("use scipy")
    dialog.get_by_label("Context").select_option(mode)
    press_run(page)
    host.wait(study, 3)

    (attempt,) = host.program.api(f"/jobs/{study}/trace?step=draft&run=3")["attempts"]
    names = [section["name"] for section in attempt["calls"][0]["sections"]]
    assert (attempt["context"], attempt["consumed"]["comments"]) == (mode, [3])
    assert ("previous" in names, "comment" in names) == (mode == "keep", True)


@pytest.mark.proves("S0-20")
def test_the_comment_is_shown_wherever_its_run_or_step_is(visitor: Visitor, study: str) -> None:
    line = ASKED.partition("\n")[0]
    places = {
        f"/jobs/{study}": "#step-draft",
        f"/jobs/{study}/runs": "#run-2",
        f"/jobs/{study}/runs/2": "#run-page",
        f"/jobs/{study}/step?name=draft": ".aside",
        f"/jobs/{study}/compare?run=1&run=2": "main",
        f"/jobs/{study}/comments": "#comment-2",
    }
    for path, place in places.items():
        page = visitor.go(path)
        expect(page.locator(place).first).to_contain_text(line)
    page = visitor.go(f"/jobs/{study}/step?name=draft")
    expect(page.locator("#trace .attempt").first).to_contain_text(line)


def test_hidden_characters_in_a_comment_are_written_out(visitor: Visitor, host: Host, study: str) -> None:
    sneaky = "safe \u202eevil\u202c and \u200bhidden"
    host.run(study, **GUIDED, rerun_comment=sneaky)
    shown = "safe \\u{202e}evil\\u{202c} and \\u{200b}hidden"
    paths = {
        "/comments": "#comment-3 blockquote",
        "/runs/3": ".comment",
        "/runs": "#run-3",
        "": "#step-draft",
        "/step?name=draft": ".aside",
        "/step?name=draft&run=3": "#delta",
        "/call?name=draft&run=3": "#section-comment pre",
        "/compare?run=1&run=3": "main",
    }
    for path, place in paths.items():
        page = visitor.go(f"/jobs/{study}{path}")
        expect(page.locator(place).first).to_contain_text(shown)
        assert "\u202e" not in page.content()
        assert "\u200b" not in page.content()


@pytest.mark.parametrize(("size", "scheme"), [("wide", "light"), ("wide", "dark"), ("narrow", "light"), ("narrow", "dark")])
def test_no_page_of_guidance_violates_what_axe_knows(
    chromium: Browser, host: Host, study: str, size: str, scheme: Literal["light", "dark"]
) -> None:
    pages = {
        "guided step": f"/jobs/{study}/step?name=draft",
        "guided board": f"/jobs/{study}",
        "one call": f"/jobs/{study}/call?name=draft&run=2",
        "all comments": f"/jobs/{study}/comments",
    }
    found: dict[str, list[str]] = {}
    with visiting(chromium, host, size=size, scheme=scheme, bypass_csp=True) as visitor:
        page = visitor.page
        for name, path in pages.items():
            page.goto(f"{host.origin}{path}")
            if "step?" in path:
                page.locator("#trace .attempt").last.wait_for()
                page.locator("#trace").scroll_into_view_if_needed()
            found[name] = violations(page)
            page.screenshot(path=f"{SHOTS}/{name} {size} {scheme}.png".replace(" ", "-"), full_page=True)
            assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0, name
        page.goto(f"{host.origin}/jobs/{study}/step?name=draft")
        page.get_by_role("button", name="Rerun…").click()
        page.fill("#comment", "use scipy")
        expect(page.locator("#plan")).to_contain_text("The comment goes to draft.")
        page.locator(".plan:not([aria-busy])").wait_for()
        page.locator(".prompt summary").first.click()
        found["prompts"] = violations(page)
        visitor.shoot("guided panel")

    assert {name: problems for name, problems in found.items() if problems} == {}


def test_a_call_whose_outcome_nobody_stored_says_so(visitor: Visitor, workspace: Workspace, study: str) -> None:
    with workspace.store.read() as reader:
        known = reader.list_calls(JobId(study), run=2)[0]
    lost = replace(known, number=2, tries=2, state=CallState.SENT, ended_at=None, reply=None, usage=None, usd=None)
    keep_calls(workspace.store, replace(lost, answered_by="", finish="", price_source=None))

    page = visitor.go(f"/jobs/{study}/step?name=draft&run=2")

    row = page.locator("#trace tbody tr").last
    expect(row.locator(".state")).to_have_text("sent, outcome unknown")
    expect(row).to_contain_text("try 2")
    expect(row.locator("td.number")).to_have_text(["unknown", "unknown", "–"])
    expect(page.locator("#trace h2")).to_contain_text("the tokens of 1 of them are unknown; the cost of 1 of them is unknown")
    row.get_by_role("link").click()
    expect(page.locator("main")).to_contain_text("the process died before an answer was stored")
    expect(page.locator("#payload pre")).to_contain_text("use lmfit")
    expect(page.locator("#response")).to_have_count(0)
    visitor.shoot("lost call")


def test_each_instance_of_a_fan_out_has_a_trace_of_its_own(visitor: Visitor, host: Host, atlas: str) -> None:
    host.run(atlas)
    host.run(atlas, scope="only", steps=["finding[solar]"], rerun_comment="mind the clouds")

    page = visitor.go(f"/jobs/{atlas}/step?name=finding")
    expect(page.locator("main")).to_contain_text("Each instance has a trace of its own")
    page = visitor.go(f"/jobs/{atlas}/step?name=finding%5Bsolar%5D")

    attempts = page.locator("#trace .attempt")
    expect(attempts).to_have_count(2)
    expect(attempts.first).to_contain_text("mind the clouds")
    expect(attempts.first).to_contain_text("No model was called.")
    expect(attempts.first).to_contain_text("its own output of run 1")
    page = visitor.go(f"/jobs/{atlas}/comments?step=finding")
    expect(page.locator("#comment-2 tbody tr")).to_contain_text("finding[solar]")


def test_two_runs_side_by_side_lead_to_how_their_prompts_differ(visitor: Visitor, host: Host, study: str) -> None:
    host.run(study, **GUIDED, rerun_mode="clean")
    page = visitor.go(f"/jobs/{study}/compare?run=2&run=3")
    expect(page.locator("#prompts li")).to_have_text("draft changed")

    page.locator("#prompts").get_by_role("link", name="draft").click()

    expect(page.locator("#delta h3")).to_contain_text("What changed in the prompts of run 3 against run 2")
    expect(page.locator("#delta summary").first).to_have_text("generate: previous removed, comment removed")
    expect(page.locator("#delta")).to_contain_text("Went: the comment of run 2")
    page = visitor.go(f"/jobs/{study}/compare?run=1&run=3")
    expect(page.locator("#prompts li")).to_have_text("draft the same")
