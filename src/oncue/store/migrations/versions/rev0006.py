"""Finding late answers and calls, and counting questions, without reading all of a job."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_LATE = sa.text("late_at IS NOT NULL")


def upgrade() -> None:
    op.create_index("ix_question_late", "question", ["job_id", "asked_at"], sqlite_where=_LATE, postgresql_where=_LATE)
    op.create_index("ix_question_place", "question", ["job_id", "step", "type", "occurrence"])
    op.create_index("ix_question_counted", "question", ["job_id", "type", "run", "how", "asked_at"])
    op.create_index("ix_model_call_sent", "model_call", ["job_id", "sent_at"])
    op.create_index("ix_model_call_step", "model_call", ["job_id", "step"])
