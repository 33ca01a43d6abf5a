"""The contract of ``Store`` for model calls, comments and settings."""

import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from oncue.core.counting import RunSpan
from oncue.core.model import Attempt, AttemptState, Inputs, JobId, StepId
from oncue.core.modelcalls import CallState, ModelCall, Spending, add_spending
from oncue.core.modelport import Usage
from oncue.core.ports import Store
from oncue.core.writeport import Transaction
from oncue.errors import Conflict
from oncue.store.rows import inputs_text, read_inputs
from oncue.store.sqltext import load_sql
from tests.store.callrecords import (
    a_call,
    a_comment,
    a_setting,
    answered,
    failed,
    keep_calls,
    keep_comments,
)
from tests.store.conftest import Place
from tests.store.records import JOB, NOON, a_run, after, an_attempt, ended, keep_runs, keep_success, with_job

BARE = replace(a_call(), sections=(), comments=(), answered_by="", finish="")


def keep_attempts(store: Store, *attempts: Attempt) -> None:
    store.write(lambda tx: tx.begin_attempts(attempts))


def names(calls: object) -> list[tuple[int, str, int, int]]:
    assert isinstance(calls, list)
    return [(call.key.run, call.key.step, call.key.number, call.number) for call in calls]


# ---------------------------------------------------------------------------------------------------------------- calls


@pytest.mark.parametrize(
    "call", [a_call(), BARE, answered(a_call()), failed(a_call())], ids=["sent", "bare", "answered", "failed"]
)
def test_a_call_reads_back_as_it_was_stored(store: Store, call: ModelCall) -> None:
    keep_calls(store, call)

    with store.read() as reader:
        assert reader.list_calls(JOB) == [call]
        assert reader.calls_of_attempt(call.key) == [call]


@pytest.mark.parametrize("end", [answered, failed])
def test_the_end_of_a_call_is_added_to_what_was_sent(store: Store, end: object) -> None:
    assert callable(end)
    sent, ended = a_call(), end(a_call())
    keep_calls(store, sent, a_call(2))

    assert store.write(lambda tx: tx.end_call(ended)) is True

    with store.read() as reader:
        assert reader.calls_of_attempt(sent.key) == [ended, a_call(2)]


def test_the_end_of_a_call_never_changes_what_was_sent(store: Store) -> None:
    sent = a_call()
    keep_calls(store, sent)
    forged = replace(
        answered(sent), sections=(), payload=sent.sections[0].hash, prompt="fp1:zz", model="m", url="u", comments=(), tries=9
    )

    store.write(lambda tx: tx.end_call(forged))

    with store.read() as reader:
        assert reader.list_calls(JOB) == [answered(sent)]


def test_the_first_end_of_a_call_holds(store: Store) -> None:
    keep_calls(store, a_call())
    store.write(lambda tx: tx.end_call(failed(a_call())))

    assert store.write(lambda tx: tx.end_call(answered(a_call()))) is False
    assert store.write(lambda tx: tx.end_call(answered(a_call(9)))) is False

    with store.read() as reader:
        assert reader.list_calls(JOB) == [failed(a_call())]


def test_a_call_whose_process_died_stays_sent(place: Place) -> None:
    with closing(place.open()) as store:
        keep_calls(store, a_call())

    with closing(place.open(create=False)) as store, store.read() as reader:
        (call,) = reader.list_calls(JOB)

    assert call.state is CallState.SENT
    assert (call.ended_at, call.reply, call.usage, call.usd, call.price_source) == (None,) * 5


def test_an_attempt_has_each_number_once(store: Store) -> None:
    keep_calls(store, a_call(1), a_call(2), a_call(1, attempt=2), a_call(1, run=2), a_call(1, step="other"))

    with pytest.raises(Conflict):
        keep_calls(store, a_call(2))


def test_calls_are_listed_as_they_were_sent_and_narrowed_by_run_and_step(store: Store) -> None:
    keep_calls(
        store,
        a_call(1, run=2, sent_at=after(5)),
        a_call(2, sent_at=after(3)),
        a_call(1, sent_at=after(1)),
        a_call(1, step="write", sent_at=after(2)),
        a_call(1, job_id="other"),
    )

    with store.read() as reader:
        assert names(reader.list_calls(JOB)) == [
            (1, "collect", 1, 1),
            (1, "write", 1, 1),
            (1, "collect", 1, 2),
            (2, "collect", 1, 1),
        ]
        assert names(reader.list_calls(JOB, run=1)) == [(1, "collect", 1, 1), (1, "write", 1, 1), (1, "collect", 1, 2)]
        assert names(reader.list_calls(JOB, step=StepId("write"))) == [(1, "write", 1, 1)]
        assert names(reader.list_calls(JOB, run=2, step=StepId("collect"))) == [(2, "collect", 1, 1)]
        assert names(reader.list_calls(JOB, run=2, step=StepId("write"))) == []
        assert names(reader.list_calls(JOB, limit=1)) == [(1, "collect", 1, 1)]


