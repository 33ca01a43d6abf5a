"""The statements for model calls, comments and settings; see ``statements.py``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import BigInteger, Executable, Select, cast, delete, func, literal_column, select, text, update

from oncue.store.statementparts import NONE_SKIPPED, Insert, at_attempt, in_span, not_by_index, p, whole_row
from oncue.store.tables import comment, model_call, setting


def call_reads() -> Mapping[str, Executable]:
    """Statements that look."""
    call = model_call.c
    of_job, of_run, of_step = call.job_id == p("job_id"), call.run == p("run"), call.step == p("step")
    by_attempt = (call.run, call.step, call.number)
    step_name = func.coalesce(call.step, text("''"))  # not by the index of steps, which has nothing to add up
    return {
        "calls_of_job": _as_sent(of_job),
        "calls_of_run": _as_sent(of_job, of_run, is_narrow=True),
        "calls_of_step": _as_sent(of_job, of_step, is_narrow=True),
        "calls_of_run_and_step": _as_sent(of_job, of_run, of_step, is_narrow=True),
        "calls_of_attempt": select(*call).where(*at_attempt(model_call)).order_by(call.call),
        "has_calls": select(call.call).where(of_job).limit(literal_column("1")).offset(NONE_SKIPPED),
        "spent": spent().where(of_job),
        "spent_by_run": spent(call.run).where(of_job, in_span(call.run)).group_by(call.run),
        "spent_by_step": spent(step_name).where(of_job).group_by(step_name),
        "spent_in_run": spent().where(of_job, of_run),
        "spent_in_attempt": spent().where(*at_attempt(model_call)),
        "spent_by_attempt": spent(*by_attempt).where(of_job).group_by(*by_attempt),
        "cited": select(call.sections, call.payload, call.reply),
        "comments": select(*comment.c).where(comment.c.job_id == p("job_id")).order_by(comment.c.run),
        "settings": select(*setting.c).order_by(setting.c.name),
    }


def _as_sent(*wanted: Any, is_narrow: bool = False) -> Select[Any]:
    """Calls in the order in which they were sent; those of one instant by their attempts."""
    call = model_call.c
    sent_at = not_by_index(call.sent_at) if is_narrow else call.sent_at
    found = select(*call).where(*wanted).order_by(sent_at, call.run, call.step, call.number, call.call)
    return found.limit(p("limit")).offset(NONE_SKIPPED)


def spent(*by: Any) -> Select[Any]:
    """How many calls; the tokens and dollars that are known; how many calls have none that are known."""
    call, calls = model_call.c, func.count()
    tokens = cast(func.coalesce(func.sum(call.input_tokens + call.output_tokens), text("0")), BigInteger)
    usd = func.coalesce(func.sum(call.usd), text("0"))
    return select(*by, calls, tokens, usd, calls - func.count(call.input_tokens), calls - func.count(call.usd)).select_from(
        model_call
    )


def call_writes(insert: Insert) -> Mapping[str, Executable]:
    """Statements that change something."""
    ending = ("state", "ended_at", "reply", "answered_by", "finish", "input_tokens", "output_tokens", "cached_tokens", "usd",
              "price_source", "error")  # fmt: skip
    kept = whole_row(insert, setting)
    return {
        "insert_call": whole_row(insert, model_call),
        "end_call": update(model_call)
        .values({name: p(name) for name in ending})
        .where(*at_attempt(model_call), model_call.c.call == p("call"), model_call.c.state == text("'sent'")),
        "insert_comment": whole_row(insert, comment),
        "put_setting": kept.on_conflict_do_update(
            index_elements=["name"], set_={name: kept.excluded[name] for name in ("value", "set_by", "set_at")}
        ),
        "delete_setting": delete(setting).where(setting.c.name == p("name")),
    }
