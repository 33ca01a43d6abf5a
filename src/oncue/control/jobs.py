"""Create a job, stop it, accept a stale output."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from oncue.control.jobfile import project_job
from oncue.control.jobstate import make_snapshot
from oncue.control.sources import follow_definition
from oncue.control.workspace import Workspace, load_job
from oncue.core.canonical import content_hash
from oncue.core.comments import kinds_of_secrets
from oncue.core.definitionrecord import encode_definition
from oncue.core.events import EventDraft, EventType
from oncue.core.graph import Graph
from oncue.core.model import Acceptance, Job, JobId, JobStatus, StepId, WorkflowSource
from oncue.core.parameters import resolve_params
from oncue.core.secrets import known_secrets
from oncue.core.selection import resolve_step
from oncue.core.staleness import StepState, assess
from oncue.core.writeport import Transaction
from oncue.errors import Conflict, InvalidInput, JobBusy, JobStopped, NoArtifact

MAX_REASON = 600


def create_job(workspace: Workspace, name: str, *, params: Mapping[str, object], folder: Path, is_text: bool = False) -> Job:
    """Make a job of a workflow: a manifest file, ``module:name`` or a bundled workflow. Nothing runs yet.

    Raises:
        UnknownWorkflow: there is no such workflow.
        DefinitionError: it is wrong; says where.
        InvalidParam: a parameter is unknown, missing or of the wrong type.
    """
    return record_job(workspace, workspace.loader.find(name, folder=folder), params=params, is_text=is_text)


def record_job(
    workspace: Workspace,
    source: WorkflowSource,
    *,
    params: Mapping[str, object],
    is_text: bool = False,
    replayed_from: JobId | None = None,
) -> Job:
    """Make a job of the workflow at a source, as it is now.

    Raises:
        UnknownWorkflow, DefinitionError, InvalidParam: see ``create_job``.
    """
    loaded = workspace.loader.load(source)
    graph = Graph(loaded.definition)
    body = encode_definition(loaded.definition)
    now = workspace.clock.now()
    job = Job(
        id=JobId(workspace.new_id()),
        workflow=loaded.definition.name,
        source=source,
        definition_hash=content_hash(body),
        params=resolve_params(loaded.definition, params, from_text=is_text),
        created_at=now,
        replayed_from=replayed_from,
    )
    workspace.states.graph(job.definition_hash, graph)
    data: dict[str, object] = {"workflow": job.workflow}
    if replayed_from is not None:
        data["replayed_from"] = replayed_from

    def record(tx: Transaction) -> None:
        tx.put_definition(job.definition_hash, body)
        tx.insert_job(job)
        tx.append_events(job.id, [EventDraft(type=EventType.JOB_CREATED, data=data)], now)

    workspace.store.write(record)
    project_job(workspace, job.id)
    return job


def stop_job(workspace: Workspace, job_id: JobId, *, actor: str, reason: str = "") -> Job:
    """End a job for good: it keeps everything and takes no more runs.

    Raises:
        JobBusy: a run is executing; it must be cancelled first.
        JobStopped: it was stopped before.
        InvalidInput: the reason is too long, or looks as if it held a secret.
    """
    check_reason(reason)
    now = workspace.clock.now()

    def record(tx: Transaction) -> Job:
        tx.append_events(job_id, [EventDraft(type=EventType.JOB_STOPPED, data={"actor": actor, "reason": reason})], now)
        job = load_job(tx, job_id)
        if job.status is JobStatus.STOPPED:
            raise JobStopped(job_id)
        open_runs = tx.list_open_runs(job_id)
        if open_runs:
            raise JobBusy(f"run {open_runs[0].number} of job {job_id} has not ended", hint=f"oncue job cancel {job_id} ends it")
        stopped = replace(job, status=JobStatus.STOPPED, stopped_at=now, revision=job.revision + 1)
        tx.update_job(stopped, expected_revision=job.revision)
        return stopped

    job = workspace.store.write(record)
    project_job(workspace, job_id)
    return job


def accept_output(workspace: Workspace, job_id: JobId, step: str, *, actor: str, reason: str) -> StepId:
    """Record a person's word that a stale output may stand as it is; it ends when the step's inputs change again.

    Raises:
        UnknownStep, StepOutOfRange: there is no such step.
        NoArtifact: it has no output.
        Conflict: it is not stale, or the job changed in the meantime.
        InvalidInput: no reason is given, one of more than 600 characters, or one that holds a secret.
    """
    if not reason.strip():
        raise InvalidInput("an acceptance needs a reason", hint='--reason "why it may stand"')
    check_reason(reason)
    with workspace.store.read() as reader:
        job = load_job(reader, job_id)
        followed = follow_definition(workspace, reader, job)
        state = workspace.states.load(reader, job)
    assessment = assess(make_snapshot(job, followed.graph, state, params=job.params))
    this = resolve_step(step, graph=followed.graph, members=assessment.members)
    status = assessment.statuses.get(this)
    if status is None:
        raise InvalidInput(f"{this} fans out: name one of its instances", hint=f"--step '{this}[1]'")
    if status.state is StepState.MISSING:
        raise NoArtifact(f"step {this} has no output to accept", hint=f"oncue job run {job_id}")
    if status.state is not StepState.STALE:
        raise Conflict(f"the output of {this} is {status.state.value}, not stale", hint=f"oncue job show {job_id}")
    current = assessment.currents[this]
    acceptance = Acceptance(
        step=this,
        run=current.run,
        number=current.number,
        basis=assessment.basis(this),
        actor=actor,
        reason=reason,
        accepted_at=workspace.clock.now(),
    )
    _record_acceptance(workspace, job, acceptance)
    return this


def _record_acceptance(workspace: Workspace, job: Job, acceptance: Acceptance) -> None:
    draft = EventDraft(
        type=EventType.OUTPUT_ACCEPTED,
        step=acceptance.step,
        data={"actor": acceptance.actor, "reason": acceptance.reason},
    )

    def record(tx: Transaction) -> None:
        tx.append_events(job.id, [draft], acceptance.accepted_at)
        if not tx.update_job(replace(job, revision=job.revision + 1), expected_revision=job.revision):
            raise Conflict(f"job {job.id} changed in the meantime", hint=f"oncue job show {job.id}")
        tx.insert_acceptance(job.id, acceptance)

    workspace.store.write(record)


def check_reason(reason: str) -> None:
    """Refuse a reason that is too long to be read, or that looks as if it held a secret: reasons are shown and exported.

    Raises:
        InvalidInput: it has more than 600 characters, or holds a secret; the message does not repeat it.
    """
    if len(reason) > MAX_REASON:
        raise InvalidInput(f"the reason has {len(reason)} characters; at most {MAX_REASON} are kept")
    kinds = kinds_of_secrets(reason, known_secrets(os.environ))
    if kinds:
        raise InvalidInput(
            f"the reason looks as if it held a secret ({', '.join(kinds)}); it was not stored",
            hint="leave the secret out: reasons are shown, and go into exports",
            code="secret_in_reason",
        )
