"""How soon a rerun of the last step begins in a process that knows the job."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

from benchmarks import probe
from benchmarks.driving import Timing, execute, make_job
from benchmarks.figure import Figure
from benchmarks.settings import Settings
from oncue import wiring
from oncue.core.request import RunRequest, Scope

FIRST_STEP_LIMIT, PLANNING_LIMIT = 100.0, 50.0


def measure_reruns(settings: Settings) -> Iterator[Figure]:
    """A chain, then reruns from its last step: request to the step running, and the part of it that is planning."""
    for steps in (settings.steps, settings.many):
        with settings.scratch() as folder:
            timings = asyncio.run(_rerun(folder, steps, times=2 * settings.rounds))
        name = f"rerun of the last step of {steps:,}"
        firsts = tuple(1000 * (entered - timing.asked) for timing, entered in timings)
        plans = tuple(1000 * (timing.planned - timing.asked) for timing, _ in timings)
        yield Figure(name=f"{name}: request to step running", unit="ms", samples=firsts, limit=FIRST_STEP_LIMIT)
        yield Figure(name=f"{name}: of which planning", unit="ms", samples=plans, limit=PLANNING_LIMIT)
        cpu = tuple(1000 * timing.planning_cpu for timing, _ in timings)
        yield Figure(name=f"{name}: processor time of planning", unit="ms", samples=cpu)


async def _rerun(folder: Path, steps: int, *, times: int) -> list[tuple[Timing, float]]:
    """The timing of each rerun, and when its step ran."""
    timings: list[tuple[Timing, float]] = []
    workspace = wiring.open_workspace(folder / "workspace", create=True)
    job = make_job(workspace, folder, shape="chain", steps=steps)
    request = RunRequest(scope=Scope.FROM, steps=(f"s{steps - 1}",))
    async with wiring.executing(workspace) as executor:
        await execute(workspace, executor, job_id=job.id, request=RunRequest())
        await execute(workspace, executor, job_id=job.id, request=request)
        for _ in range(times):
            probe.entered.clear()
            timing = await execute(workspace, executor, job_id=job.id, request=request)
            timings.append((timing, probe.entered[0]))
    workspace.store.close()
    return timings
