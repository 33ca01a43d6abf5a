"""The lease of a worker in PostgreSQL: an advisory lock, and a thread that takes it again when its session is lost.

The server frees the lock when the session ends, however it ends. A session may also end while its worker lives: somebody
terminates it, the server restarts, the network breaks. Then the lock is free until the thread has another session::

    held ──the socket says that the session ended──▶ lost ──another session locks the same number──▶ held

In between others see a dead worker, and one who looks just then may take its runs over; that raises their fence, so nothing
is recorded twice. The gap is some milliseconds where the server is there and another session can be had.
"""

from __future__ import annotations

import logging
import select
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256

import psycopg

from oncue.core.model import WorkerId
from oncue.errors import WorkspaceError
from oncue.store.database import Connection

WORKERS_LOCK = 0x6F6E637566
"""The advisory lock that all workers share, so that they can be counted."""
BEAT_SECONDS = 10.0
"""How often the lock is asked for while all is well; a session that ends is noticed at once."""
FIRST_PAUSE_SECONDS = 0.01
LONGEST_PAUSE_SECONDS = 0.25
CLOSE_SECONDS = 2.0
COUNT_WORKERS = """
SELECT count(DISTINCT pid) FROM pg_locks
WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND classid = %s::oid AND objid = %s::oid
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_LOCK = "SELECT pg_try_advisory_lock(%s), pg_try_advisory_lock_shared(%s)"
log = logging.getLogger(__name__)


class SessionLease:
    """An advisory lock that is held until it is closed or the process ends."""

    def __init__(self, connect: Callable[[], Connection], worker_id: WorkerId) -> None:
        self.worker_id = worker_id
        self._connect = connect
        self._connection = connect()
        try:
            if not self._lock():
                raise WorkspaceError(
                    f"the worker {worker_id} is announced already", hint="a worker takes a new id at every start"
                )
        except BaseException:
            self._connection.close()
            raise
        self._ear, self._bell = socket.socketpair()
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the session; harmless when repeated."""
        with suppress(OSError):  # the thread has ended, and hung up
            self._bell.send(b"\0")
        self._thread.join(CLOSE_SECONDS)  # one that waits for a silent server ends its session later

    def _keep(self) -> None:
        """Until closed: see whether the lock is held, as soon as the session says something."""
        is_held, wait_seconds = True, BEAT_SECONDS
        while not self._is_closed_within(wait_seconds):
            was_held, is_held = is_held, self._hold()
            if is_held:
                wait_seconds = BEAT_SECONDS
            else:
                wait_seconds = FIRST_PAUSE_SECONDS if was_held else min(2 * wait_seconds, LONGEST_PAUSE_SECONDS)
            if was_held and not is_held:
                log.warning("lost the lease of a worker", extra={"event": "lease_lost", "worker": self.worker_id})
            elif is_held and not was_held:
                log.warning("took a lost lease again", extra={"event": "lease_taken_again", "worker": self.worker_id})
        self._connection.close()
        self._ear.close()
        self._bell.close()

    def _is_closed_within(self, seconds: float) -> bool:
        """Wait for the end of the lease; no longer than that, or until there is word of the session."""
        waiting = select.poll()
        waiting.register(self._ear, select.POLLIN)
        if not self._connection.closed:
            waiting.register(self._connection, select.POLLIN)
        return any(source == self._ear.fileno() for source, _ in waiting.poll(seconds * 1000))

    def _hold(self) -> bool:
        """Whether the lock is held after this.

        It is not while the server still takes the lost session for alive (then the worker is alive for all others, too), or
        while somebody looks whether it is held.
        """
        try:
            if self._connection.closed:
                self._connection = self._connect()
            return self._lock()
        except (psycopg.Error, WorkspaceError) as error:
            log.debug("no session for a lease", extra={"event": "lease_refused", "error": str(error)})
            self._connection.close()
            return False

    def _lock(self) -> bool:
        """Take the lock; where this session has it already it is counted once more, until the session ends."""
        return bool(self._connection.execute(_LOCK, (worker_lock(self.worker_id), WORKERS_LOCK)).fetchone()[0])


def worker_lock(worker_id: WorkerId) -> int:
    """The number of a worker's advisory lock: 64 bits of a hash."""
    return int.from_bytes(sha256(b"oncue worker\0" + worker_id.encode()).digest()[:8], "big", signed=True)