def test_calls_of_one_instant_are_listed_by_their_attempts(store: Store) -> None:
    keep_calls(store, a_call(2), a_call(1, attempt=2), a_call(1, step="b"), a_call(1))

    with store.read() as reader:
        assert names(reader.list_calls(JOB)) == [
            (1, "b", 1, 1),
            (1, "collect", 1, 1),
            (1, "collect", 1, 2),
            (1, "collect", 2, 1),
        ]


def test_the_calls_of_an_attempt_are_its_own(store: Store) -> None:
    keep_calls(
        store, a_call(2), a_call(1, sent_at=after(9)), a_call(1, attempt=2), a_call(1, run=2), a_call(1, step="collect[a]")
    )

    with store.read() as reader:
        assert names(reader.calls_of_attempt(a_call().key)) == [(1, "collect", 1, 1), (1, "collect", 1, 2)]


def test_whatever_a_provider_says_can_be_stored(store: Store) -> None:
    said = replace(
        answered(a_call()),
        answered_by="gpt\0 \ud800",
        finish="stöp\0",
        usage=Usage(input_tokens=2**40, output_tokens=2**40, cached_tokens=2**40),
        usd=1e-12,
    )
    keep_calls(store, a_call())

    store.write(lambda tx: tx.end_call(said))

    with store.read() as reader:
        assert reader.list_calls(JOB) == [replace(said, answered_by="gpt\ufffd ?", finish="stöp\ufffd")]
        assert reader.spending(JOB).tokens == 2**41


# ------------------------------------------------------------------------------------------------------------- spending


def test_spending_adds_up_what_is_known_and_counts_what_is_not(store: Store) -> None:
    calls = [
        answered(a_call(1)),
        answered(a_call(2), usd=None),
        answered(a_call(3), tokens=None),
        failed(a_call(4)),
        a_call(5),
        answered(a_call(1, run=2), tokens=0, usd=0.0),
    ]
    keep_calls(store, *calls, answered(a_call(1, job_id="other")))

    with store.read() as reader:
        assert reader.spending(JOB, 1) == Spending(calls=5, tokens=400, usd=0.5, unknown_tokens=3, unknown_usd=3)
        assert reader.spending(JOB, 2) == Spending(calls=1)
        assert reader.spending(JOB) == add_spending(calls)
        assert reader.spending(JOB, 3) == Spending()


def test_spending_is_told_apart_by_run_and_by_step(store: Store) -> None:
    calls = [
        answered(a_call(1)),
        answered(a_call(2), usd=None),
        answered(a_call(1, run=2), usd=1.5),
        answered(a_call(1, step="write", run=2), usd=2.5),
    ]
    keep_calls(store, *calls, answered(a_call(1, job_id="other")))

    with store.read() as reader:
        assert reader.spending_by_run(JOB) == {1: add_spending(calls[:2]), 2: add_spending(calls[2:])}
        assert reader.spending_by_step(JOB) == {calls[0].key.step: add_spending(calls[:3]), "write": add_spending(calls[3:])}
        assert reader.spending_by_run(JOB, RunSpan(first=2)) == {2: add_spending(calls[2:])}
        assert reader.spending_by_run(JobId("none")) == {}


def test_a_price_that_is_no_number_is_unknown(store: Store) -> None:
    keep_calls(store, answered(a_call(1)), answered(a_call(2), usd=float("nan")))

    with store.read() as reader:
        assert reader.spending(JOB) == Spending(calls=2, tokens=400, usd=0.25, unknown_usd=1)


def test_a_job_that_never_called_a_model_has_no_costs(store: Store) -> None:
    with_job(store)
    keep_success(store, an_attempt("collect"))
    keep_calls(store, a_call(job_id="other"))

    with store.read() as reader:
        assert reader.costs(JOB) == {}
        assert reader.costs(JOB, ["collect"]) == {}


def test_costs_are_those_of_the_latest_succeeded_attempts_by_step(store: Store) -> None:
    with_job(store)
    keep_runs(store, *map(a_run, (1, 2, 3, 4)))
    for run in (1, 2, 3):
        keep_attempts(store, ended(an_attempt("collect", run=run), at=after(10 * run)))
        keep_calls(store, answered(a_call(1, run=run), tokens=run), answered(a_call(2, run=run), usd=None))
    keep_success(store, an_attempt("find[a]"))
    keep_success(store, an_attempt("find[b]"))
    keep_calls(store, failed(a_call(1, step="find[b]")))
    keep_attempts(store, replace(an_attempt("collect", run=4), state=AttemptState.FAILED, ended_at=after(90)))
    keep_calls(store, answered(a_call(1, run=4)))

    with store.read() as reader:
        costs = reader.costs(JOB, limit=2)
        few = reader.costs(JOB, ["collect"], limit=1)
        many = reader.costs(JOB, ["collect", *(f"other{number}" for number in range(30))], limit=2)

    assert [one.tokens for one in costs["collect"]] == [206, 204]
    assert sorted(one.unknown_tokens for one in costs["find"]) == [0, 1]
    assert sorted(one.calls for one in costs["find"]) == [0, 1]
    assert [one.calls for one in few["collect"]] == [2]
    assert [one.unknown_usd for one in few["collect"]] == [1]
    assert many == {"collect": costs["collect"]}


