"""Brings the tables of an older workspace up to date, without an ini file or an environment script."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection as Bind
from sqlalchemy import NullPool, create_engine

from oncue.errors import WorkspaceError
from oncue.store.database import Database

FOLDER = Path(__file__).parent
DRIVERS = {"sqlite": "sqlite://", "postgres": "postgresql+psycopg://"}


def upgrade(database: Database, revision: str) -> None:
    """Run what is missing after a revision, in one transaction that nobody can come between.

    Raises:
        WorkspaceError: this program does not know the revision.
    """
    scripts = ScriptDirectory(str(FOLDER))
    try:
        scripts.get_revision(revision)
    except CommandError as error:
        raise WorkspaceError(
            f"{database.url} was written by a newer version of Oncue (revision {revision})",
            hint="pip install --upgrade oncue",
        ) from error
    with database.migrating() as connection:
        engine = create_engine(DRIVERS[database.dialect], creator=lambda: connection, poolclass=NullPool)
        bind = engine.connect()
        run_migrations(bind, scripts)
        bind.commit()
        bind.detach()  # the connection is closed by whoever opened it


def run_migrations(bind: Bind, scripts: ScriptDirectory) -> None:
    """Upgrade what a connection leads to; the transaction is the caller's."""

    def steps(revision: Any, _: object) -> Any:
        return scripts._upgrade_revs("head", revision)

    environment = EnvironmentContext(Config(), scripts, fn=steps)
    environment.configure(connection=bind, render_as_batch=True)
    environment.run_migrations()
