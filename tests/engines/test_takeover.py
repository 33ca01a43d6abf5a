"""What becomes of a run when its worker dies, stops or ends, and of what a late worker still wants to write."""

from __future__ import annotations

import asyncio
import signal
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from oncue import wiring
from oncue.control.execution.recording import Batch, record_batch
from oncue.control.preflight import prepare_run
from oncue.control.runs import start_run
from oncue.control.triggers import mint_trigger
from oncue.control.workspace import Workspace
from oncue.core.canonical import content_hash
from oncue.core.events import EventDraft, EventType
from oncue.core.model import (
    NOBODY,
    Artifact,
    ArtifactKind,
    Attempt,
    AttemptKey,
    AttemptState,
    Current,
    Inputs,
    JobId,
    Run,
    RunKind,
    RunState,
    StepId,
    TriggerSource,
    WorkerId,
)
from oncue.core.request import RunRequest, Scope
from oncue.errors import Conflict, UnknownRun, WriteRefused
from tests.crash.laws import check_history, read_history
from tests.engines.gates import gate
from tests.engines.starting import load_run, new_job, open_at, run_whole, start
from tests.support.processes import PATIENCE_SECONDS, Nursery

HOLD = StepId("hold")


def test_who_waits_behind_a_killed_process_continues_its_run_first(
    workspace: Workspace, location: str, tmp_path: Path, children: Nursery
) -> None:
    job = new_job(workspace, "holding")
    place = {"location": location, "folder": str(tmp_path), "job": job.id}
    first = children.spawn("tests.engines.acting:run_job", **place)
    first.hear_until("holding hold")
    second = children.spawn("tests.engines.acting:queue_behind", **place)
    heir = second.hear_until("queued 2").split()[-1]
    second.hear_until("waiting")

    first.kill()
    assert second.hear_until("ended") == "ended 2 succeeded"
    assert second.end() == 0

    history = read_history(workspace.store, job.id)
    check_history(history)
    assert [run.state for run in history.runs] == [RunState.SUCCEEDED] * 2
    (held,) = [attempt for attempt in history.attempts if (attempt.key.run, attempt.key.step) == (1, HOLD)]
    assert (held.fence, held.worker, held.state) == (2, heir, AttemptState.SUCCEEDED)
    (before,) = [attempt for attempt in history.attempts if (attempt.key.run, attempt.key.step) == (1, "before")]
    assert before.worker != heir
    order = [(event.run, event.type) for event in history.events if event.step is None and event.run is not None]
    assert order == [
        (1, EventType.RUN_QUEUED),
        (1, EventType.RUN_STARTED),
        (2, EventType.RUN_QUEUED),
        (1, EventType.RUN_CONTINUED),
        (1, EventType.RUN_ENDED),
        (2, EventType.RUN_STARTED),
        (2, EventType.RUN_ENDED),
    ]


def test_a_stopped_process_keeps_its_run_and_goes_on_afterwards(
    workspace: Workspace, location: str, tmp_path: Path, children: Nursery
) -> None:
    job = new_job(workspace, "holding")
    place = {"location": location, "folder": str(tmp_path), "job": job.id}
    first = children.spawn("tests.engines.acting:run_job", **place)
    owner = first.hear_until("worker").split()[-1]
    first.hear_until("holding hold")

    first.signal(signal.SIGSTOP)
    second = children.spawn("tests.engines.acting:queue_behind", **place)
    second.hear_until("waiting")
    run = load_run(workspace, job.id)
    assert (run.state, run.owner, run.fence) == (RunState.RUNNING, owner, 1)
    assert load_run(workspace, job.id, 2).state is RunState.QUEUED
    first.signal(signal.SIGCONT)
    first.say("go")

    assert (first.hear_until("ended"), second.hear_until("ended")) == ("ended 1 succeeded", "ended 2 succeeded")
    assert (first.end(), second.end()) == (0, 0)
    history = read_history(workspace.store, job.id)
    check_history(history)
    assert {attempt.fence for attempt in history.attempts} == {1}


