"""The workflow of the guided scenario: one reading of a table for each table, and a check against the right figure."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from oncue import Params, StepContext, Workflow

YEARS = (2021, 2022, 2023, 2024)
DESKS = ("final", "provisional", "audited")
"""What the last column of a table is called; the naive reader takes the last *final* one."""
FORBIDDEN = "FIGURE NOT IN THE TABLE"

review = Workflow(
    "review",
    phases=["tables", "read"],
    params={"count": 60, "seed": 7},
    persona="You read tables of yearly figures for an annual report.",
    rules=["State only sums of figures that stand in the table."],
)


@dataclass(frozen=True)
class Table:
    """One table; ``desk`` is what its last column is called."""

    id: str
    desk: str
    rows: list[list[int]]

    def text(self) -> str:
        """The table as the model gets it."""
        head = f"table {self.id}\nunit  " + "  ".join(map(str, YEARS[:-1])) + f"  {YEARS[-1]} ({self.desk})"
        return "\n".join([head, *(f"u{place}  " + "  ".join(map(str, row)) for place, row in enumerate(self.rows))])

    def total(self, year: int) -> int:
        """The sum of one column."""
        return sum(row[YEARS.index(year)] for row in self.rows)


@dataclass(frozen=True)
class Reading:
    """What was read: the year, and the sum of its column."""

    year: int
    total: int


def make_tables(count: int, seed: int) -> list[Table]:
    """The same tables for the same seed."""
    random = Random(seed)
    return [
        Table(id=f"t{number}", desk=random.choice(DESKS), rows=[[random.randrange(10, 99) for _ in YEARS] for _ in range(4)])
        for number in range(count)
    ]


@review.step(phase="tables")
def tables(params: Params) -> list[Table]:
    """The tables to read."""
    return make_tables(params.count, params.seed)


@review.step(phase="read", each="tables", key="id")
def reading(item: Table, ctx: StepContext) -> Reading:
    """Read one table; the request does not say what counts as the latest year, and that is the trouble."""
    read: Reading = ctx.generate("State the total of the latest year.", context=item.text(), output=Reading)
    return read
