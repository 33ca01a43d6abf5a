"""The tables of a workspace, for both dialects.

Only building needs this module: the statements and the schema are compiled from it into ``sql/*.sql``, which is all that a
running program reads (importing SQLAlchemy would take longer than most commands). Instants are microseconds since the
epoch; JSON is compact text; every text sorts by code point.

On SQLite, tables of short rows are ``WITHOUT ROWID``: the row lives in its primary key. Tables of bodies are not, because
long rows in a key tree spill into pages of their own. There are no foreign keys: one layer writes, in one transaction.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
OPEN_RUN = "state IN ('queued', 'running', 'waiting')"
OPEN_ATTEMPT = "state IN ('running', 'waiting')"
UNDECIDED = "how IS NULL"
LATE = "late_at IS NOT NULL"

metadata = MetaData(naming_convention=NAMING)

_KEY = String().with_variant(String(collation="C"), "postgresql")
_JSON = Text()
_INSTANT = BigInteger()


def _key(name: str, *, primary: bool = True) -> Column[Any]:
    return Column(name, _KEY, primary_key=primary, nullable=False)


def _number(name: str, *, primary: bool = False) -> Column[Any]:
    return Column(name, Integer, primary_key=primary, nullable=False, autoincrement=False)


def _short(name: str, *columns: Column[Any]) -> Table:
    """A table whose rows are short."""
    return Table(name, metadata, *columns, sqlite_with_rowid=False)


job = Table(
    "job",
    metadata,
    _key("id"),
    Column("workflow", Text, nullable=False),
    Column("source_kind", Text, nullable=False),
    Column("source_ref", Text, nullable=False),
    Column("source_folder", Text, nullable=False),
    Column("definition_hash", Text, nullable=False),
    Column("status", Text, nullable=False),
    _number("revision"),
    _number("runs"),
    Column("event_seq", BigInteger, nullable=False),
    Column("created_at", _INSTANT, nullable=False),
    Column("stopped_at", _INSTANT),
    Column("replayed_from", Text),
)
job_params = Table("job_params", metadata, _key("job_id"), Column("body", _JSON, nullable=False))
"""Apart from the job's row, which every step rewrites to number its events."""

definition = Table("definition", metadata, _key("address"), Column("body", LargeBinary, nullable=False))

