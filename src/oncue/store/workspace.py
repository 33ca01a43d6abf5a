"""The ``Store`` port: a database, its writer, and connections to read from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from oncue.core.model import JobId, WorkerId
from oncue.core.ports import Blobs, Reader, Transaction, Watch, WorkerLease
from oncue.errors import WorkspaceError
from oncue.store.database import Connection, Database
from oncue.store.projection import write_job_data
from oncue.store.reader import StoreReader
from oncue.store.writer import Writer

T = TypeVar("T")


class WorkspaceStore:
    """One opened workspace. Read connections are kept for the next reader: as many as ever read at the same time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._writer = Writer(database)
        self._idle: list[Connection] = []
        self._is_closed = False
        self.url = database.url
        self.folder = database.folder
        self.blobs: Blobs = database.make_blobs()

    @contextmanager
    def read(self) -> Iterator[Reader]:
        """A consistent view; several may be open, each in its own thread."""
        database = self._database
        connection = None
        try:
            connection = self._take()
            database.begin_read(connection)
            yield StoreReader(database.cursor(connection), database.sql)
        except Exception as error:
            explained = database.explain_error(error)
            if explained is error:
                raise
            raise explained from error
        finally:
            if connection is not None:
                self._give_back(connection)

    def _take(self) -> Connection:
        if self._is_closed:
            raise WorkspaceError("the store is closed: nothing can be read", hint="open the workspace again")
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return self._database.connect(writes=False)
            if self._database.is_usable(connection):
                return connection
            self._database.close(connection)

    def _give_back(self, connection: Connection) -> None:
        try:
            self._database.end_read(connection)
        except Exception:
            self._database.close(connection)
            return
        if self._is_closed:
            self._database.close(connection)
        else:
            self._idle.append(connection)

    def submit(self, unit: Callable[[Transaction], T]) -> Future[T]:
        """Queue a write. The future resolves after the commit; an exception of the unit undoes the unit alone."""
        return self._writer.submit(unit)

    def write(self, unit: Callable[[Transaction], T]) -> T:
        """Carry out a write and wait for its commit."""
        return self._writer.submit(unit).result()

    def hold_worker(self, worker_id: WorkerId) -> WorkerLease:
        """Announce a worker of this process as alive."""
        return self._database.hold_worker(worker_id)

    def is_alive(self, worker_id: WorkerId) -> bool:
        """Whether the process of a worker still lives; exact, without clocks."""
        return self._database.is_alive(worker_id)

    def watch(self) -> Watch:
        """Begin to notice commits."""
        return self._database.watch()

    def write_projection(self, job_id: JobId, body: bytes) -> None:
        """Replace the job's ``job_data.json`` atomically."""
        write_job_data(Path(self.folder), job_id, body)

    def close(self) -> None:
        """Finish queued writes and free every connection; harmless when repeated."""
        self._writer.close()
        if self._is_closed:
            return
        self._is_closed = True
        while self._idle:
            self._database.close(self._idle.pop())
        self._database.dispose()
