"""A file, a function and a class stay small enough to read in one go."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.repository import relative, source_files

FILE_LINES = 400
FUNCTION_LINES = 60
CLASS_LINES = 250

Function = ast.FunctionDef | ast.AsyncFunctionDef


def oversized(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    length = len(text.splitlines())
    if length > FILE_LINES:
        yield f"{relative(path)}: the file has {length} lines, at most {FILE_LINES} are allowed"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, Function | ast.ClassDef):
            limit = CLASS_LINES if isinstance(node, ast.ClassDef) else FUNCTION_LINES
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > limit:
                yield f"{relative(path)}:{node.lineno}: {node.name} has {lines} lines, at most {limit} are allowed"


@pytest.mark.parametrize("path", source_files(), ids=relative)
def test_files_functions_and_classes_are_within_the_limits(path: Path) -> None:
    assert list(oversized(path)) == []


def test_a_module_name_is_used_once_in_the_package() -> None:
    homes = defaultdict(list)
    for path in source_files():
        if path.stem not in {"__init__", "__main__"} and "versions" not in path.parts:
            homes[path.stem].append(relative(path))

    assert {stem: paths for stem, paths in homes.items() if len(paths) > 1} == {}


def test_the_limits_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.quality.test_sizes.relative", Path.as_posix)
    body = "    pass\n" * FUNCTION_LINES
    source = tmp_path / "long.py"
    source.write_text(f"def long_one():\n{body}" + "\n" * FILE_LINES, encoding="utf-8")

    problems = list(oversized(source))

    assert len(problems) == 2
    assert "the file has" in problems[0]
    assert "long_one has 61 lines" in problems[1]
