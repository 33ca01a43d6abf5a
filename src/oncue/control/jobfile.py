"""``job_data.json``: each job as one readable file, written after changes; never the truth.

The shape is fixed: job_id, status, created_at, completed_at, prompts (absent until a question was asked), results. Status
words are those of the file's readers: created, running, waiting, completed, failed, cancelled, stopped.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from oncue.control.workspace import Workspace
from oncue.core.model import Job, JobId, JobStatus, Run, RunState, StepId
from oncue.core.ports import Reader, StepRecord

STATUS_WORDS = {
    RunState.QUEUED: "running",
    RunState.RUNNING: "running",
    RunState.WAITING: "waiting",
    RunState.SUCCEEDED: "completed",
    RunState.FAILED: "failed",
    RunState.CANCELLED: "cancelled",
    RunState.HALTED: "halted",
}


def project_job(workspace: Workspace, job_id: JobId) -> None:
    """Write the file of a job anew from the store."""
    with workspace.store.read() as reader:
        job = reader.load_job(job_id)
        if job is None:
            return
        record = _describe(reader, job, workspace.states.load(reader, job).steps)
    body = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
    workspace.store.write_projection(job_id, body.encode())


def _describe(reader: Reader, job: Job, steps: Mapping[StepId, StepRecord]) -> dict[str, object]:
    runs = reader.list_runs(job.id)
    latest = runs[-1] if runs else None
    return {
        "job_id": job.id,
        "status": job_status(job, latest),
        "created_at": _instant(job.created_at),
        "completed_at": _instant(latest.ended_at) if latest and latest.state is RunState.SUCCEEDED else None,
        "results": {
            "workflow": job.workflow,
            "params": dict(job.params),
            "runs": len(runs),
            "steps": {
                record.step: {"run": record.current.run, "artifact": record.current.artifact}
                for _, record in sorted(steps.items())
                if record.current is not None
            },
        },
    }


def job_status(job: Job, latest: Run | None) -> str:
    """One word for where a job stands, derived from its runs."""
    if job.status is JobStatus.STOPPED:
        return "stopped"
    return STATUS_WORDS[latest.state] if latest else "created"


def _instant(at: datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None
