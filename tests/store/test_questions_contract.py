"""The contract of ``Store`` for questions: the first decision holds, lists have their orders, waiting costs nothing."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import replace
from threading import Barrier

import pytest

from oncue.core.model import JobId, StepId
from oncue.core.ports import Store
from oncue.core.questions import (
    Asking,
    Decision,
    How,
    LateAnswer,
    OnTimeout,
    Question,
    QuestionId,
    QuestionKind,
)
from oncue.core.writeport import Transaction
from oncue.errors import Conflict
from oncue.store.rows import to_micros
from oncue.store.sqltext import load_sql
from tests.store.conftest import Place
from tests.store.processes import running
from tests.store.records import JOB, NOON, a_decision, a_question, after, keep_questions

FORM = Asking(
    type="details",
    message="Which sites?",
    kind=QuestionKind.FORM,
    schema={"type": "object", "required": ["b", "a"], "properties": {"b": {"type": "number"}, "a": {}}},
)
PLAIN = Asking(type="go", message="Go on?", kind=QuestionKind.CONFIRM)
NULL = Asking(type="go", message="Go on?", kind=QuestionKind.TEXT, default=None, has_default=True)


def ids(questions: object) -> list[str]:
    assert isinstance(questions, list)
    return [question.id for question in questions]


# --------------------------------------------------------------------------------------------------------- what is kept


@pytest.mark.parametrize("asking", [FORM, PLAIN, NULL], ids=lambda asking: asking.kind)
def test_every_kind_of_question_reads_back_as_it_was_asked(store: Store, asking: Asking) -> None:
    question = replace(a_question(), asking=asking)
    keep_questions(store, question)

    with store.read() as reader:
        assert reader.load_question(question.id) == question
        assert reader.load_question(QuestionId("other")) is None


@pytest.mark.parametrize("policy", OnTimeout)
def test_a_question_keeps_its_options_its_default_its_deadline_and_its_policy(store: Store, policy: OnTimeout) -> None:
    question = a_question(deadline=after(30.5), on_timeout=policy)
    keep_questions(store, question)

    with store.read() as reader:
        assert reader.load_question(question.id) == question


def test_a_form_keeps_the_order_of_its_fields(store: Store) -> None:
    keep_questions(store, replace(a_question(), asking=FORM))

    with store.read() as reader:
        kept = reader.load_question(QuestionId("q-1"))

    assert kept is not None
    assert kept.asking.fingerprint == FORM.fingerprint
    assert kept.asking.schema is not None
    properties = kept.asking.schema["properties"]
    assert isinstance(properties, dict)
    assert list(properties) == ["b", "a"]


def test_a_question_may_be_settled_when_it_is_stored(store: Store) -> None:
    reused = Decision(
        how=How.REUSED, response={"text": "\0\ud800"}, actor="ada", answered_at=NOON, reused_from=QuestionId("first")
    )
    late = LateAnswer(response=None, actor="bob", answered_at=after(1))
    question = replace(a_question(deadline=after(-5), on_timeout=OnTimeout.DEFAULT), decision=reused, late=late)
    keep_questions(store, question)

    with store.read() as reader:
        assert reader.load_question(question.id) == question
        assert reader.list_questions(is_waiting=True) == []
        assert reader.list_due_questions(after(9)) == []


def test_an_attempt_asks_each_occurrence_of_a_type_once(store: Store) -> None:
    first = a_question("q-1")
    keep_questions(store, first, a_question("q-2", occurrence=2), a_question("q-3", step="other"), a_question("q-4", run=2))
    keep_questions(store, replace(first, id=QuestionId("q-5"), key=replace(first.key, number=2)))

    for name in ("q-1", "q-6"):
        with pytest.raises(Conflict):
            keep_questions(store, a_question(name))


# ---------------------------------------------------------------------------------------------------- what settles them


@pytest.mark.parametrize("response", [None, False, 0.5, "", "\0 \ud800", ["a", "b"], {"z": [1], "a": {}}])
def test_a_decision_reads_back_with_any_response(store: Store, response: object) -> None:
    keep_questions(store, a_question(), a_question("q-2", occurrence=2))
    decision = replace(a_decision(at=after(1)), response=response)

    assert store.write(lambda tx: tx.decide_question(replace(a_question(), decision=decision))) is True

    with store.read() as reader:
        assert reader.load_question(QuestionId("q-1")) == replace(a_question(), decision=decision)
        assert reader.load_question(QuestionId("q-2")) == a_question("q-2", occurrence=2)


def test_the_first_decision_holds(store: Store) -> None:
    keep_questions(store, a_question())
    first = Decision(
        how=How.DEFAULT, response="no", actor="", answered_at=after(1), is_timed_out=True, reused_from=QuestionId("q-0")
    )

    assert store.write(lambda tx: tx.decide_question(replace(a_question(), decision=first))) is True
    assert store.write(lambda tx: tx.decide_question(replace(a_question(), decision=a_decision()))) is False
    assert store.write(lambda tx: tx.decide_question(replace(a_question("none"), decision=a_decision()))) is False

    with store.read() as reader:
        assert reader.load_question(QuestionId("q-1")) == replace(a_question(), decision=first)


def test_one_of_fifty_threads_settles_a_question(store: Store) -> None:
    keep_questions(store, a_question())
    together = Barrier(50)

    def decide(actor: str) -> bool:
        together.wait()
        return store.write(lambda tx: tx.decide_question(replace(a_question(), decision=a_decision(actor))))

    actors = [f"actor-{number}" for number in range(50)]
    with ThreadPoolExecutor(50) as pool:
        settled = list(pool.map(decide, actors))

    assert settled.count(True) == 1
    with store.read() as reader:
        assert reader.load_question(QuestionId("q-1")) == replace(
            a_question(), decision=a_decision(actors[settled.index(True)])
        )


def test_each_question_is_settled_by_one_of_eight_processes(place: Place, store: Store) -> None:
    keep_questions(store, *(a_question(f"q-{number}", occurrence=number) for number in range(40)))

    with ExitStack() as stack:
        deciders = [stack.enter_context(running(place, "decide_many", f"process-{number}", "40")) for number in range(8)]
        for decider in deciders:
            assert decider.line() == "ready"
        for decider in deciders:
            decider.go()
        counts = [int(decider.end()) for decider in deciders]

    assert sum(counts) == 40
    with store.read() as reader:
        actors = [question.decision.actor for question in reader.list_questions(is_waiting=False) if question.decision]
    assert [actors.count(f"process-{number}") for number in range(8)] == counts


@pytest.mark.parametrize(
    ("decision", "applies"),
    [
        (None, False),
        (a_decision(), False),
        (Decision(how=How.TIMED_OUT, answered_at=NOON, is_timed_out=True), True),
        (Decision(how=How.DEFAULT, response="no", answered_at=NOON, is_timed_out=True), True),
    ],
)
def test_a_late_answer_is_kept_once_and_only_after_a_time_out(store: Store, decision: Decision | None, applies: bool) -> None:
    question = replace(a_question(), decision=decision)
    keep_questions(store, question)
    late = LateAnswer(response="yes", actor="ada", answered_at=after(9))

    assert store.write(lambda tx: tx.answer_late(replace(question, late=late))) is applies
    assert store.write(lambda tx: tx.answer_late(replace(question, late=replace(late, actor="bob")))) is False

    with store.read() as reader:
        assert reader.load_question(question.id) == replace(question, late=late if applies else None)


# ---------------------------------------------------------------------------------------------------------------- lists


def test_questions_are_listed_as_they_were_asked_narrowed_by_what_is_given(store: Store) -> None:
    def settle(tx: Transaction) -> None:
        for name in ("q-b", "q-e"):
            assert tx.decide_question(replace(a_question(name), decision=a_decision()))

    keep_questions(
        store,
        a_question("q-d", run=2, asked_at=after(4)),
        a_question("q-e", run=2, asked_at=after(5), step="report"),
        a_question("q-a", asked_at=after(1)),
        a_question("q-b", asked_at=after(2), occurrence=2),
        a_question("q-c", asked_at=after(3), job_id="other"),
    )
    store.write(settle)

    with store.read() as reader:
        assert ids(reader.list_questions()) == ["q-a", "q-b", "q-c", "q-d", "q-e"]
        assert ids(reader.list_questions(limit=2)) == ["q-a", "q-b"]
        assert ids(reader.list_questions(is_waiting=False)) == ["q-b", "q-e"]
        assert ids(reader.list_questions(is_waiting=True)) == ["q-a", "q-c", "q-d"]
        assert ids(reader.list_questions(job_id=JOB)) == ["q-a", "q-b", "q-d", "q-e"]
        assert ids(reader.list_questions(job_id=JOB, is_waiting=False, limit=1)) == ["q-b"]
        assert ids(reader.list_questions(job_id=JOB, is_waiting=True)) == ["q-a", "q-d"]
        assert ids(reader.list_questions(job_id=JOB, run=2)) == ["q-d", "q-e"]
        assert ids(reader.list_questions(job_id=JOB, run=2, is_waiting=False)) == ["q-e"]
        assert ids(reader.list_questions(job_id=JOB, run=2, is_waiting=True)) == ["q-d"]
        assert ids(reader.list_questions(job_id=JobId("none"))) == []


def test_questions_of_one_instant_are_in_the_order_of_their_steps(store: Store) -> None:
    keep_questions(store, *(a_question(f"q-{9 - number}", step=f"find[{number}]") for number in range(5)))

    with store.read() as reader:
        steps = [question.key.step for question in reader.list_questions()]

    assert steps == [StepId(f"find[{number}]") for number in range(5)]


def test_a_run_is_one_of_a_job(store: Store) -> None:
    with store.read() as reader, pytest.raises(ValueError, match="need the job"):
        reader.list_questions(run=1)


@pytest.mark.parametrize("job_id", [None, JOB])
@pytest.mark.parametrize("run", [None, 1])
def test_waiting_questions_are_listed_by_their_deadlines(store: Store, job_id: JobId | None, run: int | None) -> None:
    keep_questions(
        store,
        a_question("q-a", occurrence=1, asked_at=after(2)),
        a_question("q-b", occurrence=2, asked_at=after(1)),
        a_question("q-c", occurrence=3, deadline=after(60), on_timeout=OnTimeout.CANCEL),
        a_question("q-d", occurrence=4, deadline=after(50)),
        replace(a_question("q-e", occurrence=5, deadline=after(1)), decision=a_decision()),
    )

    with store.read() as reader:
        listed = reader.list_questions(job_id=job_id, run=run if job_id else None, is_waiting=True)

    assert ids(listed) == ["q-d", "q-c", "q-b", "q-a"]


def test_due_are_those_whose_deadline_is_over_and_whose_policy_acts(store: Store) -> None:
    keep_questions(
        store,
        a_question("late", occurrence=1, deadline=after(10), on_timeout=OnTimeout.CANCEL),
        a_question("first", occurrence=2, deadline=after(5), on_timeout=OnTimeout.DEFAULT),
        a_question("patient", occurrence=3, deadline=after(1)),
        a_question("endless", occurrence=4, on_timeout=OnTimeout.CANCEL),
        a_question("future", occurrence=5, deadline=after(10.000_001), on_timeout=OnTimeout.CANCEL),
        replace(a_question("over", occurrence=6, deadline=after(1), on_timeout=OnTimeout.CANCEL), decision=a_decision()),
    )

    with store.read() as reader:
        assert ids(reader.list_due_questions(after(10))) == ["first", "late"]
        assert ids(reader.list_due_questions(after(10), limit=1)) == ["first"]
        assert ids(reader.list_due_questions(after(4))) == []


# ----------------------------------------------------------------------------------------------------------------- cost


@pytest.mark.parametrize(
    ("name", "plan"),
    [
        ("due_questions", "USING INDEX ix_question_undecided (acts=? AND deadline<?)"),
        ("waiting_questions", "USING INDEX ix_question_undecided (acts=?)"),
        ("waiting_counts", "USING INDEX ix_question_undecided (acts=?)"),
        ("questions_of_job", "USING INDEX ix_question_job (job_id=?)"),
        ("decide_question", "(id=?)"),
        ("waits_of_run", "(job_id=? AND run=?)"),
    ],
)
def test_an_index_finds_questions(name: str, plan: str) -> None:
    sql = load_sql("sqlite")
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(sql["schema"])
        steps = connection.execute(f"EXPLAIN QUERY PLAN {sql[name]}", [None] * sql[name].count("?")).fetchall()

    assert plan in steps[0][3]


def test_asking_what_is_due_costs_the_same_whether_ten_thousand_questions_wait_or_none(sqlite_place: Place) -> None:
    with closing(sqlite_place.open()) as store:
        before = instructions(sqlite_place)
        keep_questions(store, *(waiting_question(number) for number in range(10_000)))

        after_all = instructions(sqlite_place)

    assert after_all - before < 20


def waiting_question(number: int) -> Question:
    """One of three sorts that are not due: patient and over, without a deadline, or with one to come."""
    deadline, policy = (
        (after(-number), OnTimeout.WAIT),
        (None, OnTimeout.CANCEL),
        (after(number), OnTimeout.CANCEL),
    )[number % 3]
    return a_question(f"q-{number}", occurrence=number, deadline=deadline, on_timeout=policy)


def instructions(place: Place) -> int:
    """How many steps SQLite's machine takes to find that nothing is due."""
    count = 0

    def step() -> int:
        nonlocal count
        count += 1
        return 0

    with closing(sqlite3.connect(place.folder / "oncue.db")) as connection:
        connection.set_progress_handler(step, 1)
        assert connection.execute(load_sql("sqlite")["due_questions"], (to_micros(NOON), 100)).fetchall() == []
    return count
