"""Question steps: what they ask, and the answer as their output."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from oncue.control.steps.calls import StepCall, StepOutput, SyncBody
from oncue.core.definition import StepDefinition
from oncue.core.questions import (
    Asking,
    InvalidAnswer,
    OnTimeout,
    Option,
    QuestionKind,
    read_answer,
)
from oncue.definitions.templates import as_text, render

ASK = "ask"
"""The kind of body of a question step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskStep:
    """What the body of a question step says; message, labels, help and ``answer`` are templates.

    ``answer`` is given beforehand; where it comes out empty, a person is asked.
    """

    asking: Asking
    answer: str = ""

    @classmethod
    def of(cls, definition: StepDefinition) -> AskStep:
        """Read it back from a stored definition."""
        body: Mapping[str, Any] = definition.body
        asking = Asking(
            type=body["type"],
            message=body["message"],
            kind=QuestionKind(body["answer_kind"]),
            options=tuple(_read_option(option) for option in body["options"]),
            default=body.get("default"),
            has_default="default" in body,
            schema=body["schema"],
            timeout_seconds=body["timeout_seconds"],
            on_timeout=OnTimeout(body["on_timeout"]),
        )
        return cls(asking=asking, answer=body["answer"])

    def as_body(self) -> dict[str, object]:
        """The plain JSON that a definition keeps."""
        asking = self.asking
        return {
            "kind": ASK,
            "type": asking.type,
            "message": asking.message,
            "answer_kind": asking.kind.value,
            "options": [_describe_option(option) for option in asking.options],
            **({"default": asking.default} if asking.has_default else {}),
            "schema": dict(asking.schema) if asking.schema is not None else None,
            "timeout_seconds": asking.timeout_seconds,
            "on_timeout": asking.on_timeout.value,
            "answer": self.answer,
        }

    def identity(self) -> dict[str, object]:
        """What makes it another question step when it changes: everything but the time to wait."""
        return {key: value for key, value in self.as_body().items() if key != "timeout_seconds"}


def _describe_option(option: Option) -> dict[str, str | bool]:
    """An option as a definition keeps it, and as ``ctx.ask`` takes it."""
    described: dict[str, str | bool] = {"id": option.id, "label": option.label, "help": option.help}
    return described | ({"alone": True} if option.is_alone else {})


def _read_option(described: Mapping[str, Any]) -> Option:
    return Option(
        id=described["id"],
        label=described["label"],
        help=described["help"],
        is_alone=described.get("alone", False),
    )


def make_ask_body(step: AskStep) -> SyncBody:
    """A body that asks; its output is the answer."""

    def run(call: StepCall) -> StepOutput:
        values = dict(call.params)
        asking = _render_asking(step.asking, values)
        configured = read_preset(asking, render(step.answer, values, as_text))
        given: dict[str, Any] = {"default": asking.default} if asking.has_default else {}
        answer = call.context.ask(
            asking.type,
            asking.message,
            kind=asking.kind.value,
            options=[_describe_option(option) for option in asking.options],
            schema=asking.schema,
            timeout_seconds=asking.timeout_seconds,
            on_timeout=asking.on_timeout.value,
            configured=configured,
            **given,
        )
        return StepOutput(value=answer)

    return SyncBody(run=run)


def read_preset(asking: Asking, text: str) -> object:
    """The answer that a text means, None where it is empty: as a person types it, or as JSON for lists and forms.

    Raises:
        InvalidAnswer: it cannot be meant.
    """
    if not text.strip():
        return None
    is_list = asking.kind is QuestionKind.CHOICES and text.lstrip().startswith("[")
    if not is_list and asking.kind is not QuestionKind.FORM:
        return read_answer(asking, [text])
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidAnswer(f"the answer given beforehand to {asking.type!r} is not JSON: {text[:60]!r}") from error


def answer_text(answer: object) -> str:
    """An answer as a file for ``cat``: text as it is, one id per line, everything else as JSON."""
    lines = answer if isinstance(answer, list) else [answer]
    text = "\n".join(as_text(line) for line in lines)
    return text if not text or text.endswith("\n") else f"{text}\n"


def _render_asking(asking: Asking, values: Mapping[str, object]) -> Asking:
    options = tuple(
        replace(option, label=render(option.label, values, as_text), help=render(option.help, values, as_text))
        for option in asking.options
    )
    return replace(asking, message=render(asking.message, values, as_text), options=options)
