"""How the elements of a fan-out are named: by keys that stay when other elements come and go."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from oncue.control.steps.calls import StepFailed
from oncue.errors import nearest

MAX_LENGTH = 120
_FORBIDDEN = re.compile(r"[\[\]\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_DEFAULT_FIELDS = ("id", "key", "name")

KeyFunction = Callable[[int, object], str]


def key_function(
    step: str, key: str | Callable[[Any], str] | None, *, element: Callable[[object], object] | None = None
) -> KeyFunction:
    """What names an element by its position (from 0) and itself.

    Args:
        step: for messages.
        key: a field of the elements, a function of an element, or None for the default: the field ``id``, ``key`` or
            ``name``, the element itself if it is a short text, else its position from 1.
        element: turns the JSON element into what the step's ``item`` is annotated with, for a key function.
    """
    if key is None:
        return _default_key
    if isinstance(key, str):
        return _by_field(step, key)
    return _by_function(step, key, element)


def _default_key(index: int, item: object) -> str:
    if isinstance(item, str) and _is_key(item):
        return item
    if isinstance(item, Mapping):
        for name in _DEFAULT_FIELDS:
            text = _as_text(item.get(name))
            if text is not None and _is_key(text):
                return text
    return str(index + 1)


def _by_field(step: str, name: str) -> KeyFunction:
    def read(index: int, item: object) -> str:
        if not isinstance(item, Mapping) or name not in item:
            near = nearest(name, [str(known) for known in item]) if isinstance(item, Mapping) else ""
            raise StepFailed(
                f"step {step!r}: the element at position {index + 1} has no field {name!r}{near}", code="invalid_key"
            )
        return _checked(step, index, _as_text(item[name]))

    return read


def _by_function(step: str, key: Callable[[Any], str], element: Callable[[object], object] | None) -> KeyFunction:
    def compute(index: int, item: object) -> str:
        typed = element(item) if element else item
        try:
            found = key(typed)
        except Exception as error:
            raise StepFailed(
                f"step {step!r}: key= fails for the element at position {index + 1}: {type(error).__name__}: {error}",
                code="invalid_key",
            ) from error
        return _checked(step, index, _as_text(found))

    return compute


def _checked(step: str, index: int, text: str | None) -> str:
    if text is None or not _is_key(text):
        shown = "is not text" if text is None else f"is {text[:60]!r}"
        raise StepFailed(
            f"step {step!r}: the key of the element at position {index + 1} {shown}; "
            f"a key is 1 to {MAX_LENGTH} characters without brackets and control characters",
            code="invalid_key",
        )
    return text


def _as_text(value: object) -> str | None:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def _is_key(text: str) -> bool:
    return 0 < len(text) <= MAX_LENGTH and not _FORBIDDEN.search(text)
