"""The project's files name no machine, no registry and no private place, and end as text files should."""

import re

from tests.support.repository import relative, tracked_files, tracked_texts

# Written in pieces, so that this file does not contain what it forbids.
FORBIDDEN = re.compile(
    "|".join(
        [
            r"(?<![\w.-])/" + r"(?:work|root|home/\w+|Users/\w+)/",
            r"/" + r"tmp/\w",
            r"\bpypi" + r"\.org\b",
            r"\bpythonhosted" + r"\.org\b",
            r"\bregistry\." + r"npmjs\b",
            r"\bdeb\." + r"debian\b",
            r"BEGIN [A-Z ]*PRIVATE " + r"KEY",
        ]
    )
)
LARGEST_BYTES = 1_000_000


def test_no_file_names_a_machine_path_or_a_registry() -> None:
    found = [
        f"{relative(path)}:{number}: {match.group()}"
        for path, text in tracked_texts()
        for number, line in enumerate(text.splitlines(), start=1)
        if (match := FORBIDDEN.search(line))
    ]

    assert found == []


def test_text_files_end_with_one_line_end_and_have_no_carriage_returns() -> None:
    wrong = [
        relative(path)
        for path, text in tracked_texts()
        if text and ("\r" in text or not text.endswith("\n") or text.endswith("\n\n"))
    ]

    assert wrong == []


def test_no_file_is_large() -> None:
    assert [relative(path) for path in tracked_files() if path.stat().st_size > LARGEST_BYTES] == []


def test_no_generated_file_is_in_version_control() -> None:
    generated = {".pyc", ".db", ".whl"}

    assert [relative(path) for path in tracked_files() if path.suffix in generated] == []
