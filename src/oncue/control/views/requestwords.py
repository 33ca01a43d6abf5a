"""What was asked of a run, in words for people; programs read the request itself."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from oncue.control.amounts import show_dollars
from oncue.core.recommendations import Override

Words = tuple[str, str]
"""What something is called, and what it is."""
SOURCES = {
    "run_config_panel": "the run panel",
    "cli_tool": "the command line",
    "api_client": "a program",
    "integration_test": "an integration test",
}
LABELS = {
    "scope": "what",
    "steps": "steps",
    "budget": "limits",
    "phase": "phase",
    "downstream": "what builds on it",
    "context": "context",
    "refresh": "sources",
    "definition": "workflow",
    "answers": "questions",
    "keep_comments": "earlier comments",
    "comment.text": "comment",
    "comment.kind": "kind of comment",
    "comment.steps": "comment for",
}
VALUES = {
    ("scope", "all"): "everything",
    ("scope", "resume"): "what was missing, failed or stale",
    ("scope", "from"): "a step and what builds on it",
    ("scope", "only"): "some steps only",
    ("scope", "phase"): "a phase",
    ("downstream", "mark_stale"): "becomes stale",
    ("downstream", "rerun"): "runs as well, where it became stale",
    ("downstream", "ask"): "is asked about at the end",
    ("context", "keep"): "its own last output too",
    ("context", "clean"): "nothing from before",
    ("definition", "original"): "as it was when the job last ran",
    ("definition", "source"): "as its source is now",
    ("answers", "reuse"): "answered as before, where they are the same",
    ("answers", "ask"): "asked",
}
FLAGS = {"refresh": ("fetched again", "as they are"), "keep_comments": ("kept", "left out")}
LIMITS = {"seconds": "{:,g} s", "tokens": "{:,g} tokens", "calls": "{:,g} model calls"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """What a person set otherwise than was recommended, in words."""

    name: str
    recommended: str
    used: str


def describe_source(source: str) -> str:
    """Through what a run was started."""
    return SOURCES.get(source, source.replace("_", " "))


def describe_scope(request: Mapping[str, object]) -> str:
    """What a request covers."""
    scope = str(request.get("scope"))
    match scope:
        case "all" | "resume":
            return VALUES["scope", scope]
        case "phase":
            return f"phase {request.get('phase')}"
    return f"{scope} {_listed(request.get('steps'))}"


def describe_request(request: Mapping[str, object]) -> Iterator[Words]:
    """What a run was asked, option by option; its parameters and its comment are told elsewhere."""
    yield "what", describe_scope(request)
    for name, value in request.items():
        if name not in ("scope", "steps", "phase", "params", "comment"):
            yield LABELS.get(name, name), _spell(name, value)


def describe_override(override: Override) -> Departure:
    """Where a run departs from what was recommended."""
    group, dot, rest = override.name.partition(".")
    label = {"params": f"parameter {rest}", "budget": f"limit in {rest}"}.get(group if dot else "") or LABELS.get(override.name)
    name = override.name if group != "budget" else rest
    return Departure(
        name=label or override.name, recommended=_spell(name, override.recommended), used=_spell(name, override.used)
    )  # fmt: skip


def _spell(name: str, value: object) -> str:
    if name in FLAGS:
        return FLAGS[name][0 if value else 1]
    if value is None:
        return "not said"
    if name == "budget" and isinstance(value, Mapping):
        return ", ".join(_limit(kind, amount) for kind, amount in value.items())
    if isinstance(value, list | tuple):
        return _listed(value)
    if name in LIMITS or name == "usd":
        return _limit(name, value)
    known = VALUES.get((name, value)) if isinstance(value, str) else None
    return known or (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _limit(kind: str, amount: object) -> str:
    if not isinstance(amount, int | float):
        return str(amount)
    return show_dollars(amount) if kind == "usd" else LIMITS.get(kind, "{:,g}").format(amount)


def _listed(steps: object) -> str:
    names = [str(step) for step in steps] if isinstance(steps, list | tuple) else []
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
