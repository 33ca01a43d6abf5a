"""What is stored of a run, read back so that its execution can begin, or go on from where it stood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from oncue.control.execution.gate import asks_downstream, load_gate
from oncue.control.jobstate import make_snapshot
from oncue.control.runs import end_idle_run
from oncue.control.sources import FollowedDefinition, executable
from oncue.control.steps.calls import LoadedWorkflow
from oncue.control.workspace import Workspace, load_job
from oncue.core.definitionrecord import decode_definition
from oncue.core.graph import Graph
from oncue.core.model import Attempt, AttemptState, Failure, Job, Run, RunState, StepId
from oncue.core.modelcalls import Spending
from oncue.core.planrecord import decode_plan
from oncue.core.progress import RunProgress
from oncue.core.questions import Question
from oncue.core.readport import Reader
from oncue.core.writeport import Transaction
from oncue.errors import Conflict, OncueError


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRun:
    """What is stored of a run, ready to execute; ``undecided`` steps wait for a person."""

    progress: RunProgress
    loaded: LoadedWorkflow
    attempts: Sequence[Attempt]
    undecided: frozenset[StepId]
    gate: Question | None
    job: Job
    spent: Spending


def load_stored_run(workspace: Workspace, run: Run) -> StoredRun:
    """Read what a run needs in order to go on from where it stands.

    Raises:
        UnknownWorkflow: its code cannot be imported any more.
        Conflict: the workflow's shape changed since the run was planned, so that its plan means nothing any more.
    """
    with workspace.store.read() as reader:
        job = load_job(reader, run.job_id)
        planned = workspace.states.graph(run.definition_hash)
        if planned is None:
            planned = Graph(decode_definition(reader.load_definition(run.definition_hash)))
            workspace.states.graph(run.definition_hash, planned)
        state = workspace.states.load(reader, job)
        plan = decode_plan(reader.load_plan(run.job_id, run.number))
        attempts = reader.list_attempts(run.job_id, run=run.number)
        undecided = undecided_steps(reader, run)
        gate = load_gate(reader, run)
        spent = reader.spending(run.job_id, run.number)
    loaded = executable(workspace, job, FollowedDefinition(graph=planned, address=run.definition_hash))
    graph = planned if loaded.definition == planned.definition else _same_shape(planned, Graph(loaded.definition), run)
    ended = {attempt.key.step for attempt in attempts if attempt.state is AttemptState.SUCCEEDED}
    snapshot = make_snapshot(job, graph, state, params=run.params)
    progress = RunProgress(snapshot, plan.executing, ended=ended, held=plan.followers if asks_downstream(run) else ())
    return StoredRun(progress=progress, loaded=loaded, attempts=attempts, undecided=undecided, gate=gate, job=job, spent=spent)


def undecided_steps(reader: Reader, run: Run) -> frozenset[StepId]:
    """The steps of a run that wait for a person's answer."""
    waiting = reader.list_questions(job_id=run.job_id, run=run.number, is_waiting=True)
    return frozenset(question.key.step for question in waiting)


def may_go_on(reader: Reader, run: Run) -> bool:
    """Whether a waiting run has anything to do: it is paused, or one of those who asked has the answer."""
    undecided = undecided_steps(reader, run)
    if not undecided:
        return True
    attempts = reader.list_attempts(run.job_id, run=run.number, states=(AttemptState.WAITING,))
    return any(attempt.key.step not in undecided for attempt in attempts)


def _same_shape(planned: Graph, now: Graph, run: Run) -> Graph:
    if now.upstream != planned.upstream:
        raise Conflict(
            f"the workflow's steps changed since run {run.number} was planned, so it cannot go on",
            hint=f"oncue job rerun {run.job_id} --failed plans again with the steps as they are now",
        )
    return now


def is_answered(reader: Reader, run: Run) -> bool:
    """Whether a run that waited for people has an answer; one that is paused waits for its person's next command."""
    attempts = reader.list_attempts(run.job_id, run=run.number, states=(AttemptState.WAITING,))
    return bool(attempts or load_gate(reader, run)) and may_go_on(reader, run)


def end_unloadable(workspace: Workspace, run: Run, error: OncueError) -> None:
    """A run whose code cannot be had any more fails; what it did is kept."""
    failure = Failure(code=error.code, message=error.message, detail=error.hint)
    now = workspace.clock.now()

    def record(tx: Transaction) -> None:
        tx.append_events(run.job_id, [], now)
        if not tx.holds_run(run.job_id, run.number, fence=run.fence):
            return
        tx.append_events(run.job_id, end_idle_run(tx, workspace, run, failure=failure, state=RunState.FAILED), now)
        job = load_job(tx, run.job_id)
        tx.update_job(replace(job, revision=job.revision + 1), expected_revision=job.revision)

    workspace.store.write(record)
