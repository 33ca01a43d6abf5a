"""The committed SQL is what the tables and statements compile to, and migrations lead to the same tables."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect, text

from oncue.store.migrations.upgrade import FOLDER, run_migrations
from oncue.store.sqlcompile import DIALECTS, render_sql
from oncue.store.sqltext import FOLDER as SQL
from oncue.store.sqltext import HEAD, load_sql
from oncue.store.tables import metadata
from tests.support.repository import PACKAGE, ROOT


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_committed_sql_is_what_the_statements_compile_to(dialect: str) -> None:
    committed = (SQL / f"{dialect}.sql").read_text(encoding="utf-8")

    assert committed == render_sql(dialect), "run: python -m oncue.store.sqlcompile"


def test_statements_take_the_same_parameters_in_the_same_order_on_both_databases() -> None:
    headers = [re.findall(r"^-- (\w+\(.*\))$", render_sql(dialect), re.MULTILINE) for dialect in DIALECTS]

    assert headers[0] == headers[1]


def test_every_statement_is_used() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (PACKAGE / "store").glob("*.py"))

    assert [name for name in load_sql("sqlite") if code.count(f'"{name}"') < 2 and name != "schema"] == []


def test_the_program_knows_the_newest_revision() -> None:
    assert ScriptDirectory(str(FOLDER)).get_heads() == [HEAD]


@pytest.fixture(params=["sqlite", "postgres"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Connection]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        url = request.getfixturevalue("postgres_url").replace("postgresql://", "postgresql+psycopg://")
    engine = create_engine(url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def test_migrating_from_nothing_leads_to_the_tables_of_the_program(empty: Connection) -> None:
    run_migrations(empty, ScriptDirectory(str(FOLDER)))
    migrated = described(empty)
    empty.commit()

    assert compare_metadata(MigrationContext.configure(empty), metadata) == []
    assert empty.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == HEAD
    metadata.drop_all(empty)
    metadata.create_all(empty)
    assert described(empty) == migrated


def described(connection: Connection) -> object:
    """Everything the database says of its tables: on SQLite the very text they were made with."""
    if connection.dialect.name == "sqlite":
        rows = connection.execute(text("SELECT name, sql FROM sqlite_master")).all()
        return {name: sql and re.sub(r"\s+", "", sql).replace('"', "") for name, sql in rows}
    seen = inspect(connection)
    return {
        name: (
            str(seen.get_columns(name)),
            seen.get_pk_constraint(name),
            sorted(seen.get_indexes(name), key=str),
            seen.get_unique_constraints(name),
        )
        for name in seen.get_table_names()
    }


def test_importing_the_store_loads_no_large_library() -> None:
    check = "import sys, oncue.store; print([m for m in ('sqlalchemy', 'alembic', 'psycopg', 'asyncio') if m in sys.modules])"

    said = subprocess.run(
        [sys.executable, "-c", check], cwd=ROOT, env={"PYTHONPATH": "src"}, check=True, capture_output=True, text=True
    )

    assert said.stdout.strip() == "[]"
