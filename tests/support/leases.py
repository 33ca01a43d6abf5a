"""What a PostgreSQL server knows of the session behind a worker's lease."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from oncue.core.model import WorkerId
from oncue.store.sessionlease import worker_lock
from tests.support.processes import wait_until

_HOLDER = """
SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND mode = 'ExclusiveLock' AND objsubid = 1
AND (classid::bigint << 32 | objid::bigint) = %s
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


def lease_backend(url: str, worker_id: WorkerId) -> int | None:
    """The process of the server that holds the lock of a worker, or None."""
    with psycopg.connect(url, autocommit=True) as asker:
        row = asker.execute(_HOLDER, (worker_lock(worker_id),)).fetchone()
    return None if row is None else int(row[0])


def end_session(url: str, backend: int | None) -> None:
    """Have the server end a session, as an administrator or a timeout would."""
    with psycopg.connect(url, autocommit=True) as admin:
        assert admin.execute("SELECT pg_terminate_backend(%s)", (backend,)).fetchone() == (True,)


def lose_lease(url: str, worker_id: WorkerId) -> None:
    """End the session of a lease, and wait until another one holds the lock."""
    lost = lease_backend(url, worker_id)
    end_session(url, lost)
    wait_until(lambda: lease_backend(url, worker_id) not in (None, lost), "the lease is held again")


@contextmanager
def outage(url: str) -> Iterator[None]:
    """Until the block ends the database takes no sessions, and those that were are ended, as when its server restarts."""
    place = psycopg.conninfo.conninfo_to_dict(url)
    name = str(place["dbname"])
    with psycopg.connect(**{**place, "dbname": "postgres"}, autocommit=True) as admin:  # type: ignore[arg-type]
        admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'.encode())
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        yield
        admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'.encode())
