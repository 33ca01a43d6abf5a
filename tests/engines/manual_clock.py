"""A clock that stands still until a test moves it."""

from __future__ import annotations

import asyncio
import heapq
from datetime import UTC, datetime, timedelta
from itertools import count

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


class ManualClock:
    """Time moves only by ``advance``; ``sleeps`` lists how long was slept for, in the order in which it was asked for."""

    def __init__(self) -> None:
        self.sleeps: list[float] = []
        self._seconds = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = count()
        self._news: asyncio.Future[None] | None = None

    def now(self) -> datetime:
        """Noon, and what was advanced since."""
        return NOON + timedelta(seconds=self._seconds)

    def monotonic(self) -> float:
        """The seconds that were advanced."""
        return self._seconds

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock was advanced so far."""
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._seconds + seconds, next(self._order), woken))
        self.sleeps.append(seconds)
        if self._news is not None and not self._news.done():
            self._news.set_result(None)
        await woken

    def advance(self, seconds: float) -> None:
        """Let time pass; called in the loop of those who sleep."""
        self._seconds += seconds
        while self._sleepers and self._sleepers[0][0] <= self._seconds:
            _, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():
                woken.set_result(None)

    async def wait_for_sleep(self, *, longer_than: float = 0.0, after: int = 0) -> float:
        """How long the next sleep is that was asked for after so many others, and is longer than this."""
        while not (found := [seconds for seconds in self.sleeps[after:] if seconds > longer_than]):
            self._news = asyncio.get_running_loop().create_future()
            await self._news
        return found[0]
