"""The tables of the first release, as text, so that nothing that changes later can change them."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None

_BASELINE = Path(__file__).parent.parent / "baseline"


def upgrade() -> None:
    text = (_BASELINE / f"{op.get_bind().dialect.name}.sql").read_text(encoding="utf-8")
    for statement in text.strip().removesuffix(";").split(";\n"):
        op.execute(statement)
