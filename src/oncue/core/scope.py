"""What the scope of a request covers: which steps execute for certain, and which only if they become stale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from oncue.core.graph import Graph
from oncue.core.model import StepId, step_id, step_key, step_name
from oncue.core.reasons import UpstreamStale
from oncue.core.request import Downstream, RunRequest, Scope
from oncue.core.selection import resolve_phase, resolve_step
from oncue.core.staleness import Assessment, StepState, has_failed_last
from oncue.errors import InvalidInput


@dataclass(slots=True)
class Choice:
    """What the scope says of one definition.

    ``wanted`` are the instances it covers, None for all. ``is_conditional``: only those which are not fresh when their turn
    comes. ``is_kept_source``: it is in scope, but fetches from outside and has a sound output, so it is reused.
    """

    wanted: set[StepId] | None
    is_conditional: bool = False
    is_kept_source: bool = False


def choose(request: RunRequest, assessment: Assessment) -> dict[str, Choice]:
    """What a request covers, by definition, in the graph's order; definitions that are not covered are absent.

    Raises:
        InvalidInput: no steps or phase where the scope needs some, or one that does not exist.
    """
    graph = assessment.snapshot.graph
    match request.scope:
        case Scope.ALL:
            return {name: Choice(None) for name in graph.names}
        case Scope.RESUME:
            return _choose_resume(assessment)
        case Scope.FROM:
            targets = _targets(request, assessment)
            return _keep_sources(request, assessment, _spread(targets, assessment, is_conditional=False))
        case Scope.ONLY:
            targets = _targets(request, assessment)
        case Scope.PHASE:
            if request.phase is None:
                raise InvalidInput("a phase run needs the name of the phase", hint="--phase NAME")
            phase = resolve_phase(request.phase, graph=graph)
            targets = {name: None for name in graph.names if graph.steps[name].phase == phase}
        case _:
            assert_never(request.scope)
    chosen = {name: Choice(wanted) for name, wanted in targets.items()}
    if request.scope is Scope.PHASE:
        chosen = _keep_sources(request, assessment, chosen)
    if request.downstream is not Downstream.MARK_STALE:
        kept = {name for name, choice in chosen.items() if choice.is_kept_source}
        spread = _spread({n: w for n, w in targets.items() if n not in kept}, assessment, is_conditional=True)
        return spread | chosen
    return chosen


def _targets(request: RunRequest, assessment: Assessment) -> dict[str, set[StepId] | None]:
    if not request.steps:
        raise InvalidInput(f"a run of scope {request.scope.value!r} needs at least one step", hint="--step STEP")
    targets: dict[str, set[StepId] | None] = {}
    for text in request.steps:
        this = resolve_step(text, graph=assessment.snapshot.graph, members=assessment.members)
        name = step_name(this)
        if step_key(this) is None:
            targets[name] = None
        else:
            wanted = targets.setdefault(name, set())
            if wanted is not None:
                wanted.add(this)
    return targets


def _spread(targets: Mapping[str, set[StepId] | None], assessment: Assessment, *, is_conditional: bool) -> dict[str, Choice]:
    reached = downstream_of(targets, assessment.snapshot.graph)
    return {name: Choice(wanted, is_conditional) for name, wanted in reached.items()}


def downstream_of(targets: Mapping[str, set[StepId] | None], graph: Graph) -> dict[str, set[StepId] | None]:
    """The targets and everything downstream, by definition; where only some instances are reached, only those."""
    reached: dict[str, set[StepId] | None] = {}
    for name in graph.sorted(graph.closure(targets)):
        followed = _following(name, reached, graph)
        own: set[StepId] | None = targets.get(name, set())
        reached[name] = None if own is None or followed is None else followed | own
    return reached


def _following(name: str, reached: Mapping[str, set[StepId] | None], graph: Graph) -> set[StepId] | None:
    """The instances of a step that follow from the reached ones; None for all."""
    step = graph.steps[name]
    if any(upstream in reached for upstream in step.needs):
        return None
    if step.each is None or step.each not in reached:
        return set()
    wanted = reached[step.each]
    if wanted is None or not graph.is_elementwise(name):
        return None
    return {step_id(name, step_key(source)) for source in wanted}


def _keep_sources(request: RunRequest, assessment: Assessment, choices: dict[str, Choice]) -> dict[str, Choice]:
    if request.refresh:
        return choices
    for name, choice in choices.items():
        if assessment.snapshot.graph.steps[name].is_source and assessment.supplies[name].is_sound:
            choice.is_kept_source = True
    return choices


def _choose_resume(assessment: Assessment) -> dict[str, Choice]:
    graph = assessment.snapshot.graph
    suspect = {name for name in graph.names if not assessment.supplies[name].is_sound or _has_failed(name, assessment)}
    return {name: Choice(None, is_conditional=True) for name in graph.sorted(graph.closure(suspect))}


def _has_failed(name: str, assessment: Assessment) -> bool:
    return any(has_failed_last(assessment.snapshot, this) for this in assessment.members[name] or ())


def is_due(this: StepId, assessment: Assessment) -> bool:
    """Whether a step is missing, failed, or stale by more than its upstream's staleness."""
    status = assessment.statuses[this]
    if status.state is StepState.MISSING or has_failed_last(assessment.snapshot, this):
        return True
    return status.state is StepState.STALE and any(not isinstance(reason, UpstreamStale) for reason in status.reasons)
