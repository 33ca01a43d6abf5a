"""The tasks that move runs on, and what their refs mean: ``job/run`` or ``job/run/step``."""

from __future__ import annotations

from datetime import datetime

from oncue.core.dispatch import Task, TaskKind
from oncue.core.model import Attempt


def task_key(attempt: Attempt) -> str:
    """The key of the task that executes an attempt; another claim of the same attempt is another task."""
    key = attempt.key
    return f"{key.job_id}/{key.run}/{key.step}/{key.number}/{attempt.fence}"


def step_task(attempt: Attempt) -> Task:
    """The task that executes an attempt."""
    name = task_key(attempt)
    return Task(kind=TaskKind.STEP, ref=name, key=name)


def retry_task(failed: Attempt, at: datetime) -> Task:
    """The task that lets a failed step begin again."""
    ref = f"{failed.key.job_id}/{failed.key.run}/{failed.key.step}"
    return Task(kind=TaskKind.ADVANCE, ref=ref, key=f"{task_key(failed)}/retry", not_before=at)


def advance_task(job_id: str, run: int) -> Task:
    """The task that moves a run on."""
    ref = f"{job_id}/{run}"
    return Task(kind=TaskKind.ADVANCE, ref=ref, key=ref, queue="advance")
