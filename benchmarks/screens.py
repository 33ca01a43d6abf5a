"""How soon a step that ended is seen to have ended: from its commit to its card on the screens of real browsers."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.browsing import Served, served
from benchmarks.figure import Figure
from benchmarks.flows import write_paced
from benchmarks.processes import ROOT, environment
from benchmarks.settings import Settings
from oncue import wiring
from oncue.control.jobs import create_job
from oncue.core.model import JobId

SEEN_LIMIT, STOP_LIMIT = 100.0, 3.0
SETTLING_SECONDS = 3.0
FOLLOWING = """
window.seen = {};
new MutationObserver(() => {
  for (const card of document.querySelectorAll('.step[data-state="fresh"]')) window.seen[card.id] ??= Date.now();
}).observe(document, {subtree: true, childList: true, attributes: true});
"""


def measure_screens(settings: Settings) -> Iterator[Figure]:
    """Run a job whose steps end one after the other: alone at it, and with other people's pages of the same job open."""
    with settings.scratch() as folder:
        jobs = _make_jobs(folder, steps=settings.watched_steps, count=3)
        with served(folder) as server, _chromium() as browser:
            for job_id, others in zip(jobs, (0, settings.clients - 1), strict=False):
                with _onlookers(server, job_id, count=others):
                    delays = _watch_run(server, job_id, page=_open_page(browser, server, job_id))
                name = f"commit to card, {others} others looking at the job"
                yield Figure(name=name, unit="ms", samples=tuple(delays), limit=SEEN_LIMIT)
            with _onlookers(server, jobs[-1], count=others, may_leave=True):
                _open_page(browser, server, jobs[-1])
                _start_run(server, jobs[-1])
                time.sleep(SETTLING_SECONDS)
                stop = server.stop()
            name = f"stop in the middle of a run, {others} others looking at it"
            yield Figure(name=name, unit="s", samples=(stop,), limit=STOP_LIMIT)


def _make_jobs(folder: Path, *, steps: int, count: int) -> list[JobId]:
    workspace = wiring.open_workspace(folder / ".oncue", create=True)
    try:
        reference = write_paced(folder, steps)
        return [create_job(workspace, reference, params={}, folder=folder).id for _ in range(count)]
    finally:
        workspace.store.close()


@contextmanager
def _chromium() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        raise RuntimeError("pages are measured in Chromium: make browser installs it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def _onlookers(server: Served, job_id: JobId, *, count: int, may_leave: bool = False) -> Iterator[None]:
    """As many pages of other people, whose browsers run on machines of their own."""
    command = [sys.executable, "-m", "benchmarks.onlookers", str(server.port), server.token, job_id, str(count)]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None, "it is a pipe"
        if process.stdout.readline() != "ready\n":
            raise RuntimeError("the other pages did not open")
        yield
        if process.poll() is not None and not may_leave:
            raise RuntimeError("the other pages went away")
    finally:
        process.kill()
        process.communicate()


def _open_page(browser: Browser, server: Served, job_id: JobId) -> Page:
    """A page that notes when each card is seen to be fresh."""
    page = browser.new_context().new_page()
    page.add_init_script(FOLLOWING)
    page.goto(f"http://127.0.0.1:{server.port}/?token={server.token}")
    page.goto(f"http://127.0.0.1:{server.port}/jobs/{job_id}")
    page.locator("#wire-word", has_text="live").wait_for()
    return page


def _watch_run(server: Served, job_id: JobId, *, page: Page) -> list[float]:
    """Milliseconds from the commit of each step to its card."""
    _start_run(server, job_id)
    ended = _wait_for_steps(server, job_id)
    time.sleep(SETTLING_SECONDS)
    seen: dict[str, float] = page.evaluate("window.seen")
    return [seen[f"step-{step}"] - at for step, at in ended.items()]


def _start_run(server: Served, job_id: JobId) -> None:
    plan = server.post(f"/api/v1/jobs/{job_id}/runs/preflight", {})
    cue = {"ui_trigger_id": str(uuid4()), "ui_trigger_source": "integration_test", "plan_digest": plan["plan"]["digest"]}
    server.post(f"/api/v1/jobs/{job_id}/runs", cue)


def _wait_for_steps(server: Served, job_id: JobId) -> dict[str, float]:
    """Step → when it ended, in milliseconds since 1970, once the run is over."""
    while True:
        events = json.loads(server.get(f"/api/v1/jobs/{job_id}/events?limit=500"))["events"]
        if any(event["type"] == "run_ended" for event in events):
            break
        time.sleep(0.5)
    return {
        event["step"]: 1000 * datetime.fromisoformat(event["at"]).timestamp()
        for event in events
        if event["type"] == "step_succeeded"
    }
