"""The stored form of a workflow definition: JSON that later versions can read, with defaults left out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from oncue.core.canonical import canonical_json
from oncue.core.definition import ParamDefinition, ParamType, RetryPolicy, StepDefinition, WorkflowDefinition


def encode_definition(definition: WorkflowDefinition) -> bytes:
    """A definition as canonical JSON; the same definition gives the same bytes."""
    record = {
        "name": definition.name,
        "summary": definition.summary,
        "phases": list(definition.phases),
        "max_parallel": definition.max_parallel,
        "files": dict(definition.files),
        "params": [asdict(param) | {"type": param.type.value} for param in definition.params],
        "steps": [_step_as_dict(step) for step in definition.steps],
    }
    return canonical_json(record)


def decode_definition(body: bytes) -> WorkflowDefinition:
    """Read a stored definition."""
    record = json.loads(body)
    return WorkflowDefinition(
        name=record["name"],
        summary=record["summary"],
        phases=tuple(record["phases"]),
        max_parallel=record["max_parallel"],
        files=record["files"],
        params=tuple(
            ParamDefinition(**entry | {"type": ParamType(entry["type"]), "choices": tuple(entry["choices"])})
            for entry in record["params"]
        ),
        steps=tuple(_step_from_dict(entry) for entry in record["steps"]),
    )


_RETRY = RetryPolicy()
_STEP_DEFAULTS = {
    field.name: getattr(StepDefinition(name="", phase="", hash=""), field.name) for field in fields(StepDefinition)
}


def _step_as_dict(step: StepDefinition) -> dict[str, Any]:
    record: dict[str, Any] = {}
    for name, default in _STEP_DEFAULTS.items():
        value = getattr(step, name)
        if value != default:
            record[name] = list(value) if isinstance(value, tuple) else value
    if step.retry != _RETRY:
        record["retry"] = asdict(step.retry)
    if step.body:
        record["body"] = dict(step.body)
    return record


def _step_from_dict(record: Mapping[str, Any]) -> StepDefinition:
    values = dict(record)
    for name in ("needs", "reads", "rules"):
        if values.get(name) is not None:
            values[name] = tuple(values[name])
    if "retry" in values:
        values["retry"] = RetryPolicy(**values["retry"])
    return StepDefinition(**values)
