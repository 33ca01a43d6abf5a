"""Jobs with runs on record, and what their traces say."""

from __future__ import annotations

import asyncio
from typing import Any

from oncue import wiring
from oncue.control.answers import answer_question
from oncue.control.jobs import create_job
from oncue.control.views.callview import CallView
from oncue.control.views.traceview import TraceView, TraceWish, view_trace
from oncue.control.workspace import Workspace
from oncue.core.model import Job, Run
from tests.engines.starting import start
from tests.support.repository import ROOT

DRAFTING = "tests.generating.flows:drafting"
MANY = "tests.generating.flows:many"


def new_job(workspace: Workspace, flow: str, **params: object) -> Job:
    """A job of one of the workflows for these tests, of ``module:name``, or of a manifest."""
    is_named = ":" in flow or flow.endswith(".yaml")
    return create_job(workspace, flow if is_named else f"tests.traces.flows:{flow}", params=params, folder=ROOT)


def trace_of(workspace: Workspace, job: Job, **wish: Any) -> TraceView:
    """The trace of a job, or the part of it that is wished for."""
    return view_trace(workspace, job.id, TraceWish(**wish))


def first_calls(view: TraceView) -> list[CallView]:
    """The first call of every attempt that is listed."""
    return [attempt.calls[0] for attempt in view.attempts]


def run_answered(workspace: Workspace, job: Job, answer: str) -> Run:
    """Run a job whose one question a person answers."""

    async def execute() -> Run:
        async with wiring.executing(workspace) as executor:
            started = start(workspace, job.id, owner=executor.worker_id)
            await executor.finish(job.id, started.number)
            with workspace.store.read() as reader:
                (question,) = reader.list_questions(job_id=job.id)
            await asyncio.to_thread(answer_question, workspace, question, actor="ada", response=answer)
            return await executor.finish(job.id, started.number)

    return asyncio.run(execute())
