"""Pages in passing moments are usable by everybody, too: a step while it runs, a question out of time, the door refusing."""

import os
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, expect

from oncue.control.jobs import create_job
from oncue.control.workspace import Workspace
from tests.browser.conftest import visiting
from tests.browser.flows import HELD
from tests.browser.test_access_for_all import violations
from tests.support.skippingclock import SkippingClock
from tests.web.hosting import Host


@pytest.mark.parametrize(("size", "scheme"), [("wide", "light"), ("wide", "dark"), ("narrow", "light"), ("narrow", "dark")])
def test_no_passing_moment_violates_what_axe_knows(
    chromium: Browser,
    host: Host,
    workspace: Workspace,
    clock: SkippingClock,
    folder: Path,
    atlas: str,
    size: str,
    scheme: Literal["light", "dark"],
) -> None:
    os.mkfifo(folder / "gate")
    (folder / "held.yaml").write_text(HELD, encoding="utf-8")
    (folder / "ask.txt").write_text("600", encoding="utf-8")
    held = create_job(workspace, "held.yaml", params={}, folder=folder).id
    found: dict[str, list[str]] = {}
    with visiting(chromium, host, size=size, scheme=scheme, bypass_csp=True) as visitor:
        page = visitor.go(f"/jobs/{atlas}")
        host.program.post(f"/api/v1/jobs/{atlas}/runs", host.cue(atlas))
        expect(page.locator(".question form")).to_be_visible()
        clock.skip(600)
        expect(page.locator(".question .outcome")).to_be_visible()
        expect(page.locator("#job-head .facts")).to_contain_text("succeeded")
        found["out of time"] = violations(page)
        visitor.shoot("moment out of time")

        page = visitor.go(f"/jobs/{atlas}/decisions")
        page.get_by_role("button", name="Answer anyway…").click()
        expect(page.locator("#ask .question")).to_be_visible()
        found["late answer"] = violations(page)
        visitor.shoot("moment late answer")

        host.program.post(f"/api/v1/jobs/{held}/runs", host.cue(held))
        page = visitor.go(f"/jobs/{held}/step?name=loud")
        expect(page.locator("#running pre")).to_contain_text("preparing")
        found["running"] = violations(page)
        visitor.shoot("moment running")
        (folder / "gate").write_text("", encoding="utf-8")
        expect(page.locator("#running pre")).to_contain_text("ready")
        (folder / "gate").write_text("", encoding="utf-8")
        host.wait(held, 1)

        page.get_by_role("button", name="Sign out").click()
        page.get_by_label("Token").fill("not this one")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_be_visible()
        found["door"] = violations(page)
        visitor.shoot("moment door")

    assert {name: problems for name, problems in found.items() if problems} == {}
