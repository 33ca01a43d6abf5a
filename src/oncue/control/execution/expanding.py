"""Fan-outs whose instances are being worked out, each in a task of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from functools import partial

from oncue.control.execution.attempts import Performer
from oncue.control.execution.elements import Elements
from oncue.core.model import Expansion

Then = Callable[[Expansion | None, BaseException | None], None]


class Expanding:
    """Works out the instances of fan-outs; ``then`` is called in the loop with each result, or why there is none."""

    def __init__(self, elements: Elements, performer: Performer, *, then: Then) -> None:
        self._elements = elements
        self._performer = performer
        self._then = then
        self._tasks: dict[str, asyncio.Task[Expansion]] = {}

    def __bool__(self) -> bool:
        return bool(self._tasks)

    def begin(self, names: Iterable[str]) -> None:
        """Begin those that are not under way."""
        for name in [name for name in names if name not in self._tasks]:
            step, over = self._elements.list_of(name)
            task = asyncio.get_running_loop().create_task(self._performer.expand_stored(step, over))
            self._tasks[name] = task
            task.add_done_callback(partial(self._end, name))

    def _end(self, name: str, task: asyncio.Task[Expansion]) -> None:
        del self._tasks[name]
        if task.cancelled():
            return
        error = task.exception()
        self._then(None if error else task.result(), error)
