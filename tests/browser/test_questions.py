"""Questions on the pages: they appear by themselves, with the time that is left, and say what became of an answer."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from oncue.control.answers import answer_question, expire_questions
from oncue.control.jobs import create_job
from oncue.control.runs import cancel_run
from oncue.control.views.decisionview import view_inbox
from oncue.control.workspace import Workspace
from oncue.core.model import JobId
from tests.browser.conftest import Visitor, freeze, press_run, visiting
from tests.browser.flows import INTERVIEW
from tests.support.skippingclock import SkippingClock
from tests.web.hosting import Host

FOLLOW = """() => new Promise((tell) => {
  document.addEventListener("htmx:after:swap", ({ detail }) => { if (detail.ctx.sourceElement.id === "job") tell(); });
  document.querySelector("#job").dispatchEvent(new CustomEvent("live"));
})"""
"""Has the page fetch the job again, and waits until it is shown."""
_MINUTES = re.compile(r"^(10:00|9:\d\d) left$")


@pytest.fixture
def asking(host: Host, atlas: str, folder: Path) -> str:
    """A job whose run waits for an answer."""
    (folder / "ask.txt").write_text("600", encoding="utf-8")
    plan = host.cue(atlas)
    assert host.program.post(f"/api/v1/jobs/{atlas}/runs", plan).status == 201
    host.wait(atlas, 1, "waiting")
    return atlas


@pytest.fixture
def hasty(host: Host, atlas: str, folder: Path) -> str:
    """A job whose first run took its default at once."""
    (folder / "ask.txt").write_text("0.2", encoding="utf-8")
    host.run(atlas)
    return atlas


def test_a_question_appears_by_itself_and_its_answer_moves_the_run_on(
    visitor: Visitor, host: Host, atlas: str, folder: Path
) -> None:
    (folder / "ask.txt").write_text("600", encoding="utf-8")
    page = visitor.go(f"/jobs/{atlas}")
    host.program.post(f"/api/v1/jobs/{atlas}/runs", host.cue(atlas))

    card = page.locator(".question")
    expect(card).to_contain_text("Which goals shall the atlas of eu serve?")
    expect(card.locator("oncue-left")).to_have_text(_MINUTES)
    expect(page.locator("#inbox-link .badge")).to_have_text("1")
    visitor.shoot("job with a question")
    card.get_by_label("Little land").check()
    card.get_by_role("button", name="Answer").click()

    expect(page.locator("#said")).to_contain_text("goals is cost (Low cost), land (Little land)")
    expect(page.locator("#job-head .top .state")).to_have_text("completed")
    expect(card).to_have_count(0)
    expect(page.locator("#inbox-link .badge")).to_have_count(0)


@pytest.mark.usefixtures("asking")
def test_the_inbox_shows_what_waits_in_all_jobs(visitor: Visitor) -> None:
    page = visitor.go("/inbox")

    expect(page.locator(".question")).to_have_count(1)
    expect(page.locator(".question header")).to_contain_text("then the default")
    visitor.shoot("inbox")


@pytest.mark.usefixtures("asking")
def test_a_question_that_was_settled_meanwhile_says_by_whom(visitor: Visitor, host: Host) -> None:
    freeze(visitor.page, "**/parts/inbox*")
    page = visitor.go("/inbox")
    question = host.program.api("/questions")["questions"][0]["question_id"]
    assert host.program.post(f"/api/v1/questions/{question}/response", {"response": ["jobs"]}).status == 200

    page.get_by_role("button", name="Answer", exact=True).click()

    expect(page.locator("#said")).to_contain_text("answered by ada: jobs (Many jobs). Your answer was not taken.")


def test_an_answer_that_comes_too_late_is_kept_and_offers_a_rerun(
    visitor: Visitor, host: Host, workspace: Workspace, hasty: str
) -> None:
    (question,) = host.program.api(f"/jobs/{hasty}/decisions")["decisions"]
    assert question["timed_out"]
    assert not expire_questions(workspace)
    assert host.program.post(f"/api/v1/questions/{question['question_id']}/response", {"response": ["land"]}).status == 200

    page = visitor.go(f"/jobs/{hasty}")
    page.get_by_role("button", name="Rerun with it").click()

    expect(page.locator("[name=scope][value=from]")).to_be_checked()
    expect(page.locator("#answers")).to_have_value("reuse")


def test_a_question_whose_time_runs_out_says_so_and_takes_an_answer(
    visitor: Visitor, host: Host, asking: str, clock: SkippingClock
) -> None:
    page = visitor.go(f"/jobs/{asking}")
    card = page.locator(".question")
    card.get_by_label("Little land").check()

    clock.skip(600)

    expect(card.locator(".outcome")).to_have_text("Time was up: the default cost (Low cost) was taken.")
    expect(page.locator("#step-goals .meta")).to_contain_text("default taken")
    expect(card.get_by_label("Little land")).to_be_checked()
    visitor.shoot("question out of time")
    expect(page.locator("#step-goals .meta [title^='How long']")).to_have_text(re.compile(r"^[\d.]+ s$"))
    usual = host.preflight(asking, scope="only", steps=["goals"])["plan"]["estimate"]["seconds"]
    assert 0 <= usual["high"] < 600
    card.get_by_role("button", name="Answer anyway").click()

    said = page.locator("#said")
    expect(said).to_contain_text("A rerun of goals with recorded answers uses cost (Low cost), land (Little land)")
    expect(card).to_have_count(0)
    said.get_by_role("button", name="Rerun with it…").click()
    expect(page.locator("#answers")).to_have_value("reuse")
    press_run(page)
    host.wait(asking, 2)
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.locator("#step-goals .meta")).not_to_contain_text("default taken")
    assert host.program.api(f"/jobs/{asking}/steps/goals/output")["outputs"][0]["value"] == ["cost", "land"]


@pytest.mark.parametrize("path", ["/inbox", "/jobs/{job}"])
def test_a_question_that_somebody_else_answers_stays_for_whoever_looks(
    visitor: Visitor, host: Host, workspace: Workspace, asking: str, path: str
) -> None:
    page = visitor.go(path.format(job=asking))
    card = page.locator(".question")
    expect(card.get_by_role("button", name="Answer")).to_be_visible()
    (question,) = view_inbox(workspace).questions

    answer_question(workspace, question, actor="grace", response=["jobs"])

    expect(card.locator(".outcome")).to_have_text("grace answered jobs (Many jobs) meanwhile.")
    expect(card.locator("form")).to_have_count(0)
    visitor.shoot("question answered by another")
    host.wait(asking, 1)
    expect(card).to_have_count(1)
    card.get_by_role("button", name="Dismiss").click()
    expect(card).to_have_count(0)


def test_a_cancelled_run_takes_its_question_along(visitor: Visitor, workspace: Workspace, asking: str) -> None:
    page = visitor.go(f"/jobs/{asking}")
    expect(page.locator(".question form")).to_have_count(1)

    cancel_run(workspace, JobId(asking), actor="grace", numbers=(1,))

    expect(page.locator(".question .outcome")).to_have_text("It needs no answer any more: its run was ended.")


def test_a_question_in_a_dialog_says_what_became_of_it(visitor: Visitor, workspace: Workspace, asking: str) -> None:
    page = visitor.go(f"/jobs/{asking}/runs")
    page.get_by_role("button", name="Answer goals").click()
    expect(page.locator("#ask .question form")).to_be_visible()
    (question,) = view_inbox(workspace).questions

    answer_question(workspace, question, actor="grace", response=["jobs"])

    expect(page.locator("#ask .outcome")).to_have_text("grace answered jobs (Many jobs).")
    page.locator("#ask").get_by_role("button", name="Close").click()
    expect(page.locator("#ask")).to_be_hidden()


def test_a_late_answer_is_given_under_decisions(visitor: Visitor, hasty: str) -> None:
    page = visitor.go(f"/jobs/{hasty}/decisions")
    row = page.locator("#decisions tbody tr").first
    expect(row.locator("td").nth(4)).to_have_text("the default was taken")

    page.get_by_role("button", name="Answer anyway…").click()
    dialog = page.locator("#ask")
    expect(dialog.locator(".outcome")).to_have_text("Time was up: the default cost (Low cost) was taken.")
    visitor.shoot("late answer")
    dialog.get_by_label("Many jobs").check()
    dialog.get_by_role("button", name="Answer anyway").click()

    expect(dialog).to_be_hidden()
    expect(page.locator("#said")).to_contain_text("uses cost (Low cost), jobs (Many jobs)")
    expect(page.locator("#decisions .sub")).to_contain_text("ada answered too late: cost (Low cost), jobs (Many jobs)")
    expect(page.get_by_role("button", name="Answer anyway…")).to_have_count(0)


def test_who_may_not_answer_is_offered_none(chromium: Browser, host: Host, hasty: str) -> None:
    with visiting(chromium, replace(host, token="viewer-token")) as visitor:
        page = visitor.go(f"/jobs/{hasty}/decisions")
        expect(page.locator("#decisions tbody tr").first).to_contain_text("Timed Out")
        expect(page.get_by_role("button", name="Answer anyway…")).to_have_count(0)


def test_nothing_for_screens_stains_printed_decisions(chromium: Browser, host: Host, hasty: str) -> None:
    with visiting(chromium, host) as visitor:
        page = visitor.go(f"/jobs/{hasty}/decisions")
        expect(page.locator("#decisions .sub")).to_contain_text("Answer anyway…")

        page.emulate_media(media="print")

        assert page.evaluate("getComputedStyle(document.querySelector('.scroll')).backgroundImage") == "none"
        assert page.locator("#decisions .sub").inner_text().strip().endswith(" s")


def test_every_kind_of_question_has_its_fields(visitor: Visitor, host: Host, workspace: Workspace, folder: Path) -> None:
    (folder / "interview_flow.py").write_text(INTERVIEW, encoding="utf-8")
    job = create_job(workspace, "interview_flow:interview", params={}, folder=folder).id
    host.program.post(f"/api/v1/jobs/{job}/runs", host.cue(job))
    page = visitor.go("/inbox")
    card = page.locator(".question")

    expect(card).to_contain_text("How much?")
    card.locator("input[type=number]").fill("2.5")
    card.get_by_role("button", name="Answer").click()
    expect(card).to_contain_text("Go on?")
    card.get_by_label("No").check()
    card.get_by_role("button", name="Answer").click()
    expect(card).to_contain_text("In your own words?")
    card.locator("textarea").fill("two\nlines <b>and</b> marks")
    card.get_by_role("button", name="Answer").click()
    expect(card).to_contain_text("Which mode?")
    visitor.shoot("question with one choice")
    card.get_by_label("Deep loop").check()
    card.get_by_role("button", name="Answer").click()
    expect(card).to_contain_text("Who are you?")
    card.get_by_label("Full name").fill("Ada")
    card.get_by_label("Age").fill("1000")
    visitor.shoot("question with a form")
    card.get_by_role("button", name="Answer").click()
    expect(card.locator(".error")).to_contain_text("1000 is greater than the maximum of 120")
    expect(card.get_by_label("Full name")).to_have_value("Ada")
    card.get_by_label("Age").fill("36")
    card.get_by_label("Member").select_option("yes")
    card.get_by_role("button", name="Answer").click()

    expect(page.locator("#inbox .empty")).to_be_visible()
    host.wait(job, 1)
    assert host.program.api(f"/jobs/{job}/steps/everything/output")["outputs"][0]["value"] == {
        "number": 2.5,
        "confirm": False,
        "text": "two\nlines <b>and</b> marks",
        "choice": "deep",
        "form": {"name": "Ada", "age": 36, "member": True},
    }


def test_what_is_typed_stays_while_the_page_follows_the_run(visitor: Visitor, asking: str) -> None:
    page = visitor.go(f"/jobs/{asking}")
    page.get_by_label("Many jobs").check()

    for _ in range(2):
        page.evaluate(FOLLOW)

    expect(page.get_by_label("Many jobs")).to_be_checked()


def test_a_question_is_answered_from_the_header_of_any_page(visitor: Visitor, host: Host, asking: str) -> None:
    page = visitor.go("/")
    header = page.get_by_role("button", name="Answer goals")
    expect(header.locator("oncue-left")).to_have_text(_MINUTES)

    header.click()
    expect(page.locator("#ask .question")).to_contain_text("Which goals shall the atlas of eu serve?")
    visitor.shoot("question from the header")
    page.locator("#ask").get_by_label("Many jobs").check()
    page.locator("#ask").get_by_role("button", name="Answer").click()

    expect(page.locator("#ask")).to_be_hidden()
    expect(page.locator("#said")).to_contain_text("goals is cost (Low cost), jobs (Many jobs)")
    expect(header).to_have_count(0)
    assert host.wait(asking, 1)["status"] == "succeeded"


ALL_OR_SOME = """\
name: picking
steps:
  - id: pick
    ask:
      type: goals
      message: Which goals?
      kind: choices
      options: [{id: ALL, label: All goals, alone: true}, {id: cost, label: Low cost}, {id: land, label: Little land}]
      default: [ALL]
