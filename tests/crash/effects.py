"""The side-effect log: one line per beginning and end of an execution, written outside of any transaction.

A line says which process wrote it (its **generation**, counted by the test), and names job, run and step. A single ``write``
to a file opened for appending is whole or absent, also when the process is killed.
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


def open_effects(path: str, *, generation: int, line: Line) -> None:
    """Let the effects of this process go to a file, and a mark for each to its parent."""
    _log.file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
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
    found = []
    for row in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        generation, job, run, step, attempt, what = row.split("\t")
        found.append(Effect(generation=int(generation), job=job, run=int(run), step=step, attempt=int(attempt), what=what))
    return found


def _write(ctx: StepContext, what: str) -> None:
    if _log.file >= 0:
        fields = (_log.generation, ctx.job, ctx.run, ctx.step, ctx.attempt, what)
        os.write(_log.file, ("\t".join(map(str, fields)) + "\n").encode())
    if _log.line is not None:
        _log.line.say(f"{what} {ctx.step}")
