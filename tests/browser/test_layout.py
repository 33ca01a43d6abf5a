"""Where things stand on wide and on narrow screens."""

from pathlib import Path

from playwright.sync_api import Browser, Page

from oncue.control.jobs import create_job
from oncue.control.workspace import Workspace
from tests.browser.conftest import Visitor, visiting
from tests.web.hosting import Host
from tests.web.workflows import CHAIN

MEASURE = "(found, side) => found.map((one) => one.getBoundingClientRect()[side])"
ONE_PHASE = "name: solo\nsteps:\n  - {id: first, run: echo 1}\n  - {id: second, run: echo 2}\n"


def measure(page: Page, selector: str, side: str) -> list[float]:
    """What is visible of this: its ``width``, or where it stands as ``x``."""
    return list(page.locator(f"{selector}:visible").evaluate_all(MEASURE, side))


def test_a_single_phase_is_no_wider_than_people_read(visitor: Visitor, workspace: Workspace, host: Host, folder: Path) -> None:
    del host
    (folder / "solo.yaml").write_text(ONE_PHASE, encoding="utf-8")
    (folder / "chain.yaml").write_text(CHAIN, encoding="utf-8")
    solo, chain = (create_job(workspace, f"{name}.yaml", params={}, folder=folder).id for name in ("solo", "chain"))

    one = measure(visitor.go(f"/jobs/{solo}"), ".phase", "width")
    phases = measure(visitor.go(f"/jobs/{chain}"), ".phase", "width")

    assert len(one) == 1
    assert 400 < one[0] < 560
    assert sum(phases) > 1000


def test_two_runs_are_stacked_where_there_is_no_room_beside_each_other(chromium: Browser, host: Host, atlas: str) -> None:
    host.run(atlas)
    host.run(atlas, scope="only", steps=["finding"], params={"region": "us"})
    with visiting(chromium, host, size="narrow") as visitor:
        page = visitor.go(f"/jobs/{atlas}/compare?run=1&run=2")
        cells, places = (measure(page, ".versus td", side) for side in ("width", "x"))
        visitor.shoot("comparison")

        assert min(cells) > 300
        assert len(set(places)) == 1
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
        label = page.locator(".versus td").first
        assert label.evaluate("cell => getComputedStyle(cell, '::before').content") == '"run 1: "'


def test_counts_and_their_commas_stand_together_where_links_are_wide(chromium: Browser, host: Host, atlas: str) -> None:
    host.run(atlas)
    with visiting(chromium, host, size="narrow") as visitor:
        page = visitor.go(f"/jobs/{atlas}")
        count = page.locator("#step-finding .meta button").first

        assert count.evaluate("one => getComputedStyle(one).paddingRight") == "0px"
