"""Runs: what is asked for, what a plan says, and what a run came to.

The names that begin with ``ui_`` and ``rerun_`` are fixed by the documents this program answers to; they are kept at this edge.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field

from oncue.core.comments import MAX_COMMENT_CHARS, CommentKind
from oncue.core.counting import HIGHEST_EVENT
from oncue.core.model import ContextMode, TriggerSource
from oncue.core.request import AnswersPolicy, DefinitionChoice, Downstream, Scope
from oncue.web.schemas.questionshapes import QuestionRecord
from oncue.web.schemas.wire import Answer, Body, FailureRecord, Finding, Reason, SpendingRecord

MAX_STEPS = 10_000


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise ValueError("a number is wanted that is one")
    return number


Amount = Annotated[float, Field(gt=0), AfterValidator(_finite)]
Count = Annotated[int, Field(gt=0, le=HIGHEST_EVENT)]


class BudgetBody(Body):
    """Limits of one run; reaching one halts it and leaves it resumable. What is null is not limited."""

    seconds: Amount | None = None
    tokens: Count | None = None
    usd: Amount | None = None
    calls: Count | None = None


class OptionsBody(Body):
    """Everything about a run but which part of the job it covers. ``rerun_mode`` is another name of ``context``."""

    context: ContextMode | None = None
    rerun_mode: ContextMode | None = None
    downstream: Downstream = Downstream.MARK_STALE
    params: dict[str, object] = Field(default_factory=dict)
    budget: BudgetBody = Field(default_factory=BudgetBody)
    refresh: bool = False
    definition: DefinitionChoice = DefinitionChoice.SOURCE
    answers: AnswersPolicy = AnswersPolicy.ASK
    rerun_comment: str | None = Field(default=None, description=f"At most {MAX_COMMENT_CHARS} characters, and no secrets.")
    comment_kind: CommentKind | None = None
    keep_comments: bool = False


class RequestBody(OptionsBody):
    """What to run. ``steps`` are ids, or numbers from 1 as text."""

    scope: Scope = Scope.ALL
    steps: list[str] = Field(default_factory=list, max_length=MAX_STEPS)
    phase: str | None = None


class FollowingBody(Body):
    """The recommendation of this job that the request follows, where it follows one."""

    recommended_message_id: str | None = Field(default=None, max_length=100)


class PreflightBody(RequestBody, FollowingBody):
    """What to look ahead at."""


class TriggerBody(FollowingBody):
    """A person's action: the plan that was on screen, and an id of its own, so that repeating it starts nothing twice."""

    plan_digest: str = Field(min_length=1, max_length=200)
    ui_trigger_id: UUID
    ui_trigger_source: TriggerSource
    ui_trigger_metadata: dict[str, object] = Field(default_factory=dict)
    reason: str = Field(default="", max_length=600)


class StartBody(RequestBody, TriggerBody):
    """Start exactly this plan."""


class RestartPhaseBody(OptionsBody, TriggerBody):
    """Start a run of one phase: the same request with ``scope`` ``phase``."""

    phase: str


class RestartStepBody(OptionsBody, TriggerBody):
    """Start a run of one step: alone (``only``), or with everything that depends on it."""

    step: str
    only: bool = True


class PlannedStepRecord(Answer):
    """One step of a plan."""

    id: str
    ordinal: int
    phase: str
    action: str
    reasons: list[Reason]
    reused_from_run: int | None
    conditional: bool
    expanding: bool


class RangeRecord(Answer):
    """From recorded attempts of the same steps."""

    low: float
    high: float


class EstimateRecord(Answer):
    """What a run may cost; null is unknown, and ``unknown`` names the steps without a history.

    ``assumed`` are fan-outs whose list is not there yet, with the number of instances that is taken: that of the last time.
    """

    seconds: RangeRecord | None
    tokens: RangeRecord | None
    usd: RangeRecord | None
    unknown: list[str]
    assumed: dict[str, int]


class ParamChangeRecord(Answer):
    """A parameter to which a run gives another value than the job has now."""

    name: str
    before: object
    after: object


class PlannedCommentRecord(Answer):
    """A comment in a plan, with the steps that get it; ``run`` is null for the one of the request."""

    run: int | None
    text: str
    kind: str | None
    steps: list[str]


