"""What a run would do, decided from a snapshot and a request alone.

::

    scope     executes                                       the rest
    all       every step                                     -
    resume    what is missing, failed or stale               executes if it becomes stale
    from S    S and everything downstream of it              is reused
    only S    S                                              is reused; its dependents become stale, or (downstream=rerun)
    phase P   the steps of P                                 execute if they become stale

A run that waits for another one decides at its turn whether what is missing now still is.

Source steps whose output is sound are reused by ``from`` and ``phase`` unless a refresh is asked for. A fan-out whose list
may change is planned as one entry, and its instances are decided when the list is there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from oncue.core.canonical import fingerprint
from oncue.core.findings import Finding, OpenRun, find_blockers, find_queue, find_warnings
from oncue.core.guidance import find_comment_blockers, find_comment_warnings
from oncue.core.model import StepId, step_key, step_name
from oncue.core.reasons import (
    DefinitionChanged,
    InputChanged,
    LastFailed,
    Missing,
    Reason,
    Requested,
    UpstreamExecutes,
    reason_as_dict,
)
from oncue.core.request import RunRequest, Scope
from oncue.core.scope import Choice, choose, downstream_of, is_due
from oncue.core.selection import resolve_phase, resolve_step
from oncue.core.snapshot import JobSnapshot, hash_params
from oncue.core.staleness import Assessment, StepState, assess, has_failed_last

_REQUESTED: tuple[Reason, ...] = (Requested(),)
_REQUESTED_MISSING: tuple[Reason, ...] = (Requested(), Missing())


class Action(StrEnum):
    """What a run does with a step."""

    EXECUTE = "execute"
    REUSE = "reuse"


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One step in a plan.

    ``is_conditional``: it executes only if it is not fresh by the time everything before it is done. ``is_expanding``: it
    stands for all instances of a fan-out, which are decided then too. ``reused_from_run`` is set where it is reused.
    """

    id: StepId
    action: Action
    reasons: tuple[Reason, ...] = ()
    reused_from_run: int | None = None
    is_conditional: bool = False
    is_expanding: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run would do; ``digest`` names it, and a start is refused when it is no longer what would be planned.

    ``steps`` are in the order in which the workflow declares them. ``becomes_stale`` are outputs that may no longer follow
    when the run is done. ``before`` says, where a comment is given or carried, how the output of each executing step stood
    before: what came of the comment is judged by that.
    """

    job_id: str
    revision: int
    request: RunRequest
    params: Mapping[str, object]
    steps: tuple[PlannedStep, ...]
    becomes_stale: tuple[StepId, ...]
    blockers: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    digest: str
    before: Mapping[StepId, StepState] = field(default_factory=dict)

    @property
    def is_ready(self) -> bool:
        """Whether it can be started."""
        return not self.blockers

    @property
    def executing(self) -> tuple[PlannedStep, ...]:
        """The steps that execute, or may."""
        return tuple(step for step in self.steps if step.action is Action.EXECUTE)


def plan_run(
    snapshot: JobSnapshot,
    request: RunRequest,
    *,
    open_runs: Sequence[OpenRun] = (),
    warnings: Sequence[Finding] = (),
    blockers: Sequence[Finding] = (),
) -> Plan:
    """Decide what a run of this request would do; O(steps + edges), executes nothing.

    Raises:
        InvalidInput: the request names no steps where its scope needs some, or a phase or step that does not exist.
    """
    assessment = assess(snapshot)
    request = resolve_request(request, assessment)
    choices = choose(request, assessment)
    steps = _planned_steps(choices, assessment, is_queued=any(run.is_owned for run in open_runs))
    executing = {step.id for step in steps if step.action is Action.EXECUTE}
    return Plan(
        job_id=snapshot.job.id,
        revision=snapshot.job.revision,
        request=request,
        params=snapshot.params,
        steps=steps,
        becomes_stale=_becomes_stale(assessment, executing),
        blockers=(
            *blockers,
            *find_blockers(assessment, executing),
            *(find_comment_blockers(request, snapshot, executing) if executing else ()),
        ),
        warnings=(
            *warnings,
            *find_warnings(assessment, choices, executing),
            *find_comment_warnings(request, snapshot, executing),
            *find_queue(open_runs, request.scope),
        ),
        digest=plan_digest(snapshot, request, steps),
        before=_states_before(assessment, executing) if request.comment or request.keep_comments else {},
    )


def resolve_request(request: RunRequest, assessment: Assessment) -> RunRequest:
    """The request with the ids of the steps and the name of the phase that it means: ordinals move, ids do not."""
    graph, members = assessment.snapshot.graph, assessment.members
    steps = tuple(resolve_step(text, graph=graph, members=members) for text in request.steps)
    phase = None if request.phase is None else resolve_phase(request.phase, graph=graph)
    return replace(request, steps=steps, phase=phase)


def plan_digest(snapshot: JobSnapshot, request: RunRequest, steps: Sequence[PlannedStep]) -> str:
    """The fingerprint of the request, the definition, the job's revision, the parameters and every planned step."""
    return fingerprint(
        "plan",
        {
            "job": snapshot.job.id,
            "revision": snapshot.job.revision,
            "request": request_as_dict(request),
            "definition": [step.hash for step in snapshot.graph.definition.steps],
            "params": dict(snapshot.param_hashes),
            "steps": "\n".join(
                f"{step.id}\t{step.reused_from_run}"
                if step.action is Action.REUSE
                else f"{step.id}\t{step.is_conditional}\t{[reason_as_dict(reason) for reason in step.reasons]}"
                for step in steps
            ),
        },
    )


