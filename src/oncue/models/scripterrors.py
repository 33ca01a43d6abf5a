"""What is wrong with a file of scripted replies, said for the person who wrote it.

YAML reads ``2023`` as a number and ``2023-01-01`` as a date. Taken for text they would not be what stands in the file (``007``,
``1.50``), so they are refused, with the remedy.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

_EXPECTED: Mapping[str, str] = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "literal_error": "{expected}",
    "greater_than_equal": "{ge} or more",
    "less_than_equal": "{le} or less",
}


def check_text(given: object, *, wanted: str = "text") -> object:
    """What was given, unless it is a number or the like that stands where text is meant.

    Raises:
        ValueError: it is neither text nor something that has parts.
    """
    if isinstance(given, str | list | Mapping):
        return given
    raise ValueError(_refuse(given, wanted))


def check_json(given: object) -> object:
    """What was given, if JSON can hold it.

    Raises:
        ValueError: it holds a date, an infinite number, itself …
    """
    try:
        json.dumps(given, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"is nothing that JSON can hold: {error}; put dates in quotes") from error
    return given


def explain(found: Iterable[Mapping[str, Any]]) -> str:
    """The place and the reason of the first of the errors that pydantic found; a misspelt key explains what is missing."""
    errors = sorted(found, key=lambda one: one["type"] != "extra_forbidden")
    place = _place(errors[0]["loc"])
    here = [one for one in errors if _place(one["loc"]) == place]
    reasons = " or ".join(
        dict.fromkeys(_EXPECTED[one["type"]].format_map(one.get("ctx", {})) for one in here if _is_known(one))
    )
    message = _refuse(here[0]["input"], reasons) if _is_known(here[0]) else _name(here[0])
    return f"{place}: {message}" if place else message


def _is_known(error: Mapping[str, Any]) -> bool:
    return error["type"] in _EXPECTED


def _name(error: Mapping[str, Any]) -> str:
    match error["type"]:
        case "extra_forbidden":
            return "unknown key"
        case "missing":
            return "is missing"
        case "too_short":
            return "must not be empty"
        case "string_pattern_mismatch":
            return "must be 6 to 64 of the digits 0-9 and a-f"
        case _:
            return str(error["msg"]).removeprefix("Value error, ")


def _refuse(given: object, wanted: str) -> str:
    quotes = "; put it in quotes" if "text" in wanted and not isinstance(given, list | Mapping | type(None)) else ""
    return f"must be {wanted}, not {_describe(given)}{quotes}"


def _describe(given: object) -> str:
    match given:
        case None:
            return "nothing"
        case bool():
            return str(given).lower()
        case str():
            return f"the text {given[:60]!r}"
        case list() | tuple():
            return "a list"
        case Mapping():
            return "a mapping"
        case int() | float():
            return f"the number {given}"
        case _:
            return f"the {type(given).__name__} {given}"


def _place(loc: Iterable[int | str]) -> str:
    """The place as people count, without the names of the choices that pydantic puts between."""
    parts = [
        part
        for part in loc
        if isinstance(part, int) or (part[:1].islower() and part not in ("float", "str") and "[" not in part)
    ]
    return "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in parts).removeprefix(".")
