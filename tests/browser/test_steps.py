"""The page of a step: what came out, from what, and what a person may do about it."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from oncue.control.jobs import create_job
from oncue.control.workspace import Workspace
from tests.browser.conftest import Visitor
from tests.browser.flows import PRINTING
from tests.web.hosting import Host


@pytest.fixture
def stale(host: Host, atlas: str) -> str:
    """A job whose report is stale."""
    host.run(atlas)
    host.run(atlas, scope="only", steps=["finding[solar]"], params={"region": "us"}, rerun_comment="mind the clouds")
    return atlas


def test_a_stale_report_stays_readable_and_says_why(visitor: Visitor, stale: str) -> None:
    page = visitor.go(f"/jobs/{stale}/step?name=report")

    expect(page.locator(".prose h1")).to_have_text("Energy in eu")
    expect(page.locator(".prose td").first).to_have_text("biogas")
    expect(page.locator(".output.is-stale")).to_contain_text("It no longer follows from its inputs")
    expect(page.locator(".aside .why").first).to_contain_text('region was "eu" and is "us"')
    visitor.shoot("step report")


def test_files_are_shown_and_downloaded(visitor: Visitor, stale: str) -> None:
    page = visitor.go(f"/jobs/{stale}/step?name=catalogue")

    image = page.locator("img[alt='chart.png']")
    expect(image).to_be_visible()
    expect(image).to_have_js_property("naturalWidth", 1)
    page.locator("figure", has_text="table.csv").locator("summary").click()
    expect(page.locator("figure", has_text="table.csv").locator("pre")).to_contain_text("Solar,7.3")
    with page.expect_download() as fetched:
        page.get_by_role("link", name="table.csv").click()
    assert fetched.value.path().read_text().startswith("name,share")
    page.get_by_role("button", name="log").click()
    expect(page.locator("#ask")).to_contain_text("6 sources in eu")
    visitor.shoot("step files")


def test_a_stale_output_is_accepted_with_a_reason(visitor: Visitor, stale: str) -> None:
    page = visitor.go(f"/jobs/{stale}/step?name=catalogue")

    page.get_by_role("button", name="Accept as it is").click()
    page.fill("#accept-reason", "the region does not matter here")
    visitor.shoot("accept")
    page.locator("#ask").get_by_role("button", name="Accept").click()

    expect(page.locator("#step .top .state")).to_have_text("accepted")
    expect(page.locator(".aside")).to_contain_text("ada accepted the output of run 1")


def test_the_comment_stands_in_the_history_of_its_step(visitor: Visitor, stale: str) -> None:
    page = visitor.go(f"/jobs/{stale}/step?name=finding%5Bsolar%5D")

    expect(page.locator(".prose")).to_contain_text("mind the clouds")
    expect(page.locator(".aside", has_text="Comments")).to_contain_text("“mind the clouds” run 2, ada")
    page.get_by_role("link", name="its output").last.click()
    expect(page.locator(".output")).to_contain_text("What run 1 made")
    expect(page.locator(".prose")).not_to_contain_text("mind the clouds")


def test_the_instances_of_a_fan_out_are_searched(visitor: Visitor, stale: str) -> None:
    page = visitor.go(f"/jobs/{stale}")
    page.locator("#step-finding").get_by_role("button", name="Show 6").click()
    expect(page.locator(".instances li")).to_have_count(6)

    page.get_by_label("Search the instances of finding").fill("th")

    expect(page.locator(".instances li")).to_have_count(1)
    expect(page.locator(".instances li a")).to_have_text("geothermal")
    expect(page.get_by_label("Search the instances of finding")).to_be_focused()
    visitor.shoot("board unfolded")


def test_what_is_said_of_a_step_reads_well(visitor: Visitor, host: Host, stale: str) -> None:
    accepted = {"reason": "typo only. "}
    assert host.program.post(f"/api/v1/jobs/{stale}/steps/report/accept", accepted).status == 200

    page = visitor.go(f"/jobs/{stale}/step?name=report")

    expect(page.locator(".aside")).to_contain_text("typo only; without that it would be stale")
    expect(page.locator(".aside")).to_contain_text("finding another by now")
    expect(page.locator("#trace")).to_be_hidden()
    page = visitor.go(f"/jobs/{stale}/step?name=goals")
    expect(page.locator("#step .top + p code")).to_have_text("ask.txt")
    page = visitor.go(f"/jobs/{stale}")
    expect(page.locator("#step-goals .name")).to_have_attribute("title", "Ask which goals count, where ask.txt is there.")


def test_what_a_shell_step_prints_is_its_output(visitor: Visitor, host: Host, workspace: Workspace, folder: Path) -> None:
    (folder / "printing.yaml").write_text(PRINTING, encoding="utf-8")
    job = create_job(workspace, "printing.yaml", params={}, folder=folder).id
    host.run(job)

    page = visitor.go(f"/jobs/{job}/step?name=greet")
    expect(page.locator(".output pre")).to_have_text("hello there")
    page = visitor.go(f"/jobs/{job}/step?name=several")
    expect(page.locator("figure", has_text="notes").locator("pre")).to_have_text("kept")
    expect(page.locator("figure", has_text="blob").locator("pre")).to_have_count(0)
    page = visitor.go(f"/jobs/{job}/results")
    expect(page.locator(".deliverable .prose h1")).to_have_text("A title")
    visitor.shoot("printed results")
