"""From a request to a run that has ended, in one call."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from oncue import wiring
from oncue.control.jobs import create_job
from oncue.control.steps.bodies import Bodies
from oncue.control.workspace import Workspace
from oncue.core.comments import Comment
from oncue.core.model import Attempt, Job, Run, StepId
from oncue.core.modelcalls import ModelCall
from oncue.core.request import Budget, RunRequest, Scope
from tests.engines.starting import start
from tests.generating.scripted import ScriptedModel
from tests.support.repository import ROOT


def new_job(workspace: Workspace, model: ScriptedModel, flow: str, *, params: Mapping[str, object] | None = None) -> Job:
    """A job of one of the workflows for these tests."""
    job = create_job(workspace, f"tests.generating.flows:{flow}", params=params or {}, folder=ROOT)
    model.job_id = job.id
    return job


def run(workspace: Workspace, job: Job, request: RunRequest | None = None) -> Run:
    """Execute a run of a job to its end, or until it waits."""

    async def execute() -> Run:
        async with wiring.executing(workspace) as executor:
            started = start(workspace, job.id, request=request, owner=executor.worker_id)
            return await executor.finish(job.id, started.number)

    return asyncio.run(execute())


def only(*steps: str, comment: str | None = None, keep_comments: bool = False) -> RunRequest:
    """A rerun of some steps, with a comment where one is given."""
    given = Comment(text=comment) if comment is not None else None
    return RunRequest(scope=Scope.ONLY, steps=steps, comment=given, keep_comments=keep_comments)


def resume(budget: Budget | None = None) -> RunRequest:
    """What is missing, failed or stale."""
    return RunRequest(scope=Scope.RESUME, budget=budget or Budget())


def calls(workspace: Workspace, job: Job, step: str | None = None, number: int | None = None) -> Sequence[ModelCall]:
    """The calls on record."""
    with workspace.store.read() as reader:
        return reader.list_calls(job.id, step=StepId(step) if step else None, run=number)


def attempts(workspace: Workspace, job: Job, step: str) -> Sequence[Attempt]:
    """The attempts of a step."""
    with workspace.store.read() as reader:
        return reader.list_attempts(job.id, step=StepId(step))


def output(workspace: Workspace, job: Job, step: str) -> object:
    """The value of a step's current output."""
    with workspace.store.read() as reader:
        found = {record.step: record.current for record in reader.list_steps(job.id)}[StepId(step)]
    assert found is not None, f"{step} has no output"
    return Bodies(workspace.store).output(found.artifact).value


def text(workspace: Workspace, address: str | None) -> str:
    """A stored text."""
    from oncue.core.model import ContentHash

    assert address is not None, "there is a text"
    return Bodies(workspace.store).text(ContentHash(address))
