"""The graph and the timeline: drawn on the server, and kept up to date."""

import re
from pathlib import Path

from playwright.sync_api import expect

from oncue.control.jobs import create_job
from oncue.control.workspace import Workspace
from tests.browser.conftest import Visitor
from tests.browser.flows import WIDE
from tests.web.hosting import Host


def test_the_graph_shows_every_step_with_its_state(visitor: Visitor, host: Host, atlas: str) -> None:
    page = visitor.go(f"/jobs/{atlas}/graph")
    expect(page.locator("#node-report .word")).to_have_text("missing")
    assert page.locator(".edge[marker-end]").count() == 8

    host.run(atlas)

    expect(page.locator("#node-report .word")).to_have_text("fresh")
    expect(page.locator("#node-finding .word")).to_have_text("fresh · 6 of 6")
    visitor.shoot("graph")
    page.locator("#node-report").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#step-name")).to_contain_text("report")


def test_the_timeline_shows_every_attempt(visitor: Visitor, host: Host, atlas: str) -> None:
    page = visitor.go(f"/jobs/{atlas}/timeline")
    expect(page.locator("#timeline .empty")).to_be_visible()

    host.run(atlas)

    expect(page.locator(".span")).to_have_count(11)
    expect(page.locator(".span[data-state=succeeded]")).to_have_count(11)
    visitor.shoot("timeline")


def test_a_wide_fan_out_is_one_row_and_what_follows_it_is_there(
    visitor: Visitor, workspace: Workspace, host: Host, folder: Path
) -> None:
    (folder / "wide_flow.py").write_text(WIDE, encoding="utf-8")
    job = create_job(workspace, "wide_flow:wide", params={"count": 400}, folder=folder).id
    host.run(job)
    page = visitor.go(f"/jobs/{job}/timeline")

    expect(page.locator("#timeline svg > text:not(.axis)")).to_have_text(
        [re.compile("^parts"), re.compile("^each × 400"), re.compile("^total")]
    )
    assert page.locator(".axis").count() >= 3
    visitor.shoot("timeline of a wide fan-out")