def request_as_dict(request: RunRequest) -> dict[str, object]:
    """The stored form of a request; options that were not given are absent."""
    record: dict[str, object] = {"scope": request.scope.value}
    optional: dict[str, object] = {
        "steps": list(request.steps),
        "phase": request.phase,
        "context": request.context.value if request.context else None,
        "downstream": request.downstream.value if request.scope in (Scope.ONLY, Scope.PHASE) else None,
        "params": dict(request.params),
        "budget": request.budget.as_dict(),
        "refresh": request.refresh,
        "definition": request.definition.value if request.definition.value != "source" else None,
        "answers": request.answers.value if request.answers.value != "ask" else None,
        "comment": request.comment.as_dict() if request.comment else None,
        "keep_comments": request.keep_comments,
    }
    return record | {name: value for name, value in optional.items() if value}


def _planned_steps(choices: Mapping[str, Choice], assessment: Assessment, *, is_queued: bool) -> tuple[PlannedStep, ...]:
    graph = assessment.snapshot.graph
    running: set[str] = set()
    expanding: set[str] = set()
    planned: dict[str, list[PlannedStep]] = {}
    for name in graph.order:
        choice = choices.get(name)
        if choice is None or choice.is_kept_source:
            planned[name] = _kept(assessment.members[name] or (), assessment)
            continue
        upstream = next((source for source in graph.upstream[name] if source in running), None)
        if choice.wanted is None and _is_open(name, assessment, running=running, expanding=expanding):
            expanding.add(name)
            reasons = (_opening_reason(name, assessment, upstream=upstream),)
            planned[name] = [
                PlannedStep(StepId(name), Action.EXECUTE, reasons, is_conditional=choice.is_conditional, is_expanding=True)
            ]
        else:
            planned[name] = _entries(name, choice, assessment, upstream=upstream, is_queued=is_queued)
        if any(entry.action is Action.EXECUTE for entry in planned[name]):
            running.add(name)
    return tuple(entry for name in graph.names for entry in planned[name])


def _is_open(name: str, assessment: Assessment, *, running: Collection[str], expanding: Collection[str]) -> bool:
    """Whether the instances of a step cannot be known before the run."""
    each = assessment.snapshot.graph.steps[name].each
    if each is None:
        return False
    if assessment.members[name] is None or each in expanding:
        return True
    if assessment.snapshot.graph.is_elementwise(name):
        return False
    return each in running or not assessment.is_worked_out(name)


