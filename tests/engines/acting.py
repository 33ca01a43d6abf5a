"""What the processes of these tests do; each function is a child's whole life."""

from __future__ import annotations

import asyncio
import os
import resource
from pathlib import Path

from oncue import wiring
from oncue.control.tasks import advance_task
from oncue.control.workspace import Workspace
from oncue.core.model import OPEN_RUNS, JobId
from tests.engines.gates import gate
from tests.engines.starting import open_at, start
from tests.support.processes import Line

SOME_ATTEMPTS = 5


def run_job(line: Line, *, location: str, folder: str, job: str, holds: bool = True) -> None:
    """Continue the job's first open run, or start one, and finish it; says ``ended N STATE``."""
    gate.line, gate.holds = line, holds
    workspace = _open(location, folder)
    asyncio.run(_run_job(workspace, JobId(job)))


async def _run_job(workspace: Workspace, job_id: JobId) -> None:
    async with wiring.executing(workspace) as executor:
        with workspace.store.read() as reader:
            left = [run for run in reader.list_runs(job_id) if run.state in OPEN_RUNS]
        run = left[0] if left else start(workspace, job_id, owner=executor.worker_id)
        gate.say(f"worker {executor.worker_id}")
        ended = await executor.finish(job_id, run.number)
        gate.say(f"ended {ended.number} {ended.state.value}")


def queue_behind(line: Line, *, location: str, folder: str, job: str) -> None:
    """Start another run of a job, try hard to get ahead of the one that runs, and wait for both to end."""
    gate.line, gate.holds = line, False
    workspace = _open(location, folder)
    asyncio.run(_queue_behind(workspace, JobId(job)))


async def _queue_behind(workspace: Workspace, job_id: JobId) -> None:
    async with wiring.executing(workspace) as executor:
        run = start(workspace, job_id, owner=executor.worker_id)
        gate.say(f"queued {run.number} {executor.worker_id}")
        finish = asyncio.ensure_future(executor.finish(job_id, run.number))
        for _ in range(SOME_ATTEMPTS):
            await executor.deliver(advance_task(job_id, run.number - 1))
            await executor.deliver(advance_task(job_id, run.number))
        gate.say("waiting")
        ended = await finish
        gate.say(f"ended {ended.number} {ended.state.value}")


def start_same(line: Line, *, location: str, folder: str, job: str, trigger_id: str | None) -> None:
    """Wait for the word, then start a run; says its number. With a trigger id it is the same run as everybody else's."""
    gate.line, gate.holds = line, False
    workspace = _open(location, folder)
    asyncio.run(_start_same(workspace, JobId(job), line=line, trigger_id=trigger_id))


async def _start_same(workspace: Workspace, job_id: JobId, *, line: Line, trigger_id: str | None) -> None:
    async with wiring.executing(workspace) as executor:
        line.say("ready")
        line.hear()
        run = start(workspace, job_id, owner=executor.worker_id, trigger_id=trigger_id)
        line.say(f"run {run.number}")
        ended = await executor.finish(job_id, run.number)
        line.say(f"ended {ended.number} {ended.state.value}")


def run_in_little_space(line: Line, *, location: str, folder: str, job: str, largest_file_bytes: int) -> None:
    """Run a job where no file may grow beyond a size."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file_bytes, resource.RLIM_INFINITY))
    run_job(line, location=location, folder=folder, job=job, holds=False)


def _open(location: str, folder: str) -> Workspace:
    os.chdir(folder)
    return open_at(location, Path(folder))
