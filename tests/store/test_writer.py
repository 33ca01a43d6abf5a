"""One thread writes for a whole process: what is queued together is committed together, and fails apart."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import closing
from pathlib import Path

import pytest

from oncue.core.model import JobId
from oncue.core.ports import Store
from oncue.core.writeport import Transaction
from oncue.errors import WorkspaceError
from oncue.store.sqlite import SqliteDatabase
from oncue.store.writer import Writer
from tests.store.conftest import Place
from tests.store.records import JOB, NOON, a_job, draft, with_job


class Gate:
    """A unit that holds the writer until it is let go, so that what follows is queued together."""

    def __init__(self, store: Store | Writer) -> None:
        self._entered, self._opened = threading.Event(), threading.Event()
        self.future = store.submit(self._unit)
        assert self._entered.wait(30)

    def _unit(self, _: Transaction) -> None:
        self._entered.set()
        assert self._opened.wait(30)

    def open(self) -> None:
        self._opened.set()


def append(tx: Transaction) -> int:
    return tx.append_events(JOB, [draft()], NOON)


def stumble(tx: Transaction) -> None:
    append(tx)
    raise LookupError("stumbled")


def queued_together(store: Store, *units: Callable[[Transaction], object]) -> list[Future[object]]:
    gate = Gate(store)
    futures = [store.submit(unit) for unit in units]
    gate.open()
    wait(futures, timeout=30)
    return futures


def test_units_that_are_queued_together_are_committed_in_one_transaction(sqlite_place: Place) -> None:
    sqlite_place.open().close()
    database = CountingDatabase(sqlite_place.folder)
    writer = Writer(database)
    gate = Gate(writer)
    for _ in range(100):
        writer.submit(lambda tx: tx.load_job(JOB))
    gate.open()
    writer.close()
    database.dispose()

    assert database.commits == 2


class CountingDatabase(SqliteDatabase):
    """A real database that counts its commits."""

    commits = 0

    def commit(self, connection: object) -> None:
        self.commits += 1
        super().commit(connection)


def test_a_unit_that_fails_among_others_is_undone_alone(store: Store) -> None:
    with_job(store)

    futures = queued_together(store, append, stumble, append)

    assert [futures[0].result(), futures[2].result()] == [1, 2]
    assert isinstance(futures[1].exception(), LookupError)
    with store.read() as reader:
        assert [event.seq for event in reader.list_events(JOB)] == [1, 2]


def test_a_unit_among_others_that_breaks_a_rule_of_the_tables_is_undone_alone(store: Store) -> None:
    with_job(store)

    futures = queued_together(store, append, lambda tx: tx.insert_job(a_job()), append)

    assert [futures[0].result(), futures[2].result()] == [1, 2]
    assert futures[1].exception() is not None


def test_units_run_in_the_order_in_which_they_were_queued(store: Store) -> None:
    with_job(store)

    assert [future.result() for future in queued_together(store, *[append] * 20)] == list(range(1, 21))


def test_a_unit_that_lost_a_deadlock_is_carried_out_again(postgres_url: str, tmp_path: Path) -> None:
    place = Place(location=postgres_url, folder=tmp_path)
    with closing(place.open()) as first, closing(place.open()) as second:
        for name in ("a", "b"):
            with_job(first, name)
        both = threading.Barrier(2, timeout=30)

        def append_to(name: str, wait: Callable[[], object] = int) -> Callable[[Transaction], int]:
            def unit(tx: Transaction) -> int:
                number = tx.append_events(JobId(name), [draft()], NOON)
                wait()
                return number

            return unit

        gates = [Gate(first), Gate(second)]
        futures = [
            first.submit(append_to("a", both.wait)),
            first.submit(append_to("b")),
            second.submit(append_to("b", both.wait)),
            second.submit(append_to("a")),
        ]
        for gate in gates:
            gate.open()

        assert sorted(future.result(60) for future in futures) == [1, 1, 2, 2]


def test_a_result_is_visible_to_every_reader(store: Store) -> None:
    with_job(store)
    seen = []
    for number in range(1, 20):
        future = store.submit(append)
        assert future.result() == number
        with store.read() as reader:
            seen.append(len(reader.list_events(JOB)))

    assert seen == list(range(1, 20))


def test_a_unit_that_was_cancelled_in_the_queue_does_not_run(store: Store) -> None:
    with_job(store)
    gate = Gate(store)
    dropped, kept = store.submit(append), store.submit(append)
    assert dropped.cancel()
    gate.open()

    assert kept.result(30) == 1


def test_many_threads_write_without_losing_anything(store: Store) -> None:
    with_job(store)

    def work() -> None:
        for _ in range(25):
            store.write(append)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with store.read() as reader:
        assert [event.seq for event in reader.list_events(JOB)] == list(range(1, 201))


def test_closing_finishes_what_was_queued(place: Place) -> None:
    store = place.open()
    with_job(store)
    gate = Gate(store)
    futures = [store.submit(append) for _ in range(5)]
    gate.open()
    store.close()

    assert [future.result(0) for future in futures] == [1, 2, 3, 4, 5]


def test_nothing_is_accepted_after_closing(place: Place) -> None:
    store = place.open()
    store.close()
    store.close()

    with pytest.raises(WorkspaceError, match="closed"):
        store.write(append)
    with pytest.raises(WorkspaceError, match="closed"), store.read():
        pass


def test_a_store_that_never_wrote_has_no_thread(place: Place) -> None:
    before = threading.active_count()
    store = place.open()
    with store.read() as reader:
        assert reader.list_jobs() == []

    assert threading.active_count() == before
    store.close()
