"""A person cancels a run: what executes ends at once or is abandoned, and nothing of it is recorded afterwards."""

from __future__ import annotations

import asyncio
import os
import select
from dataclasses import replace
from pathlib import Path

import pytest

from oncue import wiring
from oncue.control.execution.executor import Executor
from oncue.control.runs import cancel_run
from oncue.control.workspace import Workspace
from oncue.core.model import AttemptKey, AttemptState, JobId, RunState, StepId
from oncue.core.request import RunRequest, Scope
from oncue.engines.embedded import EmbeddedEngine
from tests.crash.laws import History, check_history, read_history
from tests.engines.gates import gate
from tests.engines.manual_clock import ManualClock
from tests.engines.starting import new_job, run_whole, start
from tests.support.processes import PATIENCE_SECONDS, Nursery, TooSlow, left, soon

SHELL = """
name: shell
steps:
  - id: long
    run: |
      exec 9> "{fifo}"
      sleep 1000 &
      echo up >&9
      wait
"""


class Lifeline:
    """A FIFO that every process of a shell step holds open: its end is the end of the last of them."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.path = path
        self._end = os.open(path, os.O_RDONLY | os.O_NONBLOCK)

    def wait_for(self, expected: bytes) -> None:
        """Wait for this output; empty is the end of the last process."""
        deadline = soon()
        poll = select.poll()
        poll.register(self._end, select.POLLIN | select.POLLHUP)
        while True:
            if not poll.poll(left(deadline) * 1000):
                raise TooSlow(f"the shell did not say {expected!r}")
            heard = os.read(self._end, 100)
            if heard == expected:
                return

    def wait_for_end(self) -> None:
        """Wait until nobody holds it; true as well of a shell that was ended before it took hold."""
        os.close(os.open(self.path, os.O_WRONLY))  # a FIFO that was never open for writing has no end
        self.wait_for(b"")

    def close(self) -> None:
        os.close(self._end)


def check_cancelled(history: History, *, step: str) -> None:
    check_history(history)
    assert history.runs[0].state is RunState.CANCELLED
    assert history.runs[0].error is not None
    assert history.runs[0].error.code == "cancelled"
    states = {attempt.key.step: attempt.state for attempt in history.attempts}
    assert states[StepId(step)] is AttemptState.CANCELLED
    assert StepId("after") not in states


def test_a_coroutine_ends_at_once_when_another_process_cancels(
    workspace: Workspace, location: str, tmp_path: Path, children: Nursery
) -> None:
    job = new_job(workspace, "coroutine")
    child = children.spawn("tests.engines.acting:run_job", location=location, folder=str(tmp_path), job=job.id)
    child.hear_until("holding dream")

    assert cancel_run(workspace, job.id, actor="tester") == [1]
    child.hear_until("interrupted dream")
    assert child.hear_until("ended") == "ended 1 cancelled"
    assert child.end() == 0

    check_cancelled(read_history(workspace.store, job.id), step="dream")


def test_a_shell_step_ends_with_all_its_descendants(
    workspace: Workspace, location: str, tmp_path: Path, children: Nursery
) -> None:
    lifeline = Lifeline(tmp_path / "fifo")
    manifest = tmp_path / "shell.yaml"
    manifest.write_text(SHELL.format(fifo=lifeline.path), encoding="utf-8")
    job = new_job(workspace, str(manifest))
    child = children.spawn("tests.engines.acting:run_job", location=location, folder=str(tmp_path), job=job.id)
    lifeline.wait_for(b"up\n")

    cancel_run(workspace, job.id, actor="tester")
    lifeline.wait_for_end()
    assert child.hear_until("ended") == "ended 1 cancelled"
    assert child.end() == 0

    lifeline.close()
    check_cancelled(read_history(workspace.store, job.id), step="long")


def test_a_thread_is_abandoned_and_its_late_writes_are_refused(
    workspace: Workspace, location: str, tmp_path: Path, children: Nursery
) -> None:
    job = new_job(workspace, "stubborn")
    child = children.spawn("tests.engines.acting:run_job", location=location, folder=str(tmp_path), job=job.id, lingers=True)
    child.hear_until("holding ignore")

    cancel_run(workspace, job.id, actor="tester")
    assert child.hear_until("ended") == "ended 1 cancelled"
    before = read_history(workspace.store, job.id)
    child.say("go")
    assert child.hear_until("cancelled") == "cancelled True"
    child.hear_until("refused")
    child.hear_until("left")
    assert child.end() == 0

    check_cancelled(before, step="ignore")
    assert read_history(workspace.store, job.id) == before
    with workspace.store.read() as reader:
        assert reader.load_memo(AttemptKey(job_id=job.id, run=1, step=StepId("ignore")), "late") is None


def test_a_process_can_end_while_an_abandoned_thread_never_does(
    workspace: Workspace, location: str, tmp_path: Path, children: Nursery
) -> None:
    job = new_job(workspace, "holding")
    child = children.spawn("tests.engines.acting:run_job", location=location, folder=str(tmp_path), job=job.id)
    child.hear_until("holding hold")

    cancel_run(workspace, job.id, actor="tester")

    assert child.hear_until("ended") == "ended 1 cancelled"
    assert child.end() == 0
    check_cancelled(read_history(workspace.store, job.id), step="hold")


def test_a_queued_run_is_cancelled_and_the_one_that_executes_goes_on(
    workspace: Workspace, location: str, tmp_path: Path, children: Nursery
) -> None:
    job = new_job(workspace, "holding")
    place = {"location": location, "folder": str(tmp_path), "job": job.id}
    first = children.spawn("tests.engines.acting:run_job", **place)
    first.hear_until("holding hold")
    second = children.spawn("tests.engines.acting:queue_behind", **place)
    second.hear_until("waiting")

    assert cancel_run(workspace, job.id, actor="tester", numbers=[2]) == [2]
    assert second.hear_until("ended") == "ended 2 cancelled"
    first.say("go")
    assert first.hear_until("ended") == "ended 1 succeeded"
    assert (first.end(), second.end()) == (0, 0)
    check_history(read_history(workspace.store, job.id))


def test_a_run_that_nobody_executes_any_more_is_cancelled_with_what_it_left(
    workspace: Workspace, location: str, tmp_path: Path, children: Nursery
) -> None:
    job = new_job(workspace, "holding")
    child = children.spawn("tests.engines.acting:run_job", location=location, folder=str(tmp_path), job=job.id)
    child.hear_until("holding hold")
    child.kill()

    def is_cancelled() -> bool:
        cancel_run(workspace, job.id, actor="tester")
        return read_history(workspace.store, job.id).runs[0].state is RunState.CANCELLED

    deadline = soon()
    while not is_cancelled():  # a server notices the death of a process a moment later
        assert left(deadline), "the run is never cancelled"

    check_cancelled(read_history(workspace.store, job.id), step="hold")


@pytest.mark.parametrize("slots", [1, 8, 64])
def test_cancelling_ends_a_run_whose_steps_still_wait_for_a_place(slots: int, workspace: Workspace) -> None:
    gate.reset()
    job = new_job(workspace, "wide")
    asyncio.run(asyncio.wait_for(_cancel_wide(workspace, job.id, slots), PATIENCE_SECONDS))

    history = read_history(workspace.store, job.id)
    check_history(history)
    assert history.runs[0].state is RunState.CANCELLED
    each = [attempt for attempt in history.attempts if attempt.key.step != "numbers"]
    assert len(each) == 40
    assert {attempt.state for attempt in each} == {AttemptState.CANCELLED}

    gate.holds = False
    asyncio.run(_resume(workspace, job.id))


async def _cancel_wide(workspace: Workspace, job_id: JobId, slots: int) -> None:
    """An executor of few places, driven by hand: its clock stands still, so that it looks around only when it is told."""
    still = replace(workspace, clock=ManualClock())
    worker = wiring.new_worker_id()
    lease = workspace.store.hold_worker(worker)
    engine = EmbeddedEngine(still.clock)
    executor = Executor(still, engine, worker_id=worker)
    serving = asyncio.ensure_future(engine.serve(executor.deliver, queues={"default": slots, "advance": 1}, worker_id=worker))
    run = start(still, job_id, owner=worker)
    finish = asyncio.ensure_future(executor.finish(job_id, run.number))
    await asyncio.to_thread(gate.begun.wait, PATIENCE_SECONDS)
    cancel_run(workspace, job_id, actor="tester")
    attending = asyncio.ensure_future(executor.attend())
    clock = still.clock
    assert isinstance(clock, ManualClock)
    while not finish.done():
        await clock.wait_for_sleep(after=len(clock.sleeps))
        clock.advance(1)
    assert (await finish).state is RunState.CANCELLED
    attending.cancel()
    await engine.close(grace_seconds=0)
    await asyncio.gather(serving, attending, return_exceptions=True)
    await executor.close()
    lease.close()


async def _resume(workspace: Workspace, job_id: JobId) -> None:
    async with wiring.executing(workspace) as executor:
        run = await run_whole(workspace, executor, job_id, request=RunRequest(scope=Scope.RESUME))
        assert run.state is RunState.SUCCEEDED
