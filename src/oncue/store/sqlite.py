"""SQLite in a workspace folder: ``oncue.db`` in WAL mode, with a lock file that makes WAL safe on every version.

Write transactions begin with ``BEGIN IMMEDIATE``: a transaction that reads first and writes later would fail whenever
another process wrote in between. With ``synchronous=FULL`` a power cut loses nothing that was confirmed.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from oncue.core.model import WorkerId
from oncue.core.ports import Blobs, Watch, WorkerLease
from oncue.errors import Conflict, WorkspaceError
from oncue.store.blobs import FolderBlobs
from oncue.store.database import Connection, Cursor
from oncue.store.filelocks import FileLease, WriteGuard, is_locked, lease_path
from oncue.store.sqltext import Sql, load_sql

FILE = "oncue.db"
LOCK = "oncue.lock"
CACHE_KIBIBYTES = 16_384
"""SQLite's own default is an eighth: too little for the index of 10,000 artifacts."""
BUSY_MILLISECONDS = 60_000
"""Only connections that recover a log after a crash ever wait this way; writers wait for the guard."""
LOG_BYTES = 64 << 20
"""What is left of the log once it has been moved into the database."""

_MEANINGS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (("SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_FSYNC", "SQLITE_IOERR_TRUNCATE", "SQLITE_IOERR_SHMSIZE"),
     "the disk is full or refuses to be written", "free some space, then repeat the command; nothing was half written"),
    (("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_CANTOPEN", "SQLITE_AUTH"),
     "the workspace cannot be written", "check the owner and the permissions of the folder and the files in it"),
    (("SQLITE_NOTADB",), "this file is not an Oncue database", "name another folder, or move the file away"),
    (("SQLITE_CORRUPT", "SQLITE_IOERR"),
     "the database is damaged or its disk fails", "restore a backup; `sqlite3 oncue.db .recover` saves what can be read"),
    (("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_PROTOCOL"),
     "another program keeps the database locked", "end programs that have opened oncue.db directly"),
)  # fmt: skip


