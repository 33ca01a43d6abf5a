"""The contract of ``Store`` for attempts that wait: suspended, continued and cancelled under their fence alone."""

from dataclasses import replace

import pytest

from oncue.core.canonical import content_hash
from oncue.core.model import Attempt, AttemptState, WorkerId
from oncue.core.ports import Store
from tests.store.records import JOB, after, an_attempt, ended, some_inputs


def waiting(attempt: Attempt) -> Attempt:
    return replace(attempt, state=AttemptState.WAITING, inputs=some_inputs(attempt.key.step), log=content_hash(b"log"))


def test_an_attempt_keeps_how_many_workers_died_with_it(store: Store) -> None:
    begun = replace(an_attempt("collect"), losses=2)
    store.write(lambda tx: tx.begin_attempts([begun]))

    with store.read() as reader:
        assert reader.load_attempt(begun.key) == begun
        assert reader.list_attempts(JOB) == [begun]


def test_only_the_holder_of_the_fence_lets_a_running_attempt_wait(store: Store) -> None:
    held, lost = an_attempt("held"), an_attempt("lost", fence=2)
    over, idle = ended(an_attempt("over")), waiting(an_attempt("idle"))
    store.write(lambda tx: tx.begin_attempts([held, lost, over, idle]))
    pauses = [waiting(held), waiting(replace(lost, fence=1)), waiting(over), idle, waiting(an_attempt("never"))]

    refused = store.write(lambda tx: tx.suspend_attempts(pauses))

    assert refused == [attempt.key for attempt in pauses[1:]]
    with store.read() as reader:
        assert [reader.load_attempt(attempt.key) for attempt in pauses] == [waiting(held), lost, over, idle, None]


def test_one_pause_is_refused_like_many(store: Store) -> None:
    begun = an_attempt("collect")
    store.write(lambda tx: tx.begin_attempts([begun]))

    assert store.write(lambda tx: tx.suspend_attempts([waiting(begun)])) == []
    assert store.write(lambda tx: tx.suspend_attempts([waiting(begun)])) == [begun.key]
    assert store.write(lambda tx: tx.suspend_attempts([])) == []


@pytest.mark.parametrize(
    ("state", "expected_fence", "applies"),
    [
        (AttemptState.WAITING, 1, True),
        (AttemptState.WAITING, 2, False),
        (AttemptState.RUNNING, 1, False),
        (AttemptState.CANCELLED, 1, False),
    ],
)
def test_an_attempt_is_continued_only_if_it_waits_under_the_fence_that_was_seen(
    store: Store, state: AttemptState, expected_fence: int, applies: bool
) -> None:
    asked = replace(waiting(an_attempt("collect")), state=state)
    store.write(lambda tx: tx.begin_attempts([asked]))
    going = replace(asked, state=AttemptState.RUNNING, fence=2, worker=WorkerId("second"), started_at=after(4), losses=1)

    assert store.write(lambda tx: tx.continue_attempt(going, expected_fence=expected_fence)) is applies

    with store.read() as reader:
        assert reader.load_attempt(asked.key) == (going if applies else asked)


def test_an_attempt_is_continued_once(store: Store) -> None:
    asked = waiting(an_attempt("collect"))
    store.write(lambda tx: tx.begin_attempts([asked]))
    going = replace(asked, state=AttemptState.RUNNING, fence=2)

    assert store.write(lambda tx: tx.continue_attempt(going, expected_fence=1)) is True
    assert store.write(lambda tx: tx.continue_attempt(going, expected_fence=1)) is False


def test_a_waiting_attempt_ends_when_its_run_is_cancelled(store: Store) -> None:
    asked, taken = waiting(an_attempt("asked")), waiting(an_attempt("taken", fence=2))
    store.write(lambda tx: tx.begin_attempts([asked, taken]))
    ends = [replace(attempt, state=AttemptState.CANCELLED, ended_at=after(5)) for attempt in (asked, replace(taken, fence=1))]

    assert store.write(lambda tx: tx.end_attempts(ends)) == [taken.key]

    with store.read() as reader:
        assert reader.load_attempt(asked.key) == ends[0]
        assert reader.load_attempt(taken.key) == taken
