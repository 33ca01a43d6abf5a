"""Connections that are kept for the next one who needs one: as many as were ever in use at the same time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from oncue.errors import WorkspaceError
from oncue.store.database import Connection, Cursor, Database

T = TypeVar("T")


class ConnectionPool:
    """Transactions on connections of a database, in whichever thread asks; errors come in words."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._idle: dict[bool, list[Connection]] = {False: [], True: []}
        self._is_closed = False
        self._process = os.getpid()

    @contextmanager
    def reading(self) -> Iterator[Cursor]:
        """A cursor inside a transaction that sees one state."""
        with self._explained():
            connection = self._begin(self._database.begin_read, writes=False)
            try:
                yield self._database.cursor(connection)
            finally:
                self._end(connection, self._database.end_read, writes=False)

    @contextmanager
    def writing(self) -> Iterator[Cursor]:
        """A cursor inside a write transaction of its own; committed, unless an error leaves the block."""
        with self._explained():
            connection = self._begin(self._database.begin_write, writes=True)
            end: Callable[[Connection], None] = self._database.rollback
            try:
                yield self._database.cursor(connection)
                self._database.commit(connection)
                end = _nothing
            finally:
                self._end(connection, end, writes=True)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            explained = self._database.explain_error(error)
            if explained is error:
                raise
            raise explained from error

    def _begin(self, begin: Callable[[Connection], None], *, writes: bool) -> Connection:
        """Begin on a kept connection; on a new one, when there is none or the server has cut it meanwhile."""
        check_process(self._process)
        if self._is_closed:
            raise WorkspaceError("the store is closed: nothing can be read", hint="open the workspace again")
        try:
            kept = self._idle[writes].pop()
        except IndexError:
            return self._begin_anew(begin, writes=writes)
        try:
            begin(kept)
        except Exception:
            is_cut = not self._database.is_usable(kept)
            self._database.close(kept)
            if not is_cut:
                raise
            return self._begin_anew(begin, writes=writes)
        return kept

    def _begin_anew(self, begin: Callable[[Connection], None], *, writes: bool) -> Connection:
        connection = self._database.connect(writes=writes)
        try:
            begin(connection)
        except BaseException:
            self._database.close(connection)
            raise
        return connection

    def _end(self, connection: Connection, end: Callable[[Connection], None], *, writes: bool) -> None:
        try:
            end(connection)
        except Exception:
            self._database.close(connection)
            return
        if self._is_closed or not self._database.is_usable(connection):
            self._database.close(connection)
        else:
            self._idle[writes].append(connection)

    def close(self) -> None:
        """Close what is idle now, and the rest when it is given back."""
        self._is_closed = True
        for connections in self._idle.values():
            while connections:
                self._database.close(connections.pop())


def check_process(process: int) -> None:
    """Refuse to share connections and locks with the parent of this process.

    Raises:
        WorkspaceError: the store was opened in another process.
    """
    if process != os.getpid():
        raise WorkspaceError("the store was opened before this process was forked", hint="open it after the fork")


def _nothing(_: Connection) -> None:
    """After a commit there is nothing to undo."""
