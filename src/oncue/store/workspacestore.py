"""The ``Store`` port: a database, its writer, and connections to read from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from oncue.core.model import JobId, WorkerId
from oncue.core.ports import Blobs, Watch, WorkerLease
from oncue.core.readport import Reader
from oncue.core.writeport import Transaction
from oncue.store.database import Database
from oncue.store.pool import ConnectionPool
from oncue.store.projection import write_job_data
from oncue.store.reader import StoreReader
from oncue.store.writer import Writer

T = TypeVar("T")


class WorkspaceStore:
    """One opened workspace."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._writer = Writer(database)
        self._pool = ConnectionPool(database)
        self.url = database.url
        self.folder = database.folder
        self.blobs: Blobs = database.make_blobs()

    @contextmanager
    def read(self) -> Iterator[Reader]:
        """A consistent view; several may be open, each in its own thread."""
        with self._pool.reading() as cursor:
            yield StoreReader(cursor, self._database.sql)

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

    def count_workers(self) -> int:
        """How many workers live."""
        return self._database.count_workers()

    def watch(self) -> Watch:
        """Begin to notice commits."""
        return self._database.watch()

    def write_projection(self, job_id: JobId, body: bytes) -> None:
        """Replace the job's ``job_data.json`` atomically."""
        write_job_data(Path(self.folder), job_id, body)

    def close(self) -> None:
        """Finish queued writes and free every connection; harmless when repeated."""
        self._writer.close()
        self._pool.close()
        self._database.dispose()