class PlanRecord(Answer):
    """What a run would do; its digest is what a start must name."""

    digest: str
    ready: bool
    request: dict[str, object]
    params: dict[str, object]
    param_changes: list[ParamChangeRecord]
    blockers: list[Finding]
    warnings: list[Finding]
    steps: list[PlannedStepRecord]
    becomes_stale: list[str]
    comment: PlannedCommentRecord | None
    kept_comments: list[PlannedCommentRecord]
    estimate: EstimateRecord


class NormalizedConfig(Answer):
    """The request as it was understood, with every parameter the run would have."""

    request: dict[str, object]
    params: dict[str, object]


class PromptsRecord(Answer):
    """The prompts of a plan, each with how it differs from the step's last; ``prompts_left_out`` counts further instances."""

    prompts: list[dict[str, object]]
    prompts_left_out: dict[str, int]


class PreflightRecord(Answer):
    """Whether a run could start now. ``prerequisites`` says of each step it builds on whether its output is there.

    ``prompts`` is there where it was asked for: working them out reads what the steps would consume.
    """

    ready: bool
    blockers: list[Finding]
    warnings: list[Finding]
    normalized_config: NormalizedConfig
    prerequisites: dict[str, bool]
    notes: list[str]
    plan: PlanRecord
    prompts: PromptsRecord | None = None


class PlanChangedProblem(Answer):
    """The job changed since the plan was made: the new plan comes along."""

    code: str
    message: str
    hint: str
    plan: PlanRecord | None = None
    blockers: list[Finding] | None = None


class OverrideRecord(Answer):
    """An option that the person set otherwise than was recommended."""

    name: str
    recommended: object
    used: object


class TriggerRecord(Answer):
    """The recorded action that authorized a run; ``recommended`` is a copy of what was recommended, where it follows advice."""

    id: str
    source: str
    actor: str
    action: str
    reason: str
    triggered_at: datetime
    plan_digest: str
    metadata: dict[str, object]
    parent_id: str | None
    recommendation_id: str | None
    recommended: dict[str, object] | None
    overrides: list[OverrideRecord]


class CommentRecord(Answer):
    """A comment on record; ``steps`` is empty where it was for every step, ``unread`` says that it reached none."""

    run: int
    text: str
    kind: str | None
    steps: list[str]
    author: str
    reason: str
    given_at: datetime
    unread: bool = False


class RunRecord(Answer):
    """One run; the ``ui_`` names repeat what its trigger says."""

    number: int
    status: str
    kind: str
    scope: str
    from_step: str | None
    executed: list[str]
    reused: list[str]
    params: dict[str, object]
    error: FailureRecord | None
    queued_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    interrupted: bool
    spending: SpendingRecord
    comment: CommentRecord | None
    comments_read: dict[str, list[int]]
    trigger: TriggerRecord | None = None
    stale: list[str] | None = None
    questions: list[QuestionRecord] = Field(default_factory=list)


class StartedRun(RunRecord):
    """A run with its whole request and the trigger under the names of the edge."""

    job_id: str
    request: dict[str, object]
    ui_trigger_id: str | None
    ui_trigger_source: str | None
    ui_trigger_metadata: dict[str, object] | None
    ui_triggered_at: datetime | None
    recommended_message_id: str | None
    recommended_config_snapshot: dict[str, object] | None


class RecommendBody(RequestBody):
    """Advice to run the job in a certain way."""

    rationale: str = Field(min_length=1, max_length=4000)


class RecommendationRecord(Answer):
    """Advice on record, with what preflight found when it was given. ``status`` is ``ready`` or ``blocked``."""

    recommendation_id: str
    job_id: str
    status: str
    recommended_run_config: dict[str, object]
    rationale: str
    author: str
    given_at: datetime
    plan_digest: str
    blockers: list[Finding]
    warnings: list[Finding]
    prerequisites: dict[str, bool]
    estimate: EstimateRecord


class RecommendationsPage(Answer):
    """The recommendations for a job, the newest first."""

    job_id: str
    recommendations: list[RecommendationRecord]


class RunsPage(Answer):
    """Some runs of a job, the newest first."""

    job_id: str
    runs: list[StartedRun]
    next_cursor: str | None
