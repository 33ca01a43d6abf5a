"""The side-effect log: one line per beginning and end of an execution, written outside of any transaction.

A line says which process wrote it (its **generation**, counted by the test), and names job, run and step. Lines of several
processes never mix, but a kill can cut a ``write`` short where a page of the file ends. So a line begins and ends with a line
break, its last field is a mark, and one without it counts as not written.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from oncue import StepContext
from tests.support.processes import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One line of the log."""

    generation: int
    job: str
    run: int
    step: str
    attempt: int
    what: str


@dataclass(slots=True)
class _Log:
    """Where this process writes."""

    generation: int = 0
    file: int = -1
    line: Line | None = None


_log = _Log()
_WHOLE = "."


def open_effects(path: str, *, generation: int, line: Line) -> None:
    """Let the effects of this process go to a file, and a mark for each to its parent."""
    _log.file = open_log(path)
    _log.generation = generation
    _log.line = line


@contextmanager
def effect(ctx: StepContext) -> Iterator[None]:
    """Write that a step begins, and that it ended."""
    _write(ctx, "begins")
    yield
    _write(ctx, "ends")


def read_effects(path: Path) -> list[Effect]:
    """The whole log, in the order in which it was written."""
    return [
        Effect(generation=int(generation), job=job, run=int(run), step=step, attempt=int(attempt), what=what)
        for generation, job, run, step, attempt, what in read_rows(path)
    ]


def open_log(path: str) -> int:
    """A log to add lines to; it stays open until the process ends."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


def append_row(file: int, *fields: object) -> None:
    """Add a line to a log that several processes write."""
    os.write(file, "\t".join(["\n", *map(str, fields), f"{_WHOLE}\n"]).encode())


def read_rows(path: Path) -> list[list[str]]:
    """The fields of every whole line of a log, in the order in which they were written."""
    rows = [row.split("\t")[1:] for row in path.read_text(encoding="utf-8").split("\n")] if path.exists() else []
    return [fields[:-1] for fields in rows if fields[-1:] == [_WHOLE]]


def _write(ctx: StepContext, what: str) -> None:
    if _log.file >= 0:
        append_row(_log.file, _log.generation, ctx.job, ctx.run, ctx.step, ctx.attempt, what)
    if _log.line is not None:
        _log.line.say(f"{what} {ctx.step}")
