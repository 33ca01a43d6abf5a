"""A real Chromium for tests, and somebody who uses it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

PATIENCE_MS = 20_000
"""How long anything in a browser may take on a machine that is busy; pages and contexts are told it as well."""
expect.set_options(timeout=PATIENCE_MS)


@contextmanager
def open_chromium() -> Iterator[Browser]:
    """The machine's own Chromium, without a window."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "make browser installs Chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        yield browser
        browser.close()


def close_context(context: BrowserContext) -> None:
    """Close all that a person has open.

    Once in some thousand times Chromium never says that it did so (Playwright's ``close`` then waits for ever, and takes no
    limit); what is left ends with the browser.
    """
    with suppress(TimeoutError):
        context._sync(asyncio.wait_for(context._impl_obj.close(reason=None), PATIENCE_MS / 1000))
