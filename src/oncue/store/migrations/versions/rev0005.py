"""When a token was last used."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("access_token", sa.Column("last_used_at", sa.BigInteger))
