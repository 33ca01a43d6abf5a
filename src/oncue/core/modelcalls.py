"""Model calls on record: each request to a language model, stored before it is sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from oncue.core.model import AttemptKey, ContentHash, Failure
from oncue.core.modelport import Usage
from oncue.core.prompts import Purpose, SectionName


class CallState(StrEnum):
    """``sent`` and nothing after it: the process died before the answer was stored, so what came of it is unknown."""

    SENT = "sent"
    ANSWERED = "answered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionRef:
    """A section of a stored prompt: the address of its text, and how many secrets were replaced in it before it was sent."""

    name: SectionName
    hash: ContentHash
    redacted: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCall:
    """One request to a language model.

    ``number`` counts the calls of an attempt from 1; ``generation`` its ``ctx.generate``; ``tries`` how often this very
    prompt was sent in this generation (a rate limit makes it 2). ``prompt`` is the fingerprint of the sections, the model and
    the settings. ``payload`` is the body on the wire, ``comments`` the runs whose comments it carries. ``usage``, ``usd`` and
    ``price_source`` None: unknown, never zero.
    """

    key: AttemptKey
    number: int
    generation: int
    purpose: Purpose
    tries: int = 1
    model: str
    url: str
    sections: tuple[SectionRef, ...]
    prompt: str
    payload: ContentHash
    comments: tuple[int, ...] = ()
    state: CallState = CallState.SENT
    sent_at: datetime
    ended_at: datetime | None = None
    reply: ContentHash | None = None
    answered_by: str = ""
    finish: str = ""
    usage: Usage | None = None
    usd: float | None = None
    price_source: str | None = None
    error: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What calls cost together: ``tokens`` and ``usd`` add up what is known, ``unknown_*`` count the calls that are missing."""

    calls: int = 0
    tokens: int = 0
    usd: float = 0.0
    unknown_tokens: int = 0
    unknown_usd: int = 0

    def __add__(self, other: Spending) -> Spending:
        """Both together."""
        return Spending(
            calls=self.calls + other.calls,
            tokens=self.tokens + other.tokens,
            usd=self.usd + other.usd,
            unknown_tokens=self.unknown_tokens + other.unknown_tokens,
            unknown_usd=self.unknown_usd + other.unknown_usd,
        )


NOTHING = Spending()
"""What no calls cost."""


def spending_of(call: ModelCall) -> Spending:
    """What one call cost, as far as it is known."""
    return Spending(
        calls=1,
        tokens=call.usage.total if call.usage else 0,
        usd=call.usd or 0.0,
        unknown_tokens=int(call.usage is None),
        unknown_usd=int(call.usd is None),
    )


def add_spending(calls: Iterable[ModelCall]) -> Spending:
    """What calls cost together."""
    total = Spending()
    for call in calls:
        total = total + spending_of(call)
    return total
