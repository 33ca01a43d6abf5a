"""What the processes of these tests do; each function is a child's whole life."""

from __future__ import annotations

import asyncio
import os
import resource
from functools import partial
from pathlib import Path

from oncue import wiring
from oncue.control.execution.tasks import advance_task
from oncue.control.workspace import Workspace
from oncue.core.model import OPEN_RUNS, JobId
from oncue.errors import WorkspaceError
from tests.engines.gates import gate
from tests.engines.starting import open_at, start
from tests.support.processes import PATIENCE_SECONDS, Line, wait_until

SOME_ATTEMPTS = 5


def run_job(line: Line, *, location: str, folder: str, job: str, holds: bool = True, lingers: bool = False) -> None:
    """Continue the job's first open run, or start one, and finish it; says ``ended N STATE``.

    With ``lingers`` it serves until a step that outlives its run has cleared the gate, and says ``left``.
    """
    gate.line, gate.holds = line, holds
    workspace = _open(location, folder)
    asyncio.run(_run_job(workspace, JobId(job), lingers=lingers))


async def _run_job(workspace: Workspace, job_id: JobId, *, lingers: bool) -> None:
    async with wiring.executing(workspace) as executor:
        with workspace.store.read() as reader:
            left = [run for run in reader.list_runs(job_id) if run.state in OPEN_RUNS]
        run = left[0] if left else start(workspace, job_id, owner=executor.worker_id)
        gate.say(f"worker {executor.worker_id}")
        ended = await executor.finish(job_id, run.number)
        gate.say(f"ended {ended.number} {ended.state.value}")
        if lingers:
            await asyncio.to_thread(gate.cleared.wait, PATIENCE_SECONDS)
            gate.say("left")


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


def run_through_a_shortage(line: Line, *, location: str, folder: str, job: str, largest_file_bytes: int) -> None:
    """Run a job where no file may grow beyond a size, say what that comes to, and run it again without the limit."""
    gate.line, gate.holds = line, False
    workspace = _open(location, folder)
    asyncio.run(_run_through_a_shortage(workspace, JobId(job), largest_file_bytes))


async def _run_through_a_shortage(workspace: Workspace, job_id: JobId, largest_file_bytes: int) -> None:
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    async with wiring.executing(workspace) as executor:
        run = start(workspace, job_id, owner=executor.worker_id)
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file_bytes, unlimited[1]))
        try:
            await executor.finish(job_id, run.number)
        except WorkspaceError as error:
            gate.say(f"shortage WorkspaceError: {error}")
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
        ended = await executor.finish(job_id, run.number)
        gate.say(f"ended {ended.number} {ended.state.value}")


def _open(location: str, folder: str) -> Workspace:
    os.chdir(folder)
    return open_at(location, Path(folder))


def attend_all(line: Line, *, location: str, folder: str) -> None:
    """Serve the whole workspace; says ``serving ID``, and ``idle`` when no run of any job is left open."""
    gate.line, gate.holds = line, False
    asyncio.run(_attend_all(_open(location, folder)))


async def _attend_all(workspace: Workspace) -> None:
    async with wiring.executing(workspace, attends_all=True) as executor:
        gate.say(f"serving {executor.worker_id}")
        await asyncio.to_thread(wait_until, partial(_is_idle, workspace), "no run of any job is left open")
        gate.say("idle")


def _is_idle(workspace: Workspace) -> bool:
    with workspace.store.read() as reader:
        return not reader.list_open_runs()
