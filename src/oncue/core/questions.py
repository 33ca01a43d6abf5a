"""Questions that steps ask people, and the decisions that settle them: typed, checked, and recorded for ever.

A question is asked by an attempt: the ``occurrence``-th of its type (from 1). Its **fingerprint** covers type, text, options
and schema, so that a recorded answer is used again only for the same question with the same options.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType, assert_never

from oncue.core.canonical import NotCanonical, canonical_json, fingerprint
from oncue.core.model import AttemptKey
from oncue.errors import InvalidInput, nearest

QuestionId = NewType("QuestionId", str)
MAX_TEXT = 10_000
"""Characters of a text answer."""
MAX_MESSAGE = 4_000
MAX_OPTIONS = 1_000


class QuestionKind(StrEnum):
    """What an answer looks like."""

    CHOICE = "choice"
    CHOICES = "choices"
    TEXT = "text"
    NUMBER = "number"
    CONFIRM = "confirm"
    FORM = "form"


class OnTimeout(StrEnum):
    """What happens at the deadline: the run is cancelled, the default is taken, or nothing."""

    CANCEL = "cancel"
    DEFAULT = "default"
    WAIT = "wait"


class How(StrEnum):
    """How a question was settled."""

    PERSON = "person"
    DEFAULT = "default"
    REUSED = "reused"
    CONFIGURED = "configured"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"


REUSABLE = frozenset({How.PERSON, How.DEFAULT, How.REUSED, How.CONFIGURED})
"""Of a question that was settled so, the answer may be used again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One thing to choose: a stable id, what people read, and a line of help.

    ``is_alone``: it stands for all or for none of the others, so that it is chosen without them.
    """

    id: str
    label: str
    help: str = ""
    is_alone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What is asked, before it is a recorded question.

    ``schema`` is a JSON Schema of an object (forms); ``extra`` any further data that is shown and kept with the question.
    ``has_default`` tells a default of null from none.
    """

    type: str
    message: str
    kind: QuestionKind
    options: tuple[Option, ...] = ()
    default: object = None
    has_default: bool = False
    schema: Mapping[str, object] | None = None
    timeout_seconds: float | None = None
    on_timeout: OnTimeout = OnTimeout.WAIT
    extra: Mapping[str, object] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """The same for the same type, text, options and schema."""
        return fingerprint(
            "question",
            {
                "type": self.type,
                "kind": self.kind.value,
                "message": self.message,
                "options": [[option.id, option.label] for option in self.options],
                "schema": dict(self.schema) if self.schema is not None else None,
            },
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """How a question was settled. ``is_timed_out``: nobody answered in time, whatever was taken instead."""

    how: How
    response: object = None
    actor: str = ""
    answered_at: datetime
    is_timed_out: bool = False
    reused_from: QuestionId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LateAnswer:
    """An answer that came after the deadline: kept, and used when the step is rerun with its answers."""

    response: object
    actor: str
    answered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A recorded question; it is stored before anybody sees it. ``decision`` is None while it waits."""

    id: QuestionId
    key: AttemptKey
    occurrence: int
    asking: Asking
    asked_at: datetime
    deadline: datetime | None = None
    decision: Decision | None = None
    late: LateAnswer | None = None


def recorded_answer(question: Question) -> tuple[object] | None:
    """The answer of a question that may be used again, in a tuple (an answer may be null); a late one counts."""
    if question.late is not None:
        return (question.late.response,)
    if question.decision is not None and question.decision.how in REUSABLE:
        return (question.decision.response,)
    return None


def by_attempt(questions: Iterable[Question]) -> dict[AttemptKey, list[Question]]:
    """The questions of each attempt, in the order they come in."""
    grouped: dict[AttemptKey, list[Question]] = {}
    for question in questions:
        grouped.setdefault(question.key, []).append(question)
    return grouped


def waited_seconds(questions: Iterable[Question]) -> float:
    """How long an attempt that asked these waited for their answers; it asks one at a time."""
    return sum((one.decision.answered_at - one.asked_at).total_seconds() for one in questions if one.decision is not None)


def working_since(started_at: datetime, questions: Iterable[Question]) -> datetime:
    """When an attempt would have started that works as long as this one, and did not wait for the answers to these."""
    return started_at + timedelta(seconds=waited_seconds(questions))


class InvalidQuestion(InvalidInput):
    """A step asked something that cannot be asked."""

    code = "invalid_question"


class InvalidAnswer(InvalidInput):
    """An answer that the question does not take."""

    code = "invalid_answer"


def check_asking(asking: Asking) -> None:
    """Refuse a question that nobody could answer.

    Raises:
        InvalidQuestion: no message, no or double options, a default that is no answer, or a policy without what it needs.
    """
    if not asking.type or not asking.message.strip():
        raise InvalidQuestion("a question needs a type and a message")
    if len(asking.message) > MAX_MESSAGE or len(asking.options) > MAX_OPTIONS:
        raise InvalidQuestion(f"a question has at most {MAX_MESSAGE} characters and {MAX_OPTIONS} options")
    ids = [option.id for option in asking.options]
    if asking.kind in (QuestionKind.CHOICE, QuestionKind.CHOICES):
        if not ids:
            raise InvalidQuestion(f"the question {asking.type!r} offers nothing to choose", hint="give it options")
        if len(set(ids)) < len(ids):
            raise InvalidQuestion(f"the question {asking.type!r} has two options of one id")
    if asking.timeout_seconds is not None and not 0 < asking.timeout_seconds < math.inf:
        raise InvalidQuestion(f"timeout_seconds={asking.timeout_seconds} is not a time to wait")
    if asking.on_timeout is OnTimeout.DEFAULT and not asking.has_default:
        raise InvalidQuestion(f"the question {asking.type!r} has no default to take at its deadline")
    if asking.has_default:
        check_answer(asking, asking.default)
    try:
        canonical_json(dict(asking.extra))
        asking.fingerprint  # noqa: B018 - whatever cannot be told apart cannot be asked
    except NotCanonical as error:
        raise InvalidQuestion(f"the question {asking.type!r} must be plain JSON and has {error}") from error


def check_answer(asking: Asking, response: object) -> object:
    """The answer as it is kept: option ids for choices, in the order of the options.

    Raises:
        InvalidAnswer: it is of the wrong type, no option, too long, or does not fit the schema.
    """
    return _CHECKS[asking.kind](asking, response)


def read_answer(asking: Asking, words: Sequence[str]) -> object:
    """What a person typed, as an answer: an option's id or label, several of them, a number, yes or no, or text.

    Raises:
        InvalidAnswer: it cannot be meant.
    """
    text = " ".join(words)
    match asking.kind:
        case QuestionKind.CHOICE:
            return check_answer(asking, _option_meant(asking, text))
        case QuestionKind.CHOICES:
            parts = [part.strip() for word in words for part in word.split(",") if part.strip()]
            return check_answer(asking, [_option_meant(asking, part) for part in parts])
        case QuestionKind.NUMBER:
            number = read_number(text)
            if number is None:
                raise _refused(asking, text, "a number")
            return check_answer(asking, number)
        case QuestionKind.CONFIRM:
            meant = _CONFIRMATIONS.get(text.strip().lower())
            if meant is None:
                raise _refused(asking, text, "yes or no")
            return meant
        case QuestionKind.TEXT:
            return check_answer(asking, text)
        case QuestionKind.FORM:
            raise InvalidAnswer("a form is answered with a file", hint="oncue answer QUESTION --form answer.json")
        case _:
            assert_never(asking.kind)


def read_number(text: str) -> int | float | None:
    """A number as a person writes it, whole ones exactly; None for anything else."""
    if _WHOLE.fullmatch(text):
        return int(text)
    try:
        return float(text) if "_" not in text else None
    except ValueError:
        return None


_WHOLE = re.compile(r"\s*[+-]?[0-9]{1,300}\s*")
_CONFIRMATIONS = {"yes": True, "y": True, "true": True, "no": False, "n": False, "false": False}


def _option_meant(asking: Asking, text: str) -> str:
    """An id as it is, or the id of the one option with this label, in any case."""
    if any(option.id == text for option in asking.options):
        return text
    folded = text.strip().casefold()
    found = [option.id for option in asking.options if folded in (option.id.casefold(), option.label.casefold())]
    return found[0] if len(found) == 1 else text


def _check_options(asking: Asking, response: object) -> object:
    if not isinstance(response, list | tuple):
        raise _refused(asking, response, "a list of options")
    wanted = {_check_option(asking, part) for part in response}
    chosen = [option for option in asking.options if option.id in wanted]
    alone = next((option for option in chosen if option.is_alone), None)
    if alone is not None and len(chosen) > 1:
        others = ", ".join(option.label for option in chosen if option is not alone)
        raise InvalidAnswer(
            f"“{alone.label}” goes with no other choice, and {others} was chosen too",
            hint=f"choose “{alone.label}” alone, or leave it out",
        )
    return [option.id for option in chosen]


def _check_text(asking: Asking, response: object) -> object:
    if not isinstance(response, str):
        raise _refused(asking, response, "text")
    if len(response) > MAX_TEXT:
        raise InvalidAnswer(f"the text has {len(response)} characters; at most {MAX_TEXT} are taken")
    try:
        response.encode()
    except UnicodeEncodeError as error:
        raise InvalidAnswer("the text has characters that cannot be stored (lone surrogates)") from error
    return response


def _check_number(asking: Asking, response: object) -> object:
    if isinstance(response, bool) or not isinstance(response, int | float) or not math.isfinite(response):
        raise _refused(asking, response, "a number")
    return response


def _check_confirmation(asking: Asking, response: object) -> object:
    if not isinstance(response, bool):
        raise _refused(asking, response, "yes or no")
    return response


def _check_option(asking: Asking, response: object) -> str:
    ids = [option.id for option in asking.options]
    if not isinstance(response, str):
        raise _refused(asking, response, "the id of an option")
    if response not in ids:
        raise InvalidAnswer(
            f"{response[:60]!r} is not an option of {asking.type!r}{nearest(response, ids)}",
            hint=f"options: {', '.join(ids[:20])}{' …' if len(ids) > 20 else ''}",
        )
    return response


def _check_form(asking: Asking, response: object) -> object:
    """An object of plain JSON; whether it fits the schema is checked by ``control/forms.py``, with a library."""
    if not isinstance(response, dict):
        raise _refused(asking, response, "an object")
    try:
        canonical_json(response)
    except NotCanonical as error:
        raise InvalidAnswer(f"the form must be plain JSON and has {error}") from error
    return response


def _refused(asking: Asking, response: object, expected: str) -> InvalidAnswer:
    return InvalidAnswer(f"the question {asking.type!r} takes {expected}, not {type(response).__name__} {str(response)[:60]!r}")


_CHECKS: Mapping[QuestionKind, Callable[[Asking, object], object]] = {
    QuestionKind.CHOICE: _check_option,
    QuestionKind.CHOICES: _check_options,
    QuestionKind.TEXT: _check_text,
    QuestionKind.NUMBER: _check_number,
    QuestionKind.CONFIRM: _check_confirmation,
    QuestionKind.FORM: _check_form,
}
