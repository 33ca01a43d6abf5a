"""``job_data.json``: each job as one readable file, written after changes; never the truth.

The shape is fixed: job_id, status, created_at, completed_at, prompts (absent until a question was asked), results. Status
words are those of the file's readers: created, running, waiting, completed, failed, cancelled, stopped.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from oncue.control.instants import show_instant
from oncue.control.promptrecords import prompt_records
from oncue.control.workspace import Workspace
from oncue.core.model import Job, JobId, JobStatus, Run, RunState, StepId
from oncue.core.questions import Question
from oncue.core.readport import Reader, StepRecord

STATUS_WORDS = {
    RunState.QUEUED: "running",
    RunState.RUNNING: "running",
    RunState.WAITING: "waiting",
    RunState.SUCCEEDED: "completed",
    RunState.FAILED: "failed",
    RunState.CANCELLED: "cancelled",
    RunState.HALTED: "halted",
}
MAX_WRITES = 20
"""A job that changes all the time is written again by whatever changes it next."""


def project_job(workspace: Workspace, job_id: JobId) -> None:
    """Write the file of a job anew from the store.

    Of two processes that do so at once the slower could put back an older picture: whoever sees after writing that the job
    changed meanwhile writes again.
    """
    written = -1
    for _ in range(MAX_WRITES):
        with workspace.store.read() as reader:
            job = reader.load_job(job_id)
            if job is None or job.event_seq == written:
                return
            record = _describe(reader, job, workspace.states.load(reader, job).steps)
        body = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
        workspace.store.write_projection(job_id, body.encode())
        written = job.event_seq


def _describe(reader: Reader, job: Job, steps: Mapping[StepId, StepRecord]) -> dict[str, object]:
    runs = reader.list_runs(job.id)
    latest = runs[-1] if runs else None
    decided = sorted(reader.list_questions(job_id=job.id, is_waiting=False), key=_settled_at)
    return {
        "job_id": job.id,
        "status": job_status(job, latest),
        "created_at": show_instant(job.created_at),
        "completed_at": show_instant(latest.ended_at) if latest and latest.state is RunState.SUCCEEDED else None,
        **({"prompts": prompt_records(decided)} if decided else {}),
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


def _settled_at(question: Question) -> datetime:
    """Records are appended when a question is settled."""
    assert question.decision is not None, "only decided questions are recorded"
    return question.decision.answered_at


def job_status(job: Job, latest: Run | None) -> str:
    """One word for where a job stands, derived from its runs."""
    if job.status is JobStatus.STOPPED:
        return "stopped"
    return STATUS_WORDS[latest.state] if latest else "created"
