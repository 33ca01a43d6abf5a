"""Rows to records and back; each function knows the columns of one statement, in their order.

Instants are microseconds since the epoch. JSON is ASCII, so that no text (a NUL, half a surrogate pair) can be refused by a
database.
"""

from __future__ import annotations

import json
import json.encoder
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from oncue.core.events import Event, EventType
from oncue.core.jobhead import JobHead
from oncue.core.model import (
    Acceptance,
    Artifact,
    ArtifactKind,
    Attempt,
    AttemptKey,
    AttemptState,
    ContextMode,
    Current,
    Expansion,
    Failure,
    Inputs,
    Job,
    JobStatus,
    Run,
    RunKind,
    RunState,
    SourceKind,
    Trigger,
    TriggerSource,
    WorkflowSource,
)
from oncue.core.readport import StepRecord
from oncue.store.database import Row
from oncue.store.fastrecords import twin

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_RUNNING, _WAITING = AttemptState.RUNNING.value, AttemptState.WAITING.value
_STATES = {state.value: state for state in AttemptState}
_CONTEXTS = {mode.value: mode for mode in ContextMode}
_EVENT_TYPES = {kind.value: kind for kind in EventType}
_KINDS = {kind.value: kind for kind in ArtifactKind}

_AttemptTwin, _KeyTwin, _InputsTwin = twin(Attempt), twin(AttemptKey), twin(Inputs)
_StepTwin, _CurrentTwin, _EventTwin = twin(StepRecord), twin(Current), twin(Event)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a {type(value).__name__} cannot be stored as JSON")


encode = json.JSONEncoder(separators=(",", ":"), default=_plain).encode
decode = json.JSONDecoder().decode
_quote = json.encoder.encode_basestring_ascii


