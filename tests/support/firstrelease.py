"""A workspace as the first release left it, made from one of today by taking away what came later."""

from __future__ import annotations

import sqlite3
from importlib.resources import files

FIRST = "0001"
Shape = dict[str, list[str]]


def put_back_to_first_release(database: sqlite3.Connection) -> None:
    """Drop every table, index and column that the first release did not have, and say so in the revision."""
    with sqlite3.connect(":memory:") as first:
        first.executescript((files("oncue.store.migrations") / "baseline" / "sqlite.sql").read_text(encoding="utf-8"))
        then = _shape(first)
        kept = {name for (name,) in first.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
    first.close()
    for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL").fetchall():
        if name not in kept:
            database.execute(f'DROP INDEX "{name}"')
    for table, columns in _shape(database).items():
        if table == "alembic_version":
            continue
        if table not in then:
            database.execute(f'DROP TABLE "{table}"')
            continue
        for column in columns:
            if column not in then[table]:
                database.execute(f'ALTER TABLE "{table}" DROP COLUMN "{column}"')
    database.execute("UPDATE alembic_version SET version_num = ?", (FIRST,))


def _shape(database: sqlite3.Connection) -> Shape:
    """Table → its columns."""
    tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()]
    return {table: [row[1] for row in database.execute(f'PRAGMA table_info("{table}")').fetchall()] for table in tables}
