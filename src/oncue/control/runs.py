"""Start a run, and cancel one. ``start_run`` is the only way a run comes to exist: a plan and a trigger, both required."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from oncue.control.asking import cancel_questions
from oncue.control.preflight import Prepared, is_owned, prepare_run
from oncue.control.workspace import Workspace, load_job
from oncue.core.comments import GivenComment
from oncue.core.definitionrecord import encode_definition
from oncue.core.events import EventDraft, EventType
from oncue.core.guidance import comment_targets
from oncue.core.model import (
    AttemptState,
    Failure,
    Job,
    JobId,
    JobStatus,
    Run,
    RunState,
    Trigger,
    WorkerId,
)
from oncue.core.plan import request_as_dict
from oncue.core.planrecord import encode_plan
from oncue.core.writeport import Transaction
from oncue.errors import Blocked, Conflict, JobStopped, PlanChanged, UnknownRun


def start_run(workspace: Workspace, prepared: Prepared, trigger: Trigger, *, owner: WorkerId | None = None) -> Run:
    """Start exactly this plan, once; ``owner`` is the worker that will execute it.

    The same trigger again returns the same run. Runs of the job that nobody executes any more are cancelled; behind one
    that executes, the new run queues.

    Raises:
        Blocked: preflight found blockers.
        PlanChanged: the job changed since the plan was made; carries the new plan.
        Conflict: the trigger was minted for another plan, or its id was used for another job.
        JobStopped: the job takes no more runs.
    """
    plan = prepared.plan
    if plan.blockers:
        raise Blocked([finding.as_dict() for finding in plan.blockers])
    if trigger.plan_digest != plan.digest or trigger.job_id != plan.job_id:
        raise Conflict("the trigger authorizes another plan", hint="look at the plan again (--plan) and start that one")
    plan_body = encode_plan(plan)
    definition_body = None
    if prepared.followed.address != prepared.snapshot.job.definition_hash:
        definition_body = encode_definition(prepared.followed.graph.definition)

    def record(tx: Transaction) -> Run | None:
        known = tx.load_trigger(trigger.id)
        if known is not None:
            return _same_run(tx, trigger, known)
        job = _lock_job(tx, trigger, prepared)
        if job.revision != plan.revision:
            return None
        ended = _end_abandoned(tx, workspace, job, trigger=trigger)
        run = _new_run(job, prepared, trigger, owner=owner)
        tx.insert_run(run, plan=plan_body)
        tx.insert_trigger(trigger, run=run.number)
        comment = _comment_of(prepared, run, trigger)
        if comment is not None:
            tx.insert_comment(comment)
        if definition_body is not None:
            tx.put_definition(prepared.followed.address, definition_body)
        tx.update_job(
            replace(
                job,
                definition_hash=prepared.followed.address,
                params=plan.params,
                revision=job.revision + 1,
                runs=run.number,
            ),
            expected_revision=job.revision,
        )
        tx.append_events(job.id, [*ended, *_announce(job, prepared, run)], trigger.triggered_at)
        return run

    run = workspace.store.write(record)
    if run is None:
        fresh = prepare_run(workspace, trigger.job_id, plan.request)
        raise PlanChanged(f"job {plan.job_id} changed since this plan was made", new_plan=fresh)
    return run


def cancel_run(workspace: Workspace, job_id: JobId, *, actor: str, numbers: Collection[int] | None = None) -> Sequence[int]:
    """Cancel every run of a job that has not ended, or those of these numbers, and return the numbers.

    A run that is executed is asked to end, and ends when its worker has seen that; one that nobody executes ends here.
    """
    now = workspace.clock.now()

    def record(tx: Transaction) -> list[int]:
        tx.append_events(job_id, [], now)
        load_job(tx, job_id)
        found: list[int] = []
        drafts: list[EventDraft] = []
        for run in tx.list_open_runs(job_id):
            if numbers is not None and run.number not in numbers:
                continue
            found.append(run.number)
            tx.request_cancel(job_id, run.number, now)
            drafts.append(EventDraft(type=EventType.RUN_CANCEL_REQUESTED, run=run.number, data={"actor": actor}))
            if run.state is RunState.QUEUED or not is_owned(workspace.store, run):
                failure = Failure(code="cancelled", message=f"cancelled by {actor}")
                drafts.extend(end_idle_run(tx, workspace, run, failure=failure))
        if drafts:
            tx.append_events(job_id, drafts, now)
        return found

    return workspace.store.write(record)


def end_idle_run(
    tx: Transaction, workspace: Workspace, run: Run, *, failure: Failure, state: RunState = RunState.CANCELLED
) -> list[EventDraft]:
    """End a run of which nothing executes, with the attempts it left; returns what to report."""
    now = workspace.clock.now()
    left = tx.list_attempts(run.job_id, run=run.number, states=(AttemptState.RUNNING, AttemptState.WAITING))
    ended = [replace(attempt, state=AttemptState.CANCELLED, ended_at=now, error=failure) for attempt in left]
    if ended:
        tx.end_attempts(ended)
        job = load_job(tx, run.job_id)
        tx.set_last(run.job_id, ended, seq=job.event_seq + 1)
    questions = cancel_questions(tx, run, at=now)
    over = replace(run, state=state, ended_at=now, error=failure, owner=None, fence=run.fence + 1)
    tx.update_run(over, expected=run.state, expected_fence=run.fence)
    data: dict[str, object] = {"state": state.value, "error": failure.message}
    steps = [EventDraft(type=EventType.STEP_CANCELLED, run=run.number, step=attempt.key.step) for attempt in ended]
    return [*questions, *steps, EventDraft(type=EventType.RUN_ENDED, run=run.number, data=data)]


def load_run(workspace: Workspace, job_id: JobId, number: int) -> Run:
    """A run that must exist.

    Raises:
        UnknownRun: it does not; says which do.
    """
    with workspace.store.read() as reader:
        run = reader.load_run(job_id, number)
        if run is None:
            raise UnknownRun(number, load_job(reader, job_id).runs)
        return run


def _same_run(tx: Transaction, trigger: Trigger, known: tuple[Trigger, int]) -> Run:
    stored, number = known
    if stored.job_id != trigger.job_id:
        raise Conflict(f"trigger {trigger.id} was used for job {stored.job_id}", hint="every action needs its own id")
    run = tx.load_run(stored.job_id, number)
    assert run is not None, "a trigger is stored together with its run"
    return run


def _lock_job(tx: Transaction, trigger: Trigger, prepared: Prepared) -> Job:
    tx.append_events(trigger.job_id, [], trigger.triggered_at)
    job = load_job(tx, trigger.job_id)
    if job.status is JobStatus.STOPPED and prepared.snapshot.job.status is not JobStatus.STOPPED:
        raise JobStopped(job.id)
    return job


def _end_abandoned(tx: Transaction, workspace: Workspace, job: Job, *, trigger: Trigger) -> list[EventDraft]:
    """Cancel the job's unfinished runs that nobody executes: a person chose to start another one instead."""
    drafts: list[EventDraft] = []
    for run in tx.list_open_runs(job.id):
        if not is_owned(workspace.store, run):
            failure = Failure(code="superseded", message=f"unfinished when {trigger.actor} started run {job.runs + 1} instead")
            drafts.extend(end_idle_run(tx, workspace, run, failure=failure))
    return drafts


