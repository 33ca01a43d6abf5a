"""A worker whose lease was lost, and taken again, keeps what it executes."""

import asyncio
from pathlib import Path

import pytest

from oncue import wiring
from oncue.core.model import JobId, RunState, WorkerId
from tests.crash.laws import check_history, read_history
from tests.engines.starting import load_run, new_job, open_at, start
from tests.support.leases import lose_lease, outage
from tests.support.processes import Nursery, wait_until


def test_a_run_is_not_executed_twice_after_its_worker_lost_its_lease(
    postgres_url: str, tmp_path: Path, children: Nursery
) -> None:
    workspace = open_at(postgres_url, tmp_path)
    job, other = new_job(workspace, "holding"), new_job(workspace, "plain")
    place = {"location": postgres_url, "folder": str(tmp_path)}
    first = children.spawn("tests.engines.acting:run_job", **place, job=job.id)
    owner = WorkerId(first.hear_until("worker").split()[-1])
    first.hear_until("holding hold")

    lose_lease(postgres_url, owner)
    start(workspace, other.id)
    second = children.spawn("tests.engines.acting:attend_all", **place)
    second.hear_until("serving")
    first.say("go")

    assert first.hear_until("ended") == "ended 1 succeeded"
    second.hear_until("idle")
    assert (first.end(), second.end()) == (0, 0)
    history = read_history(workspace.store, job.id)
    check_history(history)
    assert {(attempt.worker, attempt.fence) for attempt in history.attempts} == {(owner, 1)}
    assert load_run(workspace, job.id).fence == 1
    assert load_run(workspace, other.id).state is RunState.SUCCEEDED
    workspace.store.close()


def test_whoever_serves_goes_on_after_an_outage_of_the_database(
    postgres_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    workspace = open_at(postgres_url, tmp_path)
    before, after = new_job(workspace, "plain"), new_job(workspace, "plain")

    def run(job_id: JobId) -> None:
        start(workspace, job_id)
        wait_until(lambda: load_run(workspace, job_id).state is RunState.SUCCEEDED, "the run was executed")

    def suffer() -> None:
        run(before.id)
        with outage(postgres_url):
            wait_until(lambda: {"lease_lost", "look_failed"} <= _events(caplog), "the outage is noticed")
        wait_until(lambda: "lease_taken_again" in _events(caplog), "the lease is held again")
        run(after.id)

    async def serve() -> None:
        async with wiring.executing(workspace, attends_all=True) as executor:
            await asyncio.to_thread(suffer)
            assert not executor.broken.done()
            assert workspace.store.is_alive(executor.worker_id)

    asyncio.run(serve())
    workspace.store.close()


def _events(caplog: pytest.LogCaptureFixture) -> set[str]:
    return {str(getattr(record, "event", "")) for record in caplog.records}
