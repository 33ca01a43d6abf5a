"""Several real processes in one workspace: nothing is lost, nothing is half written, the dead are known."""

import sqlite3
from contextlib import ExitStack, closing

import pytest

from oncue.core.model import AttemptState, JobId, StepId, WorkerId
from oncue.core.ports import Store
from oncue.errors import WorkspaceError
from tests.store.conftest import Place
from tests.store.processes import new_job, running
from tests.store.records import NOON, draft
from tests.support.processes import wait_until


def test_two_processes_that_write_at_the_same_time_lose_nothing(place: Place, store: Store) -> None:
    for name in ("shared", "a", "b"):
        new_job(store, name)

    with ExitStack() as stack:
        jobs = ("shared", "shared", "a", "b")
        writers = [stack.enter_context(running(place, "write_many", job, "500")) for job in jobs]
        for writer in writers:
            writer.end()

    with store.read() as reader:
        for name, count in (("shared", 2000), ("a", 1000), ("b", 1000)):
            assert [event.seq for event in reader.list_events(JobId(name), limit=5000)] == list(range(1, count + 1))
            job = reader.load_job(JobId(name))
            assert job is not None
            assert job.event_seq == count


def test_a_process_killed_while_it_commits_leaves_whole_transactions(place: Place, store: Store) -> None:
    new_job(store, "killed")
    with running(place, "write_for_ever", "killed") as writer:
        assert writer.line() == "ready"
        writer.kill()

    with store.read() as reader:
        steps = reader.list_steps(JobId("killed"))
        attempts = reader.list_attempts(JobId("killed"))
        events = reader.list_events(JobId("killed"), limit=100_000)
        artifacts = reader.load_artifacts([step.current.artifact for step in steps if step.current])
    names = {StepId(f"step[{number}]") for number in range(len(steps))}
    assert len(steps) >= 100
    assert {step.step for step in steps} == names
    assert {attempt.key.step for attempt in attempts} == names
    assert {attempt.state for attempt in attempts} == {AttemptState.SUCCEEDED}
    assert [event.seq for event in events] == list(range(1, len(steps) + 1))
    assert len(artifacts) == len(steps)
    store.write(lambda tx: tx.append_events(JobId("killed"), [draft()], NOON))


def test_sqlite_finds_no_damage_after_processes_were_killed(sqlite_place: Place) -> None:
    with closing(sqlite_place.open()) as store:
        for number in range(4):
            new_job(store, f"killed-{number}")
        with ExitStack() as stack:
            writers = [stack.enter_context(running(sqlite_place, "write_for_ever", f"killed-{number}")) for number in range(4)]
            for writer in writers:
                assert writer.line() == "ready"
                writer.kill()

    with closing(sqlite3.connect(sqlite_place.folder / "oncue.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_processes_that_open_a_new_workspace_at_once_find_one(place: Place) -> None:
    with ExitStack() as stack:
        openers = [stack.enter_context(running(place, "create")) for _ in range(4)]
        said = [opener.end() for opener in openers]

    assert said == ["0"] * 4


def test_the_lease_of_a_killed_process_is_free(place: Place, store: Store) -> None:
    worker = WorkerId("worker-of-another-process")
    with running(place, "hold", worker) as holder:
        assert holder.line() == "ready"
        assert store.is_alive(worker)
        holder.kill()

    wait_until_dead(store, worker)


def wait_until_dead(store: Store, worker: WorkerId) -> None:
    """A file lock is free as soon as the process is gone; a server notices the end of a session in a moment."""
    for _ in range(100_000):
        if not store.is_alive(worker):
            return
    pytest.fail("the worker is still taken for alive")


def test_a_worker_is_alive_from_its_announcement_to_its_end(store: Store) -> None:
    worker = WorkerId("host/12:ab ü")
    assert not store.is_alive(worker)

    lease = store.hold_worker(worker)
    assert lease.worker_id == worker
    assert store.is_alive(worker)
    assert not store.is_alive(WorkerId("another"))
    lease.close()
    lease.close()

    wait_until_dead(store, worker)


def test_a_worker_id_is_held_once(store: Store) -> None:
    lease = store.hold_worker(WorkerId("twice"))

    with pytest.raises(WorkspaceError, match="announced already"):
        store.hold_worker(WorkerId("twice"))

    assert store.is_alive(WorkerId("twice"))
    lease.close()


def test_a_child_of_a_fork_neither_uses_the_store_nor_keeps_its_parent_alive(sqlite_place: Place) -> None:
    with closing(sqlite_place.open()) as store, running(sqlite_place, "fork", "parent") as parent:
        said = [parent.line() for _ in range(3)]
        assert store.is_alive(WorkerId("parent"))
        parent.popen.kill()
        parent.popen.wait(60)

        assert not store.is_alive(WorkerId("parent"))
        assert said == ["the store was opened before this process was forked"] * 2 + ["ready"]
        parent.kill()


def test_the_lock_file_of_a_dead_worker_is_removed(sqlite_place: Place) -> None:
    folder = sqlite_place.folder / "workers"
    with closing(sqlite_place.open()) as store:
        with running(sqlite_place, "hold", "gone") as holder:
            assert holder.line() == "ready"
            assert [path.name for path in folder.iterdir()] == ["gone.lock"]
            holder.kill()

        assert not store.is_alive(WorkerId("gone"))

    assert list(folder.iterdir()) == []


def test_a_watch_notices_what_another_process_commits(place: Place, store: Store) -> None:
    new_job(store, "watched")
    watch = store.watch()
    assert watch.changed() is False

    with running(place, "write_many", "watched", "1") as writer:
        writer.end()

    assert watch.changed() is True
    assert watch.changed() is False
    watch.close()
    watch.close()


def test_workers_are_counted_wherever_they_are(place: Place, store: Store) -> None:
    assert store.count_workers() == 0

    lease = store.hold_worker(WorkerId("one of mine"))
    with running(place, "hold", "another's") as holder:
        assert holder.line() == "ready"
        assert store.count_workers() == 2
        holder.kill()

    wait_until(lambda: store.count_workers() == 1, "the dead one is not counted")
    lease.close()
    wait_until(lambda: store.count_workers() == 0, "none is left")
