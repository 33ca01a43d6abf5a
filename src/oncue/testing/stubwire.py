"""The two protocols that the stub server speaks: how a request is read, and how answers and errors look on the wire.

Chat completions are those of OpenAI, of every server that speaks its API, and of Ollama; messages are Anthropic's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from oncue.core.modelport import ModelTrouble, Usage
from oncue.models.scriptmatch import Scripted

_STATUS = {
    ModelTrouble.RATE_LIMITED: 429,
    ModelTrouble.OVERLOADED: 503,
    ModelTrouble.UNAUTHORIZED: 401,
    ModelTrouble.BAD_REQUEST: 400,
}
_ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    500: "api_error",
    503: "overloaded_error",
    529: "overloaded_error",
}


class StubProtocol(Protocol):
    """One way to speak."""

    def read(self, body: Mapping[str, Any]) -> tuple[str, str]:
        """The system message and the rest."""
        ...

    def answer(self, scripted: Scripted, model: str) -> Mapping[str, Any]:
        """A whole answer."""
        ...

    def events(self, scripted: Scripted, pieces: Sequence[str], *, body: Mapping[str, Any]) -> Iterator[bytes]:
        """The same as a stream; the last of them ends it."""
        ...

    def error(self, status: int, message: str) -> Mapping[str, Any]:
        """The body of an error."""
        ...

    def status(self, trouble: ModelTrouble) -> int | None:
        """The status that says a trouble; None where no status does."""
        ...


class ChatProtocol:
    """Chat completions."""

    def read(self, body: Mapping[str, Any]) -> tuple[str, str]:
        """The system (or developer) message and the rest."""
        messages = body.get("messages", [])
        system = [_text(one) for one in messages if one.get("role") in ("system", "developer")]
        return "\n\n".join(system), "\n\n".join(_text(one) for one in messages if one.get("role") == "user")

    def answer(self, scripted: Scripted, model: str) -> Mapping[str, Any]:
        """One completion with one choice."""
        is_refused = scripted.trouble is ModelTrouble.REFUSED
        message = {
            "role": "assistant",
            "content": None if is_refused else scripted.text,
            "refusal": (scripted.text or scripted.message) if is_refused else None,
        }
        choice = {"index": 0, "message": message, "finish_reason": scripted.reply.finish, "logprobs": None}
        return {**_chat_head("chat.completion", model), "choices": [choice], **_chat_usage(scripted.usage)}

    def events(self, scripted: Scripted, pieces: Sequence[str], *, body: Mapping[str, Any]) -> Iterator[bytes]:
        """Chunks, then the usage where it was asked for, then ``[DONE]``."""
        head = _chat_head("chat.completion.chunk", str(body.get("model", "")))
        is_refused = scripted.trouble is ModelTrouble.REFUSED
        yield _data({**head, "choices": [_delta({"role": "assistant", "content": ""})]})
        for piece in (pieces or [scripted.message]) if is_refused else pieces:
            yield _data({**head, "choices": [_delta({"refusal" if is_refused else "content": piece})]})
        yield _data({**head, "choices": [_delta({}, finish=scripted.reply.finish)]})
        if scripted.usage is not None and (body.get("stream_options") or {}).get("include_usage"):
            yield _data({**head, "choices": [], **_chat_usage(scripted.usage)})
        yield b"data: [DONE]\n\n"

    def error(self, status: int, message: str) -> Mapping[str, Any]:
        """An error of OpenAI."""
        return {"error": {"message": message, "type": _ERROR_TYPES.get(status, "api_error"), "param": None, "code": None}}

    def error_event(self, message: str) -> bytes:
        """An error in a stream that has begun."""
        return _data(self.error(500, message))

    def status(self, trouble: ModelTrouble) -> int | None:
        """The status that says a trouble."""
        return _STATUS.get(trouble)


class MessagesProtocol:
    """Anthropic's messages."""

    def read(self, body: Mapping[str, Any]) -> tuple[str, str]:
        """The system text and the rest."""
        system = _text({"content": body.get("system") or ""})
        return system, "\n\n".join(_text(one) for one in body.get("messages", []) if one.get("role") == "user")

    def answer(self, scripted: Scripted, model: str) -> Mapping[str, Any]:
        """One message with one block of text."""
        usage = _messages_usage(scripted.usage)
        content = [{"type": "text", "text": scripted.text}] if scripted.text else []
        return {**_message(model), "content": content, "stop_reason": _stop_reason(scripted), "usage": usage}

    def events(self, scripted: Scripted, pieces: Sequence[str], *, body: Mapping[str, Any]) -> Iterator[bytes]:
        """The events of one message with one block of text."""
        usage = _messages_usage(scripted.usage)
        start = {
            **_message(str(body.get("model", ""))),
            "content": [],
            "stop_reason": None,
            "usage": {**usage, "output_tokens": 0},
        }
        yield _event("message_start", message=start)
        yield _event("content_block_start", index=0, content_block={"type": "text", "text": ""})
        for piece in pieces:
            yield _event("content_block_delta", index=0, delta={"type": "text_delta", "text": piece})
        yield _event("content_block_stop", index=0)
        end = {"stop_reason": _stop_reason(scripted), "stop_sequence": None}
        yield _event("message_delta", delta=end, usage={"output_tokens": usage["output_tokens"]})
        yield _event("message_stop")

    def error(self, status: int, message: str) -> Mapping[str, Any]:
        """An error of Anthropic."""
        return {"type": "error", "error": {"type": _ERROR_TYPES.get(status, "api_error"), "message": message}}

    def error_event(self, message: str) -> bytes:
        """An error in a stream that has begun."""
        return _event("error", **{key: value for key, value in self.error(529, message).items() if key != "type"})

    def status(self, trouble: ModelTrouble) -> int | None:
        """The status that says a trouble; overload has a number of its own."""
        return 529 if trouble is ModelTrouble.OVERLOADED else _STATUS.get(trouble)


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content") or ""
    return content if isinstance(content, str) else "\n".join(str(part.get("text", "")) for part in content)


def _data(value: object) -> bytes:
    return b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n"


def _event(kind: str, **fields: object) -> bytes:
    return f"event: {kind}\n".encode() + _data({"type": kind, **fields})


def _chat_head(kind: str, model: str) -> dict[str, object]:
    return {"id": "chatcmpl-stub", "object": kind, "created": 1_700_000_000, "model": model}


def _delta(delta: Mapping[str, object], *, finish: str | None = None) -> dict[str, object]:
    return {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}


def _chat_usage(usage: Usage | None) -> dict[str, object]:
    if usage is None:
        return {}
    return {
        "usage": {
            "prompt_tokens": usage.input_tokens,
            "completion_tokens": usage.output_tokens,
            "total_tokens": usage.total,
            "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
        }
    }


def _message(model: str) -> dict[str, object]:
    return {"id": "msg_stub", "type": "message", "role": "assistant", "model": model, "stop_sequence": None}


def _messages_usage(usage: Usage | None) -> dict[str, int]:
    """Anthropic counts cached tokens beside the others; a message always has a usage, so an unknown one is zero."""
    if usage is None:
        return {"input_tokens": 0, "output_tokens": 0}
    return {
        "input_tokens": usage.input_tokens - usage.cached_tokens,
        "output_tokens": usage.output_tokens,
        "cache_read_input_tokens": usage.cached_tokens,
    }


def _stop_reason(scripted: Scripted) -> str:
    if scripted.trouble is ModelTrouble.REFUSED:
        return "refusal"
    return {"stop": "end_turn", "length": "max_tokens"}.get(scripted.reply.finish, scripted.reply.finish)
