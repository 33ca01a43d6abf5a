"""Drives Oncue as an entry point would: make a job, plan, trigger, start, execute."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.flows import write_chain, write_fan_out
from oncue import wiring
from oncue.control.execution.executor import Executor
from oncue.control.jobs import create_job
from oncue.control.preflight import prepare_run
from oncue.control.runs import start_run
from oncue.control.triggers import mint_trigger
from oncue.control.workspace import Workspace
from oncue.core.model import Job, JobId, RunKind, RunState, TriggerSource
from oncue.core.request import RunRequest

SHAPES: dict[str, Callable[[Path, int], str]] = {
    "chain": write_chain,
    "fanout": write_fan_out,
    "interrupted": lambda folder, steps: write_chain(folder, steps, entering=steps - 2),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When a run was asked for, planned and over, on the performance counter; and the processor time that took."""

    asked: float
    planned: float
    ended: float
    planning_cpu: float
    cpu: float

    @property
    def seconds(self) -> float:
        """From the request to the end."""
        return self.ended - self.asked


def make_job(workspace: Workspace, folder: Path, *, shape: str, steps: int) -> Job:
    """A job of a generated workflow, whose file is written to the folder."""
    return create_job(workspace, SHAPES[shape](folder, steps), params={}, folder=folder)


async def execute(workspace: Workspace, executor: Executor, *, job_id: JobId, request: RunRequest) -> Timing:
    """Plan, start and finish one run.

    Raises:
        RuntimeError: it did not succeed.
    """
    gc.collect()
    asked, cpu = time.perf_counter(), time.process_time()
    prepared = prepare_run(workspace, job_id, request)
    planned, planned_cpu = time.perf_counter(), time.process_time()
    trigger = mint_trigger(
        workspace, prepared, source=TriggerSource.CLI_TOOL, action=RunKind.RUN, actor="bench", trigger_id=None
    )
    started = start_run(workspace, prepared, trigger, owner=executor.worker_id)
    run = await executor.finish(job_id, started.number)
    ended, ended_cpu = time.perf_counter(), time.process_time()
    if run.state is not RunState.SUCCEEDED:
        raise RuntimeError(f"run {run.number} ended as {run.state.value}: {run.error}")
    return Timing(asked=asked, planned=planned, ended=ended, planning_cpu=planned_cpu - cpu, cpu=ended_cpu - cpu)


async def run_once(folder: Path, *, shape: str, steps: int) -> Timing:
    """Run a new job of a new workspace in this folder, and close it."""
    workspace = wiring.open_workspace(folder / "workspace", create=True)
    try:
        job = make_job(workspace, folder, shape=shape, steps=steps)
        async with wiring.executing(workspace) as executor:
            return await execute(workspace, executor, job_id=job.id, request=RunRequest())
    finally:
        workspace.store.close()
