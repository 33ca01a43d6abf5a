"""PostgreSQL through psycopg: several machines may share the workspace, and keep only scratch files in a local folder.

A worker is alive while a session of its process holds an advisory lock; every commit notifies one channel. The password of the
address is never shown: not in ``url``, not in an error.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from oncue.core.model import WorkerId
from oncue.core.ports import Blobs, Watch, WorkerLease
from oncue.errors import Conflict, InvalidInput, WorkspaceError
from oncue.store.chunkedblobs import DatabaseBlobs
from oncue.store.database import Connection, Cursor
from oncue.store.pool import ConnectionPool
from oncue.store.sqltext import Sql, load_sql

try:
    import psycopg
    from psycopg.pq import TransactionStatus

    from oncue.store.sessionlease import COUNT_WORKERS, WORKERS_LOCK, SessionLease, worker_lock
except ImportError as error:
    raise WorkspaceError(
        "a workspace in PostgreSQL needs psycopg, which is not installed", hint="pip install 'oncue[postgres]'"
    ) from error

CHANNEL = "oncue"
SCHEMA_LOCK = 0x6F6E637565
"""The advisory lock of whoever makes or migrates the tables."""
DEFAULTS: Mapping[str, int] = {"connect_timeout": 10}
SENSES: Mapping[str, int] = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""How an idle session over a network notices that nobody is at the other end: in seconds, the last one in milliseconds."""
OUTLIVE_IDLENESS = "SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'idle_session_timeout'"
"""Before PostgreSQL 14 there was no such setting, and no such end."""
_SECRETS = ("password", "sslpassword")

_MEANINGS: tuple[tuple[str, str, str], ...] = (
    ("53", "the server is short of disk, memory or connections", "free some space or raise max_connections"),
    ("42501", "the user of the address may not do this", "grant it the rights on the schema"),
    ("25006", "the server takes no writes", "name the primary server, not a replica"),
    ("42P01", "the tables are not those of this program", "name another database, or restore a backup"),
    ("40", "another writer was in the way", "repeat the command"),
    ("XX", "the database is damaged", "restore a backup"),
)


