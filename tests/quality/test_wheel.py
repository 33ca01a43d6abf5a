"""The wheel holds everything the program reads at run time, and nothing else."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.repository import PACKAGE, ROOT
from tools.vendor import load_listed


@pytest.fixture(scope="module")
def wheel_names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names in a wheel that was built from a copy of the sources, without the network."""
    copy = tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT / "src", copy / "src", ignore=shutil.ignore_patterns("__pycache__", ".*"))
    for name in (".gitignore", "pyproject.toml", "LICENSE", "README.md"):
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, copy)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel"]
    subprocess.run(command, cwd=copy, check=True, capture_output=True)
    (wheel,) = (copy / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_every_file_of_the_package_is_in_the_wheel(wheel_names: set[str]) -> None:
    expected = {
        path.relative_to(PACKAGE.parent).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and is_source(path.relative_to(PACKAGE))
    }

    assert expected - wheel_names == set()


def is_source(path: Path) -> bool:
    return "__pycache__" not in path.parts and not any(part.startswith(".") for part in path.parts)


def test_the_front_end_files_that_are_not_committed_are_in_the_wheel(wheel_names: set[str]) -> None:
    expected = {f"oncue/web/static/vendor/{name}" for name in load_listed()}

    assert expected - wheel_names == set(), "Run: make vendor"


def test_nothing_but_the_package_and_its_metadata_is_in_the_wheel(wheel_names: set[str]) -> None:
    assert {name.split("/")[0].split("-")[0] for name in wheel_names} == {"oncue"}
    own = {name for name in wheel_names if not name.startswith("oncue/testing/")}  # for the tests of users
    assert {name for name in own if "test" in name.lower() or name.endswith(".pyc")} == set()


def test_the_licence_and_the_command_are_in_the_wheel(wheel_names: set[str]) -> None:
    metadata = {name.partition(".dist-info/")[2] for name in wheel_names if ".dist-info/" in name}

    assert {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"} <= metadata
