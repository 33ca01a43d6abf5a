"""Every recorded decision names the tests that hold it, and they are there."""

import ast
import re

import pytest

from tests.support.repository import ROOT

RECORDS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
_TEST = re.compile(r"^- `(?P<path>tests/[\w/]+\.py)::(?P<name>test_\w+)`$", re.MULTILINE)


@pytest.mark.proves("S0-28")
def test_every_recorded_decision_is_held_by_tests_that_are_there() -> None:
    for number, record in enumerate(RECORDS, start=1):
        text, _, held_by = record.read_text(encoding="utf-8").partition("**Held by**")
        named = _TEST.findall(held_by)

        assert text.startswith(f"# {number}. "), record.name
        assert named, record.name
        assert len(named) == held_by.count("- `"), record.name
        for path, name in named:
            tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
            assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}, (
                record.name,
                path,
                name,
            )


@pytest.mark.proves("S0-28")
@pytest.mark.parametrize(
    "subject", ["What is sent is what is stored", "A comment belongs to its run", "A promise is tested where"]
)
def test_what_is_shown_stored_and_tested_are_among_the_recorded_decisions(subject: str) -> None:
    titles = [record.read_text(encoding="utf-8").splitlines()[0] for record in RECORDS]

    assert any(subject in title for title in titles)
