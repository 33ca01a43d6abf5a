"""The pages of ``oncue serve`` in a real browser: see, run, steer and answer, as the shipped command serves them."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, Request, expect

from tests.acceptance.shipped import Shell
from tests.browser.flows import ATLAS
from tests.support.chromium import PATIENCE_MS, open_chromium
from tests.support.processes import PATIENCE_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A person at a browser, and the command beside it; ``posts`` are the paths that the pages posted to."""

    shell: Shell
    page: Page
    origin: str
    posts: list[str]

    def go(self, path: str) -> Page:
        """Open a page that hears of changes."""
        self.page.goto(self.origin + path)
        expect(self.page.locator("#wire-word")).to_have_text("live")
        return self.page

    def run(self) -> None:
        """Press Run in the open panel."""
        self.page.locator("#plan [data-start]").click()

    def runs(self, job: str) -> int:
        """How many runs a job has, by the command."""
        return len(self.shell.get("job", "history", job)["runs"])


@pytest.fixture
def desk(shell: Shell) -> Iterator[Desk]:
    shell.write("atlas_flow.py", ATLAS)
    shell.write("ask.txt", "600")
    shell.create("atlas_flow:atlas")
    server = shell.start("serve", "--port", "0", "--no-open")
    try:
        assert server.stdout is not None
        url = next(found.group() for line in server.stdout if (found := re.search(r"http://\S+", line)))
        with open_chromium() as browser:
            page = browser.new_page()
            page.set_default_timeout(PATIENCE_MS)
            posts: list[str] = []

            def note(request: Request) -> None:
                if request.method != "GET":
                    posts.append(request.url.split("/", 3)[3])

            page.on("request", note)
            page.goto(url)
            yield Desk(shell=shell, page=page, origin=url.split("/?")[0], posts=posts)
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=PATIENCE_SECONDS)


@pytest.fixture
def job(desk: Desk) -> str:
    """The job of the workspace, run once from its page; its question was answered there."""
    (entry,) = desk.shell.get("job", "list")["jobs"]
    name = str(entry["job_id"])
    page = desk.go(f"/jobs/{name}")
    page.click("#run")
    desk.run()
    page.locator(".question").get_by_label("Little land").check()
    page.locator(".question").get_by_role("button", name="Answer").click()
    expect(page.locator("#job-head .top .state")).to_have_text("completed")
    return name


@pytest.mark.proves("S0-1", "S0-2", "S0-20", "S2-4", "S2-29", "S2-30", "S2-31", "S2-40")
def test_a_step_is_rerun_with_a_comment_from_its_card(desk: Desk, job: str) -> None:
    page = desk.go(f"/jobs/{job}")
    button = page.locator("#step-finding").get_by_role("button", name="Rerun")
    assert "with a comment" in (button.get_attribute("title") or "")
    assert "again" in (page.locator(".phase header button").first.get_attribute("title") or "")

    button.click()
    expect(page.locator("#sheet")).to_be_visible()
    expect(page.locator("#comment")).to_be_focused()
    expect(page.locator("#comment-help")).to_contain_text("no passwords, keys or other secrets")
    expect(page.locator("#context option")).to_have_text(["as usual", "keep", "clean"])
    expect(page.locator("#context-help")).to_contain_text("Clean: nothing from before. As usual: keep, unless the step")
    page.fill("#comment", "mind the clouds")
    page.select_option("#context", "clean")
    page.check("[name=scope][value=only]")
    expect(page.locator("#plan h2")).to_contain_text("Run 2 would execute 6")
    assert desk.runs(job) == 1
    desk.run()

    expect(page.locator("#job-head .facts")).to_contain_text("run 2 succeeded")
    expect(page.locator("#step-report .state")).to_have_text("stale")
    expect(page.locator("#step-report .why")).to_contain_text("the output of finding changed")
    desk.go(f"/jobs/{job}/runs/2")
    expect(page.locator(".comment")).to_have_text("mind the clouds")
    desk.go(f"/jobs/{job}/step?name=finding%5Bsolar%5D")
    expect(page.locator(".aside")).to_contain_text("mind the clouds")
    desk.go(f"/jobs/{job}/timeline")
    expect(page.locator(".span")).to_have_count(6)
    assert desk.shell.get("job", "history", job)["runs"][1]["comment"]["text"] == "mind the clouds"


