"""What ``oncue doctor`` looks at, one check a function; none changes anything."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from oncue.cli.options import Invocation
from oncue.errors import NoWorkspace, OncueError

if TYPE_CHECKING:
    from oncue.control.workspace import Workspace

SAFE_SQLITE = (3, 51, 3)
"""Older ones can damage a WAL database when its log is reset while another connection writes; the lock file prevents that."""
LITTLE_DISK = 1 << 30
TOO_LITTLE_DISK = 50 << 20
_URLS = ("postgresql://", "postgres://")


class Grade(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of the report."""

    name: str
    grade: Grade
    message: str
    hint: str = ""

    def as_dict(self) -> dict[str, str]:
        """The wire form."""
        return {"name": self.name, "status": self.grade.value, "message": self.message, "hint": self.hint}


def check_all(invocation: Invocation) -> list[Check]:
    """Every check, in the order in which they are shown."""
    checks = [check_program(), check_python(), check_sqlite(), check_full_text(), check_driver(invocation.workspace_location)]
    return [*checks, check_disk(_folder(invocation.workspace_location)), *check_workspace(invocation)]


def check_program() -> Check:
    """The version of the program."""
    try:
        return Check(name="oncue", grade=Grade.OK, message=version("oncue"))
    except PackageNotFoundError:
        return Check(name="oncue", grade=Grade.WARN, message="not installed as a package", hint="pip install oncue")


def check_python() -> Check:
    """The interpreter."""
    grade = Grade.OK if sys.version_info >= (3, 11) else Grade.FAIL
    return Check(name="python", grade=grade, message=f"{platform.python_version()} on {platform.system()} {platform.machine()}")


def check_sqlite() -> Check:
    """SQLite's version, and whether its write-ahead log needs the lock file."""
    found = sqlite3.sqlite_version
    if sqlite3.sqlite_version_info >= SAFE_SQLITE:
        return Check(name="sqlite", grade=Grade.OK, message=f"{found}, its write-ahead log is safe between processes")
    known = ".".join(map(str, SAFE_SQLITE))
    message = f"{found}, older than {known}: its log can be damaged by two processes, which Oncue's lock file prevents"
    return Check(name="sqlite", grade=Grade.OK, message=message)


def check_full_text() -> Check:
    """Whether SQLite can search text."""
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("CREATE VIRTUAL TABLE probe USING fts5(text)")
    except sqlite3.Error:
        return Check(name="fts5", grade=Grade.WARN, message="this SQLite cannot search text", hint="use a Python with FTS5")
    finally:
        connection.close()
    return Check(name="fts5", grade=Grade.OK, message="full-text search is there")


def check_driver(location: str) -> Check:
    """The PostgreSQL driver; it is only missed where the workspace is a PostgreSQL database."""
    if find_spec("psycopg") is not None:
        return Check(name="postgres driver", grade=Grade.OK, message=f"psycopg {version('psycopg')}")
    if location.startswith(_URLS):
        return Check(
            name="postgres driver", grade=Grade.FAIL, message="psycopg is missing", hint="pip install 'oncue[postgres]'"
        )
    return Check(name="postgres driver", grade=Grade.OK, message="not installed, and not needed for a folder")


def check_disk(folder: Path) -> Check:
    """The space that is left where the workspace is."""
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    free = shutil.disk_usage(there).free
    grade = Grade.FAIL if free < TOO_LITTLE_DISK else Grade.WARN if free < LITTLE_DISK else Grade.OK
    hint = "free some space: every result is kept" if grade is not Grade.OK else ""
    return Check(name="disk", grade=grade, message=f"{show_bytes(free)} free", hint=hint)


def check_workspace(invocation: Invocation) -> Iterator[Check]:
    """Whether the workspace opens, what is in it, and who works in it."""
    try:
        workspace = invocation.open()
        with workspace.store.read() as reader:
            jobs, open_runs = len(reader.list_jobs(limit=100_000)), list(reader.list_open_runs())
    except NoWorkspace as error:
        yield Check(name="workspace", grade=Grade.OK, message=error.message, hint=error.hint)
        return
    except OncueError as error:
        yield Check(name="workspace", grade=Grade.FAIL, message=error.message, hint=error.hint)
        return
    folder = Path(workspace.store.folder)
    from oncue.store.sqltext import HEAD

    size = show_bytes(_size(folder)) if folder.is_dir() else "no local folder"
    yield Check(name="workspace", grade=Grade.OK, message=f"{workspace.store.url}: {jobs} jobs, {size}, schema revision {HEAD}")
    if not invocation.workspace_location.startswith(_URLS):
        yield _check_lock(folder)
    yield _check_workers(workspace)
    yield check_model(workspace)
    lost = [run for run in open_runs if run.owner is not None and not workspace.store.is_alive(run.owner)]
    for run in lost:
        message = f"run {run.number} of job {run.job_id} was interrupted"
        yield Check(name="run", grade=Grade.WARN, message=message, hint=f"oncue job run {run.job_id} continues it")


def _check_lock(folder: Path) -> Check:
    """Whether this user may write the database and its lock file."""
    refused = [path.name for path in (folder, folder / "oncue.db", folder / "oncue.lock") if not os.access(path, os.W_OK)]
    if refused:
        message = f"not writable: {', '.join(refused)}"
        return Check(name="lock file", grade=Grade.FAIL, message=message, hint="check the owner and permissions of the folder")
    return Check(name="lock file", grade=Grade.OK, message=f"{folder / 'oncue.lock'} guards every write")


def _check_workers(workspace: Workspace) -> Check:
    """How many processes execute runs; to look at the lock file of a dead one removes it."""
    locks = Path(workspace.store.folder, "workers")
    before = len(list(locks.glob("*.lock")))
    alive = workspace.store.count_workers()
    removed = before - len(list(locks.glob("*.lock")))
    who = "1 process executes" if alive == 1 else f"{alive} processes execute"
    left = f"; {removed} left by dead ones were removed" if removed > 0 else ""
    return Check(name="workers", grade=Grade.OK, message=f"{who} runs here{left}")


def check_model(workspace: Workspace) -> Check:
    """The language model of the workspace, and whether it can be called from here; many workflows need none."""
    from oncue.control.generation.modelcheck import look_at_model

    with workspace.store.read() as reader:
        state = look_at_model(workspace, reader, needs_price=False)
    if state is None:
        return Check(name="model", grade=Grade.OK, message="none is set, and none is needed for steps that call none")
    origin = "set for the workspace" if state.origin == "setting" else f"named by {state.origin}"
    if state.trouble:
        message = f"{state.named}, {origin}, cannot be used: {state.trouble}"
        return Check(name="model", grade=Grade.WARN, message=message, hint="oncue config set model NAME chooses another one")
    return Check(name="model", grade=Grade.OK, message=f"{state.named}, {origin}")


def _folder(location: str) -> Path:
    from oncue.config import DEFAULT_WORKSPACE

    return Path(DEFAULT_WORKSPACE if location.startswith(_URLS) else location)


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())


def show_bytes(count: float) -> str:
    """A size as people say it."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
