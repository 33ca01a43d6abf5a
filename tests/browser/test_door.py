"""The way in and out: a token typed into the form opens the pages, links of other pages lead to them, and one signs out."""

import json

from playwright.sync_api import Browser, Page, Route, expect

from oncue.control.workspace import Workspace
from oncue.core.model import JobId
from tests.browser.conftest import Visitor
from tests.support.chromium import PATIENCE_MS
from tests.web.hosting import Host

ELSEWHERE = "http://elsewhere.example/"


def test_a_token_is_entered_at_the_form_and_the_wanted_page_opens(chromium: Browser, host: Host, atlas: str) -> None:
    page = chromium.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{host.origin}/jobs/{atlas}/step?name=report")

    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.locator(".problem")).to_contain_text("the link that the terminal showed when this server was started")
    expect(page.get_by_label("Token")).to_be_focused()
    page.get_by_label("Token").fill("not this one")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("nobody has this token")
    page.get_by_label("Token").fill(host.token)
    page.get_by_role("button", name="Sign in").click()

    expect(page.locator("#step-name")).to_contain_text("report")
    assert page.url == f"{host.origin}/jobs/{atlas}/step?name=report"
    page.close()


def test_a_token_in_the_address_of_a_page_does_not_stay_there(chromium: Browser, host: Host, atlas: str) -> None:
    page = chromium.new_page()
    page.set_default_timeout(PATIENCE_MS)

    page.goto(f"{host.origin}/jobs/{atlas}?token={host.token}")

    expect(page.locator("#job-head")).to_be_visible()
    assert page.url == f"{host.origin}/jobs/{atlas}"
    page.close()


def test_one_signs_out_beside_ones_name(visitor: Visitor, host: Host, atlas: str) -> None:
    page = visitor.go(f"/jobs/{atlas}")

    page.get_by_role("button", name="Sign out").click()

    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    visitor.shoot("signed out")
    assert page.request.get(f"{host.origin}/api/v1/me").status == 401
    # the page may hear that its socket was closed, and ask who it is, before the browser leaves it
    visitor.troubles[:] = [text for text in visitor.troubles if "401" not in text]


def open_elsewhere(page: Page, html: str) -> None:
    """A page of another site, with this in it."""

    def answer(route: Route) -> None:
        route.fulfill(content_type="text/html", body=f"<!doctype html><title>Elsewhere</title>{html}")

    page.route(f"{ELSEWHERE}**", answer)
    page.goto(ELSEWHERE)


def test_a_link_on_another_site_opens_the_page_of_who_is_signed_in(visitor: Visitor, host: Host, atlas: str) -> None:
    page = visitor.tab()
    open_elsewhere(page, f'<a href="{host.origin}/jobs/{atlas}">the job</a>')

    page.get_by_role("link", name="the job").click()

    expect(page.locator("#job-head h1")).to_contain_text("atlas")


def test_another_site_does_nothing_in_the_name_of_who_is_signed_in(
    visitor: Visitor, host: Host, workspace: Workspace, atlas: str
) -> None:
    page = visitor.tab()
    address = json.dumps(f"{host.origin}/jobs/{atlas}/stop")
    open_elsewhere(page, f"<form method=post action={address}><input name=reason value=evil><button>Win</button></form>")

    sent = page.evaluate(
        f"""async () => {{
          const fetched = await fetch({address}, {{method: "POST", mode: "no-cors", credentials: "include"}})
            .then((answer) => answer.type, () => "failed");
          const read = await fetch("{host.origin}/api/v1/me", {{credentials: "include"}}).then(() => "read", () => "failed");
          const socket = new WebSocket("ws://127.0.0.1:{host.port}/live?topic=jobs");
          const heard = await new Promise((tell) => {{
            socket.onopen = () => tell("open");
            socket.onerror = () => tell("refused");
          }});
          return [fetched, read, heard];
        }}"""
    )
    with page.expect_response("**/stop") as posted:
        page.get_by_role("button", name="Win").click()

    assert sent[1:] == ["failed", "refused"]
    assert posted.value.status == 403
    with workspace.store.read() as reader:
        job = reader.load_job(JobId(atlas))
    assert job is not None
    assert job.stopped_at is None
