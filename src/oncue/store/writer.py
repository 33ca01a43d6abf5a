"""The one thread of a process that writes: it commits whatever is queued in one transaction.

::

    callers ──unit, future──▶ queue ──▶ begin ─ unit ─ unit ─ … ─ commit ──▶ every future

A flush to the disk costs more than the work of a step, so units that arrive together share one. Alone, a unit is the
transaction; among others, a savepoint undoes it alone when it fails. When the commit fails, all of them did.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from oncue.core.writeport import Transaction
from oncue.errors import WorkspaceError
from oncue.store.database import Connection, Database
from oncue.store.pool import check_process
from oncue.store.transaction import StoreTransaction

T = TypeVar("T")
LARGEST_BATCH = 256
"""Bounds how long one transaction keeps other processes waiting."""

_Unit = tuple[Callable[[Transaction], Any], "Future[Any]"]
_Result = tuple["Future[Any]", Any]


class Writer:
    """Runs units; starts its thread with the first one."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queue: SimpleQueue[_Unit | None] = SimpleQueue()
        self._gate = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_closed = False
        self._process = os.getpid()
        self._connection: Connection | None = None
        self._transaction: StoreTransaction | None = None

    def submit(self, unit: Callable[[Transaction], T]) -> Future[T]:
        """Queue a unit; the future resolves after its commit.

        Raises:
            WorkspaceError: the store is closed, or was opened by the parent of this process.
        """
        future: Future[T] = Future()
        with self._gate:
            if self._is_closed:
                raise WorkspaceError("the store is closed: nothing can be written", hint="open the workspace again")
            check_process(self._process)
            if self._thread is None:
                self._start()
            self._queue.put((unit, future))
        return future

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._serve, name="oncue-writer", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Finish what is queued, then stop; harmless when repeated."""
        with self._gate:
            if self._is_closed:
                return
            self._is_closed = True
            self._queue.put(None)
        if self._thread is not None and self._process == os.getpid():
            self._thread.join()

    def _serve(self) -> None:
        is_open = True
        while is_open:
            batch, is_open = self._next_batch()
            if batch:
                self._carry_out(batch)
            del batch  # while waiting, no unit is kept alive
        self._disconnect()

    def _next_batch(self) -> tuple[list[_Unit], bool]:
        """Wait for a unit, and take what else is there; whether more may come."""
        batch: list[_Unit] = []
        item = self._queue.get()
        while item is not None:
            if item[1].set_running_or_notify_cancel():
                batch.append(item)
            if len(batch) == LARGEST_BATCH or self._queue.empty():
                return batch, True
            try:
                item = self._queue.get_nowait()
            except Empty:
                return batch, True
        return batch, False

    def _carry_out(self, batch: list[_Unit]) -> None:
        """One transaction for all; those that lost a deadlock get one of their own afterwards."""
        again: list[_Unit] = []
        try:
            transaction = self._begin()
        except BaseException as error:
            self._fail(batch, error)
            return
        try:
            done = self._run_alone(transaction, batch[0]) if len(batch) == 1 else self._run_each(transaction, batch, again)
            self._database.commit(self._connection)
        except BaseException as error:
            self._roll_back()
            self._fail([unit for unit in batch if not unit[1].done() and unit not in again], error)
        else:
            for future, result in done:
                future.set_result(result)
        for unit in again:
            self._carry_out([unit])

    def _begin(self) -> StoreTransaction:
        """Begin on the kept connection; on a new one, when there is none or the server has cut it meanwhile."""
        if self._connection is not None and self._transaction is not None:
            try:
                self._database.begin_write(self._connection)
            except Exception:
                if self._database.is_usable(self._connection):
                    raise
                self._disconnect()
            else:
                return self._transaction
        self._connection = self._database.connect(writes=True)
        self._transaction = StoreTransaction(self._database.cursor(self._connection), self._database)
        self._database.begin_write(self._connection)
        return self._transaction

    def _run_alone(self, transaction: StoreTransaction, unit: _Unit) -> list[_Result]:
        work, future = unit
        return [(future, work(transaction))]

    def _run_each(self, transaction: StoreTransaction, batch: list[_Unit], again: list[_Unit]) -> list[_Result]:
        done = []
        for unit in batch:
            work, future = unit
            transaction.savepoint()
            try:
                result = work(transaction)
            except BaseException as error:
                transaction.undo_to_savepoint()
                if self._database.is_transient(error):
                    again.append(unit)
                else:
                    future.set_exception(self._database.explain_error(error))
            else:
                transaction.release_savepoint()
                done.append((future, result))
        return done

    def _roll_back(self) -> None:
        try:
            self._database.rollback(self._connection)
        except BaseException:
            self._disconnect()

    def _fail(self, batch: list[_Unit], error: BaseException) -> None:
        explained = self._database.explain_error(error)
        for _, future in batch:
            future.set_exception(explained)

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._transaction = None
            connection, self._connection = self._connection, None
            self._database.close(connection)
