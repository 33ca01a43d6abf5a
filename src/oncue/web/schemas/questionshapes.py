"""Questions, what was decided, and the answers people give."""

from __future__ import annotations

from datetime import datetime

from oncue.web.schemas.wire import Answer, Body


class OptionRecord(Answer):
    """One option of a choice."""

    id: str
    label: str
    help: str


class QuestionRecord(Answer):
    """A question with how it was settled; ``how`` is null while it waits."""

    question_id: str
    job_id: str
    run: int
    step: str
    type: str
    occurrence: int
    message: str
    options: list[OptionRecord]
    default: object
    response: object
    how: str | None
    actor: str | None
    asked_at: datetime
    deadline: datetime | None
    answered_at: datetime | None
    timeout_seconds: float | None
    timed_out: bool
    reused_from: str | None


class WaitingQuestion(QuestionRecord):
    """A question with everything that is needed to draw it; ``schema`` is that of a form."""

    kind: str
    on_timeout: str
    has_default: bool
    form: dict[str, object] | None


class InboxRecord(Answer):
    """Every question that waits, the earliest deadline first; ``now`` is the server's time."""

    questions: list[WaitingQuestion]
    now: datetime


class LateAnswer(Answer):
    """An answer that came after the deadline; a rerun with recorded answers would use it."""

    question_id: str
    run: int
    step: str
    type: str
    occurrence: int
    response: object
    actor: str
    answered_at: datetime
    command: str


class DecisionsRecord(Answer):
    """Decisions in the order in which they were asked: some of those that are wanted, of ``total`` in all."""

    job_id: str
    decisions: list[QuestionRecord]
    found: int
    total: int
    types: list[str]
    waiting: int
    next_cursor: str | None


class ResponseBody(Body):
    """An answer: an option's id, a list of them, a text, a number, true or false, or the object of a form."""

    response: object


class ResponseRecord(Answer):
    """What became of an answer; ``taken`` is ``in_time`` or ``late``."""

    question_id: str
    job_id: str
    run: int
    step: str
    type: str
    response: object
    actor: str
    taken: str
