"""What the library raises, as the troubles that the product knows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from pydantic_ai.exceptions import (
    ContentFilterError,
    ModelConnectionError,
    ModelHTTPError,
    ModelQuotaExceededError,
    ModelTimeoutError,
    UserError,
)

from oncue.core.modelport import ModelFailed, ModelTrouble
from oncue.models.troubles import read_retry_after, trouble_of_status

_MESSAGE_CHARS = 1_000


def explain_failure(error: Exception, *, raw: str, is_answering: bool, now: datetime) -> ModelFailed:
    """The failure that an exception means; ``raw`` is the text that had come, ``is_answering`` whether an answer had begun."""
    if isinstance(error, ModelHTTPError):
        return _http_failure(error, raw=raw, now=now)
    trouble, message = _plain_trouble(error, is_answering=is_answering)
    return ModelFailed(trouble, message[:_MESSAGE_CHARS], raw=raw)


def _plain_trouble(error: Exception, *, is_answering: bool) -> tuple[ModelTrouble, str]:
    status = getattr(error.__cause__, "status_code", None)
    match error:
        case ModelTimeoutError():
            return ModelTrouble.TIMED_OUT, "the model's server took too long to answer"
        case ModelConnectionError() if not is_answering:
            return ModelTrouble.UNREACHABLE, f"the model's server cannot be reached: {_root(error)}"
        case ContentFilterError():
            return ModelTrouble.REFUSED, "the model declined to answer"
        case UserError():
            return ModelTrouble.BAD_REQUEST, str(error)
        case _ if isinstance(status, int) and 300 <= status < 400:
            return ModelTrouble.BAD_REQUEST, f"the model's server answered {status}: it has moved; name its new address"
        case _:
            return ModelTrouble.BROKEN_ANSWER, f"the model's answer is broken: {_root(error)}"


def _http_failure(error: ModelHTTPError, *, raw: str, now: datetime) -> ModelFailed:
    trouble = trouble_of_status(error.status_code)
    if isinstance(error, ModelQuotaExceededError):
        trouble = ModelTrouble.UNAUTHORIZED  # the account is used up: waiting does not help, though the status may say so
    said = _said(error.body)
    return ModelFailed(
        trouble,
        f"the model's server answered {error.status_code}{f': {said}' if said else ''}"[:_MESSAGE_CHARS],
        raw=raw or (json.dumps(error.body, ensure_ascii=False, default=str) if error.body is not None else ""),
        retry_after_seconds=_patience(error.headers or {}, now),
    )


def _patience(headers: Mapping[str, str], now: datetime) -> float | None:
    exact = headers.get("retry-after-ms", "")
    if exact.isdecimal():
        return int(exact) / 1000
    return read_retry_after(headers.get("retry-after", ""), now=now)


def _said(body: object) -> str:
    """What an error's body says; some put it in ``error``, some not."""
    if isinstance(body, Mapping):
        inner = body.get("error")
        found = inner.get("message") if isinstance(inner, Mapping) else inner or body.get("message") or body.get("detail")
        return str(found or "")
    return str(body or "")


def _root(error: BaseException) -> str:
    """What went wrong at the bottom, where the library only says that something did."""
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error) or type(error).__name__