run = Table(
    "run",
    metadata,
    _key("job_id"),
    _number("number", primary=True),
    Column("state", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("request", _JSON, nullable=False),
    Column("trigger_id", Text, nullable=False),
    Column("plan_digest", Text, nullable=False),
    Column("definition_hash", Text, nullable=False),
    Column("params", _JSON, nullable=False),
    Column("queued_at", _INSTANT, nullable=False),
    Column("started_at", _INSTANT),
    Column("ended_at", _INSTANT),
    Column("error", _JSON),
    Column("owner", Text),
    _number("fence"),
    Column("cancel_requested_at", _INSTANT),
    Column("cut_off", _JSON),
)
open_runs = Index("ix_run_open", run.c.job_id, run.c.number, sqlite_where=text(OPEN_RUN), postgresql_where=text(OPEN_RUN))

plan = Table("plan", metadata, _key("job_id"), _number("run", primary=True), Column("body", LargeBinary, nullable=False))

trigger = Table(
    "trigger",
    metadata,
    _key("id"),
    Column("job_id", _KEY, nullable=False, index=True),
    _number("run"),
    Column("source", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("plan_digest", Text, nullable=False),
    Column("triggered_at", _INSTANT, nullable=False),
    Column("metadata", _JSON, nullable=False),
    Column("parent_id", Text),
    Column("recommendation_id", Text),
    Column("recommended", _JSON),
)

attempt = _short(
    "attempt",
    _key("job_id"),
    _number("run", primary=True),
    _key("step"),
    _number("number", primary=True),
    Column("state", Text, nullable=False),
    _number("fence"),
    Column("worker", Text, nullable=False),
    Column("started_at", _INSTANT, nullable=False),
    Column("ended_at", _INSTANT),
    Column("artifact", Text),
    Column("inputs", _JSON),
    Column("context", Text, nullable=False),
    Column("log", Text),
    Column("error", _JSON),
    Column("losses", Integer, nullable=False, server_default=text("0")),
)

step = _short(
    "step",
    _key("job_id"),
    _key("step"),
    _number("last_run"),
    _number("last_number"),
    Column("last_state", Text, nullable=False),
    Column("run", Integer),
    Column("number", Integer),
    Column("artifact", Text),
    Column("seq", BigInteger, nullable=False),
)
"""One row per step: its latest ended attempt, and which attempt made the current output. ``seq`` is the job's last event
number when the row changed."""

artifact = Table(
    "artifact",
    metadata,
    _key("hash"),
    Column("kind", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("body", LargeBinary),
    Column("files", _JSON),
    Column("pruned_at", _INSTANT),
)
"""``body`` is empty where it is large (then a blob) or was pruned."""

expansion = Table(
    "expansion",
    metadata,
    _key("job_id"),
    _key("step"),
    Column("over", Text, nullable=False),
    Column("definition", Text, nullable=False),
    Column("items", _JSON, nullable=False),
)

acceptance = Table(
    "acceptance",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("job_id", _KEY, nullable=False, index=True),
    Column("step", _KEY, nullable=False),
    _number("run"),
    _number("number"),
    Column("basis", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("accepted_at", _INSTANT, nullable=False),
)

event = _short(
    "event",
    _key("job_id"),
    Column("seq", BigInteger, primary_key=True, autoincrement=False, nullable=False),
    Column("at", _INSTANT, nullable=False),
    Column("type", Text, nullable=False),
    Column("run", Integer),
    Column("step", Text),
    Column("data", _JSON),
)

memo = Table(
    "memo",
    metadata,
    _key("job_id"),
    _number("run", primary=True),
    _key("step"),
    _number("number", primary=True),
    _key("name"),
    Column("body", LargeBinary, nullable=False),
)

question = Table(
    "question",
    metadata,
    _key("id"),
    _key("job_id", primary=False),
    _number("run"),
    _key("step", primary=False),
    _number("number"),
    _key("type", primary=False),
    Column("kind", Text, nullable=False),
    _number("occurrence"),
    Column("fingerprint", Text, nullable=False),
    Column("asking", _JSON, nullable=False),
    Column("asked_at", _INSTANT, nullable=False),
    Column("deadline", _INSTANT),
    _number("acts"),
    Column("how", Text),
    Column("response", _JSON),
    Column("actor", Text),
    Column("answered_at", _INSTANT),
    Column("is_timed_out", Integer),
    Column("reused_from", Text),
    Column("late_response", _JSON),
    Column("late_actor", Text),
    Column("late_at", _INSTANT),
    Column("words", Text),
    UniqueConstraint("job_id", "run", "step", "number", "type", "occurrence"),
)
"""``acts`` is 1 where the policy does something at the deadline; ``how`` is null while nobody has settled the question;
``words`` is what it is found by afterwards."""
Index("ix_question_job", question.c.job_id, question.c.asked_at)
Index(
    "ix_question_undecided",
    question.c.acts,
    question.c.deadline,
    sqlite_where=text(UNDECIDED),
    postgresql_where=text(UNDECIDED),
)
"""Finds those that are due without touching those that wait, however many these are."""
Index("ix_question_late", question.c.job_id, question.c.asked_at, sqlite_where=text(LATE), postgresql_where=text(LATE))
Index("ix_question_place", *(question.c[name] for name in ("job_id", "step", "type", "occurrence", "asked_at")))
Index("ix_question_counted", *(question.c[name] for name in ("job_id", "type", "run", "how", "asked_at")))
"""All that counting needs, so that it reads no row."""

model_call = Table(
    "model_call",
    metadata,
    _key("job_id"),
    _number("run", primary=True),
    _key("step"),
    _number("number", primary=True),
    _number("call", primary=True),
    _number("generation"),
    Column("purpose", Text, nullable=False),
    _number("tries"),
    Column("model", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("sections", _JSON, nullable=False),
    Column("prompt", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("comments", _JSON),
    Column("state", Text, nullable=False),
    Column("sent_at", _INSTANT, nullable=False),
    Column("ended_at", _INSTANT),
    Column("reply", Text),
    Column("answered_by", Text, nullable=False),
    Column("finish", Text, nullable=False),
    Column("input_tokens", BigInteger),
    Column("output_tokens", BigInteger),
    Column("cached_tokens", BigInteger),
    Column("usd", Double),
    Column("price_source", Text),
    Column("error", _JSON),
)
"""``call`` counts the calls of the attempt that ``number`` names."""
Index(
    "ix_model_call_spent",
    *(model_call.c[name] for name in ("job_id", "run", "step", "number", "input_tokens", "output_tokens", "usd")),
)
"""All that budgets and estimates add up, so that neither reads a row."""
Index("ix_model_call_sent", model_call.c.job_id, model_call.c.sent_at)
Index("ix_model_call_step", model_call.c.job_id, model_call.c.step)

comment = Table(
    "comment",
    metadata,
    _key("job_id"),
    _number("run", primary=True),
    Column("text", Text, nullable=False),
    Column("kind", Text),
    Column("steps", _JSON),
    Column("author", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("given_at", _INSTANT, nullable=False),
)

setting = Table(
    "setting",
    metadata,
    _key("name"),
    Column("value", _JSON, nullable=False),
    Column("set_by", Text, nullable=False),
    Column("set_at", _INSTANT, nullable=False),
)

person = Table(
    "person",
    metadata,
    _key("name"),
    Column("role", Text, nullable=False),
    Column("added_by", Text, nullable=False),
    Column("added_at", _INSTANT, nullable=False),
    Column("removed_at", _INSTANT),
)

access_token = Table(
    "access_token",
    metadata,
    _key("digest"),
    Column("person", _KEY, nullable=False, index=True),
    Column("label", Text, nullable=False),
    Column("scopes", _JSON),
    Column("made_at", _INSTANT, nullable=False),
    Column("revoked_at", _INSTANT),
    Column("last_used_at", _INSTANT),
)

recommendation = Table(
    "recommendation",
    metadata,
    _key("id"),
    Column("job_id", _KEY, nullable=False),
    Column("request", _JSON, nullable=False),
    Column("rationale", _JSON, nullable=False),
    Column("author", _JSON, nullable=False),
    Column("given_at", _INSTANT, nullable=False),
    Column("plan_digest", Text, nullable=False),
    Column("blockers", _JSON, nullable=False),
    Column("warnings", _JSON, nullable=False),
    Column("estimate", _JSON, nullable=False),
    Column("prerequisites", _JSON, nullable=False),
)
Index("ix_recommendation_job", recommendation.c.job_id, recommendation.c.given_at)

blob = Table("blob", metadata, _key("address"), Column("size", BigInteger, nullable=False))
blob_chunk = Table(
    "blob_chunk", metadata, _key("address"), _number("number", primary=True), Column("body", LargeBinary, nullable=False)
)
"""Bodies of a workspace that has no folder in common: pieces of 1 MiB."""

revision = Table(
    "alembic_version",
    metadata,
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""Alembic's own table, declared exactly as Alembic makes it, so that a new workspace is created whole."""
