"""Every statement of the store, in SQLAlchemy Core; ``sqlcompile`` turns them into the text that programs run.

A parameter is written ``p("name")``; its place in the compiled text is its place in the tuple a caller passes. The order is
the same for both dialects, and the header of each statement in ``sql/*.sql`` names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Executable,
    Select,
    and_,
    case,
    delete,
    exists,
    func,
    null,
    or_,
    select,
    text,
    update,
)

from oncue.store.callstatements import call_reads, call_writes
from oncue.store.peoplestatements import people_reads, people_writes
from oncue.store.questionstatements import question_reads, question_writes
from oncue.store.sqltext import ADDRESSES, STATES
from oncue.store.statementparts import NONE_SKIPPED, Insert, at_attempt, in_span, p, whole_row
from oncue.store.tables import (
    OPEN_ATTEMPT,
    OPEN_RUN,
    UNDECIDED,
    acceptance,
    artifact,
    attempt,
    blob,
    blob_chunk,
    definition,
    event,
    expansion,
    job,
    job_params,
    memo,
    plan,
    question,
    revision,
    run,
    step,
    trigger,
)
from oncue.store.tracestatements import trace_reads


def reads() -> Mapping[str, Executable]:
    """Statements that look."""
    return {
        "revision": select(revision.c.version_num),
        **_job_reads(),
        **_attempt_reads(),
        **_body_reads(),
        **question_reads(),
        **call_reads(),
        **trace_reads(),
        **people_reads(),
    }


def _job_reads() -> Mapping[str, Executable]:
    jobs = select(*job.c, job_params.c.body).join(job_params, job_params.c.job_id == job.c.id)
    runs, triggers = select(*run.c), select(*trigger.c)
    events = select(*event.c).where(event.c.job_id == p("job_id"), event.c.seq > p("after")).order_by(event.c.seq)
    return {
        "job": jobs.where(job.c.id == p("id")),
        "jobs": jobs.order_by(job.c.created_at.desc(), job.c.id.desc()).limit(p("limit")).offset(NONE_SKIPPED),
        "job_heads": select(job.c.id, job.c.workflow, job.c.status, job.c.runs, job.c.created_at, run.c.state, run.c.owner)
        .outerjoin(run, and_(run.c.job_id == job.c.id, run.c.number == job.c.runs))
        .order_by(job.c.created_at.desc(), job.c.id.desc()),
        "every_job_params": select(*job_params.c),
        "job_marks": select(job.c.id, job.c.event_seq),
        "job_ids": select(job.c.id)
        .where(job.c.id >= p("first"), job.c.id < p("end"))
        .order_by(job.c.id)
        .limit(p("limit"))
        .offset(NONE_SKIPPED),
        "definition": select(definition.c.body).where(definition.c.address == p("address")),
        "run": runs.where(run.c.job_id == p("job_id"), run.c.number == p("number")),
        "held_run": select(run.c.number).where(
            run.c.job_id == p("job_id"),
            run.c.number == p("number"),
            run.c.fence == p("fence"),
            run.c.state == text("'running'"),
        ),
        "runs": runs.where(run.c.job_id == p("job_id"), in_span(run.c.number)).order_by(run.c.number),
        "open_runs": runs.where(text(OPEN_RUN)).order_by(run.c.job_id, run.c.number),
        "open_runs_of_job": runs.where(text(OPEN_RUN), run.c.job_id == p("job_id")).order_by(run.c.number),
        "ready_runs": runs.where(text(OPEN_RUN), or_(run.c.state != text("'waiting'"), _is_answered())).order_by(
            run.c.job_id, run.c.number
        ),
        "plan": select(plan.c.body).where(plan.c.job_id == p("job_id"), plan.c.run == p("run")),
        "trigger": triggers.where(trigger.c.id == p("id")),
        "triggers": triggers.where(trigger.c.job_id == p("job_id"), in_span(trigger.c.run)).order_by(trigger.c.run),
        "events": events.limit(p("limit")).offset(NONE_SKIPPED),
        "events_of_run": events.where(event.c.run == p("run")).limit(p("limit")).offset(NONE_SKIPPED),
        "acceptances": select(*acceptance.c)
        .where(acceptance.c.job_id == p("job_id"))
        .order_by(acceptance.c.accepted_at, acceptance.c.id),
        "expansions": select(*expansion.c).where(expansion.c.job_id == p("job_id")).order_by(expansion.c.step),
    }


def _is_answered() -> ColumnElement[bool]:
    """Whether a step that waits has no open question, or the run itself asked and none of its questions is open."""
    a, q = attempt.c, question.c
    of_run = and_(q.job_id == run.c.job_id, q.run == run.c.number)
    asks = exists().where(q.job_id == a.job_id, q.run == a.run, q.step == a.step, text(UNDECIDED))
    waits = exists().where(a.job_id == run.c.job_id, a.run == run.c.number, a.state == text("'waiting'"), ~asks)
    is_asked = exists().where(of_run, q.number == text("0"))
    return or_(waits, and_(is_asked, ~exists().where(of_run, text(UNDECIDED))))


def _attempt_reads() -> Mapping[str, Executable]:
    of_job = select(*attempt.c).where(attempt.c.job_id == p("job_id"))
    a, s = attempt.c, step.c
    of_step = of_job.where(a.run.in_(_runs_of_job()), a.step == p("step"))
    is_open = (a.run.in_(_runs_of_job(text(OPEN_RUN))), text(OPEN_ATTEMPT))
    inputs = and_(a.job_id == s.job_id, a.run == s.run, a.step == s.step, a.number == s.number)
    return {
        "attempts": _attempts(of_job),
        "attempts_of_run": _attempts(of_job.where(a.run == p("run"))),
        "attempts_of_step": _attempts(of_step),
        "attempts_of_run_and_step": _attempts(of_job.where(a.run == p("run"), a.step == p("step"))),
        "latest_attempts": _in_states(of_job.where(a.run.in_(_runs_of_job(in_span(run.c.number))), a.step == p("step")))
        .order_by(a.run.desc(), a.started_at.desc(), a.number.desc())
        .limit(p("limit"))
        .offset(NONE_SKIPPED),
        "latest_maker": select(func.max(a.run)).where(
            a.job_id == p("job_id"),
            a.run.in_(_runs_of_job()),
            a.step == p("step"),
            a.state == text("'succeeded'"),
            a.artifact == p("artifact"),
        ),
        "open_attempts": of_job.where(*is_open).order_by(a.run, a.started_at, a.number, a.step),
        "attempt": of_job.where(a.run == p("run"), a.step == p("step"), a.number == p("number")),
        "attempt_counts": select(a.step, func.count()).where(a.job_id == p("job_id")).group_by(a.step),
        "attempt_count": select(func.count()).where(a.job_id == p("job_id"), a.run.in_(_runs_of_job()), a.step == p("step")),
        "outputs_of_run": _outputs(a.run == p("run")),
        "output_in_run": _outputs(a.run == p("run"), a.step == p("step")),
        "executed": select(a.run, a.step)
        .where(a.job_id == p("job_id"), in_span(a.run))
        .group_by(a.run, a.step)
        .order_by(a.run, func.min(a.started_at), a.step),
        "succeeded": _succeeded(a.run >= p("since_run")),
        "succeeded_of": _latest_succeeded(a.step == p("step")),
        "succeeded_of_each": _latest_succeeded(a.step >= p("first"), a.step < p("end")),
        "steps": select(s.step, s.last_run, s.last_number, s.last_state, s.run, s.number, s.artifact, a.inputs)
        .join_from(step, attempt, inputs, isouter=True)
        .where(s.job_id == p("job_id"), s.seq > p("since_seq")),
    }


def _outputs(*wanted: Any) -> Select[Any]:
    """What attempts that succeeded put out, in the order in which they started."""
    a = attempt.c
    found = select(a.step, a.artifact).where(a.job_id == p("job_id"), *wanted, a.state == text("'succeeded'"))
    return found.where(a.artifact.is_not(None)).order_by(a.started_at, a.number)


def _runs_of_job(*wanted: Any) -> Select[Any]:
    """The numbers of a job's runs: with them the primary key leads to one step in each run, and past all other attempts."""
    return select(run.c.number).where(run.c.job_id == p("runs_of"), *wanted)


