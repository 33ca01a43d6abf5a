"""A plan as people see it before they start it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from oncue.control.preflight import Prepared
from oncue.control.views import reasons_as_dicts
from oncue.core.estimate import Estimate, Range
from oncue.core.findings import Finding
from oncue.core.model import StepId, step_name
from oncue.core.plan import Action, Plan, request_as_dict
from oncue.core.reasons import Reason


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
class PlanView:
    """What a run would do; ``next_run`` is the number it would get."""

    job_id: str
    next_run: int
    digest: str
    request: Mapping[str, object]
    params: Mapping[str, object]
    steps: tuple[PlannedStepView, ...]
    becomes_stale: tuple[StepId, ...]
    blockers: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    estimate: Estimate

    @property
    def is_ready(self) -> bool:
        """Whether it can be started."""
        return not self.blockers

    @property
    def executing(self) -> tuple[PlannedStepView, ...]:
        """The steps that execute, or may."""
        return tuple(step for step in self.steps if step.action is Action.EXECUTE)

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
            "blockers": [finding.as_dict() for finding in self.blockers],
            "warnings": [finding.as_dict() for finding in self.warnings],
            "steps": [step.as_dict() for step in self.steps],
            "becomes_stale": list(self.becomes_stale),
            "estimate": {
                "seconds": _range_as_dict(self.estimate.seconds),
                "tokens": None,
                "usd": None,
                "unknown": list(self.estimate.unknown),
            },
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
        steps=tuple(steps),
        becomes_stale=plan.becomes_stale,
        blockers=plan.blockers,
        warnings=plan.warnings,
        estimate=prepared.estimate,
    )


def _range_as_dict(seconds: Range | None) -> dict[str, float] | None:
    return {"low": round(seconds.low, 6), "high": round(seconds.high, 6)} if seconds else None
