"""The locks are complete, name no registry, and agree with each other."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.repository import ROOT, relative, tracked_files

LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", re.MULTILINE)


def pins(lock: Path) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, version in PIN.findall(lock.read_text(encoding="utf-8")):
        found.setdefault(name, set()).add(version)
    return found


def test_there_are_four_locks() -> None:
    names = ["crate.lock", "dev.lock", "node.lock", "run.lock"]

    assert [relative(lock) for lock in LOCKS] == [f"requirements/{name}" for name in names]


@pytest.mark.parametrize("lock", LOCKS, ids=relative)
def test_a_lock_holds_no_address(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")

    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text


@pytest.mark.parametrize("lock", LOCKS, ids=relative)
def test_every_pin_has_a_hash(lock: Path) -> None:
    entries = re.split(r"\n(?=\S)", lock.read_text(encoding="utf-8").strip())

    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_the_gate_runs_on_the_versions_that_users_get() -> None:
    run, dev = pins(ROOT / "requirements" / "run.lock"), pins(ROOT / "requirements" / "dev.lock")

    assert {name: versions for name, versions in run.items() if dev.get(name) != versions} == {}


def test_every_dependency_is_in_the_lock() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *(one for name, extra in extras.items() if name != "all" for one in extra)]
    names = {re.split(r"[\[<>=!~ ;]", requirement)[0] for requirement in wanted}

    assert names - pins(ROOT / "requirements" / "run.lock").keys() == set()


def test_a_lock_is_installed_as_it_is_and_nothing_is_resolved_beside_it() -> None:
    sources = [(ROOT / name).read_text(encoding="utf-8") for name in ("Makefile", "tools/vendor.py")]
    installs = [line for source in sources for line in source.splitlines() if "--require-hashes" in line]

    assert installs
    assert [line for line in installs if "--no-deps" not in line] == []


def test_what_is_installed_from_the_lock_lacks_nothing() -> None:
    command = (
        ["uv", "pip", "check", "--python", sys.executable] if shutil.which("uv") else [sys.executable, "-m", "pip", "check"]
    )
    checked = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_no_lock_of_another_format_is_in_version_control() -> None:
    assert [relative(path) for path in tracked_files() if path.name in {"uv.lock", "pylock.toml", "poetry.lock"}] == []