class PostgresDatabase:
    """The database behind a URL."""

    dialect = "postgres"

    def __init__(self, url: str, *, folder: Path) -> None:
        self.folder = folder
        self.url, self._passwords = hide_password(url)
        self.sql: Sql = load_sql("postgres")
        self._address = url
        self._pool = ConnectionPool(self)

    def connect(self, *, writes: bool) -> Connection:  # noqa: ARG002 - reading is enforced by each transaction
        """Open a session."""
        return self._connect({})

    def connect_lastingly(self) -> Connection:
        """Open a session that is there for its own sake: idle for ever, and first to know when the server is gone."""
        connection = self._connect(SENSES)
        try:
            connection.execute(OUTLIVE_IDLENESS)
        except psycopg.Error:
            connection.close()
            raise
        return connection

    def _connect(self, settings: Mapping[str, int]) -> Connection:
        """Open a session; what the address itself says of a setting goes first."""
        chosen = {name: value for name, value in {**DEFAULTS, **settings}.items() if f"{name}=" not in self._address}
        try:
            return psycopg.connect(self._address, autocommit=True, client_encoding="utf8", **chosen)  # type: ignore[arg-type]
        except psycopg.Error as error:
            raise self._unreachable(error) from None

    def _unreachable(self, error: BaseException) -> WorkspaceError:
        return WorkspaceError(
            f"the database {self.url} cannot be reached: {self._redact(error)}",
            hint="check that the server runs, and the host, user and database in the address",
        )

    def load_revision(self) -> str | None:
        """The revision of the tables, or None."""
        connection = self.connect(writes=False)
        try:
            found = connection.execute("SELECT to_regclass('alembic_version')").fetchone()
            row = connection.execute(self.sql["revision"]).fetchone() if found[0] else None
        finally:
            self.close(connection)
        return None if row is None else str(row[0])

    def create_schema(self, revision: str) -> None:
        """Make all tables in an empty schema; harmless where another process was faster."""
        with self.migrating() as connection:
            if connection.execute("SELECT to_regclass('alembic_version')").fetchone()[0] is None:
                connection.execute(self.sql["schema"])
                connection.execute(self.sql["stamp"], (revision,))

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """A connection inside a write transaction."""
        connection = self.connect(writes=True)
        try:
            self.begin_write(connection)
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (SCHEMA_LOCK,))
            yield connection
            connection.commit()
        finally:
            self.close(connection)

    def cursor(self, connection: Connection) -> Cursor:
        """A cursor of a connection."""
        cursor: Cursor = connection.cursor()
        return cursor

    def begin_write(self, connection: Connection) -> None:
        """Begin; rows are locked as they are written, the job's first."""
        connection.execute("BEGIN ISOLATION LEVEL READ COMMITTED")

    def commit(self, connection: Connection) -> None:
        """Tell those who listen, and commit, in one round trip."""
        connection.execute(f"NOTIFY {CHANNEL}; COMMIT")

    def rollback(self, connection: Connection) -> None:
        """Roll back what is not rolled back yet."""
        connection.rollback()

    def begin_read(self, connection: Connection) -> None:
        """From the first statement on one state is seen."""
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def end_read(self, connection: Connection) -> None:
        """Let go of the state."""
        connection.rollback()

    def is_usable(self, connection: Connection) -> bool:
        """Whether the session is there, and between transactions."""
        return not connection.closed and connection.info.transaction_status == TransactionStatus.IDLE

    def close(self, connection: Connection) -> None:
        """End a session."""
        connection.close()

    def update_each(self, cursor: Cursor, sql: str, rows: Sequence[Sequence[object]]) -> Sequence[int]:
        """Send all rows without waiting in between."""
        if not rows:
            return []
        if len(rows) == 1:
            cursor.execute(sql, rows[0])
            return [cursor.rowcount]
        native: psycopg.Cursor = cursor  # type: ignore[assignment]
        native.executemany(sql.encode(), rows, returning=True)
        counts = [native.rowcount]
        while native.nextset():
            counts.append(native.rowcount)
        return counts

    def hold_table(self, cursor: Cursor, table: str) -> None:
        """Every writer of rows holds a lock on the table that this one excludes."""
        cursor.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")

    def is_transient(self, error: BaseException) -> bool:
        """Whether the same work may succeed when it is tried again: a deadlock, or a lost race."""
        return isinstance(error, psycopg.errors.DeadlockDetected | psycopg.errors.SerializationFailure)

    def explain_error(self, error: BaseException) -> BaseException:
        """Turn errors of the server into what a person can do about them."""
        if not isinstance(error, psycopg.Error):
            return error
        if isinstance(error, psycopg.IntegrityError):
            return Conflict(f"this is stored already, or another writer was faster: {self._redact(error)}")
        if isinstance(error, psycopg.DataError):
            found = self._redact(error)
            return InvalidInput(f"something in it cannot be stored: {found}", hint="leave out NUL characters and huge numbers")
        for code, found, hint in _MEANINGS:
            if (error.sqlstate or "").startswith(code):
                return WorkspaceError(f"{found}: {self.url} ({self._redact(error)})", hint=hint)
        return self._unreachable(error) if isinstance(error, psycopg.OperationalError) else error

    def _redact(self, error: BaseException) -> str:
        """The first line of a message, without any password."""
        text = str(error).strip().partition("\n")[0]
        for password in self._passwords:
            text = text.replace(password, "***")
        return text

    def make_blobs(self) -> Blobs:
        """Bodies in the database, where every machine sees them."""
        return DatabaseBlobs(self._pool, self.sql)

    def hold_worker(self, worker_id: WorkerId) -> WorkerLease:
        """An advisory lock, held by a session that is replaced when it is lost."""
        try:
            return SessionLease(self.connect_lastingly, worker_id)
        except psycopg.Error as error:
            raise self.explain_error(error) from error

    def is_alive(self, worker_id: WorkerId) -> bool:
        """Whether its lock is held: a shared one, so that two who ask at once do not see each other."""
        with self._pool.reading() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock_shared(%s)", (worker_lock(worker_id),))
            return not cursor.fetchone()[0]

    def count_workers(self) -> int:
        """The sessions that hold the lock all workers share."""
        with self._pool.reading() as cursor:
            cursor.execute(COUNT_WORKERS, (WORKERS_LOCK >> 32, WORKERS_LOCK & 0xFFFFFFFF))
            return int(cursor.fetchone()[0])

    def watch(self) -> Watch:
        """A session that listens."""
        return Notifications(self)

    def dispose(self) -> None:
        """Close the sessions of the blobs and of looking for workers."""
        self._pool.close()


class Notifications:
    """Counts the commits that were announced; those of this process count as well."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._connection = self._listen()

    def _listen(self) -> Connection:
        connection = self._database.connect_lastingly()
        connection.execute(f"LISTEN {CHANNEL}")
        return connection

    def changed(self) -> bool:
        """Whether anything was announced; after a lost session it may have been, so the answer is yes."""
        with self._lock:
            try:
                return sum(1 for _ in self._connection.notifies(timeout=0)) > 0
            except psycopg.OperationalError:
                self._connection.close()
                self._connection = self._listen()
                return True

    def close(self) -> None:
        """End the session; harmless when repeated."""
        self._connection.close()


def hide_password(url: str) -> tuple[str, tuple[str, ...]]:
    """The address without passwords, and the passwords in every form in which a message may repeat them."""
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    name, _, password = user.partition(":")
    query = parse_qsl(parts.query, keep_blank_values=True)
    secrets = {password, unquote(password)} | {value for key, value in query if key in _SECRETS}
    shown = urlencode([(key, value) for key, value in query if key not in _SECRETS], safe="/")
    bare = f"{parts.scheme}://{name}{at}{host}{parts.path}{'?' if shown else ''}{shown}"
    return bare, tuple(sorted(secrets - {""}, key=len, reverse=True))
