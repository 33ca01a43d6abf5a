"""What a person looks for is in the address: reloading, going back and sharing it show the same."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from oncue.control.jobs import create_job
from oncue.control.workspace import Workspace
from tests.browser.conftest import Visitor
from tests.web.hosting import Host


@pytest.fixture
def decided(host: Host, atlas: str, folder: Path) -> str:
    """A job with a decision that timed out."""
    (folder / "ask.txt").write_text("0.2", encoding="utf-8")
    host.run(atlas)
    return atlas


def test_the_jobs_that_are_looked_for_stay_after_reload_and_back(
    visitor: Visitor, workspace: Workspace, atlas: str, folder: Path
) -> None:
    other = create_job(workspace, "atlas_flow:atlas", params={"region": "far north"}, folder=folder).id
    page = visitor.go("/")
    rows = page.locator("#jobs tbody tr")
    expect(rows).to_have_count(2)

    page.get_by_label("Search").fill("far north")
    page.get_by_label("Sort").select_option("oldest")
    expect(rows).to_have_count(1)
    expect(page).to_have_url(re.compile(r"/jobs\?search=far\+north&order=oldest$"))
    page.reload()
    expect(rows).to_have_count(1)
    expect(page.get_by_label("Search")).to_have_value("far north")
    rows.locator("a.row").click()
    page.wait_for_url(f"**/jobs/{other}")
    page.go_back()

    expect(rows).to_have_count(1)
    expect(page.get_by_label("Search")).to_have_value("far north")
    expect(page.get_by_label("Sort")).to_have_value("oldest")
    assert atlas != other


def test_the_decisions_that_are_looked_for_can_be_shared(visitor: Visitor, decided: str) -> None:
    page = visitor.go(f"/jobs/{decided}/decisions")
    rows = page.locator("#decisions tbody tr[id]")
    expect(rows).to_have_count(1)

    page.get_by_label("How").select_option("person")
    expect(rows).to_have_count(0)
    expect(page).to_have_url(re.compile("/decisions\\?how=person$"))
    tab = visitor.tab()
    tab.goto(page.url)

    expect(tab.locator("#decisions")).to_contain_text("No decision fits.")
    expect(tab.get_by_label("How")).to_have_value("person")
