"""``StepContext``: everything a step may do besides using its arguments."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

from oncue.core.canonical import canonical_json
from oncue.core.model import ContextMode, StepId

T = TypeVar("T")


class AttemptDesk(Protocol):
    """What the executor offers a running attempt; every write through it carries the attempt's fence."""

    def load_memo(self, name: str) -> bytes | None:
        """What was kept under a name, or None."""
        ...

    def keep_memo(self, name: str, body: bytes) -> None:
        """Keep a result; durable on return.

        Raises:
            WriteRefused: the attempt belongs to another worker by now, or was cancelled.
        """
        ...

    def report_progress(self, *, done: float, total: float | None, message: str) -> None:
        """Show progress; may be dropped when reports come too fast."""
        ...

    def load_previous(self) -> object:
        """The value of the step's own last output, or None."""
        ...

    def scratch_folder(self) -> Path:
        """An empty folder of this attempt's own; made on first use, removed after its end."""
        ...

    def open_log(self) -> logging.Logger:
        """A logger of this attempt's own; made on first use."""
        ...

    def is_cancelled(self) -> bool:
        """Whether the attempt should end."""
        ...


class StepContext:
    """One execution of one step, from within.

    Attributes:
        job: the id of the job.
        step: the id of the step, ``name`` or ``name[key]``.
        key: the instance key of a fan-out, or None.
        run: the number of the run.
        attempt: counts from 1; above 1 it is a retry.
        mode: keep or clean.
        log: a logger whose lines are kept with the attempt.
    """

    def __init__(self, desk: AttemptDesk, *, step: StepId, run: int, attempt: int, mode: ContextMode, job: str = "") -> None:
        self._desk = desk
        self.job = job
        self.step = step
        self.run = run
        self.attempt = attempt
        self.mode = mode
        self._files: Path | None = None

    @property
    def key(self) -> str | None:
        """The instance key of a fan-out, or None."""
        _, bracket, rest = self.step.partition("[")
        return rest[:-1] if bracket else None

    @property
    def log(self) -> logging.Logger:
        """A logger whose lines are kept with the attempt, and also go to the process's logging."""
        return self._desk.open_log()

    @property
    def previous(self) -> object:
        """The value of the step's own last output; None where there is none, and in a clean context."""
        return self._desk.load_previous() if self.mode is ContextMode.KEEP else None

    @property
    def folder(self) -> Path:
        """A scratch folder of this attempt; removed after its end."""
        return self._desk.scratch_folder()

    @property
    def files(self) -> Path:
        """A folder whose files become part of the step's artifact when it succeeds."""
        if self._files is None:
            self._files = self.folder / "files"
            self._files.mkdir(exist_ok=True)
        return self._files

    @property
    def has_files(self) -> bool:
        """Whether ``files`` was used."""
        return self._files is not None

    @property
    def is_cancelled(self) -> bool:
        """Whether a person cancelled the run, or the step's time is up: a step in a thread should look now and then."""
        return self._desk.is_cancelled()

    def progress(self, done: float, total: float | None = None, message: str = "") -> None:
        """Show how far the step is. Reports may be dropped when they come faster than people read."""
        self._desk.report_progress(done=done, total=total, message=message)

    def remember(self, name: str, compute: Callable[[], T]) -> T:
        """The result of ``compute``, computed once per attempt even when the attempt is entered again after a crash.

        The result must be plain JSON; what comes back after a re-entry is equal to it, not the same object.
        """
        kept = self._desk.load_memo(name)
        if kept is not None:
            value: T = json.loads(kept)
            return value
        result = compute()
        self._desk.keep_memo(name, canonical_json(result))
        return result
