"""A real Chromium for tests, and somebody who uses it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

PATIENCE_MS = 20_000


@contextmanager
def open_chromium() -> Iterator[Browser]:
    """The machine's own Chromium, without a window."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "make browser installs Chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        yield browser
        browser.close()
