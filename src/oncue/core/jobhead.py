"""A job as it stands in a long list, where reading every parameter of every job would be too slow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from oncue.core.model import JobId, JobStatus, RunState, WorkerId


@dataclass(frozen=True, slots=True, kw_only=True)
class JobHead:
    """A job in a long list: no parameters, and of its latest run only the state and who executes it."""

    id: JobId
    workflow: str
    status: JobStatus
    runs: int
    created_at: datetime
    latest: RunState | None = None
    owner: WorkerId | None = None
