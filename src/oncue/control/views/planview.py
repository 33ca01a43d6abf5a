"""A plan as people see it before they start it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from oncue.control.preflight import Prepared
from oncue.control.views.jobview import reasons_as_dicts
from oncue.core.comments import Comment, GivenComment
from oncue.core.estimate import Estimate, Range
from oncue.core.findings import Finding
from oncue.core.guidance import comment_targets, comments_left_behind, reached_steps
from oncue.core.model import StepId, step_name
from oncue.core.plan import Action, Plan, request_as_dict
from oncue.core.reasons import Reason
from oncue.core.snapshot import JobSnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStepView:
    """One step of a plan."""

    id: StepId
    ordinal: int
    phase: str
    action: Action
    reasons: tuple[Reason, ...]
    reused_from_run: int | None
    is_conditional: bool
    is_expanding: bool

    def as_dict(self) -> dict[str, object]:
        """The wire form."""
        return {
            "id": self.id,
            "ordinal": self.ordinal,
            "phase": self.phase,
            "action": self.action.value,
            "reasons": reasons_as_dicts(self.reasons),
            "reused_from_run": self.reused_from_run,
            "conditional": self.is_conditional,
            "expanding": self.is_expanding,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedGroup:
    """The planned steps of one definition: the step itself, or instances of a fan-out."""

    name: str
    steps: tuple[PlannedStepView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedComment:
    """A comment in a plan, with the executing steps that get it; ``run`` is that of an earlier one, which is carried along."""

    comment: Comment | GivenComment
    steps: tuple[StepId, ...]

    @property
    def run(self) -> int | None:
        """The run it was given with; None for the one of the request."""
        return self.comment.run if isinstance(self.comment, GivenComment) else None

    def as_dict(self) -> dict[str, object]:
        """The wire form."""
        kind = self.comment.kind.value if self.comment.kind else None
        return {"run": self.run, "text": self.comment.text, "kind": kind, "steps": list(self.steps)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ParamChange:
    """A parameter to which a run gives another value than the job has now."""

    name: str
    before: object
    after: object

    def as_dict(self) -> dict[str, object]:
        """The wire form."""
        return {"name": self.name, "before": self.before, "after": self.after}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """What a run would do; ``next_run`` is the number it would get.

    ``comment`` is the one of the request, ``kept_comments`` are earlier ones that it carries. ``calls_models``: a step that
    executes cannot do without a language model.
    """

    job_id: str
    next_run: int
    digest: str
    request: Mapping[str, object]
    params: Mapping[str, object]
    param_changes: tuple[ParamChange, ...]
    steps: tuple[PlannedStepView, ...]
    becomes_stale: tuple[StepId, ...]
    blockers: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    estimate: Estimate
    calls_models: bool = False
    comment: PlannedComment | None = None
    kept_comments: tuple[PlannedComment, ...] = ()

    @property
    def is_ready(self) -> bool:
        """Whether it can be started."""
        return not self.blockers

    @property
    def executing(self) -> tuple[PlannedStepView, ...]:
        """The steps that execute, or may."""
        return tuple(step for step in self.steps if step.action is Action.EXECUTE)

    @property
    def executing_words(self) -> str:
        """How many steps and instances execute, or may, as far as that is known before the lists of fan-outs are there."""
        expanding = [step_name(step.id) for step in self.executing if step.is_expanding]
        unknown = [name for name in expanding if name not in self.estimate.assumed]
        count = len(self.executing) + sum(self.estimate.assumed.get(name, 1) - 1 for name in expanding)
        return f"{count} or more" if unknown else f"about {count}" if expanding else str(count)

    @property
    def reused(self) -> tuple[PlannedStepView, ...]:
        """The steps whose output is used as it is."""
        return tuple(step for step in self.steps if step.action is Action.REUSE)

    def as_dict(self) -> dict[str, object]:
        """The wire form."""
        return {
            "digest": self.digest,
            "ready": self.is_ready,
            "request": dict(self.request),
            "params": dict(self.params),
            "param_changes": [change.as_dict() for change in self.param_changes],
            "blockers": [finding.as_dict() for finding in self.blockers],
            "warnings": [finding.as_dict() for finding in self.warnings],
            "steps": [step.as_dict() for step in self.steps],
            "becomes_stale": list(self.becomes_stale),
            "estimate": estimate_as_dict(self.estimate),
            "comment": self.comment.as_dict() if self.comment else None,
            "kept_comments": [kept.as_dict() for kept in self.kept_comments],
        }


def group_steps(steps: Sequence[PlannedStepView]) -> tuple[PlannedGroup, ...]:
    """Steps that follow each other, by definition."""
    return tuple(PlannedGroup(name=name, steps=tuple(found)) for name, found in groupby(steps, lambda step: step_name(step.id)))


def estimate_as_dict(estimate: Estimate) -> dict[str, object]:
    """The wire form."""
    return {
        "seconds": _range_as_dict(estimate.seconds),
        "tokens": _range_as_dict(estimate.tokens),
        "usd": _range_as_dict(estimate.usd),
        "unknown": list(estimate.unknown),
        "assumed": dict(estimate.assumed),
    }


def view_plan(prepared: Prepared) -> PlanView:
    """Look at a plan."""
    plan: Plan = prepared.plan
    graph = prepared.snapshot.graph
    ordinals = graph.ordinals()
    steps = [
        PlannedStepView(
            id=step.id,
            ordinal=ordinals[step_name(step.id)],
            phase=graph.steps[step_name(step.id)].phase,
            action=step.action,
            reasons=step.reasons,
            reused_from_run=step.reused_from_run,
            is_conditional=step.is_conditional,
            is_expanding=step.is_expanding,
        )
        for step in plan.steps
    ]
    return PlanView(
        job_id=plan.job_id,
        next_run=prepared.snapshot.job.runs + 1,
        digest=plan.digest,
        request=request_as_dict(plan.request),
        params=plan.params,
        param_changes=_plan_params(prepared),
        steps=tuple(steps),
        becomes_stale=plan.becomes_stale,
        blockers=plan.blockers,
        warnings=plan.warnings,
        estimate=prepared.estimate,
        calls_models=any(graph.steps[step_name(step.id)].needs_model for step in plan.executing),
        comment=_plan_comment(prepared),
        kept_comments=_plan_kept(prepared),
    )


def _plan_params(prepared: Prepared) -> tuple[ParamChange, ...]:
    """The parameters that the job has otherwise now; one that it does not have yet has its default."""
    values, now = prepared.plan.params, prepared.snapshot.job.params
    declared = prepared.snapshot.graph.definition.params
    before = {param.name: now.get(param.name, param.default) for param in declared}
    return tuple(
        ParamChange(name=name, before=before.get(name), after=value)
        for name, value in values.items()
        if value != before.get(name)
    )


def _plan_comment(prepared: Prepared) -> PlannedComment | None:
    """The comment of the request, with the steps that can read it."""
    request, snapshot = prepared.plan.request, prepared.snapshot
    if request.comment is None:
        return None
    targets = comment_targets(request, snapshot)
    reached = reached_steps(targets, [step.id for step in prepared.plan.executing])
    return PlannedComment(comment=request.comment, steps=tuple(this for this in reached if _takes_comment(snapshot, this)))


def _plan_kept(prepared: Prepared) -> tuple[PlannedComment, ...]:
    """The earlier comments that the request carries, with the steps that get them."""
    if not prepared.plan.request.keep_comments:
        return ()
    snapshot = prepared.snapshot
    steps: dict[int, list[StepId]] = {}
    for step in prepared.plan.executing:
        if _takes_comment(snapshot, step.id):
            for comment in comments_left_behind(snapshot, step.id):
                steps.setdefault(comment.run, []).append(step.id)
    return tuple(
        PlannedComment(comment=comment, steps=tuple(steps[comment.run]))
        for comment in snapshot.comments
        if comment.run in steps
    )


def _takes_comment(snapshot: JobSnapshot, this: StepId) -> bool:
    return snapshot.graph.steps[step_name(this)].takes_comment


def _range_as_dict(found: Range | None) -> dict[str, float] | None:
    return {"low": round(found.low, 6), "high": round(found.high, 6)} if found else None
