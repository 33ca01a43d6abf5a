"""What the product needs from outside, as protocols; each has one contract suite that runs on every implementation.

``Store`` keeps the truth: a write is a function over a ``Transaction`` (``writeport.py``), carried out whole or not at all, and
whoever looks has a ``Reader`` (``readport.py``). ``Blobs`` keeps large bodies by content. ``Clock`` gives the time and waits.
The engine's protocol is in ``dispatch.py``, the loader's in ``control/steps/calls.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import PurePath
from typing import BinaryIO, Protocol, TypeVar

from oncue.core.model import ContentHash, JobId, WorkerId
from oncue.core.readport import Reader
from oncue.core.writeport import Transaction

T = TypeVar("T")


class Clock(Protocol):
    """Time, as an argument: tests inject their own."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back, for measuring durations."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait without holding a thread."""
        ...


class Blobs(Protocol):
    """Bodies by content. Writing what is there already is harmless; a name is never given to other bytes."""

    def put(self, body: bytes) -> ContentHash:
        """Store a body; durable on return."""
        ...

    def put_file(self, path: PurePath) -> tuple[ContentHash, int]:
        """Store a file in constant memory; returns its address and its size in bytes. Durable on return."""
        ...

    def open(self, address: ContentHash) -> BinaryIO:
        """A stream over a body, which can be read from any place.

        Raises:
            NoArtifact: nothing is stored under this address (it may have been pruned).
        """
        ...

    def has(self, address: ContentHash) -> bool:
        """Whether a body is stored."""
        ...

    def delete(self, address: ContentHash) -> None:
        """Forget a body; harmless when it is absent."""
        ...

    def addresses(self) -> Iterator[ContentHash]:
        """Every stored address, in no order."""
        ...


class WorkerLease(Protocol):
    """Proof that a worker lives: held as long as its process does, freed by the operating system or the server.

    What is lost while the process lives (a server may end any session) is taken again without being asked.
    """

    worker_id: WorkerId

    def close(self) -> None:
        """Say that the worker ends."""
        ...


class Watch(Protocol):
    """Notices that another process committed."""

    def changed(self) -> bool:
        """Whether anything was committed by another connection since the last call; cheap enough for 20 calls a second."""
        ...

    def close(self) -> None:
        """Stop watching."""
        ...


class Store(Protocol):
    """Persistence of one workspace; safe for many threads and many processes."""

    @property
    def url(self) -> str:
        """The workspace as a person would name it; never with a password."""
        ...

    @property
    def folder(self) -> PurePath:
        """The local folder for logs, scratch files and projections."""
        ...

    @property
    def blobs(self) -> Blobs:
        """Where large bodies are."""
        ...

    def read(self) -> AbstractContextManager[Reader]:
        """A consistent view; several may be open, each in its own thread."""
        ...

    def submit(self, unit: Callable[[Transaction], T]) -> Future[T]:
        """Queue a write. The future resolves after the commit; an exception undoes the unit alone, a deadlock repeats it."""
        ...

    def write(self, unit: Callable[[Transaction], T]) -> T:
        """Carry out a write and wait for its commit."""
        ...

    def hold_worker(self, worker_id: WorkerId) -> WorkerLease:
        """Announce a worker of this process as alive."""
        ...

    def is_alive(self, worker_id: WorkerId) -> bool:
        """Whether the process of a worker still lives; exact, without clocks.

        On a server one that lives counts as dead for the moment in which a lost session is replaced; what is taken from it
        then is safe, because its late writes are refused.
        """
        ...

    def count_workers(self) -> int:
        """How many workers live, whichever machine they are on."""
        ...

    def watch(self) -> Watch:
        """Begin to notice commits of other processes."""
        ...

    def write_projection(self, job_id: JobId, body: bytes) -> None:
        """Replace the job's ``job_data.json`` atomically."""
        ...

    def close(self) -> None:
        """Finish queued writes and free every connection."""
        ...
