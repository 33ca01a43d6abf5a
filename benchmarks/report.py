"""What was measured, as a table for people and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from benchmarks.figure import Figure

HEAD = ("figure", "value", "ratio", "target", "reached")


def render_table(figures: Iterable[Figure]) -> str:
    """One line for each figure."""
    rows = [HEAD, *(_row(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    return "\n".join(_line(row, widths) for row in rows)


def write_results(path: Path, figures: Sequence[Figure], *, machine: Mapping[str, object], date: str) -> None:
    """The results as JSON; the folder is made."""
    floors = [sample for figure in figures if figure.name.startswith("floor") for sample in figure.samples]
    record = {
        "date": date,
        "machine": machine,
        "floor_ms": sorted(floors)[len(floors) // 2] if floors else None,
        "figures": [figure.as_dict() for figure in figures],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _row(figure: Figure) -> tuple[str, ...]:
    value = figure.note if figure.value is None else f"{_number(figure.value)} {figure.unit}"
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f} × {figure.base}"
    target = ""
    if figure.limit is not None:
        target = f"≤ {figure.limit:g} ×" if figure.is_ratio_bound else f"≤ {figure.limit:g} {figure.unit}"
    reached = {True: "yes", False: "NO", None: "" if figure.limit is None else "-"}[figure.is_reached]
    return figure.name, value, ratio, target, reached


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = row
    cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))]
    return "  ".join(cells).rstrip()
