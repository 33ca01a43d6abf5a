"""Cut the pictures of the documents from what the browser tests kept: ``python -m tools.pictures`` after those tests ran.

The header is cut off: it names the folder of the workspace, which is another one on every machine.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import FloatRect, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
SHOTS = ROOT / ".screenshots"
IMAGES = ROOT / "docs" / "images"
HEADER = 42
WIDTH = 1440
PICTURES: dict[str, tuple[str, FloatRect]] = {
    "board.png": ("page-board-wide-light.png", {"x": 0, "y": HEADER, "width": WIDTH, "height": 590}),
    "decisions.png": ("page-decisions-wide-light.png", {"x": 0, "y": HEADER, "width": WIDTH, "height": 420}),
    "panel.png": ("guided-panel-wide-light.png", {"x": 574, "y": 0, "width": WIDTH - 574, "height": 900}),
}
"""Name → which screenshot, and which part of it."""


def main() -> str | None:
    """Cut every picture; returns what to complain about."""
    missing = [name for name, _ in PICTURES.values() if not (SHOTS / name).exists()]
    if missing:
        return f"{', '.join(missing)} are missing. Run: pytest tests/browser -k 'axe or guided'"
    IMAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        page = browser.new_page(viewport={"width": WIDTH, "height": 900})
        for name, (shot, part) in PICTURES.items():
            page.goto((SHOTS / shot).as_uri())
            page.screenshot(path=IMAGES / name, clip=part)
        browser.close()
    return None


if __name__ == "__main__":
    sys.exit(main())
