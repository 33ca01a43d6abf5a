"""Small records for tests of the store; every field that is not named has a telling value."""

from datetime import UTC, datetime, timedelta

from oncue.core.canonical import content_hash
from oncue.core.events import EventDraft, EventType
from oncue.core.model import (
    Artifact,
    ArtifactKind,
    Attempt,
    AttemptKey,
    AttemptState,
    ContextMode,
    Current,
    Inputs,
    Job,
    JobId,
    Run,
    RunKind,
    RunState,
    SourceKind,
    StepId,
    Trigger,
    TriggerId,
    TriggerSource,
    WorkerId,
    WorkflowSource,
)
from oncue.core.ports import Store
from oncue.core.questions import Asking, Decision, How, OnTimeout, Option, Question, QuestionId, QuestionKind
from oncue.core.writeport import Transaction

JOB = JobId("solar-1a2b")
WORKER = WorkerId("worker-1")
NOON = datetime(2026, 5, 17, 12, 0, 0, 123_457, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def a_job(job_id: str = JOB, *, created_at: datetime = NOON) -> Job:
    return Job(
        id=JobId(job_id),
        workflow="solar",
        source=WorkflowSource(kind=SourceKind.MANIFEST, ref="/flows/solar.yaml", folder="/flows"),
        definition_hash=content_hash(b"definition"),
        params={"depth": 2, "topic": "söl\0ar \ud800", "nested": {"list": [1, 1.0, None]}},
        created_at=created_at,
    )


def a_run(number: int = 1, *, job_id: str = JOB, state: RunState = RunState.QUEUED) -> Run:
    return Run(
        job_id=JobId(job_id),
        number=number,
        state=state,
        kind=RunKind.RUN,
        request={"scope": {"kind": "all"}},
        trigger_id=TriggerId(f"trigger-{job_id}-{number}"),
        plan_digest="fp1:00",
        definition_hash=content_hash(b"definition"),
        params={"depth": 2},
        queued_at=after(number),
    )


def a_trigger(number: int = 1, *, job_id: str = JOB) -> Trigger:
    return Trigger(
        id=TriggerId(f"trigger-{job_id}-{number}"),
        job_id=JobId(job_id),
        source=TriggerSource.CLI_TOOL,
        action=RunKind.RUN,
        actor="ada",
        reason="first look",
        plan_digest="fp1:00",
        triggered_at=after(number),
        metadata={"host": "here"},
    )


def an_attempt(
    step: str, *, job_id: str = JOB, run: int = 1, number: int = 1, fence: int = 1, started_at: datetime = NOON
) -> Attempt:
    return Attempt(
        key=AttemptKey(job_id=JobId(job_id), run=run, step=StepId(step), number=number),
        state=AttemptState.RUNNING,
        fence=fence,
        worker=WORKER,
        started_at=started_at,
        context=ContextMode.KEEP,
    )


def some_inputs(step: str) -> Inputs:
    return Inputs(definition=f"fp1:{step}", steps={"before": "sha256:aa"}, params={"depth": "fp1:bb"}, item="fp1:cc")


def an_artifact(body: bytes = b'"done"') -> Artifact:
    return Artifact(hash=content_hash(body), kind=ArtifactKind.VALUE, size=len(body), body=body)


def ended(attempt: Attempt, *, body: bytes = b'"done"', at: datetime | None = None) -> Attempt:
    return Attempt(
        key=attempt.key,
        state=AttemptState.SUCCEEDED,
        fence=attempt.fence,
        worker=attempt.worker,
        started_at=attempt.started_at,
        ended_at=at or after(60),
        artifact=content_hash(body),
        inputs=some_inputs(attempt.key.step),
        context=attempt.context,
    )


def current_of(attempt: Attempt) -> Current:
    assert attempt.artifact is not None
    assert attempt.inputs is not None
    return Current(
        step=attempt.key.step,
        run=attempt.key.run,
        number=attempt.key.number,
        artifact=attempt.artifact,
        inputs=attempt.inputs,
    )


def draft(kind: EventType = EventType.STEP_STARTED, *, run: int | None = 1, step: str | None = "collect") -> EventDraft:
    return EventDraft(type=kind, run=run, step=None if step is None else StepId(step))


def an_asking(*, on_timeout: OnTimeout = OnTimeout.WAIT) -> Asking:
    return Asking(
        type="approve",
        message="Publish \0 sölar?",
        kind=QuestionKind.CHOICE,
        options=(Option(id="yes", label="Yes", help="at once"), Option(id="no", label="Nø")),
        default="no",
        has_default=True,
        timeout_seconds=30.5,
        on_timeout=on_timeout,
        extra={"draft": {"title": "Sun", "marks": [1, None]}},
    )


def a_question(
    name: str = "q-1",
    *,
    step: str = "collect",
    job_id: str = JOB,
    run: int = 1,
    occurrence: int = 1,
    asked_at: datetime = NOON,
    deadline: datetime | None = None,
    on_timeout: OnTimeout = OnTimeout.WAIT,
) -> Question:
    return Question(
        id=QuestionId(name),
        key=AttemptKey(job_id=JobId(job_id), run=run, step=StepId(step)),
        occurrence=occurrence,
        asking=an_asking(on_timeout=on_timeout),
        asked_at=asked_at,
        deadline=deadline,
    )


def a_decision(actor: str = "ada", *, at: datetime = NOON) -> Decision:
    return Decision(how=How.PERSON, response="yes", actor=actor, answered_at=at)


def keep_questions(store: Store, *questions: Question) -> None:
    def unit(tx: Transaction) -> None:
        for question in questions:
            tx.insert_question(question)

    store.write(unit)


def record_success(tx: Transaction, attempt: Attempt, *, body: bytes = b'"done"') -> Attempt:
    """What the end of a step writes: begun before, now ended with its artifact as the current output."""
    done = ended(attempt, body=body)
    seq = tx.append_events(attempt.key.job_id, [draft(EventType.STEP_SUCCEEDED, step=attempt.key.step)], NOON)
    assert tx.end_attempts([done]) == []
    tx.put_artifacts([an_artifact(body)])
    tx.set_currents(attempt.key.job_id, [current_of(done)], seq=seq)
    return done


def keep_jobs(store: Store, *jobs: Job) -> None:
    def unit(tx: Transaction) -> None:
        for job in jobs:
            tx.insert_job(job)

    store.write(unit)


def keep_runs(store: Store, *runs: Run) -> None:
    def unit(tx: Transaction) -> None:
        for run in runs:
            tx.insert_run(run, plan=b"")

    store.write(unit)


def keep_success(store: Store, attempt: Attempt, *, body: bytes = b'"done"') -> Attempt:
    """Begin an attempt and end it well."""

    def unit(tx: Transaction) -> Attempt:
        tx.begin_attempts([attempt])
        return record_success(tx, attempt, body=body)

    return store.write(unit)


def with_job(store: Store, job_id: str = JOB) -> Job:
    job = a_job(job_id)
    keep_jobs(store, job)
    return job