def to_micros(at: datetime) -> int:
    """An instant as a number."""
    return (at - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """A number as an instant."""
    return _EPOCH + timedelta(microseconds=micros)


def micros_or_none(at: datetime | None) -> int | None:
    """An instant that may be missing, as a number."""
    return None if at is None else to_micros(at)


def instant_or_none(micros: int | None) -> datetime | None:
    """A number that may be missing, as an instant."""
    return None if micros is None else from_micros(micros)


def failure_text(error: Failure | None) -> str | None:
    """A failure as it is stored."""
    return None if error is None else encode((error.code, error.message, error.detail))


def read_failure(text: str | None) -> Failure | None:
    """A failure from its text."""
    if text is None:
        return None
    code, message, detail = decode(text)
    return Failure(code=code, message=message, detail=detail)


def inputs_text(inputs: Inputs | None) -> str | None:
    """Inputs as they are stored: the item on a line of its own, if there is one, then what instances have in common."""
    if inputs is None:
        return None
    comments = f",{encode(list(inputs.comments))}" if inputs.comments else ""
    common = f"[{_quote(inputs.definition)},{_object_text(inputs.steps)},{_object_text(inputs.params)}{comments}]"
    return common if inputs.item is None else f"{inputs.item}\n{common}"


def _object_text(texts: Mapping[str, str]) -> str:
    """A JSON object of texts; the encoder would take several times as long to begin."""
    return f"{{{','.join([f'{_quote(name)}:{_quote(text)}' for name, text in texts.items()])}}}"


def job_row(job: Job) -> Row:
    """``insert_job``."""
    return (
        job.id, job.workflow, job.source.kind.value, job.source.ref, job.source.folder, job.definition_hash, job.status.value,
        job.revision, job.runs, job.event_seq, to_micros(job.created_at), micros_or_none(job.stopped_at),
        job.replayed_from,
    )  # fmt: skip


def job_change(job: Job, expected_revision: int) -> Row:
    """``update_job``."""
    return (
        job.workflow, job.source.kind.value, job.source.ref, job.source.folder, job.definition_hash, job.status.value,
        job.revision, job.runs, micros_or_none(job.stopped_at), job.id, expected_revision,
    )  # fmt: skip


def read_job(row: Row) -> Job:
    """``job`` and ``jobs``."""
    (id_, workflow, kind, ref, folder, definition, status, revision, runs, event_seq, created, stopped, replayed,
     params) = row  # fmt: skip
    return Job(
        id=id_,
        workflow=workflow,
        source=WorkflowSource(kind=SourceKind(kind), ref=ref, folder=folder),
        definition_hash=definition,
        params=decode(params),
        status=JobStatus(status),
        revision=revision,
        runs=runs,
        event_seq=event_seq,
        created_at=from_micros(created),
        stopped_at=instant_or_none(stopped),
        replayed_from=replayed,
    )


_JOB_STATES = {state.value: state for state in JobStatus}
_RUN_STATES = {state.value: state for state in RunState}
"""A look-up is quicker than an enum's own, and there may be ten thousand."""


def read_job_head(row: Row) -> JobHead:
    """``job_heads``."""
    id_, workflow, status, runs, created, state, owner = row
    return JobHead(
        id=id_,
        workflow=workflow,
        status=_JOB_STATES[status],
        runs=runs,
        created_at=from_micros(created),
        latest=None if state is None else _RUN_STATES[state],
        owner=owner,
    )


def run_row(run: Run) -> Row:
    """``insert_run``."""
    return (
        run.job_id, run.number, run.state.value, run.kind.value, encode(run.request), run.trigger_id, run.plan_digest,
        run.definition_hash, encode(run.params), to_micros(run.queued_at), micros_or_none(run.started_at),
        micros_or_none(run.ended_at), failure_text(run.error), run.owner, run.fence,
        micros_or_none(run.cancel_requested_at), encode(run.cut_off) if run.cut_off else None,
    )  # fmt: skip


def run_change(run: Run, expected: RunState, expected_fence: int) -> Row:
    """``update_run``."""
    return (
        run.state.value, micros_or_none(run.started_at), micros_or_none(run.ended_at), failure_text(run.error), run.owner,
        run.fence, encode(run.cut_off) if run.cut_off else None, run.job_id, run.number, expected.value, expected_fence,
    )  # fmt: skip


def read_run(row: Row) -> Run:
    """``run``, ``runs`` and ``open_runs``."""
    (job_id, number, state, kind, request, trigger_id, plan_digest, definition, params, queued, started, ended, error, owner,
     fence, cancel, cut_off) = row  # fmt: skip
    return Run(
        job_id=job_id,
        number=number,
        state=RunState(state),
        kind=RunKind(kind),
        request=decode(request),
        trigger_id=trigger_id,
        plan_digest=plan_digest,
        definition_hash=definition,
        params=decode(params),
        queued_at=from_micros(queued),
        started_at=instant_or_none(started),
        ended_at=instant_or_none(ended),
        error=read_failure(error),
        owner=owner,
        fence=fence,
        cancel_requested_at=instant_or_none(cancel),
        cut_off=tuple(decode(cut_off)) if cut_off else (),
    )


def trigger_row(trigger: Trigger, run: int) -> Row:
    """``insert_trigger``."""
    return (
        trigger.id, trigger.job_id, run, trigger.source.value, trigger.action.value, trigger.actor, trigger.reason,
        trigger.plan_digest, to_micros(trigger.triggered_at), encode(trigger.metadata), trigger.parent_id,
        trigger.recommendation_id, None if trigger.recommended is None else encode(trigger.recommended),
    )  # fmt: skip


def read_trigger(row: Row) -> tuple[Trigger, int]:
    """``trigger`` and ``triggers``: the trigger, and the number of its run."""
    (id_, job_id, run, source, action, actor, reason, plan_digest, at, metadata, parent, recommendation,
     recommended) = row  # fmt: skip
    trigger = Trigger(
        id=id_,
        job_id=job_id,
        source=TriggerSource(source),
        action=RunKind(action),
        actor=actor,
        reason=reason,
        plan_digest=plan_digest,
        triggered_at=from_micros(at),
        metadata=decode(metadata),
        parent_id=parent,
        recommendation_id=recommendation,
        recommended=None if recommended is None else decode(recommended),
    )
    return trigger, run


def attempt_row(attempt: Attempt) -> Row:
    """``begin_attempt``."""
    key = attempt.key
    return (
        key.job_id, key.run, key.step, key.number, attempt.state.value, attempt.fence, attempt.worker,
        to_micros(attempt.started_at), micros_or_none(attempt.ended_at), attempt.artifact, inputs_text(attempt.inputs),
        attempt.context.value, attempt.log, failure_text(attempt.error), attempt.losses,
    )  # fmt: skip


def attempt_claim(attempt: Attempt, expected_fence: int) -> Row:
    """``reclaim_attempt`` and ``continue_attempt``: it runs, in the hands of its worker."""
    key = attempt.key
    return (
        _RUNNING, attempt.fence, attempt.worker, to_micros(attempt.started_at), attempt.losses, key.job_id, key.run,
        key.step, key.number, expected_fence,
    )  # fmt: skip


def attempt_pause(attempt: Attempt) -> Row:
    """``suspend_attempt``: it waits, and shows what it has consumed and said so far."""
    key = attempt.key
    return (
        _WAITING, inputs_text(attempt.inputs), attempt.context.value, attempt.log, key.job_id, key.run, key.step, key.number,
        attempt.fence,
    )  # fmt: skip


def attempt_end(attempt: Attempt) -> Row:
    """``end_attempt``."""
    key = attempt.key
    return (
        attempt.state.value, micros_or_none(attempt.ended_at), attempt.artifact, inputs_text(attempt.inputs),
        attempt.context.value, attempt.log, failure_text(attempt.error), key.job_id, key.run, key.step, key.number,
        attempt.fence,
    )  # fmt: skip


def read_inputs(text: str) -> Inputs:
    """The column ``inputs`` alone."""
    return _inputs(text, {})


def _inputs(text: str, known: dict[str, Any]) -> Inputs:
    """Inputs from their text; what instances of a fan-out have in common is decoded once and shared."""
    item, line, common = text.rpartition("\n")
    parts = known.get(common)
    if parts is None:
        parts = known[common] = decode(common)
    made = _InputsTwin()
    made.definition, made.steps, made.params = parts[:3]
    made.comments = tuple(parts[3]) if len(parts) > 3 else ()
    made.item = item if line else None
    made.__class__ = Inputs
    return made  # type: ignore[no-any-return]


def read_attempts(rows: Iterable[Row]) -> list[Attempt]:
    """``attempt`` and ``attempts…``."""
    attempts: list[Attempt] = []
    known: dict[str, Any] = {}
    for (job_id, run, step, number, state, fence, worker, started, ended, artifact, inputs, context, log, error,
         losses) in rows:  # fmt: skip
        key = _KeyTwin()
        key.job_id, key.run, key.step, key.number = job_id, run, step, number
        key.__class__ = AttemptKey
        made = _AttemptTwin()
        made.key, made.state, made.fence, made.worker = key, _STATES[state], fence, worker
        made.started_at = _EPOCH + timedelta(microseconds=started)
        made.ended_at = None if ended is None else _EPOCH + timedelta(microseconds=ended)
        made.error = None if error is None else read_failure(error)
        made.artifact, made.log, made.context, made.losses = artifact, log, _CONTEXTS[context], losses
        made.inputs = None if inputs is None else _inputs(inputs, known)
        made.__class__ = Attempt
        attempts.append(made)
    return attempts


def read_steps(rows: Iterable[Row]) -> list[StepRecord]:
    """``steps``."""
    steps: list[StepRecord] = []
    known: dict[str, Any] = {}
    for step, last_run, last_number, last_state, run, number, artifact, inputs in rows:
        made = _StepTwin()
        made.step, made.last_run, made.last_number, made.last_state = step, last_run, last_number, _STATES[last_state]
        if run is None:
            made.current = None
        else:
            made.current = current = _CurrentTwin()
            current.step, current.run, current.number, current.artifact = step, run, number, artifact
            current.inputs = _inputs(inputs, known)
            current.__class__ = Current
        made.__class__ = StepRecord
        steps.append(made)
    return steps


def artifact_row(artifact: Artifact) -> Row:
    """``put_artifact``."""
    files = encode(artifact.files) if artifact.files else None
    return artifact.hash, artifact.kind.value, artifact.size, artifact.body, files


def read_artifacts(rows: Iterable[Row]) -> list[Artifact]:
    """``artifact`` and ``artifacts``."""
    return [
        Artifact(hash=hash_, kind=_KINDS[kind], size=size, body=body, files=tuple(decode(files)) if files else ())
        for hash_, kind, size, body, files in rows
    ]


def read_expansion(row: Row) -> Expansion:
    """``expansions``."""
    _, step, over, definition, items = row
    return Expansion(step=step, over=over, definition=definition, items=decode(items))


def acceptance_row(job_id: str, given: Acceptance) -> Row:
    """``insert_acceptance``."""
    return (
        job_id, given.step, given.run, given.number, given.basis, given.actor, given.reason, to_micros(given.accepted_at),
    )  # fmt: skip


def read_acceptance(row: Row) -> Acceptance:
    """``acceptances``."""
    _, _, step, run, number, basis, actor, reason, at = row
    return Acceptance(step=step, run=run, number=number, basis=basis, actor=actor, reason=reason, accepted_at=from_micros(at))


def read_events(rows: Iterable[Row]) -> list[Event]:
    """``events`` and ``events_of_run``."""
    events = []
    for job_id, seq, at, kind, run, step, data in rows:
        made = _EventTwin()
        made.job_id, made.seq, made.at, made.type = job_id, seq, _EPOCH + timedelta(microseconds=at), _EVENT_TYPES[kind]
        made.run, made.step, made.data = run, step, None if data is None else decode(data)
        made.__class__ = Event
        events.append(made)
    return events