@pytest.mark.proves("S1-18", "S1-19", "S1-62")
def test_only_the_run_button_starts_anything(desk: Desk, job: str) -> None:
    for path in ("", "/graph", "/timeline", "/runs", "/runs/1", "/decisions", "/results", "/step?name=report"):
        page = desk.go(f"/jobs/{job}{path}")
        for number in range(page.locator("main button:visible").count()):
            page.locator("main button:visible").nth(number).click()
            page.keyboard.press("Escape")
            desk.go(f"/jobs/{job}{path}")
    assert desk.runs(job) == 1
    assert [path for path in desk.posts if path.endswith("/runs")] == [f"api/v1/jobs/{job}/runs"]

    page = desk.go(f"/jobs/{job}")
    page.click("#run")
    page.check("[name=scope][value=only]")
    expect(page.locator("#plan .blocker[data-code=invalid_fields]")).to_be_visible()
    expect(page.locator("#plan [data-start]")).to_be_disabled()
    page.check(".chip [value=report]")
    expect(page.locator("#plan [data-start]")).to_be_enabled()
    desk.run()

    expect(page.locator("#job-head .facts")).to_contain_text("run 2 succeeded")
    assert desk.runs(job) == 2
    assert len([path for path in desk.posts if path.endswith("/runs")]) == 2


@pytest.mark.proves("S2-32")
def test_a_stale_report_is_marked_until_a_new_one_is_made(desk: Desk, job: str) -> None:
    desk.page.click("#step-finding button:has-text('Rerun')")
    desk.page.check("[name=scope][value=only]")
    desk.page.fill("#param-region", "us")
    desk.page.fill("#comment", "mind the clouds")
    expect(desk.page.locator("#plan h2")).to_contain_text("Run 2")
    desk.run()
    expect(desk.page.locator("#job-head .facts")).to_contain_text("run 2 succeeded")

    page = desk.go(f"/jobs/{job}/results")
    expect(page.locator("#result-1")).to_contain_text("Out of date")
    expect(page.locator("#result-1 .prose h1")).to_have_text("Energy in eu")
    page.get_by_role("button", name="Bring it up to date").click()
    page.select_option("#answers", "reuse")
    expect(page.locator("#plan [data-start]")).to_be_enabled()
    desk.run()
    desk.page.wait_for_url(f"**/jobs/{job}")
    page.locator(".question").get_by_role("button", name="Answer").click()
    expect(desk.page.locator("#job-head .facts")).to_contain_text("run 3 succeeded")

    page = desk.go(f"/jobs/{job}/results")
    expect(page.locator("#result-1 .prose h1")).to_have_text("Energy in us")
    expect(page.locator("#result-1")).not_to_contain_text("Out of date")


@pytest.mark.proves("S3-12", "S3-13", "S3-14", "S3-15", "S3-22", "S3-23", "S3-24")
def test_decisions_are_shown_filtered_and_replayed(desk: Desk, job: str) -> None:
    page = desk.go(f"/jobs/{job}/decisions")
    row = page.locator("#decisions tbody tr").first
    expect(page.get_by_role("heading", name="User Decisions")).to_be_visible()
    expect(row).to_contain_text("Responded")
    expect(row).to_contain_text("cost (Low cost), land (Little land)")
    expect(page.locator("#decisions .sub")).to_contain_text("Which goals shall the atlas of eu serve?")
    page.get_by_label("Type").select_option("goals")
    expect(page.locator("#decisions tbody tr[id]")).to_have_count(1)

    page.locator("#decisions").get_by_role("button", name="Replay with Same Prompts").click()
    expect(page.locator("#ask dd")).to_have_text("cost (Low cost), land (Little land)")
    page.get_by_role("button", name="Make the job").click()
    expect(page.locator("#answers")).to_have_value("reuse")
    made = page.url.split("/jobs/")[1].split("?")[0]
    assert desk.runs(made) == 0
    desk.go(f"/jobs/{made}/decisions")
    expect(page.locator("#decisions .empty")).to_contain_text("when a step asks a person something")
    page.locator("#decisions").get_by_role("button", name="Replay with Same Prompts").click()
    expect(page.locator("#ask")).to_contain_text("nothing to replay. Nothing was started.")
    desk.go(f"/jobs/{made}?panel=open")
    desk.run()

    expect(page.locator("#job-head .top .state")).to_have_text("completed")
    (decision,) = desk.shell.get("job", "decisions", made)["decisions"]
    assert (decision["how"], decision["response"]) == ("reused", ["cost", "land"])


@pytest.mark.proves("S3-13")
def test_a_question_nobody_answered_is_told_as_timed_out(desk: Desk) -> None:
    desk.shell.write("ask.txt", "0.3")
    (entry,) = desk.shell.get("job", "list")["jobs"]
    page = desk.go(f"/jobs/{entry['job_id']}")
    page.click("#run")
    desk.run()
    expect(page.locator("#job-head .top .state")).to_have_text("completed")

    desk.go(f"/jobs/{entry['job_id']}/decisions")

    expect(page.locator("#decisions tbody tr").first).to_contain_text("Timed Out")
    expect(page.locator("#decisions .sub")).to_contain_text("nobody answered within 0.3 s")
