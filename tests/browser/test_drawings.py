"""The graph and the timeline: drawn on the server, and kept up to date."""

from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.web.hosting import Host


def test_the_graph_shows_every_step_with_its_state(visitor: Visitor, host: Host, atlas: str) -> None:
    page = visitor.go(f"/jobs/{atlas}/graph")
    expect(page.locator("#node-report .word")).to_have_text("missing")
    assert page.locator(".edge").count() == 8

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
