"""Model calls, the comments of runs, and settings."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "model_call",
        sa.Column("job_id", _KEY, nullable=False),
        sa.Column("run", sa.Integer, nullable=False),
        sa.Column("step", _KEY, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("call", sa.Integer, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("sections", sa.Text, nullable=False),
        sa.Column("prompt", sa.Text, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("comments", sa.Text),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("sent_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("reply", sa.Text),
        sa.Column("answered_by", sa.Text, nullable=False),
        sa.Column("finish", sa.Text, nullable=False),
        sa.Column("input_tokens", sa.BigInteger),
        sa.Column("output_tokens", sa.BigInteger),
        sa.Column("cached_tokens", sa.BigInteger),
        sa.Column("usd", sa.Double),
        sa.Column("price_source", sa.Text),
        sa.Column("error", sa.Text),
        sa.PrimaryKeyConstraint("job_id", "run", "step", "number", "call", name="pk_model_call"),
    )
    op.create_index(
        "ix_model_call_spent",
        "model_call",
        ["job_id", "run", "step", "number", "input_tokens", "output_tokens", "usd"],
    )
    op.create_table(
        "comment",
        sa.Column("job_id", _KEY, nullable=False),
        sa.Column("run", sa.Integer, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("kind", sa.Text),
        sa.Column("steps", sa.Text),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("given_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("job_id", "run", name="pk_comment"),
    )
    op.create_table(
        "setting",
        sa.Column("name", _KEY, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("set_by", sa.Text, nullable=False),
        sa.Column("set_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_setting"),
    )