"""


def test_an_option_that_stands_for_all_goes_with_no_other(
    visitor: Visitor, host: Host, workspace: Workspace, folder: Path
) -> None:
    (folder / "picking.yaml").write_text(ALL_OR_SOME, encoding="utf-8")
    job = create_job(workspace, "picking.yaml", params={}, folder=folder).id
    host.program.post(f"/api/v1/jobs/{job}/runs", host.cue(job))
    host.wait(job, 1, "waiting")
    page = visitor.go("/inbox")
    expect(page.get_by_label("All goals")).to_be_checked()

    page.get_by_label("Low cost").check()
    page.get_by_label("Little land").check()
    expect(page.get_by_label("All goals")).not_to_be_checked()
    page.get_by_label("All goals").check()
    expect(page.get_by_label("Low cost")).not_to_be_checked()
    expect(page.get_by_label("Little land")).not_to_be_checked()
    page.get_by_label("Low cost").check()
    (question,) = host.program.api("/questions")["questions"]
    both = host.program.post(f"/api/v1/questions/{question['question_id']}/response", {"response": ["ALL", "cost"]})
    assert (both.status, both.json["code"]) == (422, "invalid_answer")
    page.get_by_role("button", name="Answer", exact=True).click()

    expect(page.locator("#inbox .empty")).to_be_visible()
    host.wait(job, 1)
    assert host.program.api(f"/jobs/{job}/decisions")["decisions"][0]["response"] == ["cost"]
