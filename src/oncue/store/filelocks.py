"""Locks that the operating system frees when a process ends: the write guard, and the sign that a worker lives.

SQLite before 3.51.3 can damage a WAL database when one connection writes while another restarts the log. So whoever writes
or closes a connection (which may move the log into the database) holds the ``WriteGuard``.

A worker's lock file gets its name only when it is locked, so a file that can be locked belongs to a worker that is dead.
"""

from __future__ import annotations

import fcntl
import os
import threading
from hashlib import sha256
from pathlib import Path
from types import TracebackType

from oncue.core.model import WorkerId
from oncue.errors import WorkspaceError

_OPEN = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
_SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")


class WriteGuard:
    """A lock on a file, exclusive among processes and among the threads of this one; waits without using a processor."""

    def __init__(self, path: Path) -> None:
        self._thread_lock = threading.Lock()
        self._file = os.open(path, _OPEN, 0o666)
        self._flock = fcntl.flock

    def acquire(self) -> None:
        """Wait for the lock and take it."""
        self._thread_lock.acquire()
        try:
            self._flock(self._file, fcntl.LOCK_EX)
        except BaseException:
            self._thread_lock.release()
            raise

    def release(self) -> None:
        """Give the lock back."""
        self._flock(self._file, fcntl.LOCK_UN)
        self._thread_lock.release()

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()

    def close(self) -> None:
        """Close the file; the lock must not be held."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


class FileLease:
    """A lock file that is held until it is closed or the process ends; children of a fork do not keep it."""

    def __init__(self, folder: Path, worker_id: WorkerId) -> None:
        self.worker_id = worker_id
        self._path = lease_path(folder, worker_id)
        folder.mkdir(exist_ok=True)
        hidden = folder / f".{os.urandom(8).hex()}"
        self._file = os.open(hidden, _OPEN | os.O_EXCL, 0o666)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        if is_locked(self._path):
            os.close(self._file)
            hidden.unlink()
            raise WorkspaceError(f"the worker {worker_id} is announced already", hint="a worker takes a new id at every start")
        os.rename(hidden, self._path)
        os.register_at_fork(after_in_child=self._let_go)

    def _let_go(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def close(self) -> None:
        """Remove the file and free the lock."""
        if self._file >= 0:
            self._path.unlink(missing_ok=True)
            self._let_go()


def lease_path(folder: Path, worker_id: WorkerId) -> Path:
    """The lock file of a worker; an id that is no plain file name is hashed."""
    name = worker_id if worker_id and _SAFE.issuperset(worker_id) else sha256(worker_id.encode()).hexdigest()
    return folder / f"{name}.lock"


def is_locked(path: Path) -> bool:
    """Whether a process holds this lock file; the file of a dead one is removed."""
    try:
        file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        path.unlink(missing_ok=True)
        return False
    finally:
        os.close(file)
