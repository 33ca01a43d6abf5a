"""Real jobs whose questions are answered from a script: run until they wait, answer, and run on."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from oncue.control.answers import answer_question
from oncue.control.execution.executor import Executor
from oncue.control.preflight import prepare_run
from oncue.control.runs import start_run
from oncue.control.triggers import mint_trigger
from oncue.control.workspace import Workspace
from oncue.core.model import JobId, Run, RunKind, RunState, TriggerSource
from oncue.core.questions import Question
from oncue.core.request import RunRequest, Scope
from oncue.wiring import executing, open_workspace

ALL = RunRequest(scope=Scope.ALL)


@contextmanager
def open_folder(folder: Path) -> Iterator[Workspace]:
    """A new workspace that need not survive a power cut; closed at the end."""
    workspace = open_workspace(folder / ".oncue", create=True, synchronous="NORMAL")
    try:
        yield workspace
    finally:
        workspace.store.close()


def run_answering(
    workspace: Workspace, job_id: JobId, script: Mapping[str, Sequence[object]], request: RunRequest = ALL
) -> Run:
    """Start a run and give it, by the type of its questions, the answers of the script, in order, until it ends."""
    left = {name: list(answers) for name, answers in script.items()}
    return asyncio.run(_run(workspace, job_id, left, request=request))


def questions_of(workspace: Workspace, job_id: JobId, *, run: int | None = None) -> Sequence[Question]:
    """Everything a job has asked, in order."""
    with workspace.store.read() as reader:
        return reader.list_questions(job_id=job_id, run=run)


async def _run(workspace: Workspace, job_id: JobId, script: dict[str, list[object]], *, request: RunRequest) -> Run:
    async with executing(workspace) as executor:
        started = await asyncio.to_thread(_start, workspace, executor, job_id, request=request)
        run = await executor.finish(job_id, started.number)
        while run.state is RunState.WAITING:
            # The wait for the next pause begins first: the executor may see an answer, and go on, before anybody waits for it.
            answering = asyncio.to_thread(_answer, workspace, job_id, script)
            run, _ = await asyncio.gather(executor.finish(job_id, started.number), answering)
        return run


def _start(workspace: Workspace, executor: Executor, job_id: JobId, *, request: RunRequest) -> Run:
    prepared = prepare_run(workspace, job_id, request)
    trigger = mint_trigger(
        workspace,
        prepared,
        source=TriggerSource.INTEGRATION_TEST,
        action=RunKind.RUN,
        actor="ann",
        trigger_id=None,
    )
    return start_run(workspace, prepared, trigger, owner=executor.worker_id)


def _answer(workspace: Workspace, job_id: JobId, script: dict[str, list[object]]) -> None:
    for question in [question for question in questions_of(workspace, job_id) if question.decision is None]:
        answer_question(workspace, question, actor="ann", response=script[question.asking.type].pop(0))
