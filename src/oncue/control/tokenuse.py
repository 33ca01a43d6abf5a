"""When the token of a person was last used: noted behind the request that used it, which neither waits nor fails by that."""

from __future__ import annotations

import logging
from concurrent.futures import Future
from datetime import datetime, timedelta

from oncue.core.people import AccessToken
from oncue.core.ports import Clock, Store
from oncue.errors import OncueError

PRECISION = timedelta(minutes=1)
log = logging.getLogger(__name__)


class TokenUse:
    """Notes uses, of every token at most one a minute; it may be told of them from any thread."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._tried: dict[str, datetime] = {}
        """Digest → the last attempt, so that a database that refuses, or is slow, is asked once a minute as well."""

    def note(self, token: AccessToken) -> None:
        """The token was used just now. Queues a write where one is due, and never raises."""
        now = self._clock.now()
        known = [at for at in (token.last_used_at, self._tried.get(token.digest)) if at is not None]
        if known and now - max(known) < PRECISION:
            return
        self._tried[token.digest] = now
        before = now - PRECISION  # another server of the same workspace may have noted it meanwhile
        try:
            self._store.submit(lambda tx: tx.touch_token(token.digest, now, before=before)).add_done_callback(_report)
        except OncueError as error:  # the store is being closed
            _complain(error)


def _report(written: Future[bool]) -> None:
    error = written.exception()
    if error is not None:  # a full disk, or a workspace that may only be read
        _complain(error)


def _complain(error: BaseException) -> None:
    log.warning("the use of a token was not noted", extra={"event": "token_use_not_noted"}, exc_info=error)
