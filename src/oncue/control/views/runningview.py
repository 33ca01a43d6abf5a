"""A step while it executes: since when, what it said last of its progress, and the end of its log so far."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from oncue.control.steps.scratch import read_open_log
from oncue.control.views.progressview import recent_progress
from oncue.control.workspace import Workspace, load_job
from oncue.core.model import Attempt, AttemptState, JobId, StepId, WorkerId
from oncue.core.questions import working_since

TAIL_BYTES = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningView:
    """An attempt under way, and since when it works: waiting does not count.

    ``log`` is the end of its log, ``left_out`` the bytes before; None where none is here. ``is_elsewhere``: another machine
    may execute it, so that its log comes when it has ended.
    """

    attempt: Attempt
    since: datetime
    message: str = ""
    log: str | None = None
    left_out: int = 0
    is_elsewhere: bool = False

    @property
    def is_waiting(self) -> bool:
        """Whether it waits for an answer."""
        return self.attempt.state is AttemptState.WAITING


def view_running(workspace: Workspace, job_id: JobId, step: str, *, worker: WorkerId | None = None) -> RunningView | None:
    """Look at the attempt of a step or an instance that is under way; None without one. ``worker`` is that of this process."""
    this = StepId(step)
    with workspace.store.read() as reader:
        attempts = reader.list_attempts(job_id, step=this, states=(AttemptState.RUNNING, AttemptState.WAITING))
        if not attempts:
            return None
        attempt = attempts[-1]
        message = recent_progress(reader, load_job(reader, job_id)).get(this, "")
        since = working_since(attempt.started_at, reader.questions_of_attempt(attempt.key))
    view = RunningView(attempt=attempt, since=since, message=message)
    if view.is_waiting:
        return view
    found = read_open_log(Path(workspace.store.folder), attempt, limit=TAIL_BYTES)
    if found is None:
        is_shared = "://" in workspace.store.url
        return replace(view, is_elsewhere=is_shared and attempt.worker != worker)
    return replace(view, log=found[0].decode("utf-8", "replace"), left_out=found[1])
