"""What a step costs in a long chain and in a wide fan-out, and whether that grows with the size of the job."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.driving import Timing, run_once
from benchmarks.figure import Figure
from benchmarks.settings import Settings

TITLES = {"chain": "chain of {}: a step", "fanout": "fan-out of {}: a step"}
LIMITS = {"chain": 3.0, "fanout": 1.0}
GROWTH_LIMIT = 20.0
REPETITIONS = 10
"""How often at most a job is repeated because the machine was disturbed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """Seconds a step, of time and of the processor, and the floors around the job."""

    seconds: float
    cpu: float
    floor: float
    highest_floor: float


def measure_shape(settings: Settings, shape: str) -> Iterator[Figure]:
    """Rounds of floor, small job, floor, large job, floor; a job is compared with the two floors around it."""
    _time(settings, shape, min(settings.steps, 100))  # everything is imported and warm
    sizes = (settings.steps, settings.many)
    rounds = [[_measure_job(settings, shape, steps) for steps in sizes] for _ in range(settings.rounds)]
    floors = tuple(1000 * job.floor for jobs in rounds for job in jobs)
    yield Figure(name=f"floor around {shape}: a row", unit="ms", samples=floors)
    for index, steps in enumerate(sizes):
        yield Figure.against(
            TITLES[shape].format(f"{steps:,}"),
            unit="ms",
            samples=[1000 * jobs[index].seconds for jobs in rounds],
            bases=[1000 * jobs[index].floor for jobs in rounds],
            base="floor",
            limit=LIMITS[shape],
        )
        cpu = tuple(1000 * jobs[index].cpu for jobs in rounds)
        yield Figure(name=f"{TITLES[shape].format(f'{steps:,}')}, processor time", unit="ms", samples=cpu)
    growth = tuple(100 * (large.seconds / small.seconds - 1) for small, large in rounds)
    name = f"{shape}, growth of a step's time from {settings.steps:,} to {settings.many:,}"
    yield Figure(name=name, unit="%", samples=growth, limit=GROWTH_LIMIT)


def _measure_job(settings: Settings, shape: str, steps: int) -> _Job:
    """One job between two floors; where they show a disturbed machine it is repeated, and the least disturbed one counts."""
    jobs: list[_Job] = []
    before = settings.floor()
    for _ in range(REPETITIONS):
        timing = _time(settings, shape, steps)
        after = settings.floor()
        jobs.append(
            _Job(
                seconds=timing.seconds / steps,
                cpu=timing.cpu / steps,
                floor=(before + after) / 2,
                highest_floor=max(before, after),
            )
        )
        if jobs[-1].highest_floor <= settings.floor_below:
            break
        before = after
    return min(jobs, key=lambda job: job.highest_floor)


def _time(settings: Settings, shape: str, steps: int) -> Timing:
    with settings.scratch() as folder:
        return asyncio.run(run_once(folder, shape=shape, steps=steps))
