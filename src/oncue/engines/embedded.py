"""The default engine: in-process, in one event loop, over the store's own rows.

The durable record of a task is the row it is about (a queued run, a running attempt); ``submit`` only wakes this process
up, and ``recover`` has nothing of its own to restore: whoever looks after a job finds its rows and submits anew.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from functools import partial

from oncue.core.dispatch import Deliver, Task
from oncue.core.model import WorkerId
from oncue.core.ports import Clock
from oncue.core.writeport import Transaction


class EmbeddedEngine:
    """Runs tasks as coroutines of the loop that serves it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: dict[str, deque[Task]] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._known: set[str] = set()
        self._timers: dict[str, asyncio.Task[None]] = {}
        self._free: dict[str, int] = {}
        self._deliver: Deliver | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = asyncio.Event()
        self._failure: BaseException | None = None

    async def open(self) -> None:
        """Nothing to connect to."""

    async def serve(self, deliver: Deliver, *, queues: Mapping[str, int], worker_id: WorkerId) -> None:
        """Deliver until closed; an error that ``deliver`` raises ends the engine with it."""
        self._loop = asyncio.get_running_loop()
        self._deliver = deliver
        self._free = dict(queues)
        for queue in list(self._waiting):
            self._start_waiting(queue)
        await self._closed.wait()
        if self._failure is not None:
            raise self._failure

    def submit(self, tasks: Sequence[Task], tx: Transaction | None = None) -> None:
        """Take tasks, in the loop's own thread; a key that waits or runs already is ignored."""
        for task in tasks:
            if task.key in self._known or self._closed.is_set():
                continue
            self._known.add(task.key)
            delay = (task.not_before - self._clock.now()).total_seconds() if task.not_before else 0.0
            if delay > 0:
                self._timers[task.key] = asyncio.ensure_future(self._later(task, delay))
            else:
                self._enqueue(task)

    def cancel(self, keys: Sequence[str]) -> None:
        """Drop waiting tasks; raise ``CancelledError`` inside running ones."""
        for key in keys:
            running = self._running.get(key)
            timer = self._timers.pop(key, None)
            if running is not None:
                running.cancel()
            elif key in self._known:
                self._known.discard(key)
                if timer is not None:
                    timer.cancel()
                for queue in self._waiting.values():
                    for task in [task for task in queue if task.key == key]:
                        queue.remove(task)

    def recover(self, dead_workers: Sequence[WorkerId]) -> int:
        """The rows are the record: nothing else was lost with a worker."""
        return 0

    async def close(self, grace_seconds: float) -> None:
        """Take nothing more, wait for what runs, then interrupt it."""
        self._closed.set()
        for timer in self._timers.values():
            timer.cancel()
        for queue in self._waiting.values():
            queue.clear()
        running = list(self._running.values())
        if running:
            _, late = await asyncio.wait(running, timeout=grace_seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _later(self, task: Task, delay: float) -> None:
        await self._clock.sleep(delay)
        self._timers.pop(task.key, None)
        self._enqueue(task)

    def _enqueue(self, task: Task) -> None:
        waiting = self._waiting.get(task.queue)
        if waiting is None:
            waiting = self._waiting[task.queue] = deque()
        if waiting and waiting[-1].priority < task.priority:
            index = next(i for i, other in enumerate(waiting) if other.priority < task.priority)
            waiting.insert(index, task)
        else:
            waiting.append(task)
        self._start_waiting(task.queue)

    def _start_waiting(self, queue: str) -> None:
        waiting = self._waiting.get(queue)
        while waiting and self._free.get(queue, 0) > 0 and self._loop is not None:
            task = waiting.popleft()
            self._free[queue] -= 1
            running = self._running[task.key] = self._loop.create_task(self._run(task))
            running.add_done_callback(partial(self._ended, task))

    async def _run(self, task: Task) -> None:
        assert self._deliver is not None, "tasks run only while the engine serves"
        try:
            await self._deliver(task)
        except asyncio.CancelledError:
            if not self._closed.is_set():
                return
            raise
        except Exception as error:
            self._failure = error
            self._closed.set()

    def _ended(self, task: Task, _: asyncio.Task[None]) -> None:
        """Also of a task that was cancelled before its first line ran, which no ``finally`` would see."""
        self._free[task.queue] += 1
        self._running.pop(task.key, None)
        self._known.discard(task.key)
        if not self._closed.is_set():
            self._start_waiting(task.queue)
