"""The instances of a fan-out, one by one: found by where they stand, chosen, and run again."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from oncue.control.jobs import create_job
from oncue.control.workspace import Workspace
from tests.browser.conftest import Visitor, press_run
from tests.browser.flows import WIDE
from tests.browser.test_running import request_of
from tests.web.hosting import Host


@pytest.fixture
def broken(host: Host, atlas: str, folder: Path) -> str:
    """A job in which one instance of six failed."""
    (folder / "broken.txt").write_text("hydro", encoding="utf-8")
    host.run(atlas)
    return atlas


def test_chosen_instances_of_a_fan_out_run_again_and_no_others(visitor: Visitor, host: Host, atlas: str) -> None:
    host.run(atlas)
    page = visitor.go(f"/jobs/{atlas}?unfold=finding")
    expect(page.get_by_role("button", name="Rerun chosen…")).to_be_hidden()

    page.get_by_label("Choose finding[wind]").check()
    page.get_by_label("Choose finding[solar]").check()
    visitor.shoot("instances chosen")
    page.get_by_role("button", name="Rerun chosen…").click()

    expect(page.locator("#comment")).to_be_focused()
    expect(page.locator("[name=scope][value=only]")).to_be_checked()
    chips = page.locator(".chip:has(:checked)")
    expect(chips).to_have_text(["finding[solar] fresh", "finding[wind] fresh"])
    expect(page.locator("#plan h2")).to_contain_text("execute 2")
    visitor.shoot("panel chosen instances")
    press_run(page)
    assert host.wait(atlas, 2)["executed"] == ["finding[solar]", "finding[wind]"]
    assert request_of(host, atlas, 2)["steps"] == ["finding[solar]", "finding[wind]"]


def test_an_instance_runs_again_from_its_row_and_its_chip_takes_it_out(visitor: Visitor, host: Host, atlas: str) -> None:
    host.run(atlas)
    page = visitor.go(f"/jobs/{atlas}/step?name=finding")

    page.get_by_role("button", name="Rerun finding[wind]").click()

    expect(page.locator("#plan h2")).to_contain_text("execute 1")
    expect(page.locator(".chip:has(:checked)")).to_have_text("finding[wind] fresh")
    page.locator(".chip:has(:checked)").click()
    expect(page.locator("#plan h2")).to_have_count(0)
    expect(page.locator("#plan [data-start]")).to_be_disabled()


def test_the_counts_of_a_card_lead_to_the_instances_in_that_state(visitor: Visitor, broken: str) -> None:
    page = visitor.go(f"/jobs/{broken}")

    page.locator("#step-finding .meta").get_by_role("button", name="1 failed").click()

    expect(page.locator(".instances li a")).to_have_text("hydro")
    expect(page.get_by_role("button", name="1 failed").last).to_have_attribute("aria-pressed", "true")
    visitor.shoot("instances failed")
    page.get_by_role("button", name="all 6").click()
    expect(page.locator(".instances li")).to_have_count(6)
    expect(page.locator(".instances li a").first).to_have_text("hydro")


def test_what_is_chosen_stays_chosen_while_the_board_follows_a_run(
    visitor: Visitor, host: Host, atlas: str, folder: Path
) -> None:
    host.run(atlas)
    page = visitor.go(f"/jobs/{atlas}?unfold=finding")
    page.get_by_label("Choose finding[wind]").check()

    (folder / "broken.txt").write_text("hydro", encoding="utf-8")
    host.run(atlas)

    expect(page.locator(".instances li a").first).to_have_text("hydro")
    assert page.locator("[name=step]:checked").evaluate_all("boxes => boxes.map((box) => box.value)") == ["finding[wind]"]


def test_who_may_not_run_chooses_nothing(visitor: Visitor, host: Host, broken: str) -> None:
    page = host.bearer("viewer-token").get(f"/jobs/{broken}?unfold=finding", {"Accept": "text/html"})

    assert "Rerun" not in page.text
    assert 'name="step"' not in page.text
    assert visitor.troubles == []


@pytest.mark.parametrize("path", ["?unfold=each", "/step?name=each"])
def test_what_is_chosen_stays_chosen_on_other_pages_and_in_searches(
    visitor: Visitor, workspace: Workspace, host: Host, folder: Path, path: str
) -> None:
    (folder / "wide_flow.py").write_text(WIDE, encoding="utf-8")
    job = create_job(workspace, "wide_flow:wide", params={"count": 120}, folder=folder).id
    host.run(job)
    page = visitor.go(f"/jobs/{job}{path}")

    page.get_by_label("Choose each[2]", exact=True).check()
    expect(page.get_by_text("1 chosen, on all pages")).to_be_visible()
    page.get_by_role("button", name="Next").click()
    page.locator(".instances li input").first.check()
    expect(page.get_by_text("2 chosen, on all pages")).to_be_visible()
    expect(page.locator(".pager")).to_contain_text("2 of")
    page.get_by_label("Search the instances of each").fill("120")
    expect(page.locator(".instances li")).to_have_count(1)
    page.get_by_label("Choose each[120]").check()
    expect(page.get_by_text("3 chosen, on all pages")).to_be_visible()
    page.get_by_label("Search the instances of each").fill("")
    expect(page.get_by_label("Choose each[2]", exact=True)).to_be_checked()
    visitor.shoot("instances chosen on pages")
    page.get_by_role("button", name="Rerun chosen…").click()

    expect(page.locator("#plan h2")).to_contain_text("execute 3")
    page.keyboard.press("Escape")
    page.get_by_label("Choose each[2]", exact=True).uncheck()
    expect(page.get_by_text("2 chosen, on all pages")).to_be_visible()
    page.get_by_role("link", name="choose none").click()
    expect(page.locator("[name=step]:is(:checked, [type=hidden])")).to_have_count(0)
