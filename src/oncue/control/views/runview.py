"""One run as people see it: what it was asked, what it executed and reused, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from oncue.control.amounts import spending_as_dict
from oncue.control.commentrecords import NO_GUIDANCE, RunGuidance, comment_record, guidance_of, read_guidance, reading_with
from oncue.control.instants import show_instant
from oncue.control.preflight import is_owned
from oncue.control.promptrecords import decision_record
from oncue.control.workspace import Workspace, load_job
from oncue.core.comments import comments_by_run
from oncue.core.counting import RunSpan
from oncue.core.model import ENDED_RUNS, Attempt, Failure, Job, JobId, Run, RunKind, RunState, StepId, Trigger, TriggerId
from oncue.core.modelcalls import NOTHING, Spending
from oncue.core.planrecord import decode_plan
from oncue.core.questions import Question
from oncue.core.readport import Reader
from oncue.core.recommendations import Override, find_overrides
from oncue.core.request import Scope
from oncue.errors import UnknownRun


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerView:
    """The recorded action that authorized a run; ``parent_id`` is the one that it follows from.

    ``overrides`` are where it departs from what was ``recommended``.
    """

    id: TriggerId
    source: str
    actor: str
    action: str
    reason: str
    triggered_at: datetime
    plan_digest: str
    metadata: Mapping[str, object]
    parent_id: TriggerId | None = None
    recommendation_id: str | None = None
    recommended: Mapping[str, object] | None = None
    overrides: tuple[Override, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """The wire form."""
        return {
            "id": self.id,
            "source": self.source,
            "actor": self.actor,
            "action": self.action,
            "reason": self.reason,
            "triggered_at": show_instant(self.triggered_at),
            "plan_digest": self.plan_digest,
            "metadata": dict(self.metadata),
            "parent_id": self.parent_id,
            "recommendation_id": self.recommendation_id,
            "recommended": None if self.recommended is None else dict(self.recommended),
            "overrides": [override.as_dict() for override in self.overrides],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """One run. ``reused`` are the outputs it built on as they were; ``stale`` (where known) what it left stale.

    ``questions`` (where known) are those of the run that wait for a person. ``guidance`` is the comment it was given, and
    which steps read it; ``is_comment_unread`` says that the run is over and none did. ``spent`` is what its model calls cost.
    """

    number: int
    status: RunState
    kind: RunKind
    scope: str
    from_step: str | None
    executed: tuple[StepId, ...]
    reused: tuple[StepId, ...]
    params: Mapping[str, object]
    error: Failure | None
    queued_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    trigger: TriggerView | None = None
    stale: tuple[StepId, ...] | None = None
    is_interrupted: bool = False
    questions: tuple[Question, ...] = ()
    guidance: RunGuidance = NO_GUIDANCE
    is_comment_unread: bool = False
    spent: Spending = NOTHING

    def as_dict(self) -> dict[str, object]:
        """The wire form."""
        comment = self.guidance.comment
        record: dict[str, object] = {
            "number": self.number,
            "status": self.status.value,
            "kind": self.kind.value,
            "scope": self.scope,
            "from_step": self.from_step,
            "executed": list(self.executed),
            "reused": list(self.reused),
            "params": dict(self.params),
            "error": failure_as_dict(self.error),
            "queued_at": show_instant(self.queued_at),
            "started_at": show_instant(self.started_at),
            "ended_at": show_instant(self.ended_at),
            "interrupted": self.is_interrupted,
            "spending": spending_as_dict(self.spent),
            "comment": comment_record(comment) | {"unread": self.is_comment_unread} if comment else None,
            "comments_read": {step: list(runs) for step, runs in self.guidance.read.items()},
        }
        if self.trigger is not None:
            record["trigger"] = self.trigger.as_dict()
        if self.stale is not None:
            record["stale"] = list(self.stale)
        if self.questions:
            record["questions"] = [decision_record(question) for question in self.questions]
        return record


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryView:
    """Every run of a job, the oldest first."""

    job_id: JobId
    workflow: str
    runs: tuple[RunView, ...]

    def as_dict(self) -> dict[str, object]:
        """The wire form."""
        return {"job_id": self.job_id, "workflow": self.workflow, "runs": [run.as_dict() for run in self.runs]}


def view_history(workspace: Workspace, job_id: JobId) -> HistoryView:
    """Look at every run of a job."""
    with workspace.store.read() as reader:
        job = load_job(reader, job_id)
        runs = describe_runs(workspace, reader, reader.list_runs(job_id))
    return HistoryView(job_id=job_id, workflow=job.workflow, runs=runs)


def is_interrupted(workspace: Workspace, run: Run) -> bool:
    """Whether a run has neither ended nor been paused, and nobody executes it."""
    return run.state not in ENDED_RUNS and run.state is not RunState.WAITING and not is_owned(workspace.store, run)


def describe_runs(workspace: Workspace, reader: Reader, runs: Sequence[Run]) -> tuple[RunView, ...]:
    """Some runs of one job, each with what authorized, guided and cost it, and whether it is in anybody's hands.

    Of other runs only those are read that lie between them.
    """
    if not runs:
        return ()
    job_id, numbers = runs[0].job_id, [run.number for run in runs]
    span = RunSpan(first=min(numbers), last=max(numbers))
    triggers = reader.list_triggers(job_id, span)
    executed = reader.executed_steps(job_id, span)
    guidance = read_guidance(reader, job_id, span)
    spent = reader.spending_by_run(job_id, span)
    views = []
    for run in runs:
        view = _describe_run(
            reader,
            run,
            executed=executed.get(run.number, ()),
            trigger=triggers.get(run.number),
            guidance=guidance.get(run.number, NO_GUIDANCE),
            spent=spent.get(run.number, NOTHING),
        )
        views.append(replace(view, is_interrupted=is_interrupted(workspace, run)))
    return tuple(views)


def view_run(reader: Reader, job: Job, number: int) -> RunView:
    """Look at one run.

    Raises:
        UnknownRun: the job has none of this number.
    """
    run = reader.load_run(job.id, number)
    if run is None:
        raise UnknownRun(number, job.runs)
    return view_executed(reader, run, reader.list_attempts(job.id, run=number))


def view_executed(reader: Reader, run: Run, attempts: Sequence[Attempt]) -> RunView:
    """Look at a run whose attempts are known."""
    executed = dict.fromkeys(attempt.key.step for attempt in attempts)
    comments = comments_by_run(reader.list_comments(run.job_id))
    guidance = (
        guidance_of(attempts, comment=comments.get(run.number), read_by=reading_with(reader)) if comments else NO_GUIDANCE
    )
    known = reader.load_trigger(run.trigger_id)
    return _describe_run(
        reader,
        run,
        executed=tuple(executed),
        trigger=known[0] if known else None,
        guidance=guidance,
        spent=reader.spending(run.job_id, run.number),
    )


def _describe_run(
    reader: Reader,
    run: Run,
    *,
    executed: Sequence[StepId],
    trigger: Trigger | None,
    guidance: RunGuidance,
    spent: Spending,
) -> RunView:
    """A run together with what its plan reused and what was cut off."""
    planned = decode_plan(reader.load_plan(run.job_id, run.number))
    scope = str(run.request["scope"])
    steps = run.request.get("steps")
    names_start = scope in (Scope.FROM, Scope.ONLY) and isinstance(steps, list | tuple) and steps
    return RunView(
        number=run.number,
        status=run.state,
        kind=run.kind,
        scope=scope,
        from_step=str(steps[0]) if names_start and isinstance(steps, list | tuple) else None,
        executed=tuple(executed),
        reused=tuple(dict.fromkeys((*planned.reused, *run.cut_off))),
        params=run.params,
        error=run.error,
        queued_at=run.queued_at,
        started_at=run.started_at,
        ended_at=run.ended_at,
        trigger=None if trigger is None else _view_trigger(trigger, run),
        guidance=guidance,
        is_comment_unread=guidance.is_unread(run),
        spent=spent,
    )


def _view_trigger(trigger: Trigger, run: Run) -> TriggerView:
    return TriggerView(
        id=trigger.id,
        source=trigger.source.value,
        actor=trigger.actor,
        action=trigger.action.value,
        reason=trigger.reason,
        triggered_at=trigger.triggered_at,
        plan_digest=trigger.plan_digest,
        metadata=trigger.metadata,
        parent_id=trigger.parent_id,
        recommendation_id=trigger.recommendation_id,
        recommended=trigger.recommended,
        overrides=() if trigger.recommended is None else find_overrides(trigger.recommended, run.request),
    )


def failure_as_dict(failure: Failure | None) -> dict[str, str] | None:
    """The wire form of why something did not succeed."""
    return {"code": failure.code, "message": failure.message, "detail": failure.detail} if failure else None
