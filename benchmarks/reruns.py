"""How soon a rerun of the last step begins in a process that knows the job."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

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
        firsts, plans = asyncio.run(_rerun(settings, steps))
        name = f"rerun of the last step of {steps:,}"
        yield Figure(name=f"{name}: request to step running", unit="ms", samples=tuple(firsts), limit=FIRST_STEP_LIMIT)
        yield Figure(name=f"{name}: of which planning", unit="ms", samples=tuple(plans), limit=PLANNING_LIMIT)


async def _rerun(settings: Settings, steps: int) -> tuple[list[float], list[float]]:
    firsts: list[float] = []
    plans: list[float] = []
    with settings.scratch() as folder:
        workspace = wiring.open_workspace(folder / "workspace", create=True)
        job = make_job(workspace, folder, shape="chain", steps=steps)
        request = RunRequest(scope=Scope.FROM, steps=(f"s{steps - 1}",))
        async with wiring.executing(workspace) as executor:
            await execute(workspace, executor, job_id=job.id, request=RunRequest())
            await execute(workspace, executor, job_id=job.id, request=request)
            for _ in range(2 * settings.rounds):
                probe.entered.clear()
                timing: Timing = await execute(workspace, executor, job_id=job.id, request=request)
                firsts.append(1000 * (probe.entered[0] - timing.asked))
                plans.append(1000 * (timing.planned - timing.asked))
        workspace.store.close()
    return firsts, plans
