"""``StepContext``: everything a step may do besides using its arguments."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

from oncue.control.steps.drafts import DraftWish, join_context
from oncue.core.canonical import canonical_json, mend_text
from oncue.core.comments import GivenComment
from oncue.core.model import ContextMode, StepId
from oncue.core.prompts import Purpose
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

    def read_comments(self) -> tuple[GivenComment, ...]:
        """The comments this attempt is given; that they were read is recorded."""
        ...

    def has_model(self) -> bool:
        """Whether a model can be called."""
        ...

    def generate(self, wish: DraftWish) -> object:
        """A draft, waited for in the step's own thread."""
        ...

    async def generate_async(self, wish: DraftWish) -> object:
        """A draft, waited for in the event loop."""
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
    def comment(self) -> str | None:
        """What a person wrote for this step in this run, as it was written; earlier comments that are carried come first."""
        return "\n".join(comment.text for comment in self.comments) or None

    @property
    def comments(self) -> tuple[GivenComment, ...]:
        """The same, one by one, with author, kind, time and reason."""
        return self._desk.read_comments()

    @property
    def has_model(self) -> bool:
        """Whether a model is set for this workspace and can be used; ``generate`` fails without one."""
        return self._desk.has_model()

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
        self._desk.report_progress(done=done, total=total, message=mend_text(message))

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
        options: Sequence[str | Mapping[str, str | bool]] = (),
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
            options: ids, or mappings with ``id``, ``label`` and ``help``; ``alone`` is true for one that stands for all or for
                none, and is chosen without others.
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

    def generate(self, request: str, *, context: object = "", **wishes: Any) -> Any:
        """Ask a language model, and return its checked answer. A plain call; in an async step use ``generate_async``.

        The prompt is composed in a fixed order: the rules of the workflow, the context, the request, the step's own previous
        output (in a keep context), the comment of a person, and that the rules prevail. It is stored before it is sent. An
        attempt that is entered again gets what it already paid for.

        Args:
            request: what is asked for.
            context: what the model is given to work on: text, or anything that JSON can hold; a mapping names its parts.
            wishes: of these

                - output: a type (a pydantic model, a dataclass, ``list[str]`` …) that the answer must be JSON of; text
                  without it. What cannot be parsed fails the step, and the raw answer is kept.
                - checks: functions of the answer, or a single one. What raises has found an error (``fix_error``), what returns
                  a text has found a fault (``self_correct``): the draft goes back to the model with that.
                - corrections: how often it goes back before the step fails [2].
                - persona, rules: text and hard constraints (or one) beside those of the workflow and the step.
                - draft, problem: what was written before and what is wrong with it, to begin with a correction.
                - purpose: ``fix_error`` [with a draft] or ``self_correct``.
                - sees_previous: False leaves the step's own previous output out.
                - previous: what it is shown of that output, where all of it says more than a model needs (see ``previous``).
                - model: another model than that of the workspace.
                - max_output_tokens, temperature: passed on.

        Raises:
            NoModel: none can be used. StepFailed: no acceptable answer (code ``draft_failed``, ``unparsable_answer`` or
            the trouble with the model).
        """
        return self._desk.generate(make_wish(request, context, **wishes))

    async def generate_async(self, request: str, *, context: object = "", **wishes: Any) -> Any:
        """``generate`` for async steps."""
        return await self._desk.generate_async(make_wish(request, context, **wishes))


def make_wish(request: str, context: object = "", **wishes: Any) -> DraftWish:
    """What the arguments of ``generate`` mean.

    Raises:
        TypeError: an argument that there is not. ValueError: an unknown purpose, or a negative bound.
    """
    given = dict(wishes)
    purpose = given.pop("purpose", None) or (Purpose.FIX_ERROR if given.get("draft") is not None else Purpose.GENERATE)
    for name in ("rules", "checks"):
        if name in given:
            one_or_more = given[name]
            is_one = isinstance(one_or_more, str) or callable(one_or_more)
            given[name] = (one_or_more,) if is_one else tuple(one_or_more)
    wish = DraftWish(request=request, context=join_context(context), purpose=Purpose(purpose), **given)
    if wish.corrections < 0:
        raise ValueError(f"corrections={wish.corrections}: it cannot be negative")
    return wish


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


def _option(given: str | Mapping[str, Any]) -> Option:
    if isinstance(given, str):
        return Option(id=given, label=given)
    label, alone = given.get("label", given["id"]), bool(given.get("alone", False))
    return Option(id=given["id"], label=label, help=given.get("help", ""), is_alone=alone)
