"""Templates and scripts stay small enough to read in one go, and none of them needs what the policy of the pages forbids."""

import re
from pathlib import Path

import pytest

from tests.support.repository import ROOT

WEB = ROOT / "src" / "oncue" / "web"
TEMPLATES = sorted((WEB / "templates").glob("*.html"))
SCRIPTS = sorted((WEB / "static").glob("*.js"))
TEMPLATE_LINES = 80
SCRIPT_LINES = 300
STYLE_BYTES = 40_000


def count_lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_templates_and_scripts_are_within_the_limits() -> None:
    long = {path.name: lines for path in TEMPLATES if (lines := count_lines(path)) > TEMPLATE_LINES}

    assert long == {}
    assert sum(count_lines(path) for path in SCRIPTS) <= SCRIPT_LINES
    assert (WEB / "static" / "oncue.css").stat().st_size <= STYLE_BYTES


@pytest.mark.parametrize("pattern", [r"\son\w+=", r"\bstyle=", r"hx-on", r"javascript:", r"\| *safe\b", r"\bjs:"])
def test_no_template_needs_what_the_policy_forbids(pattern: str) -> None:
    found = [path.name for path in TEMPLATES if re.search(pattern, path.read_text(encoding="utf-8"))]

    assert found == []


def test_only_the_frame_of_a_page_says_who_looks_at_it() -> None:
    """Fragments are drawn once for all who may do the same."""
    assert [path.name for path in TEMPLATES if "identity." in path.read_text(encoding="utf-8")] == ["base.html"]


def test_every_element_that_fetches_says_that_the_page_wrote_it() -> None:
    """The extension hx-csp takes the attributes from elements without the nonce."""
    for path in TEMPLATES:
        for tag in re.findall(r"<\w+[^<]*?\bhx-(?:get|post)=[^<]*", path.read_text(encoding="utf-8")):
            assert "hx-nonce=" in tag, f"{path.name}: {tag[:80]}"
