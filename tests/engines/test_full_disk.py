"""The disk is full in the middle of a run: the process says so and ends, nothing is half-written, and the run goes on later.

A limit on the size of files stands for the disk: the log of the database reaches it, or a large body does.
"""

from pathlib import Path

import pytest

from oncue.core.model import AttemptState, JobId, RunState
from tests.crash.laws import check_bodies, check_history, check_nothing_lost, check_success, read_history
from tests.engines.starting import load_run, new_job, open_at
from tests.support.processes import Nursery

FIFTY = "tests.crash.flows:flow"


@pytest.mark.parametrize("kilobytes", [130, 200, 400, 700])
def test_a_run_whose_log_cannot_grow_is_continued_later(kilobytes: int, tmp_path: Path, children: Nursery) -> None:
    job = make_job(tmp_path, FIFTY)
    fail(children, tmp_path, job, kilobytes=kilobytes)
    carry_on(children, tmp_path, job)

    whole = make_job(tmp_path, FIFTY)
    carry_on(children, tmp_path, whole)
    workspace = open_at(str(tmp_path / "workspace"), tmp_path)
    assert read_history(workspace.store, job).outputs == read_history(workspace.store, whole).outputs
    check_success(read_history(workspace.store, job))
    workspace.store.close()


def test_a_run_whose_output_cannot_be_stored_is_continued_later(tmp_path: Path, children: Nursery) -> None:
    job = make_job(tmp_path, "large")
    fail(children, tmp_path, job, kilobytes=1000)
    carry_on(children, tmp_path, job)

    workspace = open_at(str(tmp_path / "workspace"), tmp_path)
    fences = {attempt.key.step: attempt.fence for attempt in read_history(workspace.store, job).attempts}
    workspace.store.close()
    assert fences == {"small_part": 1, "large_part": 2, "sized": 1}


@pytest.mark.parametrize(("flow", "kilobytes"), [(FIFTY, 200), (FIFTY, 400), ("large", 1000)])
def test_a_process_that_lives_through_the_shortage_continues_its_own_run(
    flow: str, kilobytes: int, tmp_path: Path, children: Nursery
) -> None:
    job = make_job(tmp_path, flow)
    child = children.spawn(
        "tests.engines.acting:run_through_a_shortage",
        location=str(tmp_path / "workspace"),
        folder=str(tmp_path),
        job=job,
        largest_file_bytes=kilobytes * 1000,
    )
    assert child.hear_until("shortage").startswith("shortage WorkspaceError: ")
    assert child.hear_until("ended") == "ended 1 succeeded"
    assert child.end() == 0

    workspace = open_at(str(tmp_path / "workspace"), tmp_path)
    history = read_history(workspace.store, job)
    check_history(history)
    check_success(history)
    check_bodies(workspace.store, history)
    workspace.store.close()


def make_job(folder: Path, flow: str) -> JobId:
    """A job in a workspace that nobody has open afterwards, so that its log is empty."""
    workspace = open_at(str(folder / "workspace"), folder)
    job = new_job(workspace, flow)
    workspace.store.close()
    return job.id


def fail(children: Nursery, folder: Path, job: JobId, *, kilobytes: int) -> None:
    """Run a job with too little space, and check what is left."""
    child = children.spawn(
        "tests.engines.acting:run_in_little_space",
        location=str(folder / "workspace"),
        folder=str(folder),
        job=job,
        largest_file_bytes=kilobytes * 1000,
    )
    error = child.hear_until("error")
    assert error.startswith("error WorkspaceError: "), error
    assert child.end() == 1

    workspace = open_at(str(folder / "workspace"), folder)
    history = read_history(workspace.store, job)
    check_history(history)
    check_bodies(workspace.store, history)
    assert load_run(workspace, job).state is RunState.RUNNING
    assert {attempt.state for attempt in history.attempts} <= {AttemptState.RUNNING, AttemptState.SUCCEEDED}
    assert list((folder / "workspace").glob("blobs/.*")) == []
    workspace.store.close()


def carry_on(children: Nursery, folder: Path, job: JobId) -> None:
    """Let another process finish the job, and check that it lost nothing."""
    workspace = open_at(str(folder / "workspace"), folder)
    before = read_history(workspace.store, job)
    place = {"location": str(folder / "workspace"), "folder": str(folder), "job": job}
    heir = children.spawn("tests.engines.acting:run_job", **place, holds=False)
    assert heir.hear_until("ended") == "ended 1 succeeded"
    assert heir.end() == 0
    after = read_history(workspace.store, job)
    check_history(after)
    check_nothing_lost(before, after)
    check_bodies(workspace.store, after)
    workspace.store.close()
