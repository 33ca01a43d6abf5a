"""What a person's words for steps mean: ordinals from 1, names, and instances by key or by their own ordinal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from oncue.core.graph import Graph
from oncue.core.model import StepId
from oncue.errors import InvalidInput, StepOutOfRange, UnknownPhase, UnknownStep

Members = Mapping[str, tuple[StepId, ...] | None]


def resolve_step(text: str, *, graph: Graph, members: Members) -> StepId:
    """The step a person means: ``3``, ``report``, ``finding[solar]`` or ``finding[2]`` (its second instance).

    A fan-out's bare name means all its instances. A key wins over an ordinal that looks the same.

    Raises:
        StepOutOfRange: an ordinal that does not exist; says the valid range.
        UnknownStep: a name or key that does not exist; names the nearest.
    """
    base, bracket, rest = text.strip().partition("[")
    name = _resolve_name(base, graph)
    if not bracket:
        return StepId(name)
    if not rest.endswith("]") or graph.steps[name].each is None:
        raise UnknownStep(text, _known(graph, members))
    instances = members[name]
    if instances is None:
        raise InvalidInput(
            f"the instances of {name!r} are not known before {graph.steps[name].each!r} has run",
            hint=f"name the whole step: --step {name}",
        )
    if not instances:
        raise InvalidInput(f"{name!r} has no instances: the list of {graph.steps[name].each!r} is empty")
    return _resolve_instance(name, rest[:-1], instances)


def _resolve_name(base: str, graph: Graph) -> str:
    try:
        ordinal = int(base)
    except ValueError:
        return graph.named(base).name
    if not 1 <= ordinal <= len(graph.names):
        raise StepOutOfRange(base, len(graph.names))
    return graph.names[ordinal - 1]


def _resolve_instance(name: str, key: str, instances: Sequence[StepId]) -> StepId:
    exact = StepId(f"{name}[{key}]")
    if exact in instances:
        return exact
    try:
        ordinal = int(key)
    except ValueError:
        raise UnknownStep(exact, instances) from None
    if not 1 <= ordinal <= len(instances):
        raise StepOutOfRange(exact, len(instances))
    return instances[ordinal - 1]


def resolve_phase(text: str, *, graph: Graph) -> str:
    """The phase a person means: its name, or its ordinal from 1.

    Raises:
        UnknownPhase: there is none; names the phases.
    """
    phases = graph.definition.phases
    if text in phases:
        return text
    if text.isdecimal() and 1 <= int(text) <= len(phases):
        return phases[int(text) - 1]
    raise UnknownPhase(text, phases)


def _known(graph: Graph, members: Members) -> list[str]:
    return [str(known) for name in graph.names for known in (name, *(members[name] or ()))]
