"""The one function of the server that starts a run; every route and dialog that may do so ends here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from oncue.control.amounts import describe_assumed
from oncue.control.preflight import Prepared, list_prerequisites, prepare_run
from oncue.control.recommending import load_recommendation
from oncue.control.repeats import check_seen, find_repeated
from oncue.control.runs import start_run
from oncue.control.triggers import mint_trigger
from oncue.control.views.planview import PlanView, view_plan
from oncue.control.views.promptplan import plan_prompts
from oncue.core.model import Job, Run, RunKind, TriggerSource
from oncue.core.recommendations import Recommendation, find_overrides
from oncue.core.request import AnswersPolicy, RunRequest, Scope
from oncue.errors import NotFound, PlanChanged
from oncue.web.access import Identity
from oncue.web.refusals import InvalidFields
from oncue.web.runbody import check_metadata
from oncue.web.schemas.runshapes import TriggerBody
from oncue.web.site import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """A person's word to start a plan: who, through what, why, and which plan was on screen."""

    identity: Identity
    trigger_id: str
    source: TriggerSource
    metadata: Mapping[str, object]
    reason: str
    digest: str
    recommendation: Recommendation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A run, and whether this request is what started it: a repeated one finds it there."""

    run: Run
    is_new: bool


def read_cue(site: Site, job: Job, identity: Identity, *, body: TriggerBody) -> Cue:
    """What the body says of the action itself.

    Raises:
        InvalidFields: the metadata is too long, or the job was given no such recommendation.
    """
    return Cue(
        identity=identity,
        trigger_id=str(body.ui_trigger_id),
        source=body.ui_trigger_source,
        metadata=check_metadata(body.ui_trigger_metadata),
        reason=body.reason,
        digest=body.plan_digest,
        recommendation=find_advice(site, job, body.recommended_message_id),
    )


def find_advice(site: Site, job: Job, id_: str | None) -> Recommendation | None:
    """The recommendation that is followed, where one is.

    Raises:
        InvalidFields: the job was given none with this id.
    """
    if id_ is None:
        return None
    try:
        return load_recommendation(site.workspace, job.id, id_)
    except NotFound as error:
        raise InvalidFields({"recommended_message_id": "this job was given no such recommendation"}) from error


def start(site: Site, job: Job, request: RunRequest, *, cue: Cue) -> Started:
    """Start exactly the plan that the person saw, once.

    Raises:
        PlanChanged: the plan is another one by now; carries it.
        Blocked: preflight found blockers.
        JobStopped: the job takes no more runs.
        Conflict: the trigger's id was used for another job.
        InvalidInput: the request cannot be meant.
    """
    known = find_repeated(site.workspace, job.id, cue.trigger_id)
    if known is not None:
        return Started(run=known, is_new=False)
    try:
        prepared = prepare_run(site.workspace, job.id, request)
        check_seen(prepared, cue.digest)
        return _start(site, job, prepared, cue=cue)
    except PlanChanged:
        known = find_repeated(site.workspace, job.id, cue.trigger_id)
        if known is None:
            raise
        return Started(run=known, is_new=False)  # two requests of one action: the other one was faster


def _start(site: Site, job: Job, prepared: Prepared, *, cue: Cue) -> Started:
    trigger = mint_trigger(
        site.workspace,
        prepared,
        source=cue.source,
        action=_kind(job, prepared.plan.request),
        actor=cue.identity.actor,
        trigger_id=cue.trigger_id,
        reason=cue.reason,
        metadata=cue.metadata,
        recommendation=cue.recommendation,
    )
    run = start_run(site.workspace, prepared, trigger, owner=site.worker_id)
    return Started(run=run, is_new=run.queued_at == trigger.triggered_at)  # else another request of the action was faster


def _kind(job: Job, request: RunRequest) -> RunKind:
    if job.runs == 0:
        is_replay = job.replayed_from is not None and request.answers is AnswersPolicy.REUSE
        return RunKind.REPLAY_DECISIONS if is_replay else RunKind.RUN
    return RunKind.RESUME if request.scope is Scope.RESUME else RunKind.RERUN


def look_ahead(
    site: Site, job: Job, request: RunRequest, *, advice: Recommendation | None = None, has_prompts: bool = False
) -> dict[str, object]:
    """What preflight says of a request, as it goes over the wire, with the prompts where they are wanted; nothing is stored.

    Raises:
        InvalidInput: the request cannot be meant.
    """
    prepared = prepare_run(site.workspace, job.id, request)
    plan = view_plan(prepared)
    record = plan.as_dict()
    return {
        "ready": plan.is_ready,
        "blockers": record["blockers"],
        "warnings": record["warnings"],
        "normalized_config": {"request": record["request"], "params": record["params"]},
        "prerequisites": list_prerequisites(prepared),
        "notes": [*_notes(plan), *_departures(plan, advice)],
        "plan": record,
        "prompts": plan_prompts(site.workspace, prepared).as_dict() if has_prompts else None,
    }


def _notes(plan: PlanView) -> list[str]:
    notes = [f"run {plan.next_run} executes {_count(len(plan.executing))} and leaves {_count(len(plan.reused))} as they are"]
    if any(step.is_conditional for step in plan.executing):
        notes.append("some steps execute only if what they build on changes")
    if any(step.is_expanding for step in plan.executing):
        notes.append("how many instances a fan-out has is known when its list is there")
    if plan.becomes_stale:
        notes.append(f"it makes {_count(len(plan.becomes_stale))} stale")
    if plan.estimate.assumed:
        notes.append(f"the estimate holds {describe_assumed(plan.estimate.assumed)}")
    if plan.estimate.unknown:
        notes.append(f"no history for {_count(len(plan.estimate.unknown))}, so the cost is unknown")
    return notes


def _departures(plan: PlanView, advice: Recommendation | None) -> list[str]:
    """Whether this is what was recommended."""
    if advice is None:
        return []
    changed = [override.name for override in find_overrides(advice.request, plan.request)]
    if not changed:
        return [f"this is what {advice.author} recommended"]
    return [f"this is not what {advice.author} recommended: other {', '.join(changed)}"]


def _count(number: int) -> str:
    return f"{number} step" if number == 1 else f"{number} steps"