def _opening_reason(name: str, assessment: Assessment, *, upstream: str | None) -> Reason:
    if upstream is not None:
        return UpstreamExecutes(upstream)
    step = assessment.snapshot.graph.steps[name]
    expansion = assessment.snapshot.expansions.get(name)
    if expansion is None or step.each is None:
        return Missing()
    return DefinitionChanged() if expansion.definition != step.hash else InputChanged(step.each)


def _entries(name: str, choice: Choice, assessment: Assessment, *, upstream: str | None, is_queued: bool) -> list[PlannedStep]:
    entries: list[PlannedStep] = []
    for this in assessment.members[name] or ():
        is_wanted = choice.wanted is None or this in choice.wanted
        if is_wanted and not choice.is_conditional:
            is_missing = assessment.statuses[this].state is StepState.MISSING
            entries.append(PlannedStep(this, Action.EXECUTE, _REQUESTED_MISSING if is_missing else _REQUESTED))
        elif is_wanted and (reasons := _due_reasons(this, assessment, upstream)):
            is_conditional = is_queued or not is_due(this, assessment)
            entries.append(PlannedStep(this, Action.EXECUTE, reasons, is_conditional=is_conditional))
        else:
            entries.extend(_kept((this,), assessment))
    return entries


def _due_reasons(this: StepId, assessment: Assessment, upstream: str | None) -> tuple[Reason, ...]:
    status = assessment.statuses[this]
    reasons: list[Reason] = []
    if status.state is StepState.MISSING:
        reasons.append(Missing())
    if has_failed_last(assessment.snapshot, this):
        reasons.append(LastFailed())
    if status.state is StepState.STALE:
        reasons.extend(status.reasons)
    if not reasons and upstream is not None:
        reasons.append(UpstreamExecutes(upstream))
    return tuple(reasons)


def _kept(members: Sequence[StepId], assessment: Assessment) -> list[PlannedStep]:
    currents = assessment.currents
    return [PlannedStep(this, Action.REUSE, (), current.run) for this in members if (current := currents.get(this)) is not None]


def _becomes_stale(assessment: Assessment, executing: Collection[StepId]) -> tuple[StepId, ...]:
    """The outputs that are sound now, do not execute, and depend on what does or on parameters that the run changes."""
    graph = assessment.snapshot.graph
    before = _before(assessment)
    touched: dict[str, set[StepId] | None] = {}
    for this in executing:
        name = step_name(this)
        if step_key(this) is None:
            touched[name] = None
        elif (some := touched.setdefault(name, set())) is not None:
            some.add(this)
    spread = downstream_of(touched, graph) if touched else {}
    return tuple(
        this
        for name in (graph.names if before is not assessment else [name for name in graph.names if name in spread])
        if StepId(name) not in executing
        for this in before.members[name] or ()
        if this not in executing
        and before.statuses[this].is_sound
        and (_is_reached(this, spread) or not assessment.statuses[this].is_sound)
    )


def _states_before(assessment: Assessment, executing: Collection[StepId]) -> dict[StepId, StepState]:
    """How the outputs of the executing steps stand now; of a fan-out planned as one, those of the instances there are."""
    before = _before(assessment)
    members = [one for this in executing for one in (before.members[this] or () if this in before.members else (this,))]
    return {one: before.statuses[one].state for one in members if one in before.statuses}


def _is_reached(this: StepId, spread: Mapping[str, set[StepId] | None]) -> bool:
    wanted = spread.get(step_name(this), set())
    return wanted is None or this in wanted


def _before(assessment: Assessment) -> Assessment:
    """The status of every step with the parameters that the job has now."""
    snapshot = assessment.snapshot
    if all(snapshot.params.get(name) == value for name, value in snapshot.job.params.items()):
        return assessment
    hashes = hash_params(snapshot.job.params)
    return assess(replace(snapshot, params=snapshot.job.params, param_hashes=hashes))
