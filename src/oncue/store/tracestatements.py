"""The statements for traces and comments; see ``statements.py``.

A page begins after the last row of the one before: rows are told apart by all that orders them, so nothing is skipped or
repeated while a run adds others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Executable, Select, and_, exists, or_, select, text, tuple_

from oncue.store.callstatements import spent
from oncue.store.statementparts import NONE_SKIPPED, in_span, not_by_index, p
from oncue.store.tables import attempt, model_call, run

READ_A_COMMENT = text("inputs LIKE '%]]%'")
"""Only inputs with comments end so (``rows.inputs_text``)."""
RESUMES = text("request LIKE '%resume%'")
"""True of every run that resumes, and perhaps of others."""


def trace_reads() -> Mapping[str, Executable]:
    """Statements that look."""
    a, c = attempt.c, model_call.c
    return {
        "trace_attempts": _attempts(in_span(a.run), _may_tell()),
        "trace_attempts_of_step": _attempts(a.run.in_(_runs()), a.step == p("step"), is_narrow=True),
        "trace_attempts_of_each": _attempts(a.run.in_(_runs()), _is_of_fan_out(a)),
        "trace_calls": _calls(in_span(c.run)),
        "trace_calls_of_step": _calls(in_span(c.run), c.step == p("step"), is_narrow=True),
        "trace_calls_of_each": _calls(in_span(c.run), _is_of_fan_out(c)),
        "trace_spent": spent().where(c.job_id == p("job_id"), in_span(c.run)),
        "trace_spent_of_step": spent().where(c.job_id == p("job_id"), in_span(c.run), c.step == p("step")),
        "trace_spent_of_each": spent().where(c.job_id == p("job_id"), in_span(c.run), _is_of_fan_out(c)),
        "guided_attempts": select(*a)
        .where(a.job_id == p("job_id"), in_span(a.run), or_(_may_have_read(), a.number > text("1")))
        .order_by(a.run, a.started_at, a.number, a.step),
    }


def _attempts(*wanted: Any, is_narrow: bool = False) -> Select[Any]:
    a = attempt.c
    place = (not_by_index(a.run) if is_narrow else a.run, a.started_at, a.number, a.step)
    later = tuple_(*place) > tuple_(p("after_run"), p("after_at"), p("after_number"), p("after_step"))
    found = select(*a).where(a.job_id == p("job_id"), *wanted, later).order_by(*place)
    return found.limit(p("limit")).offset(NONE_SKIPPED)


def _calls(*wanted: Any, is_narrow: bool = False) -> Select[Any]:
    c = model_call.c
    place = (not_by_index(c.sent_at) if is_narrow else c.sent_at, c.run, c.step, c.number, c.call)
    later = tuple_(*place) > tuple_(p("after_at"), p("after_run"), p("after_step"), p("after_number"), p("after_call"))
    found = select(*c).where(c.job_id == p("job_id"), *wanted, later).order_by(*place)
    return found.limit(p("limit")).offset(NONE_SKIPPED)


def _runs(*wanted: Any) -> Select[Any]:
    """The numbers of runs: with them the primary key leads to one step in each, and past all other attempts."""
    return select(run.c.number).where(run.c.job_id == p("runs_of"), in_span(run.c.number), *wanted)


def _is_of_fan_out(columns: Any) -> Any:
    """The step, or one of its instances."""
    return or_(columns.step == p("step"), and_(columns.step >= p("first"), columns.step < p("end")))


def _may_tell() -> Any:
    """Whether an attempt called a model, read a comment, or may have taken over what another of its step had called for."""
    a, c = attempt.c, model_call.c
    of_step = and_(c.job_id == a.job_id, c.step == a.step)
    resuming = select(run.c.number).where(run.c.job_id == a.job_id, run.c.number == a.run, RESUMES)
    return or_(
        exists().where(of_step, c.run == a.run, c.number == a.number),
        READ_A_COMMENT,
        and_(or_(a.number > text("1"), exists(resuming)), exists().where(of_step)),
    )


def _may_have_read() -> Any:
    """Whether an attempt read a comment, or has nothing on record that says it did not."""
    return or_(attempt.c.inputs.is_(None), READ_A_COMMENT, text("state IN ('failed', 'cancelled')"))
