"""One thread that notices what is committed, for every client: it reads each new event once and hands it on.

::

    store ──watch──▶ the reader thread ──batches──▶ the event loop ──▶ subscription ──▶ socket
                     every 20 ms at most            publishes           its own backlog

The number of an event within its job is its place for ever. The workspace as a whole has no such number: the feed counts what
it hands on, and its count begins anew with every start of the server, which is why a cursor names the start it belongs to.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from oncue.core.events import Event
from oncue.core.model import JobId
from oncue.core.ports import Store, Watch
from oncue.core.readport import Reader
from oncue.errors import OncueError
from oncue.web.eventnames import PhaseBook, event_text

POLL_SECONDS = 0.02
BUSY_SHARE = 4
"""After a look that took long it waits this many times as long, so that looking never takes a core."""
PAGE = 1000
KEPT_EVENTS = 10_000
ALIVE_SECONDS = 15
"""So long a client waits for nothing before it is looked at again."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Numbered:
    """An event with its place in the feed, and as the text that is sent."""

    number: int
    event: Event
    text: str


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a feed: after ``number`` events of the start called ``epoch``."""

    epoch: str
    number: int

    def __str__(self) -> str:
        return f"{self.epoch}.{self.number}"

    @staticmethod
    def parse(text: str) -> Cursor | None:
        """The cursor that was written so, or None."""
        epoch, dot, number = text.rpartition(".")
        return Cursor(epoch, int(number)) if dot and number.isascii() and number.isdigit() and len(number) < 20 else None


@dataclass(slots=True, eq=False)
class Subscription:
    """What one client has not seen yet. ``has_gap`` says that it was too slow and some of it was dropped."""

    job_id: JobId | None = None
    kept: int = KEPT_EVENTS
    backlog: deque[Numbered] = field(default_factory=deque)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    has_gap: bool = False
    is_over: bool = False

    async def has_arrived(self) -> bool:
        """Wait for something new; False where nothing came for a while."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.arrived.wait(), ALIVE_SECONDS)
            return True
        return False

    def take(self) -> list[Numbered]:
        """Everything that came since the last time."""
        taken = list(self.backlog)
        self.backlog.clear()
        if not self.is_over:
            self.arrived.clear()
        return taken

    def offer(self, batch: Sequence[Numbered]) -> None:
        """Take what concerns this client."""
        mine = batch if self.job_id is None else [one for one in batch if one.event.job_id == self.job_id]
        if not mine:
            return
        if len(self.backlog) + len(mine) > self.kept:
            self.backlog.clear()
            self.has_gap = True
        else:
            self.backlog.extend(mine)
        self.arrived.set()


class Feed:
    """Hands every event of the workspace to whoever subscribed.

    All methods run in the event loop, but ``nudge``, which any thread may call, and those of the feed's own thread.
    """

    def __init__(
        self, store: Store, phases: PhaseBook, *, epoch: str, monotonic: Callable[[], float], kept: int = KEPT_EVENTS
    ) -> None:
        self.epoch = epoch
        self._kept = kept
        self._phases = phases
        self.number = 0
        self._store = store
        self._monotonic = monotonic
        self._recent: deque[Numbered] = deque(maxlen=kept)
        self._subscriptions: set[Subscription] = set()
        self._marks: dict[JobId, int] = {}
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def cursor(self) -> Cursor:
        """The place after everything handed on so far."""
        return Cursor(self.epoch, self.number)

    def start(self) -> None:
        """Begin to look, from the present state on."""
        self._loop = asyncio.get_running_loop()
        watch = self._store.watch()
        with self._store.read() as reader:
            self._marks = dict(reader.job_marks())
        self._thread = threading.Thread(target=self._follow, args=(watch,), name="oncue-feed", daemon=True)
        self._thread.start()

    def end_subscriptions(self) -> None:
        """Let every client go: the server ends."""
        for subscription in self._subscriptions:
            subscription.is_over = True
            subscription.arrived.set()

    def nudge(self) -> None:
        """Have it asked of every client whether it may still listen: somebody's access ended. May be called from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        for subscription in self._subscriptions:
            subscription.arrived.set()

    def close(self) -> None:
        """Stop looking; harmless when it never began."""
        self.end_subscriptions()
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def subscribe(self, job_id: JobId | None = None) -> Subscription:
        """Begin to collect what comes from now on."""
        subscription = Subscription(job_id=job_id, kept=self._kept)
        self._subscriptions.add(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Collect no more; harmless when repeated."""
        self._subscriptions.discard(subscription)

    def since(self, cursor: Cursor) -> list[Numbered] | None:
        """What was handed on after a cursor; None where that is not known any more."""
        oldest = self._recent[0].number if self._recent else self.number + 1
        if cursor.epoch != self.epoch or not oldest - 1 <= cursor.number <= self.number:
            return None
        return [one for one in self._recent if one.number > cursor.number]

    # ------------------------------------------------------------------------------------------------------ the thread

    def _follow(self, watch: Watch) -> None:
        pause = 0.0
        try:
            while not self._stopping.wait(max(POLL_SECONDS, pause)):
                began = self._monotonic()
                pause = 0.0
                try:
                    if watch.changed():
                        self._hand_on_new()
                        pause = BUSY_SHARE * (self._monotonic() - began)
                except OncueError:  # a full disk or a lost connection: the next change brings what this one did not
                    log.warning("could not read events", extra={"event": "feed_failed"}, exc_info=True)
        finally:
            watch.close()

    def _hand_on_new(self) -> None:
        with self._store.read() as reader:
            marks = reader.job_marks()
            for job_id, mark in marks.items():
                seen = self._marks.get(job_id, 0)
                if mark > seen:
                    try:
                        self._hand_on_job(reader, job_id, after=seen)
                    except OncueError:
                        raise
                    except Exception:  # a damaged job must not silence all the others
                        log.exception("a job's events cannot be read", extra={"event": "feed_damaged", "job": job_id})
                        self._marks[job_id] = mark

    def _hand_on_job(self, reader: Reader, job_id: JobId, *, after: int) -> None:
        while page := reader.list_events(job_id, after=after, limit=PAGE):
            after = self._marks[job_id] = page[-1].seq
            phases = self._phases.phases(reader, job_id)
            batch = [(event, event_text(event, phases)) for event in page]
            assert self._loop is not None, "the thread runs only while the loop does"
            if not self._stopping.is_set():
                self._loop.call_soon_threadsafe(self._publish, batch)
            if len(page) < PAGE:
                return

    def _publish(self, events: Sequence[tuple[Event, str]]) -> None:
        batch = [Numbered(number, event, text) for number, (event, text) in enumerate(events, start=self.number + 1)]
        self.number += len(batch)
        self._recent.extend(batch)
        for subscription in self._subscriptions:
            subscription.offer(batch)
