"""On paper: the report alone, whole, in the light, whatever the screen looks like."""

from typing import Literal

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import SHOTS, freeze, visiting
from tests.web.hosting import Host

LONG = "\n".join(f"{number} line" for number in range(200))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_deliverable_is_printed_without_what_is_for_screens(
    chromium: Browser, host: Host, atlas: str, scheme: Literal["light", "dark"]
) -> None:
    host.run(atlas)
    host.run(atlas, scope="only", steps=["finding"], params={"region": "us"})
    with visiting(chromium, host, scheme=scheme) as visitor:
        page = visitor.go(f"/jobs/{atlas}/results")
        expect(page.locator("#job-head .param").first).to_be_visible()

        page.emulate_media(media="print", color_scheme=scheme)

        for gone in (".bar", ".tabs", ".trail", "#run", ".menu", ".param", ".aside", "a.button", "button", "summary"):
            shown = [one for one in page.locator(gone).all() if one.is_visible()]
            assert shown == [], gone
        expect(page.get_by_text("Bring it up to date")).to_be_hidden()
        expect(page.get_by_text("Export everything as ZIP").last).to_be_hidden()
        expect(page.locator("h1").first).to_be_visible()
        expect(page.get_by_text("Out of date:")).to_be_visible()
        expect(page.locator(".prose h1")).to_have_text("Energy in eu")
        assert page.evaluate("getComputedStyle(document.querySelector('.prose')).color") == "rgb(27, 34, 32)"
        assert page.evaluate("getComputedStyle(document.querySelector('.note')).color") == "rgb(133, 84, 0)"
        assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgba(0, 0, 0, 0)"
        assert page.evaluate("getComputedStyle(document.querySelector('.prose h2')).breakAfter") == "avoid"
        assert page.evaluate("getComputedStyle(document.querySelector('.state'), '::before').printColorAdjust") == "exact"
        SHOTS.mkdir(exist_ok=True)
        page.pdf(path=SHOTS / f"printed-results-{scheme}.pdf", format="A4", prefer_css_page_size=True)
        assert visitor.troubles == []


def test_long_texts_and_folded_documents_are_printed_whole(chromium: Browser, host: Host, atlas: str) -> None:
    host.run(atlas)
    with visiting(chromium, host) as visitor:
        freeze(visitor.page)
        page = visitor.go(f"/jobs/{atlas}/step?name=catalogue")
        page.evaluate("text => document.querySelector('.log').textContent = text", LONG)
        page.emulate_media(media="print")

        box = page.evaluate("(({clientHeight, scrollHeight}) => [clientHeight, scrollHeight])(document.querySelector('.log'))")
        assert box[0] == box[1] > 1000
        page.evaluate(
            "document.querySelector('.file').insertAdjacentHTML('beforeend',"
            " '<details><summary>Show it</summary><div class=\\'prose\\' id=\\'folded\\'>a document</div></details>')"
        )
        expect(page.locator("#folded")).to_be_visible()
