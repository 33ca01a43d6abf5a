"""Compiles the tables and statements into ``sql/sqlite.sql`` and ``sql/postgres.sql``: ``python -m oncue.store.sqlcompile``.

The result is committed, and a test compares it. So a running program needs neither SQLAlchemy (a quarter of a second to
import) nor a compilation; a change of a statement is seen in both dialects in review.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Dialect, Executable
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from oncue.store.sqltext import FOLDER, SCHEMA
from oncue.store.statementparts import PREFIX, Insert
from oncue.store.statements import reads, writes
from oncue.store.tables import metadata

DIALECTS: dict[str, tuple[Dialect, Insert]] = {
    "sqlite": (SQLiteDialect_pysqlite(paramstyle="qmark"), sqlite.insert),
    "postgres": (PGDialect_psycopg(paramstyle="format"), postgresql.insert),  # type: ignore[no-untyped-call]
}


def render_sql(name: str) -> str:
    """The whole text of one dialect: the schema, then every statement under a line with its name and parameters."""
    dialect, insert = DIALECTS[name]
    parts = [f"-- Generated from tables.py and statements.py by `python -m oncue.store.sqlcompile`.\n\n-- {SCHEMA}()"]
    parts += [f"{ddl};" for ddl in _render_schema(dialect)]
    for title, statement in {**reads(), **writes(insert)}.items():
        parts.append(_render_statement(title, statement, dialect))
    return "\n".join(parts) + "\n"


def _render_schema(dialect: Dialect) -> Iterator[str]:
    for table in metadata.sorted_tables:
        yield _one_line(str(CreateTable(table).compile(dialect=dialect)))
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            yield _one_line(str(CreateIndex(index).compile(dialect=dialect)))


def _render_statement(title: str, statement: Executable, dialect: Dialect) -> str:
    compiled = statement.compile(dialect=dialect)  # type: ignore[attr-defined]
    names = [name.removeprefix(PREFIX) for name in compiled.positiontup or ()]
    if len(set(names)) < len(names):
        raise ValueError(f"the statement {title!r} takes a parameter twice: {names}")
    return f"\n-- {title}({', '.join(names)})\n{_one_line(str(compiled))};"


def _one_line(sql: str) -> str:
    return re.sub(r"\s+", " ", sql).strip()


def main() -> None:
    """Write the files of both dialects."""
    for name in DIALECTS:
        Path(FOLDER, f"{name}.sql").write_text(render_sql(name), encoding="utf-8")


if __name__ == "__main__":
    main()
