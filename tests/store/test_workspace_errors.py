"""A workspace that cannot be used says what was found and what to do, and never a password."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from oncue.core.model import JobId
from oncue.errors import InvalidInput, WorkspaceError
from oncue.store import open_store
from oncue.store.postgres import hide_password
from tests.store.conftest import Place
from tests.store.processes import new_job, running
from tests.store.records import an_artifact

NOBODY = 65_534
PASSWORD = "hunter2/%&"
QUOTED = "hunter2%2F%25%26"


def refusal(action: Callable[[], object]) -> WorkspaceError:
    with pytest.raises(WorkspaceError) as caught:
        action()
    assert caught.value.hint
    return caught.value


def test_a_missing_workspace_is_not_made_unless_asked(place: Place) -> None:
    error = refusal(lambda: place.open(create=False))

    assert "workspace" in error.message
    assert not place.folder.exists()


def test_an_opened_workspace_opens_again(place: Place) -> None:
    with closing(place.open()) as store:
        new_job(store, "kept")

    with closing(place.open(create=False)) as store, store.read() as reader:
        assert reader.load_job(JobId("kept")) is not None


def test_a_workspace_made_by_a_newer_version_is_refused(place: Place) -> None:
    place.open().close()
    set_revision(place, "9999")

    error = refusal(lambda: place.open(create=True))

    assert "newer version" in error.message
    assert "9999" in error.message
    assert "upgrade" in error.hint


def set_revision(place: Place, revision: str) -> None:
    if place.location.startswith("postgresql"):
        import psycopg

        with psycopg.connect(place.location) as connection:
            connection.execute("UPDATE alembic_version SET version_num = %s", (revision,))
    else:
        with closing(sqlite3.connect(place.folder / "oncue.db", isolation_level=None)) as connection:
            connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))


def test_a_file_that_is_no_database_is_refused(sqlite_place: Place) -> None:
    sqlite_place.folder.mkdir()
    (sqlite_place.folder / "oncue.db").write_bytes(b"not a database, but long enough to look like one" * 100)

    assert "not an Oncue database" in refusal(sqlite_place.open).message


def test_a_database_of_another_program_is_refused_and_left_alone(sqlite_place: Place) -> None:
    sqlite_place.folder.mkdir()
    with closing(sqlite3.connect(sqlite_place.folder / "oncue.db")) as connection:
        connection.execute("CREATE TABLE theirs (id)")

    assert "no Oncue workspace" in refusal(sqlite_place.open).message

    with closing(sqlite3.connect(sqlite_place.folder / "oncue.db")) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("theirs",)]


def test_a_damaged_file_is_named_as_such(sqlite_place: Place) -> None:
    with closing(sqlite_place.open()) as store:
        for number in range(200):
            store.write(lambda tx, number=number: tx.put_artifacts([an_artifact(b"%4000d" % number)]))  # type: ignore[misc]
    path = sqlite_place.folder / "oncue.db"
    content = bytearray(path.read_bytes())
    content[8192:] = b"\x5a" * (len(content) - 8192)
    path.write_bytes(content)

    def look() -> None:
        with closing(sqlite_place.open(create=False)) as store, store.read() as reader:
            reader.list_jobs()

    assert "damaged" in refusal(look).message


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    assert "cannot be written" in refusal(lambda: open_store(tmp_path / "file", create=True)).message


def test_a_full_disk_is_said_and_leaves_the_workspace_readable(sqlite_place: Place) -> None:
    with closing(sqlite_place.open()) as store:
        new_job(store, "kept")

    with running(sqlite_place, "fill_up", str(2 << 20)) as writer:
        said = writer.end().splitlines()

    assert "the disk is full" in said[0]
    assert "free some space" in said[0]
    assert "could not be written" in said[1]
    assert said[2] == "1"
    assert [path for path in (sqlite_place.folder / "blobs").iterdir() if path.is_file()] == []
    with closing(sqlite_place.open(create=False)) as store:
        new_job(store, "next")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.parametrize(("folder_mode", "file_mode"), [(0o555, 0o444), (0o755, 0o444)])
def test_a_workspace_of_somebody_else_is_said_to_be_read_only(open_folder: Path, folder_mode: int, file_mode: int) -> None:
    place = Place(location=str(open_folder / "shared"), folder=open_folder / "shared")
    with closing(place.open()) as store:
        new_job(store, "kept")
    for path in place.folder.iterdir():
        path.chmod(file_mode)
    place.folder.chmod(folder_mode)

    with running(place, "write_many", "kept", "1", user=NOBODY if os.getuid() == 0 else None) as writer:
        said = writer.end()
    place.folder.chmod(0o755)

    assert "the workspace cannot be written" in said
    assert "permissions" in said


def test_a_server_that_cannot_be_reached_is_named_without_the_password(tmp_path: Path) -> None:
    url = f"postgresql://ada:{QUOTED}@127.0.0.1:1/db?connect_timeout=1"

    error = refusal(lambda: open_store(url, create=True, folder=tmp_path))

    assert "cannot be reached" in error.message
    assert "ada@127.0.0.1:1/db" in error.message
    assert_no_password(error)


def test_an_address_that_is_malformed_does_not_repeat_the_password(tmp_path: Path) -> None:
    for url in (f"postgresql://ada:{QUOTED}@host:port/db", f"postgresql://host/db?password={QUOTED}&nonsense=1"):
        error = refusal(lambda url=url: open_store(url, create=True, folder=tmp_path))  # type: ignore[misc]

        assert_no_password(error)


def assert_no_password(error: BaseException) -> None:
    seen: BaseException | None = error
    while seen is not None:
        for text in (PASSWORD, QUOTED, "hunter2"):
            assert text not in str(seen)
        seen = seen.__cause__


def test_the_address_of_a_store_has_no_password(postgres_url: str, tmp_path: Path) -> None:
    url = postgres_url.replace("postgres@", f"postgres:{QUOTED}@")
    with closing(open_store(url, create=True, folder=tmp_path)) as store:
        assert store.url.startswith("postgresql://postgres@/")
        assert "hunter2" not in store.url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://ada:secret@host:5/db", "postgresql://ada@host:5/db"),
        ("postgresql://ada@host/db?sslmode=require", "postgresql://ada@host/db?sslmode=require"),
        ("postgresql:///db?host=/run/pg&password=secret", "postgresql:///db?host=/run/pg"),
        ("postgresql://host/db", "postgresql://host/db"),
        ("postgresql://ada:se@cret@host/db", "postgresql://ada@host/db"),
    ],
)
def test_a_password_is_taken_out_of_an_address(url: str, shown: str) -> None:
    assert hide_password(url)[0] == shown


def test_an_unknown_way_to_flush_is_refused(tmp_path: Path) -> None:
    assert "OFF" in refusal(lambda: open_store(tmp_path, create=True, synchronous="OFF")).message


def test_the_two_ways_to_flush_are_accepted(tmp_path: Path) -> None:
    for way in ("FULL", "NORMAL"):
        with closing(open_store(tmp_path / way, create=True, synchronous=way)) as store:
            new_job(store, "kept")


@pytest.mark.parametrize("job_id", ["", ".", "..", "../up", "a/b", "a\\b", "a\0b", ".hidden"])
def test_a_projection_never_leaves_its_folder(sqlite_place: Place, job_id: str) -> None:
    with closing(sqlite_place.open()) as store, pytest.raises(InvalidInput):
        store.write_projection(JobId(job_id), b"{}")


def test_a_projection_replaces_the_one_before(place: Place) -> None:
    with closing(place.open()) as store:
        store.write_projection(JobId("solar"), b"old")
        store.write_projection(JobId("solar"), b"new")

    folder = place.folder / "jobs" / "solar"
    assert [(path.name, path.read_bytes()) for path in folder.iterdir()] == [("job_data.json", b"new")]