def test_neither_budgets_nor_estimates_read_a_row_of_a_call(sqlite_place: Place) -> None:
    """They are looked at before every call and at every plan: the index has all they need."""
    sqlite_place.open().close()

    with closing(sqlite3.connect(sqlite_place.folder / "oncue.db")) as connection:
        for name in ("spent", "spent_in_run", "spent_by_attempt", "spent_in_attempt", "has_calls"):
            sql = load_sql("sqlite")[name]
            steps = connection.execute(f"EXPLAIN QUERY PLAN {sql}", ("x",) * sql.count("?")).fetchall()
            told = [step[-1] for step in steps]
            assert [line for line in told if "USING COVERING INDEX" in line], (name, told)
            assert not [line for line in told if "TEMP B-TREE" in line or "SCAN" in line], (name, told)


# ------------------------------------------------------------------------------------------------------------- comments


@pytest.mark.parametrize(
    "comment", [a_comment(), replace(a_comment(), kind=None, steps=(), author="", reason="")], ids=["full", "bare"]
)
def test_a_comment_reads_back_as_it_was_written(store: Store, comment: object) -> None:
    keep_comments(store, comment)  # type: ignore[arg-type]

    with store.read() as reader:
        assert reader.list_comments(JOB) == [comment]


def test_comments_are_listed_by_their_runs(store: Store) -> None:
    keep_comments(store, a_comment(11), a_comment(2), a_comment(9), a_comment(1, job_id="other"))

    with store.read() as reader:
        assert [comment.run for comment in reader.list_comments(JOB)] == [2, 9, 11]


def test_a_run_has_one_comment(store: Store) -> None:
    keep_comments(store, a_comment())

    with pytest.raises(Conflict):
        keep_comments(store, replace(a_comment(), text="another"))

    with store.read() as reader:
        assert reader.list_comments(JOB) == [a_comment()]


def test_a_comment_of_the_greatest_length_is_stored_whole(store: Store) -> None:
    long = replace(a_comment(), text="🌞" * 600)
    keep_comments(store, long)

    with store.read() as reader:
        assert reader.list_comments(JOB) == [long]


def test_the_comments_that_an_attempt_read_are_part_of_its_inputs(store: Store) -> None:
    with_job(store)
    begun = an_attempt("collect")
    inputs = Inputs(
        definition="fp1:d", steps={"before": "sha256:aa"}, params={"depth": "fp1:bb"}, item="fp1:cc", comments=(1, 12)
    )

    def unit(tx: Transaction) -> None:
        tx.begin_attempts([begun])
        tx.end_attempts([replace(begun, state=AttemptState.CANCELLED, ended_at=NOON, inputs=inputs)])

    store.write(unit)

    with store.read() as reader:
        kept = reader.load_attempt(begun.key)
    assert kept is not None
    assert kept.inputs == inputs


def test_inputs_without_comments_are_stored_as_they_were_before_there_were_any() -> None:
    inputs = Inputs(definition="fp1:d", steps={"a": "sha256:aa"}, params={"p": "fp1:bb"})
    text = '["fp1:d",{"a":"sha256:aa"},{"p":"fp1:bb"}]'

    assert inputs_text(inputs) == text
    assert read_inputs(text) == inputs
    assert read_inputs(f"fp1:cc\n{text}") == replace(inputs, item="fp1:cc")


# ------------------------------------------------------------------------------------------------------------- settings


def test_a_setting_is_replaced_and_forgotten(store: Store) -> None:
    store.write(lambda tx: tx.put_setting(a_setting()))
    store.write(lambda tx: tx.put_setting(a_setting("budget_usd", "5")))
    again = replace(a_setting(), value="ollama:small \udc80 \0", set_by="bob", set_at=after(1))
    store.write(lambda tx: tx.put_setting(again))

    with store.read() as reader:
        assert reader.list_settings() == [a_setting("budget_usd", "5"), again]

    assert store.write(lambda tx: tx.delete_setting("model")) is True
    assert store.write(lambda tx: tx.delete_setting("model")) is False
    with store.read() as reader:
        assert reader.list_settings() == [a_setting("budget_usd", "5")]


# --------------------------------------------------------------------------------------------------------- transactions


def test_calls_comments_and_settings_are_undone_with_their_transaction(store: Store) -> None:
    def unit(tx: Transaction) -> None:
        tx.insert_call(a_call())
        tx.insert_comment(a_comment())
        tx.put_setting(a_setting())
        assert (len(tx.list_calls(JOB)), len(tx.list_comments(JOB)), len(tx.list_settings())) == (1, 1, 1)
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        store.write(unit)

    with store.read() as reader:
        assert (reader.list_calls(JOB), reader.list_comments(JOB), reader.list_settings()) == ([], [], [])
