"""The tasks that move runs on, and what their refs mean: ``job/run`` or ``job/run/step``."""

from __future__ import annotations

from datetime import datetime

from oncue.core.dispatch import Task, TaskKind
from oncue.core.model import AttemptKey


def task_key(key: AttemptKey) -> str:
    """The key of the task that executes an attempt."""
    return f"{key.job_id}/{key.run}/{key.step}/{key.number}"


def step_task(key: AttemptKey) -> Task:
    """The task that executes an attempt."""
    name = task_key(key)
    return Task(kind=TaskKind.STEP, ref=name, key=name)


def retry_task(key: AttemptKey, at: datetime) -> Task:
    """The task that lets a failed step begin again."""
    ref = f"{key.job_id}/{key.run}"
    return Task(kind=TaskKind.ADVANCE, ref=f"{ref}/{key.step}", key=f"{task_key(key)}/retry", not_before=at)


def advance_task(job_id: str, run: int) -> Task:
    """The task that moves a run on."""
    ref = f"{job_id}/{run}"
    return Task(kind=TaskKind.ADVANCE, ref=ref, key=ref, queue="advance")
