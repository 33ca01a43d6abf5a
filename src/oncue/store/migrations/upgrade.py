"""Brings the tables of an older workspace up to date, without an ini file or an environment script."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection as Bind
from sqlalchemy import Engine, NullPool, create_engine
from sqlalchemy.exc import DBAPIError

from oncue.errors import WorkspaceError
from oncue.store.database import Connection, Database

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
    try:
        with database.migrating() as connection, _guest_engine(database, connection).connect() as bind:
            run_migrations(bind, scripts)
    except DBAPIError as error:
        raise (error.orig or error) from error  # as the driver said it: whoever opens the workspace explains that


def _guest_engine(database: Database, connection: Connection) -> Engine:
    """An engine on one connection whose transaction and whose end are somebody else's.

    Left to itself it would roll back when it first connects (and so give up the lock), and commit after each revision.
    """
    engine = create_engine(DRIVERS[database.dialect], creator=lambda: connection, poolclass=NullPool)
    for name in ("do_begin", "do_commit", "do_rollback", "do_close"):
        setattr(engine.dialect, name, _leave_alone)
    return engine


def _leave_alone(_: Connection) -> None:
    """What a guest does."""


def run_migrations(bind: Bind, scripts: ScriptDirectory, *, to: str = "head") -> None:
    """Upgrade what a connection leads to; the transaction is the caller's."""

    def steps(revision: Any, _: object) -> Any:
        return scripts._upgrade_revs(to, revision)

    environment = EnvironmentContext(Config(), scripts, fn=steps)
    environment.configure(connection=bind, render_as_batch=True)
    environment.run_migrations()
