"""Answers of models as the types that steps ask for: pydantic makes the schema and validates."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from oncue.control.steps.calls import StepFailed

_FENCED = re.compile(r"\s*```(?:json)?\s*\n(.*?)\n?```\s*", re.DOTALL)


def output_schema(output: Any) -> Mapping[str, object] | None:
    """The JSON Schema of what is asked for; None for text. A mapping is a schema already."""
    if output is None or output is str:
        return None
    return output if isinstance(output, Mapping) else TypeAdapter(output).json_schema()


def schema_name(output: Any) -> str:
    """What the schema is called on the wire."""
    name = str(output.get("title", "")) if isinstance(output, Mapping) else getattr(output, "__name__", "")
    return re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_")[:60] or "answer"


def parse_answer(text: str, output: Any) -> Any:
    """The answer as it was asked for.

    Raises:
        StepFailed: it is not JSON, or not of that shape (code ``unparsable_answer``); the raw answer is the detail.
    """
    if output is None or output is str:
        return text
    fenced = _FENCED.fullmatch(text)
    bare = fenced[1] if fenced else text
    try:
        if isinstance(output, Mapping):
            return _check_schema(json.loads(bare), output)
        return TypeAdapter(output).validate_json(bare)
    except (ValueError, RecursionError) as error:
        raise StepFailed(f"the answer cannot be parsed: {_explain(error)}", code="unparsable_answer", detail=text) from error


def _check_schema(value: object, schema: Mapping[str, Any]) -> object:
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - only manifests give bare schemas, and it is slow to import

    errors = sorted(Draft202012Validator(dict(schema)).iter_errors(value), key=lambda error: list(map(str, error.path)))
    if errors:
        field = ".".join(map(str, errors[0].path))
        raise ValueError(f"{f'{field}: ' if field else ''}{errors[0].message[:300]}")
    return value


def _explain(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(map(str, first["loc"]))
        return f"{f'{field}: ' if field else ''}{first['msg']}"
    return str(error)
