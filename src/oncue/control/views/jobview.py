"""A job as people see it: every step with its state and reasons, and the latest run. One value, rendered by every surface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from oncue.control.instants import show_instant
from oncue.control.jobfile import job_status
from oncue.control.jobstate import make_snapshot
from oncue.control.promptrecords import decision_record
from oncue.control.sources import FollowedDefinition, follow_definition
from oncue.control.views.decisionview import find_late_answers, late_as_dict, waiting_questions
from oncue.control.views.runview import RunView, failure_as_dict, is_interrupted, view_run
from oncue.control.workspace import Workspace, load_job
from oncue.core.definition import WorkflowDefinition
from oncue.core.findings import Finding
from oncue.core.model import (
    Attempt,
    AttemptKey,
    AttemptState,
    ContentHash,
    Failure,
    Job,
    JobId,
    JobStatus,
    Run,
    StepId,
)
from oncue.core.questions import Question
from oncue.core.readport import Reader, StepRecord
from oncue.core.reasons import Reason, explain_reason, reason_as_dict
from oncue.core.staleness import Assessment, StepState, assess

_OPEN_ATTEMPTS = (AttemptState.RUNNING, AttemptState.WAITING)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptView:
    """The latest attempt of a step."""

    run: int
    number: int
    status: AttemptState
    error: Failure | None = None

    def as_dict(self) -> dict[str, object]:
        """The wire form."""
        return {
            "run": self.run,
            "number": self.number,
            "status": self.status.value,
            "error": failure_as_dict(self.error),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    """One step: ``run`` and ``artifact`` are those of its current output, ``comments`` the runs whose comments steered it."""

    id: StepId
    ordinal: int
    phase: str
    state: StepState
    reasons: tuple[Reason, ...] = ()
    last_attempt: AttemptView | None = None
    run: int | None = None
    artifact: ContentHash | None = None
    comments: tuple[int, ...] = ()
    summary: str = ""

    def as_dict(self) -> dict[str, object]:
        """The wire form."""
        return {
            "id": self.id,
            "ordinal": self.ordinal,
            "phase": self.phase,
            "state": self.state.value,
            "reasons": reasons_as_dicts(self.reasons),
            "last_attempt": self.last_attempt.as_dict() if self.last_attempt else None,
            "run": self.run,
            "artifact": self.artifact,
            "comments": list(self.comments),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """A job with its steps in workflow order and its latest run; ``questions`` are those that wait.

    ``late_answers`` are questions that were answered too late; a rerun with recorded answers would use them.
    """

    job_id: JobId
    workflow: str
    status: str
    params: Mapping[str, object]
    source: str
    created_at: datetime
    phases: tuple[str, ...]
    steps: tuple[StepView, ...]
    latest_run: RunView | None
    findings: tuple[Finding, ...] = ()
    questions: tuple[Question, ...] = ()
    late_answers: tuple[Question, ...] = ()
    replayed_from: JobId | None = None

    def as_dict(self) -> dict[str, object]:
        """The wire form."""
        return {
            "job_id": self.job_id,
            "workflow": self.workflow,
            "status": self.status,
            "params": dict(self.params),
            "source": self.source,
            "created_at": show_instant(self.created_at),
            "steps": [step.as_dict() for step in self.steps],
            "latest_run": self.latest_run.as_dict() if self.latest_run else None,
            "findings": [finding.as_dict() for finding in self.findings],
            "questions": [decision_record(question) for question in self.questions],
            "late_answers": [late_as_dict(question) for question in self.late_answers],
            "replayed_from": self.replayed_from,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPicture:
    """A job together with the state of every step, seen through the definition it follows now."""

    job: Job
    followed: FollowedDefinition
    assessment: Assessment
    records: Mapping[StepId, StepRecord]

    @property
    def own_params(self) -> Mapping[str, object]:
        """The parameters that tell the job from others of its workflow."""
        return find_own_params(self.job, self.followed.graph.definition)


def find_own_params(job: Job, definition: WorkflowDefinition) -> Mapping[str, object]:
    """The parameters that are not as the workflow would have them."""
    usual = {param.name: param.default for param in definition.params}
    return {name: value for name, value in job.params.items() if name not in usual or value != usual[name]}


def look_at_job(workspace: Workspace, reader: Reader, job: Job) -> JobPicture:
    """Determine the state of every step of a job as it is now."""
    followed = follow_definition(workspace, reader, job)
    state = workspace.states.load(reader, job)
    assessment = assess(make_snapshot(job, followed.graph, state, params=job.params))
    return JobPicture(job=job, followed=followed, assessment=assessment, records=state.steps)


def view_job(workspace: Workspace, job_id: JobId) -> JobView:
    """Look at a job, its steps and its latest run."""
    with workspace.store.read() as reader:
        job = load_job(reader, job_id)
        picture = look_at_job(workspace, reader, job)
        latest = reader.load_run(job_id, job.runs) if job.runs else None
        run = view_run(reader, job, latest.number) if latest else None
        steps = view_steps(reader, picture)
        waiting = waiting_questions(reader, job_id)
        late = find_late_answers(reader, job_id)
    is_lost = latest is not None and is_interrupted(workspace, latest)
    definition = picture.followed.graph.definition
    return JobView(
        job_id=job.id,
        workflow=job.workflow,
        status=describe_status(job, latest, is_lost=is_lost),
        params=job.params,
        source=job.source.ref,
        created_at=job.created_at,
        phases=definition.phases,
        steps=steps,
        latest_run=replace(run, stale=stale_steps(picture.assessment), is_interrupted=is_lost) if run else None,
        findings=(*picture.followed.blockers, *picture.followed.warnings),
        questions=waiting,
        late_answers=late,
        replayed_from=job.replayed_from,
    )


def describe_status(job: Job, latest: Run | None, *, is_lost: bool) -> str:
    """One word for where a job stands; ``interrupted`` where its latest run is in nobody's hands."""
    return "interrupted" if is_lost and job.status is not JobStatus.STOPPED else job_status(job, latest)


