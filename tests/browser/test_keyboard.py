"""Where the focus is after something happened: a person at the keyboard goes on where they were."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from oncue.control.jobs import create_job
from oncue.control.workspace import Workspace
from tests.browser.conftest import Visitor
from tests.browser.flows import WIDE
from tests.web.hosting import Host


@pytest.fixture
def wide(workspace: Workspace, folder: Path, host: Host) -> str:
    """A job with a fan-out of three pages, run once."""
    (folder / "wide_flow.py").write_text(WIDE, encoding="utf-8")
    job = create_job(workspace, "wide_flow:wide", params={"count": 45}, folder=folder).id
    host.run(job)
    return job


def test_enter_goes_on_paging_in_the_same_direction(visitor: Visitor, wide: str) -> None:
    page = visitor.go(f"/jobs/{wide}?unfold=each")
    pager = page.locator(".instances .pager")
    following = pager.get_by_role("button", name="Next")
    following.focus()

    page.keyboard.press("Enter")
    expect(pager).to_contain_text("2 of 3")
    expect(following).to_be_focused()
    page.keyboard.press("Enter")
    expect(pager).to_contain_text("3 of 3")
    expect(following).to_be_focused()
    page.keyboard.press("Enter")
    expect(pager).to_contain_text("3 of 3")
    pager.get_by_role("button", name="Back").press("Enter")
    expect(pager).to_contain_text("2 of 3")


def test_a_dialog_from_the_menu_gives_the_focus_back_to_it(visitor: Visitor, atlas: str) -> None:
    page = visitor.go(f"/jobs/{atlas}")
    menu, summary = page.locator("details.menu"), page.locator("details.menu summary")

    summary.press("Enter")
    page.get_by_role("button", name="Stop the job").press("Enter")
    expect(page.locator("#ask")).to_be_visible()
    expect(menu).not_to_have_attribute("open", "")
    page.keyboard.press("Escape")

    expect(page.locator("#ask")).to_be_hidden()
    expect(summary).to_be_focused()


def test_the_menu_closes_when_one_leaves_it_or_chose_something(visitor: Visitor, host: Host, atlas: str) -> None:
    host.run(atlas)
    page = visitor.go(f"/jobs/{atlas}")
    menu, summary = page.locator("details.menu"), page.locator("details.menu summary")

    summary.press("Enter")
    for _ in range(3):
        page.keyboard.press("Tab")
        expect(menu).to_have_attribute("open", "")
    page.keyboard.press("Tab")
    expect(page.locator("#run")).to_be_focused()
    expect(menu).not_to_have_attribute("open", "")

    summary.click()
    with page.expect_download():
        page.get_by_role("link", name="Export everything").first.click()
    expect(menu).not_to_have_attribute("open", "")

    summary.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(menu).not_to_have_attribute("open", "")
    expect(summary).to_be_focused()


@pytest.fixture
def two_asking(workspace: Workspace, host: Host, atlas: str, folder: Path) -> list[str]:
    """Two jobs whose runs wait for an answer, the earlier question first."""
    (folder / "ask.txt").write_text("600", encoding="utf-8")
    jobs = [atlas, create_job(workspace, "atlas_flow:atlas", params={}, folder=folder).id]
    for job in jobs:
        assert host.program.post(f"/api/v1/jobs/{job}/runs", host.cue(job)).status == 201
        host.wait(job, 1, "waiting")
    return jobs


def test_after_an_answer_the_next_question_is_the_next_thing_at_the_keyboard(visitor: Visitor, two_asking: list[str]) -> None:
    page = visitor.go("/inbox")
    page.locator(".question").first.get_by_role("button", name="Answer").press("Enter")

    expect(page.locator(".question")).to_have_count(1)
    expect(page.locator("#inbox")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator(".question header a").first).to_be_focused()
    expect(page.locator(".question header a").first).to_have_text(two_asking[1])


def test_after_an_answer_in_the_dialog_the_focus_is_where_it_was_opened(visitor: Visitor, two_asking: list[str]) -> None:
    page = visitor.go(f"/jobs/{two_asking[1]}/runs")
    opener = page.locator("#inbox-link button")
    opener.press("Enter")
    page.locator("#ask").get_by_role("button", name="Answer").press("Enter")
    expect(page.locator("#ask")).to_be_hidden()
    expect(page.locator("#inbox-link .badge")).to_have_text("1")
    expect(opener).to_be_focused()

    opener.press("Enter")
    page.locator("#ask").get_by_role("button", name="Answer").press("Enter")

    expect(page.locator("#inbox-link .badge")).to_have_count(0)
    expect(page.locator("#inbox-link")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(page.locator(".bar nav a").first).to_be_focused()
