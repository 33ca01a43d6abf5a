"""A served workspace with jobs of the atlas in it, and a real Chromium that looks at it; screenshots are kept as output."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, ViewportSize

from oncue import wiring
from oncue.control.jobs import create_job
from oncue.control.workspace import Workspace
from oncue.core.people import Role
from oncue.web.access import Identity
from tests.browser.flows import ATLAS
from tests.support.chromium import PATIENCE_MS, close_context, open_chromium
from tests.support.skippingclock import SkippingClock
from tests.web.hosting import Host, hosted, only

SIZES: dict[str, ViewportSize] = {"wide": {"width": 1440, "height": 900}, "narrow": {"width": 390, "height": 844}}
SHOTS = Path(os.environ.get("ONCUE_SHOTS", ".screenshots"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "atlas_flow.py").write_text(ATLAS, encoding="utf-8")
    return tmp_path


@pytest.fixture
def clock() -> SkippingClock:
    """What time it is for the workspace: questions are out of time when the test says so."""
    return SkippingClock()


@pytest.fixture
def workspace(folder: Path, clock: SkippingClock) -> Iterator[Workspace]:
    opened = wiring.open_workspace(folder / ".oncue", create=True, synchronous="NORMAL")
    yield replace(opened, clock=clock)
    opened.store.close()


@pytest.fixture
def host(workspace: Workspace) -> Iterator[Host]:
    viewer = only("viewer-token", Identity(actor="vera", role=Role.VIEWER))
    with hosted(workspace, sources=(viewer,)) as running:
        yield running


@pytest.fixture
def atlas(workspace: Workspace, folder: Path) -> str:
    """A job of the atlas that has not run."""
    return create_job(workspace, "atlas_flow:atlas", params={}, folder=folder).id


def press_run(page: Page) -> Response:
    """Press Run as soon as the plan on screen is what the form says; what the server answered."""
    with page.expect_response(lambda answer: answer.request.method == "POST" and answer.url.endswith("/runs")) as sent:
        page.click("#plan [data-start]:not([disabled])")
    return sent.value


def freeze(page: Page, addresses: str = "**/parts/**") -> None:
    """Let the page ask for these in vain from now on, whatever it is notified of: what it shows stays as it was opened."""
    page.route(addresses, lambda _: None)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Not longer than a module: its event loop runs in this thread, where other tests run theirs."""
    with open_chromium() as browser:
        yield browser


@dataclass(slots=True)
class Visitor:
    """Somebody at a browser who has opened the printed URL; ``troubles`` is what the console complained about."""

    host: Host
    context: BrowserContext
    page: Page
    troubles: list[str]
    name: str

    def go(self, path: str) -> Page:
        """Open a page, and wait until it hears of changes."""
        self.page.goto(f"{self.host.origin}{path}")
        self.page.locator("#wire-word", has_text="live").wait_for(state="attached")
        return self.page

    def shoot(self, what: str) -> None:
        """Keep a picture of the page as it is."""
        SHOTS.mkdir(exist_ok=True)
        name = re.sub(r"[^a-z0-9]+", "-", f"{what} {self.name}".lower()).strip("-")
        self.page.screenshot(path=SHOTS / f"{name}.png")

    def tab(self) -> Page:
        """Another tab of the same person."""
        return self.context.new_page()


@contextmanager
def visiting(
    chromium: Browser, host: Host, *, size: str = "wide", scheme: Literal["light", "dark"] = "light", bypass_csp: bool = False
) -> Iterator[Visitor]:
    context = chromium.new_context(
        viewport=SIZES[size], color_scheme=scheme, bypass_csp=bypass_csp, locale="en-GB", timezone_id="UTC"
    )  # fmt: skip
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    troubles: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            troubles.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.goto(f"{host.origin}/?token={host.token}")
    yield Visitor(host=host, context=context, page=page, troubles=troubles, name=f"{size} {scheme}")
    close_context(context)


@pytest.fixture
def visitor(chromium: Browser, host: Host) -> Iterator[Visitor]:
    """Somebody at a wide screen, in the light; a console that complains fails the test."""
    with visiting(chromium, host) as somebody:
        yield somebody
        assert somebody.troubles == []
