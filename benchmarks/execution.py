"""What a step costs in a long chain and in a wide fan-out, and whether that grows with the size of the job."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from benchmarks.driving import run_once
from benchmarks.figure import Figure
from benchmarks.settings import Settings

TITLES = {"chain": "chain of {}: a step", "fanout": "fan-out of {}: a step"}
LIMITS = {"chain": 3.0, "fanout": 1.0}
GROWTH_LIMIT = 20.0
REPETITIONS = 10
"""How often at most a job is repeated because the machine was disturbed."""


def measure_shape(settings: Settings, shape: str) -> Iterator[Figure]:
    """Rounds of floor, small job, floor, large job, floor; a job is compared with the two floors around it."""
    _time(settings, shape, min(settings.steps, 100))  # everything is imported and warm
    sizes = (settings.steps, settings.many)
    rounds = [[_measure_job(settings, shape, steps) for steps in sizes] for _ in range(settings.rounds)]
    floors = tuple(1000 * floor for jobs in rounds for _, floor in jobs)
    yield Figure(name=f"floor around {shape}: a row", unit="ms", samples=floors)
    for index, steps in enumerate(sizes):
        yield Figure.against(
            TITLES[shape].format(f"{steps:,}"),
            unit="ms",
            samples=[1000 * jobs[index][0] for jobs in rounds],
            bases=[1000 * jobs[index][1] for jobs in rounds],
            base="floor",
            limit=LIMITS[shape],
        )
    growth = tuple(100 * (large / small - 1) for (small, _), (large, _) in rounds)
    name = f"{shape}, growth of a step's time from {settings.steps:,} to {settings.many:,}"
    yield Figure(name=name, unit="%", samples=growth, limit=GROWTH_LIMIT)


def _measure_job(settings: Settings, shape: str, steps: int) -> tuple[float, float]:
    """Seconds a step, and the floor around the job; where that shows a disturbed machine the job is repeated."""
    attempts: list[tuple[float, float, float]] = []
    before = settings.floor()
    for _ in range(REPETITIONS):
        seconds = _time(settings, shape, steps)
        after = settings.floor()
        attempts.append((max(before, after), seconds, (before + after) / 2))
        if attempts[-1][0] <= settings.floor_below:
            break
        before = after
    _, seconds, floor = min(attempts)
    return seconds, floor


def _time(settings: Settings, shape: str, steps: int) -> float:
    """Seconds a step, from the request of the run to its end."""
    with settings.scratch() as folder:
        return asyncio.run(run_once(folder, shape=shape, steps=steps)).seconds / steps
