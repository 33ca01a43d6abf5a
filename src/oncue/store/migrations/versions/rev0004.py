"""People, their tokens, recommendations, and what a trigger followed."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "person",
        sa.Column("name", _KEY, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("added_by", sa.Text, nullable=False),
        sa.Column("added_at", sa.BigInteger, nullable=False),
        sa.Column("removed_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("name", name="pk_person"),
    )
    op.create_table(
        "access_token",
        sa.Column("digest", _KEY, nullable=False),
        sa.Column("person", _KEY, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("scopes", sa.Text),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("revoked_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("digest", name="pk_access_token"),
    )
    op.create_index("ix_access_token_person", "access_token", ["person"])
    op.create_table(
        "recommendation",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("job_id", _KEY, nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("rationale", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("given_at", sa.BigInteger, nullable=False),
        sa.Column("plan_digest", sa.Text, nullable=False),
        sa.Column("blockers", sa.Text, nullable=False),
        sa.Column("warnings", sa.Text, nullable=False),
        sa.Column("estimate", sa.Text, nullable=False),
        sa.Column("prerequisites", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_recommendation"),
    )
    op.create_index("ix_recommendation_job", "recommendation", ["job_id", "given_at"])
    op.add_column("trigger", sa.Column("recommendation_id", sa.Text))
    op.add_column("trigger", sa.Column("recommended", sa.Text))
