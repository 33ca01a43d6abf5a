"""The one place that chooses store, loader, models, engine, clock and ids."""

from __future__ import annotations

import gc
import secrets
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from oncue.clock import SystemClock
from oncue.control.sources import load_kept_steps
from oncue.control.workspace import Workspace
from oncue.core.model import JobId, StepId, WorkerId, step_name
from oncue.definitions.loading import WorkflowLoader
from oncue.models.catalog import ModelCatalog
from oncue.store import open_store

if TYPE_CHECKING:
    from oncue.control.execution.executor import Executor
    from oncue.store.retention import Pruned

BUNDLED = {"research": "oncue.workflows.research.flow:workflow"}
STEP_QUEUE = 64
"""How many attempts one process executes at once, over all its runs."""
GRACE_SECONDS = 0.2
GC_THRESHOLDS = (50_000, 20, 50)
"""A large job is many small records without cycles; the default would walk all of them at every few hundred new ones."""
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def open_workspace(location: str | Path, *, create: bool, synchronous: str = "FULL") -> Workspace:
    """Open a workspace folder or PostgreSQL URL with everything the use cases need.

    Raises:
        WorkspaceError: it is not there, or cannot be used.
    """
    return Workspace(
        store=open_store(location, create=create, synchronous=synchronous),
        loader=make_loader(),
        clock=SystemClock(),
        new_id=new_id,
        models=ModelCatalog(SystemClock()),
    )


def make_loader() -> WorkflowLoader:
    """The loader of manifests, Python workflows and the bundled ones."""
    return WorkflowLoader(BUNDLED)


def new_id() -> str:
    """Ten letters and digits that people can read aloud: 49 bits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(10))


def new_worker_id() -> WorkerId:
    """An id that no other worker ever has."""
    return WorkerId(uuid.uuid4().hex)


def prune_workspace(workspace: Workspace) -> Pruned:
    """Free the bodies of superseded outputs, except those whose steps keep them (deliverables, ``keep_history``)."""
    from oncue.store.retention import prune

    kept: dict[JobId, frozenset[str]] = {}

    def keeps_bodies(job_id: JobId, step: StepId) -> bool:
        if job_id not in kept:
            kept[job_id] = load_kept_steps(workspace, job_id)
        return step_name(step) in kept[job_id]

    return prune(workspace.store, at=workspace.clock.now(), keeps_bodies=keeps_bodies)


@asynccontextmanager
async def executing(workspace: Workspace, *, attends_all: bool = False) -> AsyncIterator[Executor]:
    """An executor that serves this process: what it begins ends here, or is recovered by whoever comes next.

    With ``attends_all`` it looks after every job of the workspace, not only after the runs it is asked to finish.
    """
    import asyncio

    from oncue.control.execution.executor import Executor  # those who only look need no event loop
    from oncue.engines.embedded import EmbeddedEngine

    gc.set_threshold(*GC_THRESHOLDS)
    worker_id = new_worker_id()
    lease = workspace.store.hold_worker(worker_id)
    engine = EmbeddedEngine(workspace.clock)
    executor = Executor(workspace, engine, worker_id=worker_id, attends_all=attends_all)
    queues = {"default": STEP_QUEUE, "advance": 4}
    tasks = [
        asyncio.ensure_future(engine.serve(executor.deliver, queues=queues, worker_id=worker_id)),
        asyncio.ensure_future(executor.attend()),
    ]
    for task in tasks:
        task.add_done_callback(executor.watch_over)
    try:
        yield executor
    finally:
        await engine.close(grace_seconds=GRACE_SECONDS)
        tasks[1].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await executor.close()
        lease.close()
