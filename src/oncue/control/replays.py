"""Replay a job's decisions: a new job with the same workflow and parameters, whose questions are answered as before."""

from __future__ import annotations

from collections.abc import Sequence

from oncue.control.jobs import record_job
from oncue.control.workspace import Workspace, load_job
from oncue.core.model import Job, JobId
from oncue.core.questions import Question, recorded_answer
from oncue.core.request import AnswersPolicy, RunRequest, Scope
from oncue.errors import Blocked


def replayable_decisions(workspace: Workspace, job_id: JobId) -> Sequence[Question]:
    """The questions of a job that would be answered as before: the latest answer for each step, type and occurrence.

    Raises:
        UnknownJob: there is no such job.
        Blocked: the job has no decisions to repeat.
    """
    with workspace.store.read() as reader:
        load_job(reader, job_id)
        asked = reader.list_questions(job_id=job_id)
    latest: dict[tuple[str, str, int], Question] = {}
    for question in asked:
        if recorded_answer(question) is not None:
            latest[question.key.step, question.asking.type, question.occurrence] = question
    if not latest:
        raise Blocked(
            [
                {
                    "code": "no_decisions",
                    "message": f"job {job_id} has no recorded decisions to replay",
                    "hint": f"oncue job rerun {job_id} runs it again",
                }
            ]
        )
    return list(latest.values())


def create_replay(workspace: Workspace, job_id: JobId) -> Job:
    """Make the new job: the workflow as it is now, the parameters of the original, linked to it. Nothing runs yet.

    Raises:
        UnknownJob, Blocked: see ``replayable_decisions``.
        UnknownWorkflow, DefinitionError: the workflow cannot be read any more.
        InvalidParam: the workflow does not take the original's parameters any more.
    """
    replayable_decisions(workspace, job_id)
    with workspace.store.read() as reader:
        original = load_job(reader, job_id)
    return record_job(workspace, original.source, params=original.params, replayed_from=original.id)


def replay_request() -> RunRequest:
    """The request of a replay's run: everything, with recorded answers."""
    return RunRequest(scope=Scope.ALL, answers=AnswersPolicy.REUSE)
