"""Reads the compiled statements of one dialect; see ``sqlcompile`` for where they come from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).parent / "sql"
SCHEMA = "schema"
HEAD = "0008"
"""The schema revision this program works with: the newest of ``migrations/versions``."""
STATES = 5
"""How many attempt states one statement takes; fewer are repeated."""
ADDRESSES = 64
"""How many artifacts one statement takes; fewer are repeated."""

Sql = Mapping[str, str]
"""Statement name → text; the parameters are a tuple in the order its header names."""


def load_sql(dialect: str) -> Sql:
    """Every statement of a dialect by name; ``schema`` is the text that creates all tables."""
    text = (FOLDER / f"{dialect}.sql").read_text(encoding="utf-8")
    sections = text.split("\n-- ")[1:]
    return {
        header.partition("(")[0]: body.strip().removesuffix(";")
        for header, _, body in (section.partition("\n") for section in sections)
    }
