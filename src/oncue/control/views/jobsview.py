"""The jobs of a workspace as people see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from oncue.control.instants import show_instant
from oncue.control.views.jobview import describe_status
from oncue.control.views.runview import is_interrupted
from oncue.control.workspace import Workspace
from oncue.core.model import Job, JobId, Run, RunState


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLine:
    """One job in a list; ``runs`` is how many it has had, ``latest`` how the last of them stands."""

    job_id: JobId
    workflow: str
    status: str
    runs: int
    latest: RunState | None
    created_at: datetime

    def as_dict(self) -> dict[str, object]:
        """The wire form."""
        latest = {"number": self.runs, "status": self.latest.value} if self.latest else None
        return {
            "job_id": self.job_id,
            "workflow": self.workflow,
            "status": self.status,
            "runs": self.runs,
            "latest_run": latest,
            "created_at": show_instant(self.created_at),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsView:
    """The jobs of a workspace, the newest first."""

    workspace: str
    jobs: tuple[JobLine, ...]

    def as_dict(self) -> dict[str, object]:
        """The wire form."""
        return {"workspace": self.workspace, "jobs": [job.as_dict() for job in self.jobs]}


def view_jobs(workspace: Workspace, *, limit: int = 1000) -> JobsView:
    """Look at the newest jobs."""
    with workspace.store.read() as reader:
        jobs = reader.list_jobs(limit=limit)
        latest = {job.id: reader.load_run(job.id, job.runs) for job in jobs if job.runs}
    return JobsView(workspace=workspace.store.url, jobs=tuple(_view_line(workspace, job, latest.get(job.id)) for job in jobs))


def _view_line(workspace: Workspace, job: Job, latest: Run | None) -> JobLine:
    is_lost = latest is not None and is_interrupted(workspace, latest)
    return JobLine(
        job_id=job.id,
        workflow=job.workflow,
        status=describe_status(job, latest, is_lost=is_lost),
        runs=job.runs,
        latest=latest.state if latest else None,
        created_at=job.created_at,
    )