class SqliteDatabase:
    """The database file of one folder."""

    dialect = "sqlite"

    def __init__(self, folder: Path, *, synchronous: str = "FULL") -> None:
        self.folder = folder
        self.path = folder / FILE
        self.url = str(folder)
        self.sql: Sql = load_sql("sqlite")
        self._synchronous = synchronous
        self._workers = folder / "workers"
        try:
            self._guard = WriteGuard(folder / LOCK)
        except OSError as error:
            raise explain_os_error(error, self.path) from error

    def connect(self, *, writes: bool) -> Connection:
        """Open a connection; it may be used by one thread after another."""
        connection = sqlite3.connect(
            f"file:{_quote(self.path)}?mode=rw",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
            timeout=BUSY_MILLISECONDS / 1000,
        )
        try:
            connection.execute(f"PRAGMA synchronous={self._synchronous if writes else 'FULL'}")
            connection.execute(f"PRAGMA cache_size=-{CACHE_KIBIBYTES}")
            if writes:
                connection.execute("PRAGMA secure_delete=OFF")
                connection.execute(f"PRAGMA journal_size_limit={LOG_BYTES}")
            else:
                connection.execute("PRAGMA query_only=ON")
        except BaseException:
            self.close(connection)
            raise
        return connection

    def load_revision(self) -> str | None:
        """The revision of the tables, or None."""
        connection = self.connect(writes=False)
        try:
            found = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
            row = connection.execute(self.sql["revision"]).fetchone() if found else None
        finally:
            self.close(connection)
        return None if row is None else str(row[0])

    def create_schema(self, revision: str) -> None:
        """Make all tables in an empty file; harmless where another process was faster."""
        with self._guard:
            connection = sqlite3.connect(self.path, isolation_level=None, timeout=BUSY_MILLISECONDS / 1000)
            try:
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("BEGIN IMMEDIATE")
                if not connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
                    for statement in self.sql["schema"].split(";\n"):
                        connection.execute(statement)
                    connection.execute(self.sql["stamp"], (revision,))
                connection.execute("COMMIT")
            finally:
                connection.close()

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """A connection inside a write transaction."""
        connection = self.connect(writes=True)
        try:
            self.begin_write(connection)
            try:
                yield connection
                connection.commit()
            finally:
                self.rollback(connection)
        finally:
            self.close(connection)

    def cursor(self, connection: Connection) -> Cursor:
        """A cursor of a connection."""
        cursor: Cursor = connection.cursor()
        return cursor

    def begin_write(self, connection: Connection) -> None:
        """Take the guard, then the database's own write lock."""
        self._guard.acquire()
        try:
            connection.execute("BEGIN IMMEDIATE")
        except BaseException:
            self._guard.release()
            raise

    def commit(self, connection: Connection) -> None:
        """Commit, and give the guard back; a checkpoint that is due happens inside."""
        connection.execute("COMMIT")
        self._guard.release()

    def rollback(self, connection: Connection) -> None:
        """Roll back, where SQLite did not do so by itself, and give the guard back."""
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        finally:
            self._guard.release()

    def begin_read(self, connection: Connection) -> None:
        """From the first statement on one state is seen."""
        connection.execute("BEGIN")

    def end_read(self, connection: Connection) -> None:
        """Let the log move on."""
        if connection.in_transaction:
            connection.execute("ROLLBACK")

    def is_usable(self, connection: Connection) -> bool:
        """A file does not go away."""
        return not connection.in_transaction

    def close(self, connection: Connection) -> None:
        """Close a connection; the last one moves the log into the database, hence the guard."""
        with self._guard:
            connection.close()

    def update_each(self, cursor: Cursor, sql: str, rows: Sequence[Sequence[object]]) -> Sequence[int]:
        """One by one: there is no round trip to save."""
        counts = []
        for row in rows:
            cursor.execute(sql, row)
            counts.append(cursor.rowcount)
        return counts

    def hold_table(self, cursor: Cursor, table: str) -> None:
        """A write transaction is alone already."""

    def is_transient(self, error: BaseException) -> bool:  # noqa: ARG002
        """Never: writers wait for their turn before they begin."""
        return False

    def explain_error(self, error: BaseException) -> BaseException:
        """Turn errors of SQLite into what a person can do about them."""
        if isinstance(error, sqlite3.IntegrityError):
            return Conflict(f"this is stored already, or another writer was faster: {error}")
        if not isinstance(error, sqlite3.Error):
            return error
        name = getattr(error, "sqlite_errorname", "")
        for names, found, hint in _MEANINGS:
            if name.startswith(names):
                return WorkspaceError(f"{found}: {self.path} ({error})", hint=hint)
        return error

    def make_blobs(self) -> Blobs:
        """Files beside the database."""
        return FolderBlobs(self.folder / "blobs")

    def hold_worker(self, worker_id: WorkerId) -> WorkerLease:
        """A lock file for the life of the process."""
        try:
            return FileLease(self._workers, worker_id)
        except OSError as error:
            raise explain_os_error(error, self.path) from error

    def is_alive(self, worker_id: WorkerId) -> bool:
        """Whether its lock file is held."""
        return is_locked(lease_path(self._workers, worker_id))

    def count_workers(self) -> int:
        """The lock files that are held; those of dead workers are removed."""
        return sum(1 for path in self._workers.glob("*.lock") if is_locked(path))

    def watch(self) -> Watch:
        """A connection that asks for SQLite's data version."""
        return DataVersion(self)

    def dispose(self) -> None:
        """Close the guard."""
        self._guard.close()


class DataVersion:
    """SQLite's counter of commits by other connections; those of this process's own writer count as well."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database
        self._connection = database.connect(writes=False)
        self._last = self._version()

    def _version(self) -> int:
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def changed(self) -> bool:
        """Whether the counter moved."""
        before, self._last = self._last, self._version()
        return self._last != before

    def close(self) -> None:
        """Close the connection; harmless when repeated."""
        if self._connection is not None:
            self._database.close(self._connection)
            self._connection = None


def explain_os_error(error: OSError, path: Path) -> WorkspaceError:
    """Say what an error of the file system means for a workspace."""
    return WorkspaceError(
        f"the workspace cannot be written: {error.filename or path} ({os.strerror(error.errno or 0)})",
        hint="check free space, and the owner and permissions of the folder",
    )


def _quote(path: Path) -> str:
    """A path inside a URI."""
    text = str(path.absolute())
    for character, code in (("%", "%25"), ("?", "%3f"), ("#", "%23")):
        text = text.replace(character, code)
    return text
