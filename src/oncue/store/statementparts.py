"""What statements are made of: parameters, whole rows, the rows of one attempt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import BindParameter, Boolean, ColumnElement, Integer, Table, bindparam, func, literal_column, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

PREFIX = "p_"
NONE_SKIPPED: ColumnElement[int] = literal_column("0", Integer)
"""Said aloud, because SQLite's compiler would add a parameter for it."""

Insert = Callable[[Table], Any]
"""``insert`` of one of the dialects: only these know ``ON CONFLICT``."""


def p(name: str, kind: Any = None) -> BindParameter[Any]:
    """A parameter; the prefix keeps it apart from the names SQLAlchemy gives to columns."""
    return bindparam(PREFIX + name, type_=kind)


def in_span(column: Any) -> ColumnElement[bool]:
    """Whether a run is one of those from a number to another."""
    found: ColumnElement[bool] = column.between(p("first_run"), p("last_run"))
    return found


def not_by_index(column: Any) -> Any:
    """A number as it is, which no index has in that order: where few rows are wanted of many, another index leads to them."""
    return func.coalesce(column, text("0"))


class holds(FunctionElement[bool]):  # noqa: N801 - named as SQL's functions are
    """Whether a text has another in it; null if either is."""

    type = Boolean()
    inherit_cache = True


@compiles(holds)
def _render_holds(element: holds, compiler: SQLCompiler, **options: Any) -> str:
    name = "instr" if compiler.dialect.name == "sqlite" else "strpos"
    return f"{name}({compiler.process(element.clauses, **options)}) > 0"


def at_attempt(table: Table) -> tuple[ColumnElement[bool], ...]:
    """The rows of one attempt."""
    return (
        table.c.job_id == p("job_id"),
        table.c.run == p("run"),
        table.c.step == p("step"),
        table.c.number == p("number"),
    )


def whole_row(insert: Insert, table: Table, *, but: str = "") -> Any:
    """One whole row, its columns in the order of the table."""
    return insert(table).values({column.name: p(column.name) for column in table.c if column.name != but})
