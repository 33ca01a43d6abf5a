"""Questions; how many workers an attempt has lost; which job a job repeats."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")
_UNDECIDED = sa.text("how IS NULL")


def upgrade() -> None:
    op.add_column("job", sa.Column("replayed_from", sa.Text))
    op.add_column("attempt", sa.Column("losses", sa.Integer, nullable=False, server_default=sa.text("0")))
    op.create_table(
        "question",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("job_id", _KEY, nullable=False),
        sa.Column("run", sa.Integer, nullable=False),
        sa.Column("step", _KEY, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("type", _KEY, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("occurrence", sa.Integer, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("asking", sa.Text, nullable=False),
        sa.Column("asked_at", sa.BigInteger, nullable=False),
        sa.Column("deadline", sa.BigInteger),
        sa.Column("acts", sa.Integer, nullable=False),
        sa.Column("how", sa.Text),
        sa.Column("response", sa.Text),
        sa.Column("actor", sa.Text),
        sa.Column("answered_at", sa.BigInteger),
        sa.Column("is_timed_out", sa.Integer),
        sa.Column("reused_from", sa.Text),
        sa.Column("late_response", sa.Text),
        sa.Column("late_actor", sa.Text),
        sa.Column("late_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_question"),
        sa.UniqueConstraint(
            "job_id", "run", "step", "number", "type", "occurrence",
            name="uq_question_job_id_run_step_number_type_occurrence",
        ),
    )  # fmt: skip
    op.create_index("ix_question_job", "question", ["job_id", "asked_at"])
    op.create_index(
        "ix_question_undecided", "question", ["acts", "deadline"], sqlite_where=_UNDECIDED, postgresql_where=_UNDECIDED
    )
