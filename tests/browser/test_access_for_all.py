"""The pages are usable by everybody: nothing that axe objects to, in both themes and sizes, and all of it by keyboard."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from oncue import wiring
from oncue.control.jobs import create_job
from tests.browser.conftest import Visitor, visiting
from tests.browser.flows import ATLAS
from tests.web.hosting import Host, hosted

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
PAGES = {
    "jobs": "/",
    "inbox": "/inbox",
    "board": "/jobs/{job}",
    "unfolded": "/jobs/{job}?unfold=finding",
    "graph": "/jobs/{job}/graph",
    "timeline": "/jobs/{job}/timeline?run=1",
    "runs": "/jobs/{job}/runs",
    "run": "/jobs/{job}/runs/2",
    "comparison": "/jobs/{job}/compare?run=1&run=2",
    "decisions": "/jobs/{job}/decisions",
    "results": "/jobs/{job}/results",
    "step": "/jobs/{job}/step?name=report",
    "files": "/jobs/{job}/step?name=catalogue",
    "fan out": "/jobs/{job}/step?name=finding",
    "nothing": "/jobs/nosuchjob1",
    "door": "/signin",
}


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Host, str]]:
    """A job with a decision, a comment, stale outputs, and a run that waits for an answer."""
    folder = tmp_path_factory.mktemp("lived")
    (folder / "atlas_seen.py").write_text(ATLAS, encoding="utf-8")
    (folder / "ask.txt").write_text("0.2", encoding="utf-8")
    workspace = wiring.open_workspace(folder / ".oncue", create=True, synchronous="NORMAL")
    job = create_job(workspace, "atlas_seen:atlas", params={}, folder=folder).id
    with hosted(workspace) as host:
        host.run(job)
        host.run(job, scope="only", steps=["finding"], params={"region": "us"}, rerun_comment="mind the clouds")
        (folder / "ask.txt").write_text("86400", encoding="utf-8")
        order = {"scope": "only", "steps": ["goals"]}
        host.program.post(f"/api/v1/jobs/{job}/runs", {**order, **host.cue(job, **order)})
        host.wait(job, 3, "waiting")
        yield host, job
    workspace.store.close()


def violations(page: Page) -> list[str]:
    """What axe finds, as rule and place."""
    page.add_script_tag(path=AXE)
    found: dict[str, Any] = json.loads(page.evaluate("axe.run({resultTypes: ['violations']}).then(JSON.stringify)"))
    return [
        f"{rule['id']} ({rule['impact']}): {node['target']} {node.get('failureSummary', '')[:300]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize(("size", "scheme"), [("wide", "light"), ("wide", "dark"), ("narrow", "light"), ("narrow", "dark")])
def test_no_page_violates_what_axe_knows(
    chromium: Browser, lived: tuple[Host, str], size: str, scheme: Literal["light", "dark"]
) -> None:
    host, job = lived
    with visiting(chromium, host, size=size, scheme=scheme, bypass_csp=True) as visitor:
        found: dict[str, list[str]] = {}
        for name, path in PAGES.items():
            visitor.page.goto(f"{host.origin}{path.format(job=job)}")
            found[name] = violations(visitor.page)
            visitor.shoot(f"page {name}")
            overflow = visitor.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert overflow == 0, f"{name} is wider than the window"
        visitor.page.goto(f"{host.origin}/jobs/{job}")
        visitor.page.click("#step-finding button:has-text('Rerun')")
        visitor.page.wait_for_selector("#plan h2")
        found["panel"] = violations(visitor.page)
        visitor.shoot("page panel")

    assert {name: problems for name, problems in found.items() if problems} == {}


def test_a_run_is_started_by_keyboard_alone(visitor: Visitor, host: Host, atlas: str) -> None:
    page = visitor.go("/")
    keys = page.keyboard

    keys.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    tab_to(page, f"a[href='/jobs/{atlas}']")
    keys.press("Enter")
    page.wait_for_url(f"**/jobs/{atlas}")
    tab_to(page, "#run")
    keys.press("Enter")
    expect(page.locator("[name=scope][value=all]")).to_be_focused()
    keys.press("Escape")
    expect(page.locator("#sheet")).to_be_hidden()
    expect(page.locator("#run")).to_be_focused()
    keys.press("Enter")
    expect(page.locator("[name=scope][value=all]")).to_be_focused()
    expect(page.locator("#plan [data-start]")).to_be_enabled()
    tab_to(page, "[data-start]")
    keys.press("Enter")

    expect(page.locator("#job-head .top .state")).to_have_text("completed")
    assert host.program.api(f"/jobs/{atlas}/runs/1")["status"] == "succeeded"


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is there, as a person without a mouse does."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.locator(f"{selector}:focus").count():
            return
    pytest.fail(f"the focus never came to {selector}")
