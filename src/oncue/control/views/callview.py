"""One call of a language model as people and programs see it; beside our names for its facts stand OpenTelemetry's.

What is unknown is said to be unknown: a price, the tokens, and what came of a request whose answer nobody stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from oncue.control.commentrecords import comment_record
from oncue.control.instants import show_instant
from oncue.control.views.runview import failure_as_dict
from oncue.core import genainames
from oncue.core.comments import GivenComment
from oncue.core.model import ContentHash
from oncue.core.modelcalls import CallState, ModelCall
from oncue.core.modelport import read_model
from oncue.core.promptdelta import Change
from oncue.core.prompts import SectionName
from oncue.errors import InvalidInput

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionView:
    """A section of a prompt. ``change`` says what became of it since the run it is compared with; ``text`` on demand."""

    name: SectionName
    hash: ContentHash
    redacted: int = 0
    change: Change | None = None
    text: str | None = None

    def as_dict(self) -> dict[str, object]:
        """The wire form."""
        record: dict[str, object] = {"name": self.name.value, "hash": self.hash, "redacted": self.redacted}
        if self.change is not None:
            record["change"] = self.change.value
        return record | ({"text": self.text} if self.text is not None else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class CallView:
    """One call. ``is_open``: it was sent by somebody who still lives, so its answer may come.

    ``against`` is the run whose call of the same purpose and place its sections are compared with, ``removed`` those sections
    of it that this prompt has no more. ``payload`` and ``reply`` are texts, there on demand. ``is_whole`` False: they were not
    asked for; True and a text missing: it is not stored any more.
    """

    call: ModelCall
    sections: tuple[SectionView, ...]
    is_open: bool = False
    against: int | None = None
    removed: tuple[SectionName, ...] = ()
    comments: tuple[GivenComment, ...] = ()
    payload: str | None = None
    reply: str | None = None
    is_whole: bool = False

    @property
    def outcome(self) -> str:
        """One word for what came of it."""
        if self.call.state is CallState.SENT:
            return "under_way" if self.is_open else "unknown"
        return self.call.state.value

    @property
    def seconds(self) -> float | None:
        """How long the answer took."""
        return (self.call.ended_at - self.call.sent_at).total_seconds() if self.call.ended_at else None

    def as_dict(self) -> dict[str, Any]:
        """The wire form."""
        call = self.call
        record: dict[str, Any] = {
            "run": call.key.run,
            "step": call.key.step,
            "attempt": call.key.number,
            "call": call.number,
            "generation": call.generation,
            "purpose": call.purpose.value,
            "tries": call.tries,
            "model": call.model,
            "url": call.url,
            "state": call.state.value,
            "outcome": self.outcome,
            "sections": [section.as_dict() for section in self.sections],
            "against_run": self.against,
            "removed_sections": [name.value for name in self.removed],
            "prompt": call.prompt,
            "payload": call.payload,
            "reply": call.reply,
            "answered_by": call.answered_by,
            "finish": call.finish,
            "usage": _usage(call),
            "usd": call.usd,
            "price_source": call.price_source,
            "comments": [comment_record(comment) for comment in self.comments],
            "error": failure_as_dict(call.error),
            "sent_at": show_instant(call.sent_at),
            "ended_at": show_instant(call.ended_at),
            "attributes": attributes_of(call),
        }
        if self.is_whole:
            record |= {"payload_text": self.payload, "reply_text": self.reply}
        return record


def latest_calls(calls: Iterable[ModelCall]) -> dict[int, list[ModelCall]]:
    """Run → the calls that count, of the calls of one step: for each ``ctx.generate`` those of the last attempt that sent any.

    An attempt that goes on where another was interrupted takes over its answers, so its own calls are not all there are.
    """
    found: dict[int, dict[int, list[ModelCall]]] = {}
    for call in sorted(calls, key=lambda call: (call.key.run, call.key.number, call.number)):
        generations = found.setdefault(call.key.run, {})
        known = generations.get(call.generation)
        if known and known[0].key == call.key:
            known.append(call)
        else:
            generations[call.generation] = [call]
    return {run: [call for _, made in sorted(generations.items()) for call in made] for run, generations in found.items()}


def attributes_of(call: ModelCall) -> dict[str, object]:
    """A call in the words of OpenTelemetry's conventions for generative AI; what is unknown is absent."""
    try:
        spec = read_model(call.model)
        provider, name = spec.provider.value, spec.name
    except InvalidInput:
        provider, name = "", call.model
    host, port = _server(call.url)
    known: dict[str, object] = {
        genainames.OPERATION: "chat",
        genainames.PROVIDER: provider,
        genainames.REQUEST_MODEL: name,
        genainames.RESPONSE_MODEL: call.answered_by,
        genainames.FINISH_REASONS: [call.finish] if call.finish else None,
        genainames.INPUT_TOKENS: call.usage.input_tokens if call.usage else None,
        genainames.OUTPUT_TOKENS: call.usage.output_tokens if call.usage else None,
        genainames.CACHED_TOKENS: call.usage.cached_tokens if call.usage else None,
        genainames.COST_USD: call.usd,
        genainames.SERVER_ADDRESS: host,
        genainames.SERVER_PORT: port,
        genainames.ERROR_TYPE: call.error.code if call.error else None,
    }
    return {name: value for name, value in known.items() if value not in (None, "")}


def _usage(call: ModelCall) -> Mapping[str, int] | None:
    usage = call.usage
    if usage is None:
        return None
    return {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cached_tokens": usage.cached_tokens,
    }


def _server(url: str) -> tuple[str | None, int | None]:
    try:
        parts = urlsplit(url)
        return (parts.hostname, parts.port or _PORTS[parts.scheme]) if parts.scheme in _PORTS else (None, None)
    except ValueError:
        return None, None
