"""Sessions in a file of the workspace's local folder, so that open pages survive a restart of the server.

The file is the truth, for all servers of the workspace: whoever changes it reads it first, under a lock; whoever looks a
session up reads it again when it was replaced.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from oncue.core.ports import Clock

FILE = "sessions.json"
LOCK = "sessions.lock"
MAX_SESSIONS = 1000
MAX_OF_A_TOKEN = 100
log = logging.getLogger(__name__)
_Stamp = tuple[int, int, int]
"""The file's number, time and size: every change is another file."""


@dataclass(frozen=True, slots=True)
class _Session:
    token: str
    until: datetime


_Sessions = Mapping[str, _Session]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What was read last; without a stamp there was no file."""

    stamp: _Stamp | None = None
    sessions: _Sessions = field(default_factory=dict)


class SessionFile:
    """Digest of a session → digest of its token, and when it ends; readable by the owner of the file alone."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._path = folder / FILE
        self._clock = clock
        self._known = _Known()
        self._gate = threading.Lock()  # people sign in at the same time, each in a thread

    def load(self, session: str) -> tuple[str, datetime] | None:
        """A session, or None."""
        known = self._read().sessions.get(session)
        return (known.token, known.until) if known else None

    def keep(self, session: str, *, token: str, until: datetime) -> None:
        """Keep a session; those that ended are forgotten, and the oldest beyond a hundred of its token or a thousand in all."""
        now = self._clock.now()

        def add(sessions: _Sessions) -> _Sessions:
            living = {digest: known for digest, known in sessions.items() if known.until > now}
            living[session] = _Session(token, until)
            for surplus in [digest for digest, known in living.items() if known.token == token][:-MAX_OF_A_TOKEN]:
                del living[surplus]  # else one person could sign all others out, by signing in again and again
            return dict(list(living.items())[-MAX_SESSIONS:])

        self._change(add)

    def drop(self, session: str) -> None:
        """Forget a session; harmless when it is unknown."""
        if session in self._read().sessions:
            self._change(lambda sessions: {digest: known for digest, known in sessions.items() if digest != session})

    def _read(self) -> _Known:
        """The sessions as they are in the file; those of the last time where it cannot be read just now."""
        known = self._known
        try:
            if _stamp(os.stat(self._path)) != known.stamp:
                known = self._known = _read(self._path)
        except FileNotFoundError:
            if known.stamp is not None:
                known = self._known = _Known()
        except OSError:  # no file descriptor is left, for example: nobody is signed out for that
            log.warning("sessions not read", extra={"event": "sessions_not_read"}, exc_info=True)
        return known

    def _change(self, change: Callable[[_Sessions], _Sessions]) -> None:
        """Change what is in the file; where it cannot be written, it lasts until the server ends or the file changes."""
        with self._gate:
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)  # beside a database elsewhere nothing has made it yet
                with _locked(self._path.with_name(LOCK)):
                    changed = change(self._read().sessions)
                    self._known = _Known(stamp=_write(self._path, changed), sessions=changed)
            except OSError:
                log.warning("sessions not kept", extra={"event": "sessions_not_kept"}, exc_info=True)
                known = self._known
                self._known = _Known(stamp=known.stamp, sessions=change(known.sessions))


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """A lock among the servers of a workspace, freed by the operating system when one ends."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


def _stamp(status: os.stat_result) -> _Stamp:
    return status.st_ino, status.st_mtime_ns, status.st_size


def _read(path: Path) -> _Known:
    """What is in the file; nothing where it is damaged."""
    with path.open("rb") as source:
        stamp, body = _stamp(os.fstat(source.fileno())), source.read()
    try:
        record = json.loads(body)
        sessions = {
            str(digest): _Session(str(token), datetime.fromisoformat(until)) for digest, (token, until) in record.items()
        }
    except (ValueError, TypeError, AttributeError):
        sessions = {}
    return _Known(stamp=stamp, sessions=sessions)


def _write(path: Path, sessions: _Sessions) -> _Stamp:
    """Replace the file, under the lock."""
    record = {digest: [known.token, known.until.isoformat()] for digest, known in sessions.items()}
    temporary = path.with_name(f"{FILE}.part")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as sink:
        json.dump(record, sink)
        sink.flush()
        stamp = _stamp(os.fstat(sink.fileno()))
    os.replace(temporary, path)
    return stamp
