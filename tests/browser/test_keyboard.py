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
