"""The statements for questions; see ``statements.py``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Executable,
    Select,
    cast,
    func,
    literal_column,
    or_,
    select,
    text,
    true,
    update,
)

from oncue.core.questions import REUSABLE
from oncue.store.statementparts import NONE_SKIPPED, Insert, at_attempt, holds, not_by_index, p, whole_row
from oncue.store.tables import LATE, UNDECIDED, question

_QUESTION = [column for column in question.c if column.name != "words"]
"""What is read of a question; its words are only searched."""

_REUSABLE = text(f"how IN ({', '.join(repr(how.value) for how in sorted(REUSABLE))})")


def question_reads() -> Mapping[str, Executable]:
    """Statements that look."""
    q = question.c
    of_job, of_run = q.job_id == p("job_id"), q.run == p("run")
    is_waiting, is_decided = text(UNDECIDED), q.how.is_not(None)
    # few questions wait, and many were decided: the index of those that wait is the shorter way, and coalesce leads there
    waits_in_job = (text("acts IN (0, 1)"), is_waiting, func.coalesce(q.job_id, text("''")) == p("job_id", q.job_id.type))
    return {
        "question": select(*_QUESTION).where(q.id == p("id")),
        "questions": _as_asked(),
        "questions_of_job": _as_asked(of_job),
        "questions_of_run": _as_asked(of_job, of_run, is_narrow=True),
        "questions_of_attempt": select(*_QUESTION)
        .where(*at_attempt(question))
        .order_by(not_by_index(q.asked_at), q.type, q.occurrence),
        "waited_in_attempt": select(_waited()).where(*at_attempt(question)),
        "waited_by_attempt": select(q.run, q.step, q.number, _waited())
        .where(of_job, q.run >= p("since_run"), q.answered_at > q.asked_at)
        .group_by(q.run, q.step, q.number),
        "waits_of_run": select(q.step, q.number, _waited())
        .where(of_job, of_run, q.answered_at > q.asked_at)
        .group_by(q.step, q.number),
        "decided_questions": _as_asked(is_decided),
        "decided_questions_of_job": _as_asked(of_job, is_decided),
        "decided_questions_of_run": _as_asked(of_job, of_run, is_decided, is_narrow=True),
        "waiting_questions": _by_deadline(text("acts IN (0, 1)"), is_waiting),
        "waiting_questions_of_job": _by_deadline(*waits_in_job),
        "waiting_questions_of_run": _by_deadline(*waits_in_job, of_run),
        "waiting_counts": select(q.job_id, func.count()).where(text("acts IN (0, 1)"), is_waiting).group_by(q.job_id),
        "late_questions": _as_asked(of_job, text(LATE)),
        "latest_answered": _latest(
            of_job,
            q.step == p("step"),
            q.type == p("type"),
            q.occurrence == p("occurrence"),
            q.fingerprint == func.coalesce(p("fingerprint", q.fingerprint.type), q.fingerprint),
            or_(_REUSABLE, text(LATE)),
        ),
        "question_counts": select(q.type, q.run, q.how, func.count(), func.min(q.asked_at))
        .where(of_job)
        .group_by(q.type, q.run, q.how)
        .order_by(func.min(q.asked_at), q.type, q.run, q.how),
        "decisions": _decided(*_QUESTION)
        .order_by(q.asked_at, q.run, q.step, q.number, q.occurrence, q.id)
        .limit(p("limit"))
        .offset(p("offset")),
        "decision_count": _decided(func.count()),
        "due_questions": _by_deadline(q.acts == text("1"), q.deadline <= p("at"), is_waiting),
    }


def _waited() -> ColumnElement[int]:
    """Microseconds from asking to the answer; an attempt asks one question at a time."""
    return cast(func.coalesce(func.sum(question.c.answered_at - question.c.asked_at), text("0")), BigInteger)


def _decided(*columns: Any) -> Select[Any]:
    """Decided questions of a job; a null narrows nothing."""
    q = question.c
    wanted = [column == func.coalesce(p(column.name, column.type), column) for column in (q.type, q.run, q.how)]
    has_text = func.coalesce(holds(func.coalesce(q.words, text("''")), p("text", q.words.type)), true())
    return select(*columns).where(q.job_id == p("job_id"), q.how.is_not(None), *wanted, has_text)


def _as_asked(*wanted: Any, is_narrow: bool = False) -> Select[Any]:
    """Questions in the order in which they were asked; those of one instant by their steps."""
    q = question.c
    asked_at = not_by_index(q.asked_at) if is_narrow else q.asked_at
    found = select(*_QUESTION).where(*wanted).order_by(asked_at, q.run, q.step, q.number, q.occurrence, q.id)
    return found.limit(p("limit")).offset(NONE_SKIPPED)


def _latest(*wanted: Any) -> Select[Any]:
    """The question that was asked last; of those of one instant the one of the latest attempt."""
    q = question.c
    found = select(*_QUESTION).where(*wanted).order_by(q.asked_at.desc(), q.run.desc(), q.number.desc(), q.id.desc())
    return found.limit(literal_column("1")).offset(NONE_SKIPPED)


def _by_deadline(*wanted: Any) -> Select[Any]:
    """Questions whose deadline is near first, those without one last."""
    q = question.c
    order = (q.deadline.asc().nulls_last(), q.asked_at, q.run, q.step, q.number, q.occurrence, q.id)
    return select(*_QUESTION).where(*wanted).order_by(*order).limit(p("limit")).offset(NONE_SKIPPED)


def question_writes(insert: Insert) -> Mapping[str, Executable]:
    """Statements that change something."""
    decision = {name: p(name) for name in ("how", "response", "actor", "answered_at", "is_timed_out", "reused_from", "words")}
    late = {name: p(name) for name in ("late_response", "late_actor", "late_at", "words")}
    is_question = question.c.id == p("id")
    return {
        "insert_question": whole_row(insert, question),
        "decide_question": update(question).values(decision).where(is_question, text(UNDECIDED)),
        "answer_late": update(question)
        .values(late)
        .where(is_question, question.c.is_timed_out == text("1"), question.c.late_at.is_(None)),
    }
