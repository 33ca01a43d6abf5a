"""The pictures of the documents are the ones that the tool makes, small, and shown somewhere."""

from tests.support.repository import ROOT
from tools.pictures import IMAGES, PICTURES

MAX_BYTES = 150_000


def test_every_picture_is_small_and_shown() -> None:
    shown = "".join((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "docs/how-to/pages.md"))

    assert {path.name for path in IMAGES.iterdir()} == set(PICTURES)
    for path in IMAGES.iterdir():
        assert path.stat().st_size < MAX_BYTES
        assert f"images/{path.name})" in shown