def _succeeded(*wanted: Any) -> Select[Any]:
    """When attempts that succeeded began and ended, the newest first."""
    a = attempt.c
    found = select(a.step, a.started_at, a.ended_at, a.run, a.number)
    return found.where(a.job_id == p("job_id"), *wanted, a.state == text("'succeeded'")).order_by(a.ended_at.desc())


def _latest_succeeded(*wanted: Any) -> Select[Any]:
    """The same for one step or its instances, in runs since one."""
    runs = _runs_of_job(run.c.number >= p("since_run"))
    return _succeeded(attempt.c.run.in_(runs), *wanted).limit(p("limit")).offset(NONE_SKIPPED)


def _attempts(found: Select[Any]) -> Select[Any]:
    """Only those in the given states, in the order in which they started."""
    return _in_states(found).order_by(attempt.c.run, attempt.c.started_at, attempt.c.number, attempt.c.step)


def _in_states(found: Select[Any]) -> Select[Any]:
    return found.where(attempt.c.state.in_([p(f"state{index}") for index in range(STATES)]))


def _body_reads() -> Mapping[str, Executable]:
    addresses = [p(f"hash{index}") for index in range(ADDRESSES)]
    artifacts = select(*(column for column in artifact.c if column.name != "pruned_at"))
    current = step.c.artifact.label("current")
    is_current = and_(step.c.job_id == attempt.c.job_id, step.c.step == attempt.c.step, step.c.artifact == attempt.c.artifact)
    return {
        "artifact": artifacts.where(artifact.c.hash == p("hash")),
        "artifacts": artifacts.where(artifact.c.hash.in_(addresses)),
        "outputs": select(attempt.c.job_id, attempt.c.step, attempt.c.artifact, attempt.c.inputs, current)
        .join_from(attempt, step, is_current, isouter=True)
        .where(attempt.c.artifact.is_not(None)),
        "logs": select(attempt.c.log).where(attempt.c.log.is_not(None)),
        "bodies": select(
            artifact.c.hash, artifact.c.kind, func.length(artifact.c.body), artifact.c.files, artifact.c.pruned_at
        ),
        "memo": select(memo.c.body).where(*at_attempt(memo), memo.c.name == p("name")),
        "blob_size": select(blob.c.size).where(blob.c.address == p("address")),
        "blob_chunk": select(blob_chunk.c.body).where(blob_chunk.c.address == p("address"), blob_chunk.c.number == p("number")),
        "blob_addresses": select(blob.c.address)
        .where(blob.c.address > p("after"))
        .order_by(blob.c.address)
        .limit(p("limit"))
        .offset(NONE_SKIPPED),
    }


