"""Who executes what, among processes that begin at the same moment."""

from pathlib import Path

import pytest

from oncue.control.workspace import Workspace
from oncue.core.events import EventType
from oncue.core.model import RunState
from tests.crash.laws import check_history, read_history
from tests.engines.starting import new_job
from tests.support.processes import Nursery


@pytest.mark.parametrize("processes", [2, 8])
def test_processes_that_start_the_same_trigger_at_once_start_one_run(
    processes: int, workspace: Workspace, location: str, tmp_path: Path, children: Nursery
) -> None:
    for number in range(3):
        job = new_job(workspace, "plain")
        arguments = {"location": location, "folder": str(tmp_path), "job": job.id, "trigger_id": f"once-{number}"}
        racers = [children.spawn("tests.engines.acting:start_same", **arguments) for _ in range(processes)]
        for racer in racers:
            racer.hear_until("ready")
        for racer in racers:
            racer.say("go")
        ends = [(racer.hear_until("run"), racer.hear_until("ended"), racer.end()) for racer in racers]

        assert ends == [("run 1", "ended 1 succeeded", 0)] * processes
        history = read_history(workspace.store, job.id)
        check_history(history)
        assert [run.number for run in history.runs] == [1]
        assert all(attempt.key.number == 1 and attempt.fence == 1 for attempt in history.attempts)
        with workspace.store.read() as reader:
            assert {run: trigger.id for run, trigger in reader.list_triggers(job.id).items()} == {1: f"once-{number}"}


def test_different_runs_of_one_job_take_turns_in_order(
    workspace: Workspace, location: str, tmp_path: Path, children: Nursery
) -> None:
    job = new_job(workspace, "plain")
    arguments = {"location": location, "folder": str(tmp_path), "job": job.id, "trigger_id": None}
    racers = [children.spawn("tests.engines.acting:start_same", **arguments) for _ in range(4)]
    for racer in racers:
        racer.hear_until("ready")
    for racer in racers:
        racer.say("go")
    numbers = sorted(racer.hear_until("run") for racer in racers)
    assert [racer.end() for racer in racers] == [0] * 4

    assert numbers == ["run 1", "run 2", "run 3", "run 4"]
    history = read_history(workspace.store, job.id)
    check_history(history)
    assert [run.state for run in history.runs] == [RunState.SUCCEEDED] * 4
    turns = [(event.run, event.type) for event in history.events if event.type in (EventType.RUN_STARTED, EventType.RUN_ENDED)]
    assert turns == [(number, kind) for number in range(1, 5) for kind in (EventType.RUN_STARTED, EventType.RUN_ENDED)]


def test_a_run_waits_while_an_earlier_one_of_its_job_executes_elsewhere(
    workspace: Workspace, location: str, tmp_path: Path, children: Nursery
) -> None:
    job = new_job(workspace, "holding")
    place = {"location": location, "folder": str(tmp_path), "job": job.id}
    first = children.spawn("tests.engines.acting:run_job", **place)
    first.hear_until("holding hold")
    second = children.spawn("tests.engines.acting:queue_behind", **place)
    second.hear_until("waiting")

    history = read_history(workspace.store, job.id)
    assert [run.state for run in history.runs] == [RunState.RUNNING, RunState.QUEUED]
    assert (history.runs[0].fence, history.runs[1].started_at) == (1, None)

    first.say("go")
    assert (first.hear_until("ended"), second.hear_until("ended")) == ("ended 1 succeeded", "ended 2 succeeded")
    assert (first.end(), second.end()) == (0, 0)
    check_history(read_history(workspace.store, job.id))


def test_two_jobs_run_side_by_side(workspace: Workspace, location: str, tmp_path: Path, children: Nursery) -> None:
    jobs = [new_job(workspace, "holding") for _ in range(2)]
    pair = [children.spawn("tests.engines.acting:run_job", location=location, folder=str(tmp_path), job=job.id) for job in jobs]
    for child in pair:
        child.hear_until("holding hold")  # both are inside their steps at the same moment: neither has been told to go on
    for child in reversed(pair):
        child.say("go")

    assert [child.hear_until("ended") for child in pair] == ["ended 1 succeeded"] * 2
    assert [child.end() for child in pair] == [0, 0]
