"""A process that serves a whole workspace executes what nobody else does, unasked, and leaves the rest alone."""

import asyncio
from pathlib import Path

from oncue import wiring
from oncue.control.workspace import Workspace
from oncue.core.model import RunState
from tests.crash.laws import check_history, read_history
from tests.engines.starting import load_run, new_job, start
from tests.support.processes import Nursery


def test_runs_that_nobody_owns_are_executed_by_who_attends_the_workspace(
    workspace: Workspace, location: str, tmp_path: Path, children: Nursery
) -> None:
    jobs = [new_job(workspace, "plain") for _ in range(3)]
    for job in jobs:
        start(workspace, job.id)

    server = children.spawn("tests.engines.acting:attend_all", location=location, folder=str(tmp_path))
    worker = server.hear_until("serving").split()[-1]
    server.hear_until("idle")
    assert server.end() == 0

    for job in jobs:
        history = read_history(workspace.store, job.id)
        check_history(history)
        assert [run.state for run in history.runs] == [RunState.SUCCEEDED]
        assert {attempt.worker for attempt in history.attempts} == {worker}


def test_who_attends_the_workspace_takes_over_what_a_killed_process_left(
    workspace: Workspace, location: str, tmp_path: Path, children: Nursery
) -> None:
    job = new_job(workspace, "holding")
    place = {"location": location, "folder": str(tmp_path)}
    first = children.spawn("tests.engines.acting:run_job", **place, job=job.id)
    first.hear_until("holding hold")
    server = children.spawn("tests.engines.acting:attend_all", **place)
    worker = server.hear_until("serving").split()[-1]
    assert load_run(workspace, job.id).owner not in (None, worker)

    first.kill()
    server.hear_until("idle")
    assert server.end() == 0

    history = read_history(workspace.store, job.id)
    check_history(history)
    assert [run.state for run in history.runs] == [RunState.SUCCEEDED]
    assert {attempt.key.step: attempt.worker == worker for attempt in history.attempts} == {
        "before": False,
        "hold": True,
        "after": True,
    }


def test_who_attends_the_workspace_leaves_runs_of_living_processes_alone(
    workspace: Workspace, location: str, tmp_path: Path, children: Nursery
) -> None:
    job = new_job(workspace, "holding")
    place = {"location": location, "folder": str(tmp_path)}
    first = children.spawn("tests.engines.acting:run_job", **place, job=job.id)
    first.hear_until("holding hold")
    server = children.spawn("tests.engines.acting:attend_all", **place)
    worker = server.hear_until("serving").split()[-1]
    other = new_job(workspace, "plain")
    start(workspace, other.id)

    first.say("go")
    assert first.hear_until("ended") == "ended 1 succeeded"
    server.hear_until("idle")
    assert (first.end(), server.end()) == (0, 0)

    assert {attempt.worker == worker for attempt in read_history(workspace.store, job.id).attempts} == {False}
    assert {attempt.worker == worker for attempt in read_history(workspace.store, other.id).attempts} == {True}


def test_without_being_told_to_attend_all_an_executor_leaves_other_jobs_alone(workspace: Workspace) -> None:
    mine, other = new_job(workspace, "plain"), new_job(workspace, "plain")
    start(workspace, other.id)

    async def finish_mine() -> None:
        async with wiring.executing(workspace) as executor:
            await executor.finish(mine.id, start(workspace, mine.id, owner=executor.worker_id).number)

    asyncio.run(finish_mine())

    assert load_run(workspace, mine.id).state is RunState.SUCCEEDED
    assert load_run(workspace, other.id).state is RunState.QUEUED


def test_an_executor_whose_engine_fails_says_so(workspace: Workspace) -> None:
    async def fail() -> None:
        raise RuntimeError("torn")

    async def watch() -> BaseException:
        async with wiring.executing(workspace, attends_all=True) as executor:
            failing = asyncio.ensure_future(fail())
            failing.add_done_callback(executor.watch_over)
            return await executor.broken

    assert str(asyncio.run(watch())) == "torn"
