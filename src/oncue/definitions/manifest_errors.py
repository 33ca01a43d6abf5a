"""What pydantic finds wrong with a manifest, said for people and with its line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from oncue.definitions.manifest_model import (
    Manifest,
    ManifestAsk,
    ManifestOption,
    ManifestParam,
    ManifestPrompt,
    ManifestStep,
)
from oncue.definitions.yaml_nodes import YamlDocument, YamlPath
from oncue.errors import DefinitionError, nearest

_EXPECTED: Mapping[str, str] = {
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "none_required": "nothing",
}


def first_error(document: YamlDocument, error: ValidationError) -> DefinitionError:
    """The error that comes first in the file; the others wait until it is mended."""
    found = [_explain(document, item) for item in error.errors(include_url=False)]
    return min(found, key=lambda one: one.line)


def _explain(document: YamlDocument, item: Mapping[str, Any]) -> DefinitionError:
    kind: str = item["type"]
    path = _path(document, item["loc"])
    if kind == "extra_forbidden":
        known = [field.alias or name for name, field in _model_at(path).model_fields.items()]
        return document.error(path, f"unknown key{nearest(str(path[-1]), known)}", hint=f"known keys: {', '.join(known)}")
    if kind == "missing":
        return document.error(path, "is missing")
    if kind in _EXPECTED:
        return document.error(path, f"must be {_EXPECTED[kind]}, not {_describe(item['input'])}")
    if kind == "string_pattern_mismatch":
        return document.error(path, f"{item['input']!r} is no name here: {_explain_pattern(path)}")
    message = item["msg"][0].lower() + item["msg"][1:]
    return document.error(path, message.replace("input should be", "must be").replace("should have", "must have"))


def _path(document: YamlDocument, loc: tuple[str | int, ...]) -> YamlPath:
    """The place pydantic means: without the parts it adds for keys, and up to the last part that exists or is missing."""
    parts = tuple(part for part in loc if part != "[key]")
    length = 0
    while length < len(parts) and (parts[: length + 1] in document.places):
        length += 1
    is_missing_key = length < len(parts) and isinstance(parts[length], str) and "[" not in str(parts[length])
    return parts[: length + 1] if is_missing_key else parts[:length]


def _model_at(path: YamlPath) -> type[BaseModel]:
    match path:
        case ("steps", int(), _):
            return ManifestStep
        case ("steps", int(), "prompt", _):
            return ManifestPrompt
        case ("steps", int(), "ask", _):
            return ManifestAsk
        case ("steps", int(), "ask", "options", int(), _):
            return ManifestOption
        case ("params", _, _):
            return ManifestParam
        case _:
            return Manifest


def _explain_pattern(path: YamlPath) -> str:
    match path:
        case ("steps", int(), "id"):
            return "letters, digits, _ and -, not beginning with a digit or -"
        case ("params", *_):
            return "letters, digits and _, beginning with a letter"
        case ("steps", int(), "env", *_):
            return "letters, digits and _, not beginning with a digit"
        case _:
            return "one line of text"


def _describe(value: object) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case str():
            return f"the text {value[:60]!r}"
        case list():
            return "a list"
        case dict():
            return "a mapping"
        case _:
            return f"the number {value}"
