"""A worker in PostgreSQL lives as long as its process does, whatever the server does with the session of its lease."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from oncue.core.model import WorkerId
from oncue.core.ports import Store
from oncue.store import open_store
from oncue.store.sessionlease import worker_lock
from tests.support.leases import end_session, lease_backend, lose_lease
from tests.support.processes import PATIENCE_SECONDS, wait_until

WORKER = WorkerId("worker")


@pytest.fixture
def store(postgres_url: str, tmp_path: Path) -> Iterator[Store]:
    opened = open_store(postgres_url, create=True, folder=tmp_path)
    yield opened
    opened.close()


def test_a_lease_whose_session_was_ended_is_taken_again_and_again(store: Store, postgres_url: str) -> None:
    lease = store.hold_worker(WORKER)

    for _ in range(3):
        lose_lease(postgres_url, WORKER)
        assert store.is_alive(WORKER)
        assert store.count_workers() == 1

    lease.close()
    wait_until(lambda: not store.is_alive(WORKER), "a worker that ended is dead")


def test_a_lease_is_kept_where_the_server_ends_idle_sessions(store: Store, postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        database = admin.info.dbname
        admin.execute(f"ALTER DATABASE \"{database}\" SET idle_session_timeout = '200ms'".encode())
    lease, watch = store.hold_worker(WORKER), store.watch()
    backend = lease_backend(postgres_url, WORKER)

    with closing(psycopg.connect(postgres_url, autocommit=True)) as idle, pytest.raises(psycopg.OperationalError):
        for _ in idle.notifies(timeout=PATIENCE_SECONDS):
            pass

    assert lease_backend(postgres_url, WORKER) == backend
    assert watch.changed() is False
    watch.close()
    lease.close()


def test_a_lease_is_taken_again_once_nobody_else_is_in_the_way(store: Store, postgres_url: str) -> None:
    """As when somebody looks just then, or the server takes the lost session for alive."""
    lease = store.hold_worker(WORKER)
    with ThreadPoolExecutor(1) as threads, closing(psycopg.connect(postgres_url, autocommit=True)) as other:
        waits = threads.submit(other.execute, "SELECT pg_advisory_lock(%s)", (worker_lock(WORKER),))
        wait_until(lambda: _waiting(postgres_url) == 1, "the other one waits for the lock")

        end_session(postgres_url, lease_backend(postgres_url, WORKER))
        waits.result(PATIENCE_SECONDS)
        assert store.is_alive(WORKER)
        assert lease_backend(postgres_url, WORKER) == other.info.backend_pid
        wait_until(lambda: store.count_workers() == 1, "the lease has another session")
    wait_until(lambda: lease_backend(postgres_url, WORKER) is not None, "the lease is held again")

    lease.close()


def _waiting(url: str) -> int:
    with psycopg.connect(url, autocommit=True) as asker:
        row = asker.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted").fetchone()
    assert row is not None
    return int(row[0])


def test_a_lease_that_is_closed_while_its_session_is_lost_is_not_taken_again(store: Store, postgres_url: str) -> None:
    lease = store.hold_worker(WORKER)
    end_session(postgres_url, lease_backend(postgres_url, WORKER))

    lease.close()
    lease.close()

    wait_until(lambda: not store.is_alive(WORKER), "a worker that ended is dead")
    assert lease_backend(postgres_url, WORKER) is None
