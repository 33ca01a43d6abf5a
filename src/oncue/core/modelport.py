"""What the product needs of a language model: one prompt out, one answer in, nothing hidden.

A client sends exactly one request for each ``send``: no retries of its own. It hands over the bytes that are about to leave
(``on_wire``) and waits until they are stored. Headers, which hold the key, never pass through here.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from oncue.errors import InvalidInput, OncueError

_SPEC = re.compile(r"(?P<provider>[a-z][a-z0-9_-]*):(?P<name>[^\s@]+)(?:@(?P<url>\S+))?")


class Provider(StrEnum):
    """How a model is spoken to."""

    OPENAI = "openai"
    """OpenAI, and every server that speaks its chat API."""
    ANTHROPIC = "anthropic"
    OLLAMA = "ollama"
    RECORDED = "recorded"
    """Answers from a file of scripted replies; the name is its path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """Which model: ``provider:name``, or ``provider:name@URL`` for a server of one's own."""

    provider: Provider
    name: str
    url: str = ""

    def __str__(self) -> str:
        """As a person writes it."""
        return f"{self.provider.value}:{self.name}{f'@{self.url}' if self.url else ''}"


class NoModel(OncueError):
    """A model is needed, and none can be used: none is named, its key or its library is missing."""

    code = "no_model"
    exit_code = 3
    http_status = 409

    def __init__(self, message: str, *, hint: str = "oncue config set model openai:NAME (or anthropic:…, ollama:…)") -> None:
        super().__init__(message, hint=hint)


def read_model(text: str) -> ModelSpec:
    """What a person's word for a model means.

    Raises:
        InvalidInput: it is none; says how one is written. A URL must be http or https and hold no password.
    """
    match = _SPEC.fullmatch(text.strip())
    hint = "openai:NAME, anthropic:NAME, ollama:NAME or recorded:FILE; NAME@URL for a server of your own"
    if match is None or match["provider"] not in set(Provider):
        raise InvalidInput(f"{text!r} names no model", hint=hint, code="invalid_model")
    url = match["url"] or ""
    if url and (not re.match(r"https?://[^\s/]+", url) or "@" in url.partition("://")[2].partition("/")[0]):
        raise InvalidInput(f"{text!r}: the URL must begin with http:// or https:// and hold no password", code="invalid_model")
    return ModelSpec(provider=Provider(match["provider"]), name=match["name"], url=url.rstrip("/"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRequest:
    """One request. ``schema`` asks for JSON of this shape; the answer comes back as text either way, unchecked."""

    system: str
    user: str
    schema: Mapping[str, object] | None = None
    schema_name: str = "answer"
    max_output_tokens: int | None = None
    temperature: float | None = None

    def settings(self) -> dict[str, object]:
        """What shapes the answer besides the prompt; left out where it was not given."""
        given = {
            "schema": dict(self.schema) if self.schema is not None else None,
            "max_output_tokens": self.max_output_tokens,
            "temperature": self.temperature,
        }
        return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class WireBody:
    """The bytes of a request as they leave, and where they go."""

    url: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a call used, in tokens. ``cached_tokens`` are part of ``input_tokens``."""

    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0

    @property
    def total(self) -> int:
        """Both directions."""
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a call cost in US dollars, and by which price list (its name and version)."""

    usd: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReply:
    """One answer. ``price`` None: unknown, never zero. ``model`` is the one that says it answered."""

    text: str
    usage: Usage | None = None
    price: Price | None = None
    model: str = ""
    finish: str = ""


class ModelTrouble(StrEnum):
    """How a request can fail."""

    RATE_LIMITED = "model_rate_limited"
    OVERLOADED = "model_overloaded"
    UNREACHABLE = "model_unreachable"
    TIMED_OUT = "model_timed_out"
    BROKEN_ANSWER = "model_broken_answer"
    """The answer broke off, or was no answer of the protocol."""
    REFUSED = "model_refused"
    """The model declined to answer."""
    UNAUTHORIZED = "model_unauthorized"
    BAD_REQUEST = "model_bad_request"


CUT_SHORT = frozenset({"length", "max_tokens"})
"""How an answer ends that reached its limit of tokens, in the words of ``ModelReply.finish``."""
TRANSIENT = frozenset(
    {
        ModelTrouble.RATE_LIMITED,
        ModelTrouble.OVERLOADED,
        ModelTrouble.UNREACHABLE,
        ModelTrouble.TIMED_OUT,
        ModelTrouble.BROKEN_ANSWER,
    }
)


class ModelFailed(Exception):
    """A request that brought no answer. ``raw`` is what came, if anything did; ``usage`` what it cost all the same."""

    def __init__(
        self,
        trouble: ModelTrouble,
        message: str,
        *,
        raw: str = "",
        retry_after_seconds: float | None = None,
        usage: Usage | None = None,
        price: Price | None = None,
    ) -> None:
        super().__init__(message)
        self.trouble = trouble
        self.message = message
        self.raw = raw
        self.retry_after_seconds = retry_after_seconds
        self.usage = usage
        self.price = price


OnWire = Callable[[WireBody], Awaitable[None]]
OnText = Callable[[str], None]


class ModelClient(Protocol):
    """Speaks to one model. Safe for many concurrent ``send`` in one event loop."""

    @property
    def spec(self) -> ModelSpec:
        """Which model it speaks to."""
        ...

    async def send(self, request: ModelRequest, *, on_wire: OnWire, on_text: OnText) -> ModelReply:
        """Send one request and return the answer.

        ``on_wire`` is awaited with the exact bytes before any of them leaves, exactly once; if it raises, nothing is sent.
        ``on_text`` gets the pieces of the answer as they arrive. Cancelling closes the connection.

        Raises:
            ModelFailed: there is no whole answer.
        """
        ...

    async def close(self) -> None:
        """Free connections."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceTable:
    """Prices a person set, in US dollars for a million tokens, by the name of the model."""

    input_usd: Mapping[str, float] = field(default_factory=dict)
    output_usd: Mapping[str, float] = field(default_factory=dict)


class Models(Protocol):
    """Opens clients, and says beforehand what would stand in the way; only ``open`` imports a model's library."""

    def open(self, spec: ModelSpec, *, prices: PriceTable) -> ModelClient:
        """A client for a model.

        Raises:
            NoModel: it cannot be used; says why.
        """
        ...

    def explain_unusable(self, spec: ModelSpec) -> str:
        """Why a model cannot be used from here (its key, library or file is missing); empty where nothing is known."""
        ...

    def is_priced(self, spec: ModelSpec, *, prices: PriceTable) -> bool:
        """Whether the price of a model is known."""
        ...
