"""The two kinds of shapes: what is answered may grow new keys, what is asked may not hold unknown ones."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

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
    """A shape that comes in; an unknown field is refused, because it would be an option that is silently left out."""

    model_config = ConfigDict(extra="forbid")


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
