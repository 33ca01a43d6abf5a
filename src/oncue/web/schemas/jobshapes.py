"""Jobs, their steps, and what the steps made."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from oncue.web.schemas.questionshapes import LateAnswer, QuestionRecord
from oncue.web.schemas.runshapes import CommentRecord, RunRecord
from oncue.web.schemas.wire import Answer, Body, FailureRecord, Finding, Reason


class LatestRun(Answer):
    """How a job's latest run stands."""

    number: int
    status: str


class JobEntry(Answer):
    """One job in a list; ``questions`` is how many wait for a person."""

    job_id: str
    workflow: str
    status: str
    runs: int
    latest_run: LatestRun | None
    created_at: datetime
    questions: int


class JobsPage(Answer):
    """Some jobs, the newest first; ``states`` counts the wanted ones of every state."""

    jobs: list[JobEntry]
    total: int
    states: dict[str, int]
    next_cursor: str | None


class LastAttempt(Answer):
    """The latest attempt of a step."""

    run: int
    number: int
    status: str
    error: FailureRecord | None


class StepRecord(Answer):
    """One step: ``run`` and ``artifact`` are those of its current output, ``comments`` the runs whose comments steered it."""

    id: str
    ordinal: int
    phase: str
    state: str
    reasons: list[Reason]
    last_attempt: LastAttempt | None
    run: int | None
    artifact: str | None
    comments: list[int]


class StepsRecord(Answer):
    """Every step of a job in the order of its workflow."""

    job_id: str
    steps: list[StepRecord]


class JobRecord(Answer):
    """A job with its steps and its latest run."""

    job_id: str
    workflow: str
    status: str
    params: dict[str, object]
    source: str
    created_at: datetime
    steps: list[StepRecord]
    latest_run: RunRecord | None
    findings: list[Finding]
    questions: list[QuestionRecord]
    late_answers: list[LateAnswer]
    replayed_from: str | None


class ExplanationRecord(Answer):
    """One reason in a sentence."""

    code: str
    text: str
    changed_by_run: int | None


class ExplainedStep(StepRecord):
    """A step with why it is as it is, and the command that comes next."""

    explanations: list[ExplanationRecord]
    steered_by: list[CommentRecord]
    next: str


class WhyRecord(Answer):
    """The steps that were asked about: one, or every instance of a fan-out."""

    job_id: str
    step: str
    steps: list[ExplainedStep]


class FileRecord(Answer):
    """A file of an output."""

    name: str
    size: int
    sha256: str


class OutputRecord(Answer):
    """One output; ``state`` is set where it is the current one of its step."""

    step: str
    run: int
    number: int
    state: str | None
    artifact: str
    kind: str
    value: object
    files: list[FileRecord]


class OutputsRecord(Answer):
    """The output of a step; of a fan-out those of all its instances."""

    job_id: str
    outputs: list[OutputRecord]


class AttemptRecord(Answer):
    """One execution of one step in one run."""

    run: int
    step: str
    number: int
    status: str
    context: str
    started_at: datetime
    ended_at: datetime | None
    duration_seconds: float | None
    artifact: str | None
    has_log: bool
    losses: int
    error: FailureRecord | None


class AttemptsRecord(Answer):
    """Attempts in the order in which they began."""

    job_id: str
    attempts: list[AttemptRecord]


class ReasonBody(Body):
    """Why a person does this; it is kept with the record."""

    reason: str = Field(default="", max_length=600)


class AcceptBody(Body):
    """A person's word that a stale output may stand."""

    reason: str = Field(min_length=1, max_length=600)


class AcceptedRecord(Answer):
    """An output that was accepted."""

    job_id: str
    step: str


class CancelledRecord(Answer):
    """The runs that were asked to end."""

    job_id: str
    runs: list[int]


class StoppedRecord(Answer):
    """A job that takes no more runs."""

    job_id: str
    status: str


class ReplayRecord(Answer):
    """A new job that repeats the decisions of another one; nothing runs yet."""

    job_id: str
    replayed_from: str
    decisions: list[QuestionRecord]
