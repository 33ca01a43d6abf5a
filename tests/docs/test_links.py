"""Every link from one file of the project to another leads somewhere, headings included."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from tests.support.repository import ROOT, relative, tracked_files

PAGES = [path for path in tracked_files() if path.suffix == ".md"]


def links(page: Path) -> list[str]:
    """The targets of all links and pictures that are not addresses."""
    found = []
    for block in MarkdownIt().parse(page.read_text(encoding="utf-8")):
        for token in block.children or ():
            target = token.attrGet("href") or token.attrGet("src")
            if target is not None and not re.match(r"[a-z][a-z0-9+.-]*:", str(target)):
                found.append(str(target))
    return found


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, by the rule that code hosts use."""
    tokens = MarkdownIt().parse(page.read_text(encoding="utf-8"))
    titles = (after.content for before, after in pairwise(tokens) if before.type == "heading_open")
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def explain_broken(page: Path, target: str) -> str | None:
    path, _, anchor = target.partition("#")
    goal = (page.parent / path).resolve() if path else page
    if not goal.is_relative_to(ROOT):
        return f"{target} leaves the project"
    if not goal.exists():
        return f"{target} does not exist"
    if anchor and goal.suffix == ".md" and anchor not in anchors(goal):
        return f"{target} names no heading"
    return None


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_links_between_the_projects_files_lead_somewhere(page: Path) -> None:
    assert [problem for target in links(page) if (problem := explain_broken(page, target))] == []


def test_a_broken_link_is_noticed(tmp_path: Path) -> None:
    page = ROOT / "docs" / "requirements.md"

    assert explain_broken(page, "nowhere.md") == "nowhere.md does not exist"
    assert explain_broken(page, "#no-such-heading") == "#no-such-heading names no heading"
    assert explain_broken(page, f"../../{tmp_path.name}") == f"../../{tmp_path.name} leaves the project"
