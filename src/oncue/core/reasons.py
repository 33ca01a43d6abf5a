"""Why a step is stale, and why a plan executes it: data, never text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never


@dataclass(frozen=True, slots=True)
class InputChanged:
    """The output of a step it consumed is not the one it consumed."""

    step: str


@dataclass(frozen=True, slots=True)
class ParamsChanged:
    """Parameters that it read have other values now."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DefinitionChanged:
    """Its own code, text or declared version changed."""


@dataclass(frozen=True, slots=True)
class UpstreamStale:
    """A step it consumes is itself stale or missing."""

    step: str


StaleReason = InputChanged | ParamsChanged | DefinitionChanged | UpstreamStale


@dataclass(frozen=True, slots=True)
class Requested:
    """The scope of the run names it."""


@dataclass(frozen=True, slots=True)
class Missing:
    """It has no output yet."""


@dataclass(frozen=True, slots=True)
class LastFailed:
    """Its latest attempt did not succeed."""


@dataclass(frozen=True, slots=True)
class UpstreamExecutes:
    """A step it consumes executes in the same run."""

    step: str


Reason = StaleReason | Requested | Missing | LastFailed | UpstreamExecutes


def reason_as_dict(reason: Reason) -> dict[str, object]:
    """The wire form of a reason: a code and its facts."""
    match reason:
        case InputChanged(step=step):
            return {"code": "input_changed", "step": step}
        case ParamsChanged(names=names):
            return {"code": "params_changed", "names": list(names)}
        case DefinitionChanged():
            return {"code": "definition_changed"}
        case UpstreamStale(step=step):
            return {"code": "upstream_stale", "step": step}
        case Requested():
            return {"code": "requested"}
        case Missing():
            return {"code": "missing"}
        case LastFailed():
            return {"code": "last_failed"}
        case UpstreamExecutes(step=step):
            return {"code": "upstream_executes", "step": step}
        case _:
            assert_never(reason)


def explain_reason(reason: Reason) -> str:
    """A clause for people."""
    match reason:
        case InputChanged(step=step):
            return f"the output of {step} changed"
        case ParamsChanged(names=names):
            return f"parameter{'s' if len(names) > 1 else ''} {', '.join(names)} changed"
        case DefinitionChanged():
            return "its definition changed"
        case UpstreamStale(step=step):
            return f"{step} is stale"
        case Requested():
            return "asked for"
        case Missing():
            return "no output yet"
        case LastFailed():
            return "its latest attempt did not succeed"
        case UpstreamExecutes(step=step):
            return f"{step} runs again"
        case _:
            assert_never(reason)
