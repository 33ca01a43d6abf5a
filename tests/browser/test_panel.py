"""The run panel while a person uses it: what others change meanwhile, what stays on screen, and what is kept."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route, ViewportSize, expect

from oncue.control.jobs import create_job
from oncue.control.settings import change_setting
from oncue.control.workspace import Workspace
from tests.browser.conftest import Visitor, press_run, visiting
from tests.browser.test_running import request_of
from tests.web.guided import new_study
from tests.web.hosting import Host

TWO_CALLS = """\
steps:
  - {id: one, prompt: First.}
  - {id: two, prompt: Second.}
"""


@pytest.fixture
def halted(host: Host, workspace: Workspace, folder: Path) -> str:
    """A job whose first run was stopped by its limit of one call."""
    (folder / "flow.yaml").write_text(TWO_CALLS, encoding="utf-8")
    (folder / "replies.yaml").write_text("usage: words\nrules: [{reply: An answer.}]\n", encoding="utf-8")
    change_setting(workspace, "model", f"recorded:{folder / 'replies.yaml'}", actor="ada")
    job = create_job(workspace, "flow.yaml", params={}, folder=folder).id
    order = {"budget": {"calls": 1}}
    assert host.program.post(f"/api/v1/jobs/{job}/runs", {**order, **host.cue(job, **order)}).status == 201
    host.wait(job, 1, "halted")
    return job


@pytest.fixture
def study(host: Host, workspace: Workspace, folder: Path) -> str:
    """A study with a prompt in it, run once."""
    job = new_study(workspace, folder)
    host.run(job)
    return job


def run_from(visitor: Visitor, host: Host, job: str, *, number: int) -> None:
    """Press Run and wait for the run."""
    press_run(visitor.page)
    host.wait(job, number)
    expect(visitor.page.locator("dialog[open]")).to_have_count(0)  # the page of the job has come


def test_run_never_takes_back_what_somebody_else_changed_meanwhile(visitor: Visitor, host: Host, atlas: str) -> None:
    host.run(atlas)
    page = visitor.go(f"/jobs/{atlas}")
    page.click("#run")
    page.fill("#param-depth", "5")
    expect(page.locator("#plan-params")).to_have_text("Parameters: depth 2 → 5")

    host.run(atlas, params={"region": "us", "depth": 3})
    page.click("#plan [data-start]:not([disabled])")

    expect(page.locator("#plan [data-code=plan_changed]")).to_be_visible()
    expect(page.locator("#param-region")).to_have_value("us")
    expect(page.locator("#param-depth")).to_have_value("5")
    expect(page.locator("#plan [data-code=param_moved]")).to_have_text(
        ["region is us by now.", "depth is 3 by now; what you wrote stays."]
    )
    expect(page.locator("#plan-params")).to_have_text("Parameters: depth 3 → 5")
    visitor.shoot("panel parameters moved")
    run_from(visitor, host, atlas, number=3)
    assert request_of(host, atlas, 3)["params"] == {"depth": 5}
    assert host.program.api(f"/jobs/{atlas}/runs/3")["params"]["region"] == "us"
    visitor.troubles[:] = [text for text in visitor.troubles if "409" not in text]


def test_a_parameter_that_was_changed_back_is_not_sent(visitor: Visitor, host: Host, atlas: str) -> None:
    host.run(atlas)
    page = visitor.go(f"/jobs/{atlas}")
    page.click("#run")
    page.fill("#param-note", "mind the land")
    expect(page.locator("#plan-params")).to_have_text("Parameters: note (empty) → mind the land")

    page.fill("#param-note", "")

    expect(page.locator("#plan-params")).to_have_count(0)
    run_from(visitor, host, atlas, number=2)
    assert "params" not in request_of(host, atlas, 2)


LOW: ViewportSize = {"width": 720, "height": 450}  # what 1440 by 900 is at 200 %


@pytest.mark.parametrize("size", ["wide", "narrow", "zoomed"])
def test_what_run_starts_is_always_on_screen(chromium: Browser, host: Host, atlas: str, size: str) -> None:
    host.run(atlas)
    host.run(atlas, scope="only", steps=["finding[solar]"], rerun_comment="mind the clouds")
    with visiting(chromium, host, size="narrow" if size == "narrow" else "wide") as visitor:
        page = visitor.go(f"/jobs/{atlas}")
        if size == "zoomed":
            page.set_viewport_size(LOW)
        page.click("#run")
        page.locator("summary", has_text="Limits").click()
        page.fill("#budget-calls", "3")

        for place in (page.locator("#budget-calls"), page.locator("[name=scope]").first):
            place.scroll_into_view_if_needed()
            expect(page.locator(".summary")).to_be_in_viewport(ratio=1)
            expect(page.locator(".summary")).to_contain_text(re.compile(r"\d+ execute.*\d+ reuse.*s"))
            expect(page.locator("#plan [data-start]")).to_be_in_viewport(ratio=1)
            if size == "wide":
                expect(page.locator("#plan h2")).to_be_in_viewport()
        page.check("[name=scope][value=only]")
        for box in page.locator(".chip :checked").all():
            box.uncheck()
        expect(page.locator(".summary .wrong")).to_have_text("1 blocker")
        visitor.shoot(f"panel bar {size}")


def test_the_plan_is_made_as_soon_as_the_server_is_back(visitor: Visitor, atlas: str) -> None:
    page = visitor.go(f"/jobs/{atlas}")
    page.click("#run")
    start = page.locator("#plan [data-start]")
    expect(start).to_be_enabled()

    page.route("**/plan", lambda route: route.abort())
    page.fill("#comment", "mind the land")
    expect(page.locator("#start-problem")).to_have_text("The plan could not be made; trying again.")
    expect(start).to_be_disabled()
    expect(page.locator(".plan[aria-busy]")).to_have_count(1)
    visitor.shoot("panel no plan")
    page.unroute("**/plan")

    expect(page.locator("#plan")).to_contain_text("The comment goes to")
    expect(start).to_be_enabled()
    expect(page.locator("#start-problem")).to_be_hidden()
    expect(page.locator("#start-problem")).to_have_text("")
    expect(page.locator(".plan[aria-busy]")).to_have_count(0)
    visitor.troubles[:] = [text for text in visitor.troubles if "ERR_FAILED" not in text and "Failed to fetch" not in text]


def test_a_defect_of_the_server_leaves_the_plan_and_is_tried_again(visitor: Visitor, atlas: str) -> None:
    page = visitor.go(f"/jobs/{atlas}")
    page.click("#run")
    is_well = False
    asked: list[Route] = []

    def answer(route: Route) -> None:
        asked.append(route)
        if len(asked) == 1:
            route.fulfill(status=503, content_type="text/html", body="<p>busy</p>")
        elif is_well:
            route.continue_()

    page.route("**/plan", answer)
    page.fill("#comment", "mind the land")

    expect(page.locator("#start-problem")).to_be_visible()
    expect(page.locator("#plan")).not_to_contain_text("busy")
    is_well = True
    for held in asked[1:]:
        held.continue_()
    expect(page.locator("#plan")).to_contain_text("The comment goes to")
    expect(page.locator("#plan [data-start]")).to_be_enabled()
    visitor.troubles[:] = [text for text in visitor.troubles if "503" not in text]


def test_what_else_changes_on_the_page_does_not_make_an_old_plan_current(visitor: Visitor, host: Host, atlas: str) -> None:
    page = visitor.go(f"/jobs/{atlas}")
    page.click("#run")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/plan", hold)
    with page.expect_request("**/plan"):
        page.fill("#comment", "mind the land")

    host.run(atlas)
    expect(page.locator("#job-head .top .state")).to_have_text("completed")

    expect(page.locator(".plan[aria-busy]")).to_have_count(1)
    expect(page.locator("#plan [data-start]")).to_be_disabled()
    held[0].continue_()
    expect(page.locator(".plan[aria-busy]")).to_have_count(0)
    expect(page.locator("#plan h2")).to_contain_text("Run 2")


def test_an_open_diff_stays_open_while_the_person_types(visitor: Visitor, study: str) -> None:
    page = visitor.go(f"/jobs/{study}/step?name=draft")
    page.get_by_role("button", name="Rerun…").click()
    page.fill("#comment", "use scipy")
    page.locator(".prompt summary").click()
    page.locator("summary", has_text="Reuses").click()
    expect(page.locator(".prompt ins").filter(has_text="use scipy")).to_be_visible()

    page.locator("#comment").press_sequentially(" in metric units")

    expect(page.locator(".prompt ins").filter(has_text="metric")).to_be_visible()
    expect(page.locator("#plan details[open] > summary", has_text="Reuses")).to_have_count(1)
    page.check("[name=scope][value=only]")
    expect(page.locator("#plan h2")).to_contain_text("execute 1")
    expect(page.locator(".prompt[open]")).to_have_count(1)


@pytest.mark.parametrize("way", ["Escape", "Close"])
def test_a_comment_is_kept_when_the_panel_is_closed_until_it_is_run(visitor: Visitor, host: Host, atlas: str, way: str) -> None:
    host.run(atlas)
    page = visitor.go(f"/jobs/{atlas}")
    page.get_by_role("button", name="Rerun finding").click()
    page.fill("#comment", "mind the land")
    expect(page.locator("#plan")).to_contain_text("The comment goes to")
    if way == "Escape":
        page.keyboard.press("Escape")
    else:
        page.get_by_role("button", name="Close").click()
    expect(page.locator("#sheet")).to_be_hidden()

    page.get_by_role("button", name="Rerun report").click()
    expect(page.locator("#comment")).to_have_value("")
    page.keyboard.press("Escape")
    page = visitor.go(f"/jobs/{atlas}")
    page.get_by_role("button", name="Rerun finding").click()
    expect(page.locator("#comment")).to_have_value("mind the land")
    expect(page.locator(".counter")).to_have_text("13 of 600")
    expect(page.locator("#plan")).to_contain_text("The comment goes to")
    run_from(visitor, host, atlas, number=2)

    assert request_of(host, atlas, 2)["comment"] == {"text": "mind the land"}
    page = visitor.go(f"/jobs/{atlas}")
    page.get_by_role("button", name="Rerun finding").click()
    expect(page.locator("#comment")).to_have_value("")


@pytest.mark.parametrize("path", ["", "/runs/1"])
def test_a_run_that_its_budget_stopped_is_resumed_with_another_limit(
    visitor: Visitor, host: Host, halted: str, path: str
) -> None:
    page = visitor.go(f"/jobs/{halted}{path}")
    expect(page.locator("#step .error, .step .error")).to_have_count(0)
    visitor.shoot(f"halted {path}")

    page.get_by_role("button", name="Resume with another limit…").click()

    expect(page.locator("#budget-calls")).to_be_focused()
    expect(page.locator("[name=scope][value=resume]")).to_be_checked()
    page.keyboard.type("5")
    expect(page.locator("#plan h2")).to_contain_text("execute 1")
    visitor.shoot("panel resume")
    run_from(visitor, host, halted, number=2)
    assert request_of(host, halted, 2) == {"scope": "resume", "budget": {"calls": 5}}
    page = visitor.go(f"/jobs/{halted}/runs/1")
    expect(page.get_by_role("button", name="Resume with another limit…")).to_have_count(0)


def test_what_is_wrong_stands_beside_its_field_in_words_for_people(visitor: Visitor, host: Host, atlas: str) -> None:
    host.run(atlas)
    page = visitor.go(f"/jobs/{atlas}")
    page.click("#run")
    page.locator("summary", has_text="Limits").click()

    page.fill("#budget-tokens", "-5")
    page.fill("#budget-usd", "much")
    expect(page.locator("[id='wrong-budget.tokens']")).to_have_text("Tokens must be a whole number above 0.")
    expect(page.locator("[id='wrong-budget.usd']")).to_have_text("US dollars must be a number above 0.")
    expect(page.locator("#plan [data-code=invalid_fields]")).to_contain_text("Tokens must be a whole number above 0.")
    visitor.shoot("panel wrong limits")
    page.fill("#budget-tokens", "5")
    page.fill("#budget-usd", "")
    expect(page.locator("#plan [data-start]")).to_be_enabled()
    expect(page.locator(".wishes .wrong:visible")).to_have_count(0)

    page.fill("#param-depth", "many")
    expect(page.locator("[id='wrong-param.depth']")).to_contain_text("must be an integer")
    page.fill("#param-depth", "2")
    page.check("[name=scope][value=only]")
    expect(page.locator("#wrong-steps")).to_have_text("Choose at least one step.")
    page.check("[name=scope][value=all]")
    page.fill("#comment", "use the key sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCD")
    expect(page.locator("#wrong-comment")).to_be_visible()


def test_an_address_that_lacks_something_says_so_without_the_words_of_the_api(visitor: Visitor, atlas: str) -> None:
    page = visitor.page

    page.goto(f"{visitor.host.origin}/jobs/{atlas}/step")

    expect(page.locator(".problem")).to_contain_text("Something is missing here")
    expect(page.locator("main")).not_to_contain_text("openapi")
    expect(page.locator("main")).not_to_contain_text("Field required")
    visitor.troubles[:] = [text for text in visitor.troubles if "422" not in text]


def test_the_words_of_the_panel_are_whole(visitor: Visitor, host: Host, workspace: Workspace, folder: Path) -> None:
    (folder / "mute.yaml").write_text("steps: [{id: one, run: echo 1}]\n", encoding="utf-8")
    job = create_job(workspace, "mute.yaml", params={}, folder=folder).id
    page = visitor.go(f"/jobs/{job}")

    page.click("#run")

    expect(page.locator("#comment-help")).to_contain_text("No step of this workflow reads comments. A reason")
    expect(page.locator("#comment-help")).not_to_contain_text("passwords")
    cut = "(one) => one.scrollWidth > one.clientWidth"
    assert [page.locator(name).evaluate(cut) for name in ("#context", "#kind")] == [False, False]
    expect(page.locator("#context option:checked")).to_have_text("as usual")
    assert host.program.api(f"/jobs/{job}/runs")["runs"] == []
