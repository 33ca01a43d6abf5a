"""What a process does that is killed: it opens the workspace and carries jobs to their end, whatever was done before."""

from __future__ import annotations

import asyncio
import os

from oncue import wiring
from oncue.control.execution.executor import Executor
from oncue.control.preflight import prepare_run
from oncue.control.runs import start_run
from oncue.control.triggers import mint_trigger
from oncue.control.workspace import Workspace
from oncue.core.model import OPEN_RUNS, JobId, RunKind, RunState, TriggerSource
from oncue.core.request import RunRequest, Scope
from oncue.errors import Blocked, PlanChanged
from tests.crash.effects import append_row, open_effects, open_log
from tests.support.processes import Line


def carry_on(line: Line, *, location: str, folder: str, jobs: list[str], generation: int) -> None:
    """Bring every job to a succeeded run; says ``done`` at the end."""
    os.chdir(folder)
    open_effects("effects", generation=generation, line=line)
    workspace = wiring.open_workspace(location, create=False)
    asyncio.run(_carry_on(workspace, [JobId(job) for job in jobs], line=line, generation=generation))
    workspace.store.close()
    line.say("done")


async def _carry_on(workspace: Workspace, jobs: list[JobId], *, line: Line, generation: int) -> None:
    async with wiring.executing(workspace) as executor:
        append_row(open_log("workers"), generation, executor.worker_id)
        line.say("serving")
        await asyncio.gather(*(complete(workspace, executor, job) for job in jobs))


async def complete(workspace: Workspace, executor: Executor, job_id: JobId) -> None:
    """Continue the job's open run, or start one, until one succeeded: a run whose steps lost too many workers is resumed."""
    while True:
        with workspace.store.read() as reader:
            runs = reader.list_runs(job_id)
        if runs and runs[-1].state is RunState.SUCCEEDED:
            return
        if runs and runs[-1].state in OPEN_RUNS:
            await executor.finish(job_id, runs[-1].number)
        else:
            await asyncio.to_thread(_start, workspace, executor, job_id=job_id, number=len(runs) + 1)


def _start(workspace: Workspace, executor: Executor, *, job_id: JobId, number: int) -> None:
    """Start the job's next run, as far as this process knows; whoever else starts it too uses the same trigger."""
    scope = Scope.ALL if number == 1 else Scope.RESUME
    try:
        prepared = prepare_run(workspace, job_id, RunRequest(scope=scope))
        trigger = mint_trigger(
            workspace,
            prepared,
            source=TriggerSource.INTEGRATION_TEST,
            action=RunKind.RUN if number == 1 else RunKind.RESUME,
            actor="tester",
            trigger_id=f"{job_id}-{number}",
        )
        start_run(workspace, prepared, trigger, owner=executor.worker_id)
    except (PlanChanged, Blocked):
        return