def test_an_attempt_that_lost_its_worker_three_times_fails_and_the_run_can_be_resumed(
    workspace: Workspace, location: str, tmp_path: Path, children: Nursery
) -> None:
    job = new_job(workspace, "holding")
    place = {"location": location, "folder": str(tmp_path), "job": job.id}
    for _ in range(3):
        victim = children.spawn("tests.engines.acting:run_job", **place)
        victim.hear_until("holding hold")
        victim.kill()
    last = children.spawn("tests.engines.acting:run_job", **place)
    assert last.hear_until("ended") == "ended 1 failed"
    assert last.end() == 0
    assert "holding hold" not in last.said

    history = read_history(workspace.store, job.id)
    check_history(history)
    (lost,) = [attempt for attempt in history.attempts if attempt.key.step == HOLD]
    assert (lost.state, lost.key.number, lost.fence) == (AttemptState.FAILED, 1, 3)
    assert lost.error is not None
    assert (lost.error.code, lost.error.message) == ("worker_lost", "lost its worker 3 times")
    error = history.runs[0].error
    assert error is not None
    assert error.message == "step hold: lost its worker 3 times"

    gate.reset()
    gate.holds = False
    run = asyncio.run(_resume(workspace, job.id))
    assert run.state is RunState.SUCCEEDED
    with workspace.store.read() as reader:
        assert reader.executed_steps(job.id)[2] == ["hold", "after"]


async def _resume(workspace: Workspace, job_id: JobId) -> Run:
    async with wiring.executing(workspace) as executor:
        return await run_whole(workspace, executor, job_id, request=RunRequest(scope=Scope.RESUME))


def test_a_run_that_executes_when_its_process_ends_stays_running_and_is_continued(workspace: Workspace) -> None:
    job = new_job(workspace, "holding")
    gate.reset()
    opened = gate.opened
    asyncio.run(_leave_while_holding(workspace, job.id, gate.begun))

    run = load_run(workspace, job.id)
    assert run.state is RunState.RUNNING
    assert run.owner is not None
    assert not workspace.store.is_alive(run.owner)
    with workspace.store.read() as reader:
        (left,) = reader.list_attempts(job.id, states=[AttemptState.RUNNING])
    assert (left.key.step, left.fence, left.worker, left.losses) == (HOLD, 2, NOBODY, 0)

    gate.holds = False
    continued = asyncio.run(_finish(workspace, job.id))
    opened.set()
    assert continued.state is RunState.SUCCEEDED
    history = read_history(workspace.store, job.id)
    check_history(history)
    (held,) = [attempt for attempt in history.attempts if attempt.key.step == HOLD]
    assert (held.key.number, held.fence, held.losses) == (1, 3, 0)
    assert EventType.RUN_CONTINUED in [event.type for event in history.events]


def test_processes_that_end_in_order_are_no_losses_however_many(workspace: Workspace) -> None:
    job = new_job(workspace, "holding")
    gate.reset()
    events = [gate.opened]
    asyncio.run(_leave_while_holding(workspace, job.id, gate.begun))
    for _ in range(4):
        gate.reset()
        events.append(gate.opened)
        asyncio.run(_go_on_and_leave(workspace, job.id, gate.begun))

    gate.reset()
    gate.holds = False
    run = asyncio.run(_finish(workspace, job.id))
    for opened in events:
        opened.set()

    assert run.state is RunState.SUCCEEDED
    with workspace.store.read() as reader:
        (held,) = [attempt for attempt in reader.list_attempts(job.id) if attempt.key.step == HOLD]
    assert (held.key.number, held.losses) == (1, 0)


async def _go_on_and_leave(workspace: Workspace, job_id: JobId, begun: threading.Event) -> None:
    async with wiring.executing(workspace) as executor:
        finish = asyncio.ensure_future(executor.finish(job_id, 1))
        assert await asyncio.to_thread(begun.wait, PATIENCE_SECONDS)
        assert not finish.done()


async def _leave_while_holding(workspace: Workspace, job_id: JobId, begun: threading.Event) -> None:
    async with wiring.executing(workspace) as executor:
        start(workspace, job_id, owner=executor.worker_id)
        finish = asyncio.ensure_future(executor.finish(job_id, 1))
        assert await asyncio.to_thread(begun.wait, PATIENCE_SECONDS)
        assert not finish.done()


async def _finish(workspace: Workspace, job_id: JobId) -> Run:
    async with wiring.executing(workspace) as executor:
        return await executor.finish(job_id, 1)