def view_steps(reader: Reader, picture: JobPicture) -> tuple[StepView, ...]:
    """Every step in workflow order; a fan-out whose instances are not known is one entry."""
    graph = picture.assessment.snapshot.graph
    executing = {attempt.key.step: attempt for attempt in reader.list_open_attempts(picture.job.id)}
    views: list[StepView] = []
    for ordinal, name in enumerate(graph.names, start=1):
        members = picture.assessment.members[name]
        for this in (StepId(name),) if members is None else members:
            attempt = _latest_attempt(reader, picture, this, executing=executing.get(this))
            views.append(_view_step(picture, this, ordinal=ordinal, attempt=attempt))
    return tuple(views)


def view_step(reader: Reader, picture: JobPicture, this: StepId) -> StepView:
    """One step of a job."""
    executing = reader.list_attempts(picture.job.id, step=this, states=_OPEN_ATTEMPTS)
    attempt = _latest_attempt(reader, picture, this, executing=executing[-1] if executing else None)
    ordinal = picture.assessment.snapshot.graph.ordinal(this.partition("[")[0])
    return _view_step(picture, this, ordinal=ordinal, attempt=attempt)


def _view_step(picture: JobPicture, this: StepId, *, ordinal: int, attempt: AttemptView | None) -> StepView:
    assessment = picture.assessment
    definition = assessment.snapshot.graph.steps[this.partition("[")[0]]
    status = assessment.statuses.get(this)
    current = assessment.currents.get(this)
    return StepView(
        id=this,
        ordinal=ordinal,
        phase=definition.phase,
        state=status.state if status else StepState.MISSING,
        reasons=status.reasons if status else (),
        last_attempt=attempt,
        run=current.run if current else None,
        artifact=current.artifact if current else None,
        comments=current.inputs.comments if current else (),
        summary=definition.summary,
    )


def _latest_attempt(reader: Reader, picture: JobPicture, this: StepId, *, executing: Attempt | None) -> AttemptView | None:
    if executing is not None:
        return AttemptView(run=executing.key.run, number=executing.key.number, status=executing.state)
    record = picture.records.get(this)
    if record is None:
        return None
    error = None
    if record.last_state is not AttemptState.SUCCEEDED:
        key = AttemptKey(job_id=picture.job.id, run=record.last_run, step=this, number=record.last_number)
        attempt = reader.load_attempt(key)
        error = attempt.error if attempt else None
    return AttemptView(run=record.last_run, number=record.last_number, status=record.last_state, error=error)


def stale_steps(assessment: Assessment) -> tuple[StepId, ...]:
    """The steps whose output is stale and was not accepted, in workflow order."""
    return tuple(
        this
        for name in assessment.snapshot.graph.names
        for this in assessment.members[name] or ()
        if assessment.statuses[this].state is StepState.STALE
    )


def reasons_as_dicts(reasons: Sequence[Reason]) -> list[dict[str, object]]:
    """The wire form of reasons, each with a clause for people."""
    return [{**reason_as_dict(reason), "text": explain_reason(reason)} for reason in reasons]
