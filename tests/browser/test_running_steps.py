"""A step while it executes: since when, how far it is, and what it has written so far, without waiting for its end."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from oncue.control.jobs import create_job
from oncue.control.workspace import Workspace
from tests.browser.conftest import Visitor
from tests.browser.flows import HELD, SLOW
from tests.web.hosting import Host

_TIME = re.compile(r"for \d+:\d\d")


@pytest.fixture
def gate(folder: Path) -> Path:
    """A pipe: whoever reads it waits until the test writes."""
    os.mkfifo(folder / "gate")
    (folder / "slow_flow.py").write_text(SLOW, encoding="utf-8")
    (folder / "held.yaml").write_text(HELD, encoding="utf-8")
    return folder / "gate"


def start(host: Host, workspace: Workspace, source: str, folder: Path) -> str:
    job = create_job(workspace, source, params={}, folder=folder).id
    assert host.program.post(f"/api/v1/jobs/{job}/runs", host.cue(job)).status == 201
    host.wait(job, 1, "running")
    return job


def test_what_a_shell_step_prints_is_shown_while_it_runs(
    visitor: Visitor, host: Host, workspace: Workspace, folder: Path, gate: Path
) -> None:
    job = start(host, workspace, "held.yaml", folder)
    page = visitor.go(f"/jobs/{job}/step?name=loud")
    running = page.locator("#running")

    expect(running.locator("h3")).to_contain_text(_TIME)
    expect(running.locator("pre")).to_have_text("preparing")
    expect(page.locator(".output .empty")).to_have_count(0)
    gate.write_text("line\n" * 200, encoding="utf-8")
    expect(running.locator("pre")).to_have_text(re.compile(r"preparing\n(line\n)+ready"))
    tail = running.locator(".tail")
    assert tail.evaluate("one => one.scrollHeight > one.clientHeight && one.scrollTop === 0"), "it stands at its end"
    visitor.shoot("running step")
    tail.focus()
    for _ in range(2):  # the second is asked for when the first is shown
        with page.expect_response("**/running?*"):
            pass
    expect(tail).to_be_focused()
    gate.write_text("", encoding="utf-8")
    expect(running).to_have_count(0)
    expect(page.locator(".output pre")).to_contain_text("ready")


def test_a_step_that_wrote_nothing_yet_says_so(
    visitor: Visitor, host: Host, workspace: Workspace, folder: Path, gate: Path
) -> None:
    (folder / "quiet.yaml").write_text("name: quiet\nsteps:\n  - {id: quiet, run: cat gate}\n", encoding="utf-8")
    job = start(host, workspace, "quiet.yaml", folder)

    page = visitor.go(f"/jobs/{job}/step?name=quiet")

    expect(page.locator("#running")).to_contain_text("It has written nothing to its log so far")
    gate.write_text("", encoding="utf-8")
    host.wait(job, 1)


def test_what_a_step_logs_and_how_far_it_is_are_shown_while_it_runs(
    visitor: Visitor, host: Host, workspace: Workspace, folder: Path, gate: Path
) -> None:
    job = start(host, workspace, "slow_flow:slow", folder)
    page = visitor.go(f"/jobs/{job}/step?name=think")
    running = page.locator("#running")

    expect(running).to_contain_text("1 of 3 · sources read")
    expect(running.locator("pre")).to_contain_text("reading the first source")
    gate.write_text("", encoding="utf-8")
    expect(running.locator("pre")).to_contain_text("reading the second source")
    gate.write_text("", encoding="utf-8")
    expect(running).to_have_count(0)
    expect(page.locator(".output")).to_contain_text("done")


def test_a_step_that_waits_for_an_answer_says_so(visitor: Visitor, host: Host, atlas: str, folder: Path) -> None:
    (folder / "ask.txt").write_text("600", encoding="utf-8")
    host.program.post(f"/api/v1/jobs/{atlas}/runs", host.cue(atlas))
    host.wait(atlas, 1, "waiting")

    page = visitor.go(f"/jobs/{atlas}/step?name=goals")
    page.locator("#running").get_by_role("link", name="its question").click()

    expect(page.locator("#questions .question")).to_have_count(1)
