"""The page of requirements is what the marks of the tests say, and no mark names something unknown."""

from pathlib import Path

import pytest

from tools.requirements_report import (
    REPORT,
    Group,
    Proof,
    UnreadableMark,
    find_proofs,
    find_unknown,
    load_groups,
    render_report,
)

COUNTS = {"S0": 31, "S1": 72, "S2": 46, "S3": 33, "S4": 31}


def test_every_statement_is_listed_once_and_in_order() -> None:
    groups = load_groups()

    assert {group.key: len(group.statements) for group in groups} == COUNTS
    for group in groups:
        assert list(group.statements) == [f"{group.key}-{number}" for number in range(1, COUNTS[group.key] + 1)]
        assert len(set(group.statements.values())) == COUNTS[group.key]


def test_no_test_claims_to_prove_an_unknown_statement() -> None:
    assert find_unknown(load_groups(), find_proofs()) == ()


def test_the_page_is_up_to_date() -> None:
    expected = render_report(load_groups(), find_proofs()) + "\n"

    assert REPORT.read_text(encoding="utf-8") == expected, "Run: make docs"


def test_marks_of_functions_classes_and_modules_are_found(tmp_path: Path) -> None:
    (tmp_path / "test_sample.py").write_text(
        "import pytest\n"
        'pytestmark = [pytest.mark.proves("S0-1")]\n'
        '@pytest.mark.proves("S0-2", "S0-3")\n'
        "def test_one(): ...\n"
        '@pytest.mark.proves("S0-4")\n'
        "class TestAll: ...\n",
        encoding="utf-8",
    )

    found = {(proof.test, proof.requirement) for proof in find_proofs(tmp_path, tmp_path)}

    assert found == {("", "S0-1"), ("test_one", "S0-2"), ("test_one", "S0-3"), ("TestAll", "S0-4")}


def test_ids_that_are_computed_are_refused(tmp_path: Path) -> None:
    (tmp_path / "test_sample.py").write_text("@pytest.mark.proves(name)\ndef test_one(): ...\n", encoding="utf-8")

    with pytest.raises(UnreadableMark, match="write the ids"):
        find_proofs(tmp_path, tmp_path)


def test_totals_count_statements_and_not_tests() -> None:
    group = Group(name="Sample", key="S9", statements={"S9-1": "One.", "S9-2": "Two."})
    proofs = [Proof(requirement="S9-1", path="tests/test_a.py", test=name, line=1) for name in ("test_a", "test_b")]

    page = render_report([group], proofs)

    assert "| [Sample](#sample) | 2 | 1 | 1 |" in page
    assert "| S9-1 | One. | [test_a](../tests/test_a.py) `test_a`<br>[test_a](../tests/test_a.py) `test_b` |" in page
    assert "| S9-2 | Two. | unproven |" in page
