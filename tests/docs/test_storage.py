"""The page about what is stored names every table and column, and nothing else."""

import re

import pytest

from oncue.store.tables import metadata
from tests.support.repository import ROOT

_NAME = re.compile(r"`(\w+)`")


@pytest.mark.proves("S2-38")
def test_the_page_names_every_table_with_its_columns() -> None:
    page = (ROOT / "docs" / "reference" / "storage.md").read_text(encoding="utf-8")
    table = page.split("## The units of work", maxsplit=1)[0]
    rows = [line.split("|")[1:4] for line in table.splitlines() if line.startswith("| `")]
    documented = {name: set(_NAME.findall(columns)) for names, _, columns in rows for name in _NAME.findall(names)}

    stored: dict[str, set[str]] = {found.name: {column.name for column in found.columns} for found in metadata.sorted_tables}
    blobs = stored["blob"] | stored["blob_chunk"]

    assert documented == {name: blobs if name.startswith("blob") else columns for name, columns in stored.items()}