def writes(insert: Insert) -> Mapping[str, Executable]:
    """Statements that change something."""
    return {
        "stamp": whole_row(insert, revision),
        **_job_writes(insert),
        **_step_writes(insert),
        **_body_writes(insert),
        **question_writes(insert),
        **call_writes(insert),
        **people_writes(insert),
    }


def _job_writes(insert: Insert) -> Mapping[str, Executable]:
    is_run = (run.c.job_id == p("job_id"), run.c.number == p("number"))
    set_run = {name: p(name) for name in ("state", "started_at", "ended_at", "error", "owner", "fence", "cut_off")}
    set_job = {name: p(name) for name in ("workflow", "source_kind", "source_ref", "source_folder", "definition_hash",
                                          "status", "revision", "runs", "stopped_at")}  # fmt: skip
    params = whole_row(insert, job_params)
    return {
        "number_events": update(job)
        .values(event_seq=job.c.event_seq + p("count"))
        .where(job.c.id == p("job_id"))
        .returning(job.c.event_seq),
        "insert_event": whole_row(insert, event),
        "insert_job": whole_row(insert, job),
        "update_job": update(job).values(set_job).where(job.c.id == p("id"), job.c.revision == p("expected_revision")),
        "put_params": params.on_conflict_do_update(index_elements=["job_id"], set_={"body": params.excluded.body}),
        "put_definition": whole_row(insert, definition).on_conflict_do_nothing(),
        "insert_run": whole_row(insert, run),
        "insert_plan": whole_row(insert, plan),
        "insert_trigger": whole_row(insert, trigger),
        "update_run": update(run)
        .values(set_run)
        .where(*is_run, run.c.state == p("expected_state"), run.c.fence == p("expected_fence")),
        "request_cancel": update(run)
        .values(cancel_requested_at=func.coalesce(run.c.cancel_requested_at, p("at", BigInteger)))
        .where(*is_run, text(OPEN_RUN)),
        "insert_acceptance": whole_row(insert, acceptance, but="id"),
    }


