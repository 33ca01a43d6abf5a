"""From what a step returns to plain JSON: dicts with text keys, lists, text, numbers, booleans and null."""

from __future__ import annotations

import math
from enum import Enum
from typing import Any

from oncue.errors import OutputNotSerializable

_AS_IS = frozenset({str, int, bool, type(None)})


def to_plain(value: Any, *, step: str, where: str = "") -> Any:
    """The plain JSON of a value; dataclasses, pydantic models, dates and the like by pydantic's rules.

    Containers are rebuilt, so that what the step keeps in its hands cannot change what was stored.

    Raises:
        OutputNotSerializable: a part has no JSON form; says which and where.
    """
    kind = type(value)
    if kind in _AS_IS:
        return value
    if kind is float:
        if not math.isfinite(value):
            raise OutputNotSerializable(step, f"the number {value}", where=where)
        return value
    if kind is dict:
        return _plain_dict(value, step=step, where=where)
    if kind is list or kind is tuple:
        return [
            part if type(part) in _AS_IS else to_plain(part, step=step, where=f"{where}[{index}]")
            for index, part in enumerate(value)
        ]
    return _to_plain_by_pydantic(value, step=step, where=where)


def _plain_dict(value: dict[Any, Any], *, step: str, where: str) -> dict[str, Any]:
    plain = {
        key if type(key) is str else _key(key, step=step, where=where): part
        if type(part) in _AS_IS
        else to_plain(part, step=step, where=f"{where}.{key}" if where else str(key))
        for key, part in value.items()
    }
    if len(plain) != len(value):
        raise OutputNotSerializable(step, "two keys that are the same as text", where=where)
    return plain


def _key(key: object, *, step: str, where: str) -> str:
    if isinstance(key, Enum):
        return _key(key.value, step=step, where=where)
    if type(key) is int:
        return str(key)
    if isinstance(key, str):
        return "".join(key)
    raise OutputNotSerializable(step, f"the key {key!r} ({type(key).__name__})", where=where)


def _to_plain_by_pydantic(value: Any, *, step: str, where: str) -> Any:
    from pydantic_core import PydanticSerializationError, to_jsonable_python

    try:
        plain = to_jsonable_python(value)
    except (PydanticSerializationError, ValueError, RecursionError) as error:
        raise OutputNotSerializable(step, f"a value of type {type(value).__name__}", where=where) from error
    for basic in (str, int, float):
        if isinstance(plain, basic) and not isinstance(plain, bool):
            return to_plain(basic(plain), step=step, where=where)
    return plain if plain is None or isinstance(plain, bool) else to_plain(plain, step=step, where=where)
