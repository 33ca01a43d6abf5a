"""``StepContext``: everything a step may do besides using its arguments."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

from oncue.core.canonical import canonical_json
from oncue.core.model import ContextMode, StepId
from oncue.core.questions import Asking, InvalidQuestion, OnTimeout, Option, QuestionKind

T = TypeVar("T")
_NO_DEFAULT: Any = object()


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

    def ask(self, asking: Asking, *, configured: object = None) -> object:
        """The recorded answer to a question, or ``Suspended``."""
        ...

    def is_cancelled(self) -> bool:
        """Whether the attempt should end."""
        ...


class Suspended(BaseException):
    """A step waits for a person; code of a step must let it pass."""


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

    def ask(
        self,
        type: str,
        message: str,
        *,
        kind: str = "",
        options: Sequence[str | Mapping[str, str]] = (),
        default: Any = _NO_DEFAULT,
        schema: Mapping[str, object] | None = None,
        timeout_seconds: float | None = None,
        on_timeout: str = "",
        configured: Any = None,
        **extra: object,
    ) -> Any:
        """Ask a person, and return the answer; until it is there, the step is suspended and holds nothing.

        With the answer the step is entered again **from its top**: keep what comes before a question cheap, wrap it in
        ``remember``, or make it a step of its own.

        Args:
            type: what the question is about, a word that people filter by: ``run_mode``.
            message: what people read.
            kind: choice, choices, text, number, confirm or form; left out, choice with options, form with a schema,
                else text.
            options: ids, or mappings with ``id``, ``label`` and ``help``.
            default: what is suggested, and taken at the deadline with ``on_timeout="default"``.
            schema: a JSON Schema of an object, for forms.
            timeout_seconds: how long to wait; None waits for ever.
            on_timeout: cancel (the default where there is a timeout) ends the run, default takes the default, wait waits.
            configured: an answer that was given beforehand, by configuration: recorded as such, and not asked.
            extra: anything else that is shown and kept with the question.

        Returns:
            An option's id (choice), a list of ids (choices), text, a number, a bool (confirm) or a mapping (form).

        Raises:
            InvalidQuestion, InvalidAnswer: the question, or what was configured, cannot be meant; the step fails.
        """
        is_default_given = default is not _NO_DEFAULT
        asking = Asking(
            type=type,
            message=message,
            kind=_kind(kind, has_options=bool(options), has_schema=schema is not None),
            options=tuple(_option(option) for option in options),
            default=default if is_default_given else None,
            has_default=is_default_given,
            schema=schema,
            timeout_seconds=timeout_seconds,
            on_timeout=_policy(on_timeout, has_timeout=timeout_seconds is not None),
            extra=extra,
        )
        return self._desk.ask(asking, configured=configured)


def _kind(given: str, *, has_options: bool, has_schema: bool) -> QuestionKind:
    if not given:
        return QuestionKind.CHOICE if has_options else QuestionKind.FORM if has_schema else QuestionKind.TEXT
    try:
        return QuestionKind(given)
    except ValueError:
        raise InvalidQuestion(f"kind={given!r} is none of {', '.join(QuestionKind)}") from None


def _policy(given: str, *, has_timeout: bool) -> OnTimeout:
    if not given:
        return OnTimeout.CANCEL if has_timeout else OnTimeout.WAIT
    try:
        return OnTimeout(given)
    except ValueError:
        raise InvalidQuestion(f"on_timeout={given!r} is none of {', '.join(OnTimeout)}") from None


def _option(given: str | Mapping[str, str]) -> Option:
    if isinstance(given, str):
        return Option(id=given, label=given)
    return Option(id=given["id"], label=given.get("label", given["id"]), help=given.get("help", ""))
