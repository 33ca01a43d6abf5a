"""What a job takes: bytes on disk for each step, and memory."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from benchmarks.driving import run_once
from benchmarks.figure import Figure
from benchmarks.processes import run_child
from benchmarks.settings import Settings

BYTES_LIMIT = 2_000.0
MEMORY_LIMIT = 150.0


def measure_disk(settings: Settings) -> Iterator[Figure]:
    """Every file of the workspace after it was closed, an empty one's share included."""
    for shape in ("chain", "fanout"):
        for steps in (settings.steps, settings.many):
            with settings.scratch() as folder:
                asyncio.run(run_once(folder, shape=shape, steps=steps))
                total = sum(file.stat().st_size for file in (folder / "workspace").rglob("*") if file.is_file())
            yield Figure(name=f"disk, {shape} of {steps:,}: a step", unit="B", samples=(total / steps,), limit=BYTES_LIMIT)


def measure_memory(settings: Settings) -> Iterator[Figure]:
    """The largest resident size of a process that makes and runs one job, interpreter and imports included."""
    for shape in ("chain", "fanout"):
        with settings.scratch() as folder:
            found = run_child("run", str(folder), shape, str(settings.many))
        samples = (found["peak_bytes"] / 1e6,)
        yield Figure(name=f"memory, {shape} of {settings.many:,}", unit="MB", samples=samples, limit=MEMORY_LIMIT)
