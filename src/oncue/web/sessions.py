"""Sessions in a file of the workspace's local folder, so that open pages survive a restart of the server."""

from __future__ import annotations

import json
import logging
import os
import threading
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from oncue.core.ports import Clock

FILE = "sessions.json"
MAX_SESSIONS = 1000
MAX_OF_A_TOKEN = 100
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Session:
    token: str
    until: datetime


class SessionFile:
    """Digest of a session → digest of its token, and when it ends; readable by the owner of the file alone."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._path = folder / FILE
        self._clock = clock
        self._sessions = _read(self._path)
        self._gate = threading.Lock()  # people sign in at the same time, each in a thread

    def load(self, session: str) -> tuple[str, datetime] | None:
        """A session, or None."""
        known = self._sessions.get(session)
        return (known.token, known.until) if known else None

    def keep(self, session: str, *, token: str, until: datetime) -> None:
        """Keep a session; those that ended are forgotten, and the oldest beyond a hundred of its token or a thousand in all."""
        now = self._clock.now()
        with self._gate:
            living = {digest: known for digest, known in self._sessions.items() if known.until > now}
            living[session] = _Session(token, until)
            for surplus in [digest for digest, known in living.items() if known.token == token][:-MAX_OF_A_TOKEN]:
                del living[surplus]  # else one person could sign all others out, by signing in again and again
            self._sessions = dict(list(living.items())[-MAX_SESSIONS:])
            self._write()

    def drop(self, session: str) -> None:
        """Forget a session; harmless when it is unknown."""
        with self._gate:
            if session in self._sessions:
                self._sessions = {digest: known for digest, known in self._sessions.items() if digest != session}
                self._write()

    def _write(self) -> None:
        record = {digest: [known.token, known.until.isoformat()] for digest, known in self._sessions.items()}
        temporary = self._path.with_name(f"{FILE}.part")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)  # beside a database elsewhere nothing has made it yet
            with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as sink:
                json.dump(record, sink)
            os.replace(temporary, self._path)
        except OSError:  # they last until the server ends, then
            log.warning("sessions not kept", extra={"event": "sessions_not_kept"}, exc_info=True)


def _read(path: Path) -> dict[str, _Session]:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        return {str(digest): _Session(str(token), datetime.fromisoformat(until)) for digest, (token, until) in record.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
