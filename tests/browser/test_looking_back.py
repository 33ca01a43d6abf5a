"""Runs, decisions and results: what happened, who wanted it, and what came out."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor, press_run
from tests.web.hosting import Host


@pytest.fixture
def twice(host: Host, atlas: str) -> str:
    """A job that was run twice, the second time with a comment and another region."""
    host.run(atlas)
    host.run(atlas, scope="only", steps=["finding"], params={"region": "us"}, rerun_comment="mind the clouds")
    return atlas


@pytest.fixture
def decided(host: Host, atlas: str, folder: Path) -> str:
    """A job with one decision that timed out and one that a person made."""
    (folder / "ask.txt").write_text("0.2", encoding="utf-8")
    host.run(atlas)
    (folder / "ask.txt").write_text("600", encoding="utf-8")
    order = host.cue(atlas, scope="from", steps=["goals"])
    host.program.post(f"/api/v1/jobs/{atlas}/runs", {"scope": "from", "steps": ["goals"], **order})
    host.wait(atlas, 2, "waiting")
    question = host.program.api("/questions")["questions"][0]["question_id"]
    host.program.post(f"/api/v1/questions/{question}/response", {"response": ["jobs"]})
    host.wait(atlas, 2)
    return atlas


def test_the_runs_tell_who_started_them_from_where_and_why(visitor: Visitor, host: Host, twice: str) -> None:
    page = visitor.go(f"/jobs/{twice}/runs")

    expect(page.locator("#run-2")).to_contain_text("only finding")
    expect(page.locator("#run-2")).to_contain_text("ada")
    expect(page.locator("#run-2")).to_contain_text("integration test")
    expect(page.locator("#run-2 q")).to_have_text("mind the clouds")
    visitor.shoot("runs")
    host.run(twice)
    expect(page.locator("#run-3 .state")).to_have_text("succeeded")


def test_a_run_shows_its_comment_and_who_read_it(visitor: Visitor, twice: str) -> None:
    page = visitor.go(f"/jobs/{twice}/runs/2")

    expect(page.locator(".comment")).to_have_text("mind the clouds")
    expect(page.locator("#run-page")).to_contain_text("read by finding[biogas]")
    visitor.shoot("run")


def test_two_runs_stand_side_by_side(visitor: Visitor, twice: str) -> None:
    page = visitor.go(f"/jobs/{twice}/runs")
    page.get_by_role("button", name="Compare the two").click()

    expect(page.get_by_role("row", name="parameter region")).to_contain_text("eu")
    expect(page.get_by_role("row", name="parameter region").locator(".differs")).to_have_text(["eu", "us"])
    expect(page.get_by_role("row", name="comment").locator(".differs").last).to_have_text("mind the clouds")
    expect(page.get_by_role("row", name="finding[solar]").locator(".differs")).to_have_text(["of run 1", "of run 2"])
    expect(page.get_by_role("row", name="sources").locator(".differs")).to_have_count(0)
    visitor.shoot("comparison")


def test_deliverables_of_two_runs_are_read_side_by_side(visitor: Visitor, host: Host, twice: str) -> None:
    host.run(twice, scope="resume")
    page = visitor.go(f"/jobs/{twice}/compare?run=1&run=3")

    expect(page.locator("#differing-results h3")).to_have_text("Deliverables 1 differs")
    expect(page.locator("#differing-1 del").first).to_have_text("-# Energy in eu")
    expect(page.locator("#differing-1 ins").first).to_have_text("+# Energy in us")
    expect(page.locator("#differing-1")).not_to_contain_text("@@")
    page.locator("#differing-1").scroll_into_view_if_needed()
    visitor.shoot("comparison of deliverables")


def test_decisions_are_told_with_badges_and_filtered(visitor: Visitor, decided: str) -> None:
    page = visitor.go(f"/jobs/{decided}/decisions")
    rows = page.locator("#decisions tbody tr[id]")

    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("Timed Out")
    expect(page.locator("#decisions .sub").first).to_contain_text("nobody answered within 0.2 s")
    expect(rows.last).to_contain_text("Responded")
    expect(rows.last).to_contain_text("jobs (Many jobs)")
    visitor.shoot("decisions")
    page.get_by_label("How").select_option("person")
    expect(rows).to_have_count(1)
    page.get_by_label("How").select_option("")
    page.get_by_label("Type").select_option("goals")
    expect(rows).to_have_count(2)
    page.get_by_label("Search").fill("many")
    expect(rows).to_have_count(2)
    page.get_by_label("Search").fill("nobody would say this")
    expect(page.locator("#decisions")).to_contain_text("No decision fits.")


def test_a_job_without_decisions_explains_where_they_come_from(visitor: Visitor, atlas: str) -> None:
    page = visitor.go(f"/jobs/{atlas}/decisions")

    expect(page.locator("#decisions .empty")).to_contain_text("when a step asks a person something")
    page.get_by_role("button", name="Replay with Same Prompts").first.click()
    expect(page.locator("#ask")).to_contain_text("nothing to replay. Nothing was started.")


def test_decisions_are_replayed_in_a_new_job(visitor: Visitor, host: Host, decided: str) -> None:
    page = visitor.go(f"/jobs/{decided}/decisions")
    page.locator("#decisions").get_by_role("button", name="Replay with Same Prompts").click()
    expect(page.locator("#ask dd")).to_have_text("jobs (Many jobs)")
    visitor.shoot("replay preview")
    page.get_by_role("button", name="Make the job").click()

    expect(page.locator("#answers")).to_have_value("reuse")
    made = page.url.split("/jobs/")[1].split("?")[0]
    assert made != decided
    assert host.program.api(f"/jobs/{made}/runs")["runs"] == []
    page.click("#plan [data-start]")
    expect(page.locator("#job-head .top .state")).to_have_text("completed")
    (decision,) = host.program.api(f"/jobs/{made}/decisions")["decisions"]
    assert (decision["how"], decision["response"]) == ("reused", ["jobs"])
    assert host.program.api(f"/jobs/{made}/runs/1")["trigger"]["action"] == "replay_decisions"


def test_a_stale_deliverable_is_marked_and_brought_up_to_date(visitor: Visitor, host: Host, twice: str) -> None:
    page = visitor.go(f"/jobs/{twice}/results")
    expect(page.locator("#result-1 .is-stale, #result-1.is-stale").first).to_contain_text("Out of date")
    visitor.shoot("deliverables")

    page.get_by_role("button", name="Bring it up to date").click()
    press_run(page)
    host.wait(twice, 3)
    page = visitor.go(f"/jobs/{twice}/results")

    expect(page.locator("#result-1 .prose h1")).to_have_text("Energy in us")
    expect(page.locator("#result-1")).not_to_contain_text("Out of date")
    expect(page.locator("#result-1 ol li")).to_have_count(2)


def test_everything_is_exported_as_a_zip(visitor: Visitor, twice: str) -> None:
    page = visitor.go(f"/jobs/{twice}/results")

    with page.expect_download() as fetched:
        page.get_by_role("link", name="Export everything as ZIP").last.click()

    assert fetched.value.path().read_bytes().startswith(b"PK")


def test_cancelling_and_stopping_are_asked_first(visitor: Visitor, host: Host, atlas: str, folder: Path) -> None:
    (folder / "ask.txt").write_text("600", encoding="utf-8")
    host.program.post(f"/api/v1/jobs/{atlas}/runs", host.cue(atlas))
    host.wait(atlas, 1, "waiting")
    page = visitor.go(f"/jobs/{atlas}")
    page.get_by_role("button", name="Cancel run 1").click()
    visitor.shoot("cancel")
    page.get_by_role("button", name="Let it run").click()
    expect(page.locator("#ask")).to_be_hidden()
    page.get_by_role("button", name="Cancel run 1").click()
    page.locator("#ask").get_by_role("button", name="Cancel run 1").click()
    expect(page.locator("#job-head .top .state")).to_have_text("cancelled")

    page.get_by_text("More", exact=True).click()
    page.get_by_role("button", name="Stop the job").click()
    page.fill("#stop-reason", "no longer needed")
    page.locator("#ask").get_by_role("button", name="Stop the job").click()

    expect(page.locator("#job-head .top .state")).to_have_text("stopped")
    expect(page.locator("#run")).to_have_count(0)
