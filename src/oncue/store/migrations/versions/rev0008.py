"""Finding the latest question of a place without reading those before it."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.drop_index("ix_question_place", "question")
    op.create_index("ix_question_place", "question", ["job_id", "step", "type", "occurrence", "asked_at"])
