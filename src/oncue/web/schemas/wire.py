"""The two kinds of shapes: what is answered may grow new keys, what is asked may not hold unknown ones."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from oncue.core.canonical import MAX_LEVELS

Responses = dict[int | str, dict[str, Any]]
"""What a route says of its answers besides the usual one, by status."""


def raw_answer(description: str, kind: str, *, is_text: bool = False) -> dict[str, Any]:
    """An answer that is no JSON; ``*/*``: its type is that of what is stored."""
    schema = {"type": "string"} if is_text else {"type": "string", "format": "binary"}
    return {"description": description, "content": {kind: {"schema": schema}}}


class Answer(BaseModel):
    """A shape that leaves the server; clients ignore keys they do not know."""

    model_config = ConfigDict(extra="allow")


class Body(BaseModel):
    """A shape that comes in; an unknown field is refused, because it would be an option that is silently left out.

    So is a text with half of a surrogate pair, at any depth, and what is nested too deep: it could be stored, and never be
    answered with again.
    """

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _check_texts(cls, given: object) -> object:
        if _is_deeper(given, MAX_LEVELS):
            raise ValueError(f"it is nested more than {MAX_LEVELS} levels deep")
        try:
            json.dumps(given, ensure_ascii=False, default=str).encode()
        except UnicodeEncodeError:
            raise ValueError("a text in it is no Unicode: it has half of a surrogate pair") from None
        return given


def _is_deeper(value: object, levels: int) -> bool:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return bool(parts) and (not levels or any(_is_deeper(part, levels - 1) for part in parts))


class SpendingRecord(Answer):
    """What calls of models cost together: sums of what is known, and how many calls these leave out."""

    calls: int
    tokens: int
    usd: float
    calls_of_unknown_tokens: int
    calls_of_unknown_usd: int


class Problem(Answer):
    """The one error body."""

    code: str
    message: str
    hint: str
    fields: dict[str, str] | None = None


class Finding(Answer):
    """A blocker or a warning."""

    code: str
    message: str
    hint: str


class FailureRecord(Answer):
    """Why something did not succeed."""

    code: str
    message: str
    detail: str


class Reason(Answer):
    """Why a step is stale, or executes; ``text`` is a clause for people, further keys are its facts."""

    code: str
    text: str


class Me(Answer):
    """Who asks."""

    actor: str
    role: str
    permissions: list[str]
    at: datetime
