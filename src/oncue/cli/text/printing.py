"""Printing: results go to standard output, everything about the way there to standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence

import click

FOLDED = 8
_COLOURS = {
    "succeeded": "green", "fresh": "green", "accepted": "green", "completed": "green", "ok": "green",
    "failed": "red", "cancelled": "red", "halted": "red", "fail": "red", "error": "red",
    "stale": "yellow", "warn": "yellow", "interrupted": "yellow", "waiting": "yellow", "warning": "yellow",
    "running": "cyan", "queued": "cyan", "execute": "cyan",
}  # fmt: skip


def print_json(document: object) -> None:
    """Print one document."""
    print(json.dumps(document, ensure_ascii=False, indent=2))


def print_lines(lines: Iterable[str], *, is_error: bool = False) -> None:
    """Print lines; colours are left out where there is no terminal."""
    for line in lines:
        click.echo(line, err=is_error)


def say(text: str) -> None:
    """Print one line on standard error."""
    click.echo(text, err=True)


def coloured(word: str, text: str | None = None) -> str:
    """A word for a state (or the text that stands for it) in the state's colour."""
    colour = _COLOURS.get(word)
    shown = word if text is None else text
    return click.style(shown, fg=colour) if colour else shown


def table(rows: Sequence[Sequence[str]], *, indent: str = "  ") -> list[str]:
    """Rows in columns that line up; the last column is as wide as it is. Colours do not count."""
    if not rows:
        return []
    widths = [max(len(click.unstyle(row[column])) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [cell + " " * (width - len(click.unstyle(cell))) for cell, width in zip(row, widths, strict=True)]
        lines.append((indent + "  ".join(cells)).rstrip())
    return lines


def fold(items: Sequence[str], *, limit: int = FOLDED) -> str:
    """The first of many names, and how many more there are."""
    shown = ", ".join(items[:limit])
    return f"{shown} … and {len(items) - limit} more" if len(items) > limit else shown


def show_seconds(seconds: float) -> str:
    """A duration as people say it: ``0.8 s``, ``42 s``, ``3 min 5 s``, ``2 h 10 min``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def is_live() -> bool:
    """Whether a person watches: both standard error and standard output are a terminal."""
    return sys.stderr.isatty() and sys.stdout.isatty()
