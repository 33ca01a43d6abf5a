"""The steps from a workflow to a run that has ended, as tests need them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from oncue import wiring
from oncue.clock import SystemClock
from oncue.control.execution.executor import Executor
from oncue.control.jobs import create_job
from oncue.control.preflight import prepare_run
from oncue.control.runs import start_run
from oncue.control.triggers import mint_trigger
from oncue.control.workspace import Workspace
from oncue.core.model import Job, JobId, Run, RunKind, TriggerSource, WorkerId
from oncue.core.ports import Clock
from oncue.core.request import RunRequest
from oncue.definitions.loading import WorkflowLoader
from oncue.errors import PlanChanged
from oncue.store import open_store
from tests.support.repository import ROOT


def open_at(location: str, folder: Path, *, clock: Clock | None = None) -> Workspace:
    """A workspace, made where there is none."""
    store = open_store(location, create=True, folder=folder)
    return Workspace(store=store, loader=WorkflowLoader(), clock=clock or SystemClock(), new_id=wiring.new_id)


def new_job(workspace: Workspace, flow: str, *, params: Mapping[str, object] | None = None) -> Job:
    """A job of one of the workflows for these tests, of ``module:name``, or of a manifest file."""
    name = flow if flow.endswith(".yaml") or ":" in flow else f"tests.engines.flows:{flow}"
    return create_job(workspace, name, params=params or {}, folder=ROOT)


def start(
    workspace: Workspace,
    job_id: JobId,
    *,
    request: RunRequest | None = None,
    owner: WorkerId | None = None,
    trigger_id: str | None = None,
) -> Run:
    """Plan and start a run; planned again when somebody else was faster."""
    while True:
        prepared = prepare_run(workspace, job_id, request or RunRequest())
        trigger = mint_trigger(
            workspace,
            prepared,
            source=TriggerSource.INTEGRATION_TEST,
            action=RunKind.RUN,
            actor="tester",
            trigger_id=trigger_id,
        )
        try:
            return start_run(workspace, prepared, trigger, owner=owner)
        except PlanChanged:
            continue


async def run_whole(workspace: Workspace, executor: Executor, job_id: JobId, *, request: RunRequest | None = None) -> Run:
    """Start a run and execute it."""
    run = start(workspace, job_id, request=request, owner=executor.worker_id)
    return await executor.finish(job_id, run.number)


def load_run(workspace: Workspace, job_id: JobId, number: int = 1) -> Run:
    """A run as it is stored."""
    with workspace.store.read() as reader:
        run = reader.load_run(job_id, number)
    assert run is not None, f"job {job_id} has no run {number}"
    return run
