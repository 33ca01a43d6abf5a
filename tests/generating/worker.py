"""A process that is killed while its call is under way, and the one that comes after it."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

from oncue import wiring
from oncue.clock import SystemClock
from oncue.control.workspace import Workspace
from oncue.core.model import OPEN_RUNS, JobId, Run
from oncue.core.modelport import ModelReply, ModelRequest, OnText, OnWire
from oncue.core.request import Budget, RunRequest, Scope
from oncue.definitions.loading import WorkflowLoader
from oncue.store import open_store
from tests.engines.starting import start
from tests.generating.scripted import ScriptedModel, always
from tests.support.processes import Line


class _Telling(ScriptedModel):
    """Says when a request has left, and waits for the word before it answers."""

    line: Line

    async def send(self, request: ModelRequest, *, on_wire: OnWire, on_text: OnText) -> ModelReply:
        reply = await super().send(request, on_wire=on_wire, on_text=on_text)
        self.line.say(f"sent {json.dumps(request.user)}")
        if await asyncio.to_thread(self.line.hear) != "answer":
            raise AssertionError("nobody is left to hear the answer")
        return reply


def carry_on(line: Line, *, location: str, folder: str, job: str, tokens: int | None = None) -> None:
    """Continue the job's open run, or start one; says what is sent, and ``ended STATE``."""
    os.chdir(folder)
    model = _Telling(always("an answer"))
    model.line = line
    model.job_id = JobId(job)
    workspace = Workspace(
        store=open_store(location, create=False, folder=Path(folder)),
        loader=WorkflowLoader(),
        clock=SystemClock(),
        new_id=wiring.new_id,
        models=model,
    )
    model.workspace = workspace
    ended = asyncio.run(_carry_on(workspace, JobId(job), Budget(tokens=tokens)))
    workspace.store.close()
    line.say(f"ended {ended.state.value}")


async def _carry_on(workspace: Workspace, job_id: JobId, budget: Budget) -> Run:
    async with wiring.executing(workspace) as executor:
        with workspace.store.read() as reader:
            left = [run for run in reader.list_runs(job_id) if run.state in OPEN_RUNS]
        request = RunRequest(scope=Scope.ONLY, steps=("each",), budget=budget)
        run = left[0] if left else start(workspace, job_id, request=request, owner=executor.worker_id)
        return await executor.finish(job_id, run.number)
