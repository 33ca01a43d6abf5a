"""What an engine carries and promises: it says when and where tasks execute, never what they mean.

Its contract suite, like those of the other ports, runs on every implementation.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from oncue.core.model import WorkerId
from oncue.core.writeport import Transaction


class TaskKind(StrEnum):
    """``advance``: one short transaction that moves a run on. ``step``: execute one attempt."""

    ADVANCE = "advance"
    STEP = "step"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What an engine carries; it knows nothing of what ``ref`` means.

    ``key`` is unique among waiting and running tasks; ``not_before`` delays the delivery; a higher ``priority`` goes first.
    """

    kind: TaskKind
    ref: str
    key: str
    queue: str = "default"
    priority: int = 0
    not_before: datetime | None = None


Deliver = Callable[[Task], Awaitable[None]]


class Engine(Protocol):
    """Says when and where tasks execute. Delivery is at least once; results are kept by whoever is delivered to."""

    async def open(self) -> None:
        """Connect and check; deliver nothing."""
        ...

    async def serve(self, deliver: Deliver, *, queues: Mapping[str, int], worker_id: WorkerId) -> None:
        """Consume in the caller's loop until closed, at most ``queues[q]`` tasks of a queue at once."""
        ...

    def submit(self, tasks: Sequence[Task], tx: Transaction | None = None) -> None:
        """Take tasks: durable on return, or with the caller's transaction. A key that waits or runs already is ignored."""
        ...

    def cancel(self, keys: Sequence[str]) -> None:
        """Best effort: drop waiting tasks, raise ``CancelledError`` inside running deliveries."""
        ...

    def recover(self, dead_workers: Sequence[WorkerId]) -> int:
        """Make the deliveries of dead workers deliverable again; repeatable and safe from several processes."""
        ...

    async def close(self, grace_seconds: float) -> None:
        """Stop taking work and wait this long for what is running; what is interrupted stays recoverable."""
        ...
