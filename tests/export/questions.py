"""Questions as a job has them on record, stored with a real attempt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from oncue.control.workspace import Workspace
from oncue.core.model import AttemptKey, JobId, StepId
from oncue.core.questions import Asking, Decision, How, LateAnswer, Option, Question, QuestionId, QuestionKind

ASKED = datetime(2025, 11, 17, 10, 1, tzinfo=UTC)


def ask(number: int, asking: Asking, decision: Decision | None = None, late: LateAnswer | None = None) -> Question:
    """The ``number``-th question of a job, asked that many minutes after ten."""
    return Question(
        id=QuestionId(f"prompt_{number}"),
        key=AttemptKey(job_id=JobId("job"), run=1, step=StepId("report")),
        occurrence=number,
        asking=asking,
        asked_at=ASKED + timedelta(minutes=number),
        decision=decision,
        late=late,
    )


def decided(minute: int, response: object, how: How = How.PERSON, *, is_timed_out: bool = False) -> Decision:
    """A decision of ann, that many minutes and half a minute after ten."""
    at = ASKED + timedelta(minutes=minute, seconds=30)
    return Decision(how=how, response=response, actor="ann", answered_at=at, is_timed_out=is_timed_out)


PILLARS = Asking(
    type="pillar_selection",
    message="Select which pillars to analyze",
    kind=QuestionKind.CHOICE,
    options=(Option(id="ALL", label="All of them"), Option(id="NONE", label="None")),
    timeout_seconds=300.0,
)
MODE = Asking(
    type="run_mode",
    message="Select analysis mode",
    kind=QuestionKind.CHOICE,
    options=(Option(id="ONCE", label="Once"), Option(id="DEEP_LOOP", label="In a loop")),
    default="ONCE",
    has_default=True,
    timeout_seconds=120.0,
)
CONTINUE = Asking(
    type="continue",
    message="Iteration 2 complete. Continue deep review loop?",
    kind=QuestionKind.CONFIRM,
    timeout_seconds=60.0,
    extra={"iteration": 2, "gap_count": 3},
)


def store_questions(workspace: Workspace, job_id: JobId, *questions: Question) -> None:
    """Record questions as asked by the first run of a job."""
    from dataclasses import replace

    for question in questions:
        stored = replace(question, key=replace(question.key, job_id=job_id))
        workspace.store.write(lambda tx, stored=stored: tx.insert_question(stored))  # type: ignore[misc]
