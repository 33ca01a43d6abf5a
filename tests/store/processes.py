"""What the tests run in processes of their own: ``python -m tests.store.processes NAME LOCATION FOLDER …``."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO

from oncue.core.model import JobId, WorkerId
from oncue.core.ports import Store
from oncue.core.writeport import Transaction
from oncue.errors import WorkspaceError
from oncue.store import open_store
from tests.store.conftest import Place
from tests.store.records import NOON, a_decision, a_job, a_question, an_artifact, an_attempt, draft, record_success
from tests.support.repository import ROOT

USER = "ONCUE_TEST_USER"


def write_many(store: Store, job_id: str, count: str) -> None:
    """One transaction after the other, each of two events."""
    for _ in range(int(count)):
        store.write(lambda tx: tx.append_events(JobId(job_id), [draft(), draft()], NOON))


def write_for_ever(store: Store, job_id: str) -> None:
    """Group commits of step ends until somebody ends the process; says when the first hundred are through."""
    number = 0
    while True:
        futures = [store.submit(StepEnd(job_id, number + offset)) for offset in range(10)]
        number += 10
        for future in futures:
            future.result()
        if number == 100:
            say("ready")


class StepEnd:
    """A whole step in one transaction: begun, ended, its artifact, its current output, its event."""

    def __init__(self, job_id: str, number: int) -> None:
        self._attempt = an_attempt(f"step[{number}]", job_id=job_id)
        self._body = b"%d" % number

    def __call__(self, tx: Transaction) -> None:
        tx.begin_attempts([self._attempt])
        record_success(tx, self._attempt, body=self._body)


def hold(store: Store, worker_id: str) -> None:
    """Be a worker until the input ends."""
    lease = store.hold_worker(WorkerId(worker_id))
    say("ready")
    sys.stdin.read()
    lease.close()


def fork(store: Store, worker_id: str) -> None:
    """Be a worker, and have a child that outlives it and tries to use the store."""
    store.hold_worker(WorkerId(worker_id))
    store.write(lambda tx: tx.insert_job(a_job("parent")))
    if os.fork() == 0:
        for use in (write_child, read_jobs):
            try:
                use(store)
            except WorkspaceError as error:
                say(error.message)
        say("ready")
        sys.stdin.read()
        os._exit(0)
    os.wait()


def write_child(store: Store) -> None:
    store.write(lambda tx: tx.insert_job(a_job("child")))


def read_jobs(store: Store) -> None:
    with store.read() as reader:
        reader.list_jobs()


def decide_many(store: Store, actor: str, count: str) -> None:
    """When told to go, settle one question after the other; says how many of them it settled first."""
    say("ready")
    sys.stdin.readline()
    decided = [replace(a_question(f"q-{number}"), decision=a_decision(actor)) for number in range(int(count))]
    say(str(sum(store.write(lambda tx, one=one: tx.decide_question(one)) for one in decided)))  # type: ignore[misc]


def fill_up(store: Store, limit: str) -> None:
    """Write until the disk is full: no file of this process may become larger than the limit."""
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
    try:
        for number in range(10_000):
            store.write(lambda tx, number=number: tx.put_artifacts([an_artifact(b"%8000d" % number)]))  # type: ignore[misc]
    except WorkspaceError as error:
        say(f"{error.message} / {error.hint}")
    try:
        store.blobs.put(b"x" * (int(limit) + 1))
    except WorkspaceError as error:
        say(f"{error.message} / {error.hint}")
    with store.read() as reader:
        say(str(len(reader.list_jobs())))


def say(text: str) -> None:
    print(text, flush=True)


def main(name: str, location: str, folder: str, *arguments: str) -> None:
    """Open the workspace, as another user if one is named; where it cannot be opened, say why."""
    if user := os.environ.get(USER):
        os.setuid(int(user))  # only now: the interpreter may be in a folder of the first user
    try:
        store = open_store(location, create=name == "create", folder=Path(folder))
    except WorkspaceError as error:
        say(f"{error.message} / {error.hint}")
        return
    globals()[name](store, *arguments)
    store.close()


def create(store: Store) -> None:
    """Opening it made it."""
    with store.read() as reader:
        say(str(len(reader.list_jobs())))


class Process:
    """A running one of these."""

    def __init__(self, popen: subprocess.Popen[str]) -> None:
        self.popen = popen
        assert popen.stdout is not None
        self.output: IO[str] = popen.stdout

    def line(self) -> str:
        """The next line it says."""
        return self.output.readline().strip()

    def go(self) -> None:
        """Tell it to begin with what it is there for."""
        assert self.popen.stdin is not None
        self.popen.stdin.write("go\n")
        self.popen.stdin.flush()

    def end(self) -> str:
        """Let it end; what it said since."""
        output, _ = self.popen.communicate(timeout=60)
        assert self.popen.returncode == 0
        return output.strip()

    def kill(self) -> None:
        """End it as a crash would, and wait until it is gone."""
        self.popen.kill()
        self.popen.communicate(timeout=60)


@contextmanager
def running(place: Place, name: str, *arguments: str, user: int | None = None) -> Iterator[Process]:
    """Start one; it is gone at the end, however that comes."""
    command = [sys.executable, "-m", "tests.store.processes", name, place.location, str(place.folder), *arguments]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", USER: "" if user is None else str(user)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as popen:
        try:
            yield Process(popen)
        finally:
            popen.kill()


def new_job(store: Store, name: str) -> None:
    store.write(lambda tx: tx.insert_job(a_job(name)))


if __name__ == "__main__":
    main(*sys.argv[1:])