def _new_run(job: Job, prepared: Prepared, trigger: Trigger, *, owner: WorkerId | None) -> Run:
    return Run(
        job_id=job.id,
        number=job.runs + 1,
        state=RunState.QUEUED,
        kind=trigger.action,
        request=request_as_dict(prepared.plan.request),
        trigger_id=trigger.id,
        plan_digest=prepared.plan.digest,
        definition_hash=prepared.followed.address,
        params=prepared.plan.params,
        queued_at=trigger.triggered_at,
        owner=owner,
    )


def _comment_of(prepared: Prepared, run: Run, trigger: Trigger) -> GivenComment | None:
    """The record of the request's comment: for whom it is, who gave it, when and why."""
    request = prepared.plan.request
    if request.comment is None:
        return None
    return GivenComment(
        job_id=run.job_id,
        run=run.number,
        text=request.comment.text,
        kind=request.comment.kind,
        steps=_comment_targets(prepared),
        author=trigger.actor,
        reason=trigger.reason,
        given_at=trigger.triggered_at,
    )


def _comment_targets(prepared: Prepared) -> tuple[str, ...]:
    plan = prepared.plan
    return comment_targets(plan.request, prepared.snapshot, [step.id for step in plan.executing])


def _announce(job: Job, prepared: Prepared, run: Run) -> list[EventDraft]:
    plan = prepared.plan
    drafts: list[EventDraft] = []
    changed = sorted(name for name, value in plan.params.items() if job.params.get(name) != value)
    if changed:
        drafts.append(EventDraft(type=EventType.PARAMS_CHANGED, run=run.number, data={"names": changed}))
    if prepared.followed.address != job.definition_hash:
        drafts.append(EventDraft(type=EventType.DEFINITION_CHANGED, run=run.number))
    scope = plan.request.scope.value
    data: dict[str, object] = {"trigger_id": run.trigger_id, "scope": scope}
    drafts.append(EventDraft(type=EventType.RUN_QUEUED, run=run.number, data=data))
    if plan.request.comment is not None:
        steps = list(_comment_targets(prepared))
        drafts.append(EventDraft(type=EventType.COMMENT_GIVEN, run=run.number, data={"steps": steps}))
    return drafts