def _step_writes(insert: Insert) -> Mapping[str, Executable]:
    end = {name: p(name) for name in ("state", "ended_at", "artifact", "inputs", "context", "log", "error")}
    claim = {name: p(name) for name in ("state", "fence", "worker", "started_at", "losses")}
    suspend = {name: p(name) for name in ("state", "inputs", "context", "log")}
    current, last = whole_row(insert, step), whole_row(insert, step)
    latest = ("last_run", "last_number", "last_state", "seq")
    return {
        "begin_attempt": whole_row(insert, attempt),
        "reclaim_attempt": update(attempt)
        .values(claim)
        .where(*at_attempt(attempt), attempt.c.fence == p("expected_fence"), text(OPEN_ATTEMPT)),
        "continue_attempt": update(attempt)
        .values(claim)
        .where(*at_attempt(attempt), attempt.c.fence == p("expected_fence"), attempt.c.state == text("'waiting'")),
        "suspend_attempt": update(attempt)
        .values(suspend)
        .where(*at_attempt(attempt), attempt.c.fence == p("fence"), attempt.c.state == text("'running'")),
        "end_attempt": update(attempt)
        .values(end)
        .where(*at_attempt(attempt), attempt.c.fence == p("fence"), text(OPEN_ATTEMPT)),
        "set_current": current.on_conflict_do_update(
            index_elements=["job_id", "step"],
            set_={name: current.excluded[name] for name in (*latest, "run", "number", "artifact")},
        ),
        "set_last": last.on_conflict_do_update(
            index_elements=["job_id", "step"], set_={name: last.excluded[name] for name in latest}
        ),
    }


def _body_writes(insert: Insert) -> Mapping[str, Executable]:
    """A body is stored once. What a model said may be, byte for byte, what a step puts out: then it is the output's row."""
    body = whole_row(insert, artifact, but="pruned_at")
    kept, given = artifact.c, body.excluded
    is_lost = or_(kept.pruned_at.is_not(None), and_(kept.body.is_(None), given.body.is_not(None)))
    was_only_said = and_(kept.kind == text("'text'"), given.kind != text("'text'"))
    items = whole_row(insert, expansion)
    return {
        "put_artifact": body.on_conflict_do_update(
            index_elements=["hash"],
            set_={
                "kind": case((was_only_said, given.kind), else_=kept.kind),
                "body": func.coalesce(given.body, kept.body),
                "files": func.coalesce(kept.files, given.files),
                "pruned_at": null(),
            },
            where=or_(is_lost, was_only_said),
        ),
        "prune_artifact": update(artifact).values(body=null(), pruned_at=p("pruned_at")).where(artifact.c.hash == p("hash")),
        "put_expansion": items.on_conflict_do_update(
            index_elements=["job_id", "step"], set_={name: items.excluded[name] for name in ("over", "definition", "items")}
        ),
        "put_memo": whole_row(insert, memo).on_conflict_do_nothing(),
        "put_blob": whole_row(insert, blob).on_conflict_do_nothing(),
        "put_chunk": whole_row(insert, blob_chunk).on_conflict_do_nothing(),
        "delete_blob": delete(blob).where(blob.c.address == p("address")),
        "delete_chunks": delete(blob_chunk).where(blob_chunk.c.address == p("address")),
    }