@pytest.mark.parametrize("loses", ["run", "attempt"])
def test_a_late_writer_is_refused_and_changes_nothing(loses: str, location: str, tmp_path: Path) -> None:
    old, new = open_at(location, tmp_path), open_at(location, tmp_path)
    job = new_job(old, "holding")
    start(old, job.id)
    mine, attempt = _begin(old, job.id)
    _take_over(new, mine, attempt, run_too=loses == "run")
    before = read_history(new.store, job.id)

    batch = _success(old, attempt)
    with pytest.raises(WriteRefused):
        old.store.write(lambda tx: record_batch(tx, mine, batch, at=old.clock.now()))

    assert read_history(new.store, job.id) == before
    with new.store.read() as reader:
        assert reader.load_artifact(batch.artifacts[0].hash) is None
    old.store.close()
    new.store.close()


def _begin(workspace: Workspace, job_id: JobId) -> tuple[Run, Attempt]:
    """A run and an attempt in the hands of a first worker."""
    queued, now = load_run(workspace, job_id), workspace.clock.now()
    mine = replace(queued, state=RunState.RUNNING, owner=WorkerId("old"), fence=1, started_at=now)
    attempt = Attempt(
        key=AttemptKey(job_id=job_id, run=1, step=HOLD),
        state=AttemptState.RUNNING,
        fence=1,
        worker=WorkerId("old"),
        started_at=now,
    )
    assert workspace.store.write(lambda tx: tx.update_run(mine, expected=RunState.QUEUED, expected_fence=0))
    workspace.store.write(lambda tx: tx.begin_attempts([attempt]))
    return mine, attempt


def _take_over(workspace: Workspace, run: Run, attempt: Attempt, *, run_too: bool) -> None:
    """The same in the hands of a second worker."""
    if run_too:
        taken = replace(run, owner=WorkerId("new"), fence=2)
        assert workspace.store.write(lambda tx: tx.update_run(taken, expected=RunState.RUNNING, expected_fence=1))
    reclaimed = replace(attempt, worker=WorkerId("new"), fence=2)
    assert workspace.store.write(lambda tx: tx.reclaim_attempt(reclaimed, expected_fence=1))


def _success(workspace: Workspace, attempt: Attempt) -> Batch:
    """What the first worker would record."""
    body = b'"late"'
    artifact = Artifact(hash=content_hash(body), kind=ArtifactKind.VALUE, size=len(body), body=body)
    inputs, step = Inputs(definition="x"), attempt.key.step
    return Batch(
        drafts=[EventDraft(type=EventType.STEP_SUCCEEDED, run=1, step=step)],
        ended=[
            replace(
                attempt,
                state=AttemptState.SUCCEEDED,
                ended_at=workspace.clock.now(),
                artifact=artifact.hash,
                inputs=inputs,
            )
        ],
        currents=[Current(step=step, run=1, number=1, artifact=artifact.hash, inputs=inputs)],
        artifacts=[artifact],
    )


def test_waiting_for_a_run_that_was_never_started_says_so(workspace: Workspace) -> None:
    job = new_job(workspace, "plain")

    async def scenario() -> None:
        async with wiring.executing(workspace) as executor:
            with pytest.raises(UnknownRun, match="no run 1: it has not been run"):
                await asyncio.wait_for(executor.finish(job.id, 1), PATIENCE_SECONDS)

    asyncio.run(scenario())


def test_a_start_whose_transaction_fails_leaves_nothing_to_execute(workspace: Workspace) -> None:
    job = new_job(workspace, "plain")
    prepared = prepare_run(workspace, job.id, RunRequest())
    trigger = mint_trigger(
        workspace, prepared, source=TriggerSource.INTEGRATION_TEST, action=RunKind.RUN, actor="t", trigger_id="t-1"
    )
    before = read_history(workspace.store, job.id)
    other = new_job(workspace, "plain")
    start(workspace, other.id, trigger_id="t-1")

    with pytest.raises(Conflict, match="was used for job"):
        start_run(workspace, prepared, trigger)

    assert read_history(workspace.store, job.id) == before
    with workspace.store.read() as reader:
        assert [(run.job_id, run.number) for run in reader.list_open_runs()] == [(other.id, 1)]
