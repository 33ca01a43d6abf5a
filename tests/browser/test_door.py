"""The way in: a token typed into the form opens the pages."""

from playwright.sync_api import Browser, expect

from tests.support.chromium import PATIENCE_MS
from tests.web.hosting import Host


def test_a_token_is_entered_at_the_form(chromium: Browser, host: Host) -> None:
    page = chromium.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{host.origin}/signin")

    page.get_by_label("Token").fill("not this one")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".problem")).to_contain_text("nobody has this token")
    page.get_by_label("Token").fill(host.token)
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("heading", name="Jobs")).to_be_visible()
    page.close()
