"""What the two databases do differently, as one protocol; ``sqlite`` and ``postgres`` implement it.

Connections are those of the driver, in autocommit mode: transactions begin and end where this protocol says so. Everything
else of the package runs compiled statements through a cursor and does not know which database it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from oncue.core.model import WorkerId
from oncue.core.ports import Blobs, Watch, WorkerLease
from oncue.store.sqltext import Sql

Row = tuple[Any, ...]
Connection = Any
"""A connection of the driver; only the database that opened it looks inside."""


class Cursor(Protocol):
    """The part of a DB-API cursor that both drivers share."""

    @property
    def rowcount(self) -> int:
        """How many rows the last statement changed."""
        ...

    def execute(self, sql: str, params: Sequence[object] = (), /) -> object:
        """Carry out one statement."""
        ...

    def executemany(self, sql: str, rows: Sequence[Sequence[object]], /) -> object:
        """Carry out one statement for each row."""
        ...

    def fetchone(self) -> Any:
        """The next row, or None."""
        ...

    def fetchall(self) -> list[Any]:
        """The rest of the rows."""
        ...


class Database(Protocol):
    """One workspace's database. Methods that take a connection expect one that this database opened."""

    @property
    def url(self) -> str:
        """The database as a person would name it; never with a password."""
        ...

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgres``."""
        ...

    @property
    def folder(self) -> Path:
        """The local folder of the workspace."""
        ...

    @property
    def sql(self) -> Sql:
        """Every statement by name."""
        ...

    def connect(self, *, writes: bool) -> Connection:
        """Open a connection; one that does not write is refused to."""
        ...

    def load_revision(self) -> str | None:
        """The revision of the tables; None where there are none."""
        ...

    def create_schema(self, revision: str) -> None:
        """Make all tables where there are none; harmless where another process was faster."""
        ...

    def migrating(self) -> AbstractContextManager[Connection]:
        """A connection inside a write transaction; whoever else opens the workspace waits. Committed in the end."""
        ...

    def cursor(self, connection: Connection) -> Cursor:
        """A cursor that may be kept as long as its connection."""
        ...

    def begin_write(self, connection: Connection) -> None:
        """Begin a transaction that no other writer can make fail later; waits for its turn."""
        ...

    def commit(self, connection: Connection) -> None:
        """Make the transaction durable, and tell those who watch."""
        ...

    def rollback(self, connection: Connection) -> None:
        """Undo the transaction; harmless where the database did it already."""
        ...

    def begin_read(self, connection: Connection) -> None:
        """Begin a transaction that sees one state until it ends."""
        ...

    def end_read(self, connection: Connection) -> None:
        """End such a transaction."""
        ...

    def is_usable(self, connection: Connection) -> bool:
        """Whether the connection can carry another transaction."""
        ...

    def close(self, connection: Connection) -> None:
        """Close a connection."""
        ...

    def update_each(self, cursor: Cursor, sql: str, rows: Sequence[Sequence[object]]) -> Sequence[int]:
        """Carry out one statement for each row; how many rows each of them changed."""
        ...

    def hold_table(self, cursor: Cursor, table: str) -> None:
        """Let no other transaction write to a table until this one ends; wait for those that did."""
        ...

    def is_transient(self, error: BaseException) -> bool:
        """Whether the same work may succeed when it is tried again."""
        ...

    def explain_error(self, error: BaseException) -> BaseException:
        """What a person can understand and mend, for an error of the driver; any other error as it is."""
        ...

    def make_blobs(self) -> Blobs:
        """Where large bodies are kept."""
        ...

    def hold_worker(self, worker_id: WorkerId) -> WorkerLease:
        """Announce a worker of this process."""
        ...

    def is_alive(self, worker_id: WorkerId) -> bool:
        """Whether the process of a worker lives."""
        ...

    def count_workers(self) -> int:
        """How many workers live."""
        ...

    def watch(self) -> Watch:
        """Begin to notice commits."""
        ...

    def dispose(self) -> None:
        """Free what is held beside connections."""
        ...
