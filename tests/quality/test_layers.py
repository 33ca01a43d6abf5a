"""What the import contracts cannot say: the core cannot reach the outside, and only entry points hold triggers."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.repository import PACKAGE, ROOT, relative, source_files

# Modules of the standard library through which a decision could come to depend on something it was not given.
OUTSIDE = {
    "asyncio", "concurrent", "ctypes", "fcntl", "glob", "http", "importlib", "io", "logging", "multiprocessing", "os",
    "pathlib", "pickle", "random", "requests", "secrets", "shutil", "signal", "socket", "sqlite3", "ssl", "subprocess",
    "tempfile", "threading", "time", "urllib", "uuid",
}  # fmt: skip

# Names from those modules that only describe: a path that touches no disk, a result that is yet to come.
DESCRIPTIVE = {"concurrent.futures": {"concurrent.futures.Future"}, "pathlib": {"pathlib.PurePath"}}

TRIGGERS = "oncue.control.triggers"
TRIGGER_HOLDERS = {"cli", "web", "wiring"}

CORE = sorted((PACKAGE / "core").rglob("*.py"))


def imported_modules(path: Path) -> Iterator[str]:
    """The absolute name of everything a file imports, at any depth; ``from a import b`` counts as ``a`` and ``a.b``."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", CORE, ids=relative)
def test_the_core_imports_only_itself_and_pure_parts_of_the_standard_library(path: Path) -> None:
    names = set(imported_modules(path))
    roots = {name.partition(".")[0] for name in names}
    harmless = {name for module, allowed in DESCRIPTIVE.items() if names & allowed for name in {module, *allowed}}
    reaching = {name for name in names - harmless if name.partition(".")[0] in OUTSIDE}

    assert roots - sys.stdlib_module_names - {"oncue"} == set()
    assert reaching == set()


def test_the_core_opens_no_file_and_asks_nobody() -> None:
    calls = [
        f"{relative(path)}:{node.lineno}"
        for path in CORE
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"open", "input", "print", "exec", "eval", "__import__"}
    ]

    assert calls == []


def test_only_entry_points_and_wiring_can_reach_what_mints_triggers() -> None:
    holders = {
        relative(path): path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        for path in source_files()
        if path != PACKAGE / "control" / "triggers.py" and TRIGGERS in set(imported_modules(path))
    }

    assert {path for path, part in holders.items() if part not in TRIGGER_HOLDERS} == set()


def test_what_recommends_can_reach_nothing_that_starts_answers_accepts_or_cancels() -> None:
    acting = {f"oncue.control.{name}" for name in ("triggers", "runs", "answers", "jobs", "replays", "execution")}
    starts = {PACKAGE / "control" / "recommending.py", *(PACKAGE / "mcp").rglob("*.py")}
    assert len(starts) > 1

    names = {name for path in starts for name in imported_modules(path)}

    assert {name for name in names for module in acting if name == module or name.startswith(f"{module}.")} == set()


def test_the_contracts_between_and_within_layers_hold() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]

    checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)

    assert checked.returncode == 0, checked.stdout
    for contract in ("Imports go down only", "Looking changes nothing", "No room leads back into itself"):
        assert f"{contract} KEPT" in checked.stdout


def test_every_form_of_import_is_seen(tmp_path: Path) -> None:
    source = tmp_path / "sample.py"
    source.write_text("import os.path\ndef late():\n    from oncue.control import triggers\n", encoding="utf-8")

    assert set(imported_modules(source)) == {"os.path", "oncue.control", TRIGGERS}
