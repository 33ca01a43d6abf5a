"""Make a plan: what a run would do, what forbids it, what a person should know, and what it may cost. Changes nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace

from oncue.control.amounts import show_dollars
from oncue.control.generation.modelcheck import find_model_blockers
from oncue.control.jobstate import make_snapshot
from oncue.control.sources import FollowedDefinition, find_code_blockers, follow_definition
from oncue.control.workspace import Workspace, load_job
from oncue.core.comments import check_comment_text
from oncue.core.estimate import Estimate, estimate_plan
from oncue.core.findings import Finding, FindingCode, OpenRun
from oncue.core.model import JobId, Run, step_name
from oncue.core.parameters import read_params, resolve_params
from oncue.core.plan import Plan, plan_run
from oncue.core.ports import Store
from oncue.core.request import Budget, DefinitionChoice, RunRequest
from oncue.core.secrets import known_secrets
from oncue.core.snapshot import JobSnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A plan with what it was made from; starting it is one call away."""

    plan: Plan
    snapshot: JobSnapshot
    followed: FollowedDefinition
    estimate: Estimate


def prepare_run(workspace: Workspace, job_id: JobId, request: RunRequest, *, is_text: bool = False) -> Prepared:
    """Plan a run of a job; ``is_text`` says that parameter values come from a command line.

    Raises:
        UnknownJob, UnknownStep, StepOutOfRange, UnknownPhase, InvalidParam, InvalidInput: the request cannot be meant.
        InvalidComment: its comment cannot be taken.
        DefinitionError: the workflow's source is wrong.
    """
    if request.comment is not None:
        check_comment_text(request.comment.text, known=known_secrets(os.environ))
    with workspace.store.read() as reader:
        job = load_job(reader, job_id)
        followed = follow_definition(workspace, reader, job, choice=request.definition)
        state = workspace.states.load(reader, job)
        open_runs = reader.list_open_runs(job_id)
    definition = followed.graph.definition
    if is_text:
        request = replace(request, params=read_params(definition, request.params))
    declared = {param.name for param in definition.params}
    kept = {name: value for name, value in job.params.items() if name in declared}
    params = resolve_params(definition, {**kept, **request.params}, from_text=False)
    snapshot = make_snapshot(job, followed.graph, state, params=params)
    plan = plan_run(
        snapshot,
        request,
        open_runs=[describe_open_run(workspace.store, run) for run in open_runs],
        warnings=followed.warnings,
        blockers=followed.blockers,
    )
    names = dict.fromkeys(step_name(step.id) for step in plan.executing)
    executing = [followed.graph.steps[name] for name in names]
    with workspace.store.read() as reader:
        durations, costs = reader.durations(job_id, names), reader.costs(job_id, names)
        blockers = find_model_blockers(workspace, reader, executing=executing, budget=request.budget)
    if executing and request.definition is DefinitionChoice.ORIGINAL:
        blockers = [*blockers, *find_code_blockers(workspace, job, followed)]
    plan = replace(plan, blockers=(*plan.blockers, *blockers)) if blockers else plan
    estimate = estimate_plan(plan, durations, costs, count=snapshot.last_count)
    plan = replace(plan, warnings=(*plan.warnings, *_find_tight_limits(request.budget, estimate)))
    return Prepared(plan=plan, snapshot=snapshot, followed=followed, estimate=estimate)


def _find_tight_limits(budget: Budget, estimate: Estimate) -> Iterator[Finding]:
    """Limits that runs like this one went beyond before: it would halt on its way."""
    pairs = (
        (budget.usd, estimate.usd, show_dollars),
        (budget.tokens, estimate.tokens, "{:,.0f} tokens".format),
    )
    for limit, expected, show in pairs:
        if limit is not None and expected is not None and limit < expected.high:
            verb = "would" if limit < expected.low else "may"
            yield Finding(
                code=FindingCode.LIMIT_BELOW_ESTIMATE,
                message=f"with the limit of {show(limit)} the run {verb} halt on its way: "
                f"it cost {show(expected.low)} to {show(expected.high)} before",
                hint="a run that was halted is resumed with another limit, and pays for nothing twice",
            )


def list_prerequisites(prepared: Prepared) -> dict[str, bool]:
    """Every step whose output the run builds on without executing it, and whether that output is there."""
    plan = prepared.plan
    executing = {step_name(step.id) for step in plan.executing}
    there = {step_name(step.id) for step in plan.steps if step.reused_from_run is not None}
    upstream = prepared.snapshot.graph.upstream
    needed = dict.fromkeys(name for step in executing for name in upstream[step] if name not in executing)
    return {name: name in there for name in sorted(needed)}


def describe_open_run(store: Store, run: Run) -> OpenRun:
    """Whether a run that has not ended is in anybody's hands."""
    return OpenRun(run.number, run.state, is_owned(store, run))


def is_owned(store: Store, run: Run) -> bool:
    """Whether a living worker executes a run, or a run waits for its turn in a living process."""
    return run.owner is not None and store.is_alive(run.owner)
