"""Opens a workspace by its folder or URL, and makes or migrates its tables where that is needed.

One ``SELECT`` decides: the revision this program knows means that nothing is to be done. Alembic is imported only for an
older one; a newer one is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from oncue.core.ports import Store
from oncue.errors import NoWorkspace, WorkspaceError
from oncue.store.database import Database
from oncue.store.sqlite import FILE, SqliteDatabase, explain_os_error
from oncue.store.sqltext import HEAD
from oncue.store.workspacestore import WorkspaceStore

T = TypeVar("T")
DEFAULT_FOLDER = Path(".oncue")
_SCHEMES = ("postgresql://", "postgres://")
_SYNCHRONOUS = ("FULL", "NORMAL")


def open_store(location: str | Path, *, create: bool, synchronous: str = "FULL", folder: Path = DEFAULT_FOLDER) -> Store:
    """Open the workspace at a folder, or in the PostgreSQL database at a ``postgresql://`` URL.

    ``create`` makes it where there is none. ``synchronous="NORMAL"`` is faster, and a power cut may undo the last commits
    (SQLite only). ``folder`` is the local folder that goes with a URL.

    Raises:
        WorkspaceError: there is none, or it cannot be used: read-only, full, newer than this program, damaged, unreachable.
    """
    if synchronous not in _SYNCHRONOUS:
        raise WorkspaceError(f"synchronous={synchronous!r} is none of {', '.join(_SYNCHRONOUS)}", hint="FULL is the default")
    if isinstance(location, str) and location.startswith(_SCHEMES):
        from oncue.store.postgres import PostgresDatabase

        server = PostgresDatabase(location, folder=folder)
        return _prepared(server, lambda: _opened(server, create=create))
    return _open_folder(Path(location), create=create, synchronous=synchronous)


def _open_folder(folder: Path, *, create: bool, synchronous: str) -> Store:
    if create:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise explain_os_error(error, folder) from error
    elif not (folder / FILE).exists():
        raise NoWorkspace(
            f"there is no workspace in {folder}", hint="oncue job create WORKFLOW makes one; --workspace names another"
        )
    database = SqliteDatabase(folder, synchronous=synchronous)
    if create and not database.path.exists():
        _prepared(database, lambda: database.create_schema(HEAD))
    return _prepared(database, lambda: _opened(database, create=create))


def _prepared(database: Database, prepare: Callable[[], T]) -> T:
    """Do something with a database that nobody else has yet; say what went wrong in words."""
    try:
        return prepare()
    except BaseException as error:
        database.dispose()
        explained = database.explain_error(error)
        if explained is error:
            raise
        raise explained from error


def _opened(database: Database, *, create: bool) -> Store:
    """The store over a database whose tables are those of this program."""
    revision = database.load_revision()
    if revision is None and create:
        database.create_schema(HEAD)
        revision = database.load_revision()
    if revision is None:
        raise NoWorkspace(
            f"{database.url} holds no Oncue workspace", hint="oncue job create WORKFLOW makes one; --workspace names another"
        )
    if revision != HEAD:
        from oncue.store.migrations.upgrade import upgrade

        upgrade(database, revision)
    return WorkspaceStore(database)
