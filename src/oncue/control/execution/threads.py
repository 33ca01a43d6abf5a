"""Worker threads that can be abandoned: a step that does not end when its time is up must not keep the process alive."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

T = TypeVar("T")
_Job = tuple[Callable[[], Any], "asyncio.Future[Any]", asyncio.AbstractEventLoop]


class StepThreads:
    """Daemon threads, as many as ever ran at once; an abandoned one is replaced and ends after its call."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self._idle = 0
        self._threads = 0

    def call(self, function: Callable[[], T]) -> asyncio.Future[T]:
        """Run a function in a thread; the future belongs to the running loop. Cancelling it abandons the thread."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        if self._idle > 0:
            self._idle -= 1
        else:
            self._threads += 1
            Thread(target=self._work, name=f"oncue-step-{self._threads}", daemon=True).start()
        self._queue.put((function, future, loop))
        return future

    def close(self) -> None:
        """Let every thread end after what it is doing."""
        for _ in range(self._threads):
            self._queue.put(None)

    def _work(self) -> None:
        while (job := self._queue.get()) is not None:
            function, future, loop = job
            try:
                result, error = function(), None
            except BaseException as raised:
                result, error = None, raised
            del job, function
            try:
                loop.call_soon_threadsafe(self._settle, future, result, error)
            except RuntimeError:
                return  # the loop is closed: nobody waits any more
            del future, result, error

    def _settle(self, future: asyncio.Future[Any], result: object, error: BaseException | None) -> None:
        self._idle += 1
        if future.done():
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)
