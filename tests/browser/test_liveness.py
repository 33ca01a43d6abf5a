"""Pages keep up with what happens, without moving under the reader; after a lost connection and with large fan-outs, too."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from oncue.control import membership
from oncue.control.jobs import create_job
from oncue.control.workspace import Workspace
from oncue.core.events import EventDraft, EventType
from oncue.core.model import JobId, StepId
from oncue.core.people import Role
from tests.browser.conftest import Visitor, freeze, visiting
from tests.browser.flows import WIDE
from tests.web.hosting import Host, hosted

FIRST_PAGE_BYTES = 60_000
SHIFT = """() => {
  window.shifts = [];
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) if (!one.hadRecentInput) window.shifts.push(one.value);
  }).observe({type: "layout-shift", buffered: true});
}"""


AWAY = "Object.defineProperty(document, 'hidden', {get: () => Boolean(window.isAway), configurable: true})"
LEAVE = "isAway => { window.isAway = isAway; document.dispatchEvent(new Event('visibilitychange')); }"
FOLDS = """() => {
  window.folds = 0;
  new MutationObserver(() => {
    if (!document.querySelector(".instances")) window.folds += 1;
  }).observe(document.querySelector("#job"), {subtree: true, childList: true});
}"""


def test_the_first_page_is_light(chromium: Browser, atlas: str, host: Host) -> None:
    """The job is older than the server: it tells the page nothing that is fetched as well."""
    with visiting(chromium, host) as visitor:
        session = visitor.context.new_cdp_session(visitor.page)
        session.send("Network.enable")
        session.send("Network.setCacheDisabled", {"cacheDisabled": True})
        sizes: list[float] = []
        session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))

        visitor.go(f"/jobs/{atlas}")

        assert 0 < sum(sizes) < FIRST_PAGE_BYTES, sizes


def test_nothing_moves_while_a_run_goes_on(visitor: Visitor, host: Host, atlas: str) -> None:
    host.run(atlas)
    page = visitor.go(f"/jobs/{atlas}")
    page.evaluate(SHIFT)

    host.run(atlas)
    expect(page.locator("#job-head .facts")).to_contain_text("run 2 succeeded")

    assert sum(page.evaluate("window.shifts")) < 0.01


def test_a_page_says_that_it_is_disconnected_and_recovers_by_itself(visitor: Visitor, host: Host, atlas: str) -> None:
    is_cut = False
    open_sockets: list[WebSocketRoute] = []

    def pass_on(socket: WebSocketRoute) -> None:
        if is_cut:
            socket.close()
        else:
            socket.connect_to_server()
            open_sockets.append(socket)

    visitor.page.route_web_socket("**/live**", pass_on)
    page = visitor.go(f"/jobs/{atlas}")
    expect(page.locator(".offline")).to_be_hidden()

    is_cut = True
    open_sockets[0].close()
    expect(page.locator(".offline")).to_be_visible()
    expect(page.locator(".wire")).to_have_text("offline")
    visitor.shoot("disconnected")
    host.run(atlas)
    expect(page.locator("#step-report .state")).to_have_text("missing")
    is_cut = False

    expect(page.locator(".offline")).to_be_hidden()
    expect(page.locator("#step-report .state")).to_have_text("fresh")


def test_a_page_says_that_access_has_ended_and_leads_to_the_door(chromium: Browser, workspace: Workspace, atlas: str) -> None:
    membership.add_person(workspace, "grace", Role.VIEWER, actor="ada", secret="grace-token")
    with (
        hosted(workspace) as host,
        visiting(chromium, replace(host, token="grace-token")) as visitor,
    ):
        page = visitor.go(f"/jobs/{atlas}")

        membership.remove_person(workspace, "grace")
        host.run(atlas)

        expect(page.locator(".offline")).to_have_text("Your access has ended. Sign in")
        visitor.shoot("access ended")
        page.locator(".offline").get_by_role("link", name="Sign in").click()
        expect(page.get_by_label("Token")).to_be_visible()


def test_what_a_page_says_of_being_disconnected_is_above_dialogs(visitor: Visitor, atlas: str) -> None:
    open_sockets: list[WebSocketRoute] = []

    def pass_on(socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        open_sockets.append(socket)

    visitor.page.route_web_socket("**/live**", pass_on)
    freeze(visitor.page, "**/api/v1/me")  # without an answer to this, it does not try again
    page = visitor.go(f"/jobs/{atlas}")
    page.click("#run")
    expect(page.locator("#plan h2")).to_be_visible()

    open_sockets[0].close()

    expect(page.locator(".offline:popover-open")).to_be_visible()
    banner, start = (page.locator(one).bounding_box() for one in (".offline", "#plan [data-start]"))
    assert banner
    assert start
    assert banner["x"] + banner["width"] < start["x"]
    visitor.shoot("disconnected panel")


@pytest.fixture
def wide(workspace: Workspace, folder: Path, host: Host) -> str:
    """A job with a fan-out of 2,000 instances, run once."""
    (folder / "wide_flow.py").write_text(WIDE, encoding="utf-8")
    job = create_job(workspace, "wide_flow:wide", params={"count": 2_000}, folder=folder).id
    host.run(job)
    return job


def test_a_fan_out_of_two_thousand_stays_usable(visitor: Visitor, wide: str) -> None:
    page = visitor.go(f"/jobs/{wide}")
    expect(page.locator("#step-each .meta")).to_contain_text("2000 fresh")
    page.get_by_role("button", name="Show 2000").click()
    expect(page.locator(".instances li")).to_have_count(20)
    page.get_by_label("Search the instances of each").fill("1999")
    expect(page.locator(".instances li")).to_have_count(1)
    expect(page.locator(".instances li a")).to_have_text("1999")
    visitor.shoot("wide fan out")

    assert page.evaluate("document.querySelectorAll('*').length") < 400


def test_what_is_unfolded_and_looked_for_stays_so_while_events_stream_in(
    visitor: Visitor, workspace: Workspace, wide: str
) -> None:
    happening = EventDraft(
        type=EventType.STEP_PROGRESS, run=1, step=StepId("each"), data={"done": 1, "total": 2, "message": ""}
    )
    page = visitor.go(f"/jobs/{wide}")

    with repeating(lambda: workspace.store.write(lambda tx: tx.append_events(JobId(wide), [happening], workspace.clock.now()))):
        hear_answers(page, wide)  # by now the page always waits for one
        page.get_by_role("button", name="Show 2000").click()
        expect(page.locator(".instances li")).to_have_count(20)
        page.evaluate(FOLDS)
        page.get_by_label("Search the instances of each").fill("199")
        expect(page.locator(".instances li")).to_have_count(12)
        page.get_by_label("Search the instances of each").fill("1999")
        expect(page.locator(".instances li")).to_have_count(1)
        hear_answers(page, wide)

    expect(page.locator(".instances li")).to_have_count(1)
    assert page.evaluate("window.folds") == 0


def hear_answers(page: Page, job: str) -> None:
    """Wait until the page got its part of a job again and again."""
    for _ in range(10):
        with page.expect_response(f"**/parts/jobs/{job}*"):
            pass


@contextmanager
def repeating(act: Callable[[], object]) -> Iterator[None]:
    """Do something about thirty times a second until the block ends."""
    is_over = Event()

    def repeat() -> None:
        while not is_over.wait(0.03):
            act()

    thread = Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def test_a_page_that_nobody_sees_asks_for_nothing_and_is_up_to_date_when_somebody_looks(
    atlas: str, visitor: Visitor, host: Host, folder: Path
) -> None:
    """The job is older than the server. What the header asks for goes on, and shows that the page was notified."""
    (folder / "ask.txt").write_text("600", encoding="utf-8")
    visitor.page.add_init_script(AWAY)
    page = visitor.go(f"/jobs/{atlas}")
    page.evaluate(LEAVE, True)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    with page.expect_request("**/parts/frame"):
        host.program.post(f"/api/v1/jobs/{atlas}/runs", host.cue(atlas))
    host.wait(atlas, 1, "waiting")
    (question,) = host.program.api("/questions")["questions"]
    with page.expect_request("**/parts/frame"):
        host.program.post(f"/api/v1/questions/{question['question_id']}/response", {"response": ["land"]})
    host.wait(atlas, 1)
    while_away = [url for url in asked if "/parts/jobs/" in url]
    page.evaluate(LEAVE, False)

    expect(page.locator("#step-report .state")).to_have_text("fresh")
    assert while_away == []


def test_signing_out_ends_the_other_tabs_of_the_session_even_under_an_open_panel(visitor: Visitor, atlas: str) -> None:
    page = visitor.go(f"/jobs/{atlas}")
    page.click("#run")
    expect(page.locator("#plan h2")).to_be_visible()
    other = visitor.tab()
    other.goto(f"{visitor.host.origin}/inbox")

    other.get_by_role("button", name="Sign out").click()

    expect(page.locator(".offline")).to_have_text("Your access has ended. Sign in")
    page.locator(".offline").get_by_role("link", name="Sign in").click()
    expect(page.get_by_label("Token")).to_be_visible()
    visitor.troubles.clear()  # the browser reports the refusals


def test_a_run_that_nobody_may_start_any_more_leads_to_the_door(visitor: Visitor, atlas: str) -> None:
    page = visitor.go(f"/jobs/{atlas}")
    page.click("#run")
    expect(page.locator("#plan [data-start]")).to_be_enabled()
    visitor.context.clear_cookies()

    page.click("#plan [data-start]")

    expect(page.locator(".offline")).to_have_text("Your access has ended. Sign in")
    expect(page.locator("dialog[open]")).to_have_count(0)
    visitor.troubles.clear()


def test_what_is_unfolded_stands_in_the_address_and_what_was_seen_does_not(visitor: Visitor, wide: str) -> None:
    page = visitor.go(f"/jobs/{wide}?seen=nothing")
    page.get_by_role("button", name="Show 2000").click()
    expect(page.locator(".instances li")).to_have_count(20)
    page.get_by_role("button", name="Next").click()
    expect(page.locator(".instances .pager")).to_contain_text("2 of")
    address = page.url

    page.reload()

    assert "unfold=each" in address
    assert "page=2" in address
    assert "seen" not in address
    expect(page.locator(".instances .pager")).to_contain_text("2 of")
    page.get_by_role("button", name="Fold").click()
    expect(page).to_have_url(f"{visitor.host.origin}/jobs/{wide}")
