"""The words by which a decision is found, stored with it."""

import sqlalchemy as sa
from alembic import op

from oncue.core.questionwords import decision_words
from oncue.store.questionrows import read_question

revision = "0007"
down_revision = "0006"

_READ = (
    "id, job_id, run, step, number, type, kind, occurrence, fingerprint, asking, asked_at, deadline, acts, how, response, "
    "actor, answered_at, is_timed_out, reused_from, late_response, late_actor, late_at"
)


def upgrade() -> None:
    op.add_column("question", sa.Column("words", sa.Text))
    connection = op.get_bind()
    decided = connection.execute(sa.text(f"SELECT {_READ} FROM question WHERE how IS NOT NULL")).fetchall()
    found = [{"id": row[0], "words": decision_words(read_question(tuple(row)))} for row in decided]
    if found:
        connection.execute(sa.text("UPDATE question SET words = :words WHERE id = :id"), found)
