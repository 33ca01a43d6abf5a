"""Paths in an archive lead nowhere else and are unique where case does not count."""

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oncue.control.exports.exportnames import MAX_PART, PathBook, safe_part


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("report", "report"),
        ("finding[solar/wind]", "finding%5Bsolar%2Fwind%5D"),
        ("..", "%2E%2E"),
        (".", "%2E"),
        (".hidden", "%2Ehidden"),
        ("a.", "a%2E"),
        ("", "_"),
        ("C:\\temp", "C%3A%5Ctemp"),
        ("con", "%63on"),
        ("NUL.txt", "%4EUL.txt"),
        ("a b\0c", "a%20b%00c"),
        ("ü", "%C3%BC"),
        ("100%", "100%25"),
    ],
)
def test_parts_are_quoted_until_they_are_harmless(text: str, part: str) -> None:
    assert safe_part(text) == part


def test_long_parts_keep_their_ending_and_differ_by_their_hash() -> None:
    first, second = safe_part("x" * 300 + "1.csv"), safe_part("x" * 300 + "2.csv")

    assert len(first) == len(second) == MAX_PART
    assert first.endswith(".csv")
    assert first != second


def test_names_that_differ_in_case_only_are_told_apart() -> None:
    book = PathBook()
    first, second = book.folder("artifacts", "A"), book.folder("artifacts", "a")

    assert (first, second) == ("artifacts/A/", "artifacts/a~2/")
    assert [book.file(first, name) for name in ("x.csv", "X.csv", "x~2.csv")] == [
        "artifacts/A/x.csv",
        "artifacts/A/X~2.csv",
        "artifacts/A/x~2~2.csv",
    ]
    assert book.folder("artifacts", "A") == first


def test_a_file_cannot_take_the_place_of_a_folder_or_enter_one_that_is_not_its_own() -> None:
    book = PathBook()
    revision, current = book.folder("deliverables", "r", "run-1"), book.folder("deliverables", "r")

    assert revision == "deliverables/r/run-1/"
    assert book.file(current, "run-1") == "deliverables/r/run-1~2"
    assert book.file(current, "run-1/x") == "deliverables/r/run-1~3/x"
    assert book.file(current, "a") == "deliverables/r/a"
    assert book.file(current, "A/b") == "deliverables/r/A~2/b"


@given(st.lists(st.tuples(st.text(max_size=6), st.text(alphabet="aA./\\%~2[]", max_size=8)), max_size=20))
def test_whatever_steps_and_files_are_called_paths_are_relative_plain_and_unique(names: list[tuple[str, str]]) -> None:
    book = PathBook()
    paths = [book.file(book.folder("artifacts", step), name) for step, name in names]

    lowered = [path.lower() for path in paths]
    assert len(set(lowered)) == len(lowered)
    for path in lowered:
        parts = PurePosixPath(path).parts
        assert parts[0] == "artifacts"
        assert "/".join(parts) == path
        assert not {".", ".."} & set(parts)
        assert path.isascii()
        assert "\\" not in path
        assert not any(other.startswith(path + "/") for other in lowered)
