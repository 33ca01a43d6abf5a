"""The contract of ``Store`` for long lists: pages, counts and searches say what reading everything would say."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TypedDict

import pytest

from oncue.core.canonical import content_hash
from oncue.core.counting import RunSpan
from oncue.core.listports import Narrowing, QuestionCount
from oncue.core.model import AttemptState, Job, RunState, StepId
from oncue.core.ports import Store
from oncue.core.questions import Decision, How, LateAnswer, OnTimeout, Question, recorded_answer
from oncue.core.questionwords import describe_response, fold_text
from oncue.core.writeport import Transaction
from tests.store.records import (
    JOB,
    a_decision,
    a_job,
    a_question,
    a_run,
    after,
    an_attempt,
    ended,
    keep_questions,
    keep_runs,
)

EVERYTHING = Narrowing()


class _Place(TypedDict):
    type_: str
    occurrence: int


def ids(questions: object) -> list[str]:
    assert isinstance(questions, list)
    return [question.id for question in questions]


def some_questions(store: Store) -> list[Question]:
    """Two of one type that people decided, a default of another type in between, and one that waits."""
    person, default = replace(a_decision(), how=How.PERSON), replace(a_decision(), how=How.DEFAULT, actor="")
    first = a_question("q-a", occurrence=1, asked_at=after(1))
    other = replace(first.asking, type="run_mode", message="Wie tief? ÄRGER")
    found = [
        replace(first, decision=person),
        replace(a_question("q-b", occurrence=1, asked_at=after(2)), asking=other, decision=default),
        replace(a_question("q-c", occurrence=2, asked_at=after(3)), decision=person),
        a_question("q-d", occurrence=3, asked_at=after(4)),
    ]
    keep_questions(store, *found)
    return found


def test_decisions_are_read_page_by_page_in_the_order_in_which_they_were_asked(store: Store) -> None:
    some_questions(store)

    with store.read() as reader:
        assert ids(reader.list_decisions(JOB, EVERYTHING, offset=0, limit=2)) == ["q-a", "q-b"]
        assert ids(reader.list_decisions(JOB, EVERYTHING, offset=2, limit=2)) == ["q-c"]
        assert ids(reader.list_decisions(JOB, EVERYTHING, offset=4, limit=2)) == []
        assert ids(reader.list_decisions(JOB, EVERYTHING, offset=1)) == ["q-b", "q-c"]
        assert ids(reader.list_decisions(JOB, EVERYTHING, limit=0)) == []


def test_decisions_are_narrowed_by_type_run_and_way(store: Store) -> None:
    first, *_ = some_questions(store)
    every = {"offset": 0, "limit": 9}

    with store.read() as reader:
        assert ids(reader.list_decisions(JOB, Narrowing(type="run_mode"), **every)) == ["q-b"]
        assert ids(reader.list_decisions(JOB, Narrowing(how=How.PERSON), **every)) == ["q-a", "q-c"]
        assert ids(reader.list_decisions(JOB, Narrowing(run=first.key.run, how=How.DEFAULT), **every)) == ["q-b"]
        assert ids(reader.list_decisions(JOB, Narrowing(run=first.key.run + 1), **every)) == []


def test_counts_tell_types_runs_and_ways_apart(store: Store) -> None:
    first, *_ = some_questions(store)
    run = first.key.run

    with store.read() as reader:
        counts = reader.count_questions(JOB)

    assert sorted(counts, key=str) == sorted(
        [
            QuestionCount(type=first.asking.type, run=run, how=How.PERSON, count=2),
            QuestionCount(type="run_mode", run=run, how=How.DEFAULT, count=1),
            QuestionCount(type=first.asking.type, run=run, how=None, count=1),
        ],
        key=str,
    )
    assert [one.type for one in counts][:2] == [first.asking.type, "run_mode"]


def test_the_questions_that_wait_are_counted_by_job(store: Store) -> None:
    some_questions(store)
    others = [a_question(f"o-{number}", job_id="other", occurrence=number) for number in (1, 2)]
    keep_questions(store, *others, replace(a_question("d-1", job_id="done"), decision=a_decision()))
    keep_questions(store, a_question("o-3", job_id="other", occurrence=3, deadline=after(9), on_timeout=OnTimeout.CANCEL))

    with store.read() as reader:
        assert reader.count_waiting() == {JOB: 1, "other": 3}


def found_by(store: Store, text: str) -> list[str]:
    with store.read() as reader:
        wanted = Narrowing(text=fold_text(text))
        found = ids(reader.list_decisions(JOB, wanted, offset=0, limit=9))
        assert reader.count_decisions(JOB, wanted) == len(found)
        assert ids(reader.list_decisions(JOB, wanted, offset=1, limit=1)) == found[1:2]
        assert reader.count_decisions(JOB, replace(wanted, run=99)) == 0
    return found


def test_decisions_are_found_by_what_was_asked_by_steps_and_by_people(store: Store) -> None:
    first, *_ = some_questions(store)

    assert found_by(store, "ärger") == ["q-b"]
    assert found_by(store, a_decision().actor) == ["q-a", "q-c"]
    assert found_by(store, first.key.step) == ["q-a", "q-b", "q-c"]
    assert found_by(store, "") == ["q-a", "q-b", "q-c"]
    assert found_by(store, "%") == []


@pytest.mark.parametrize("response", ["Straße 7", "\0 \ud800 Ω", {"why": "it's 50 % off\n"}, 0.25, None, True, ["yes"]])
def test_decisions_are_found_by_any_answer_also_one_that_came_late(store: Store, response: object) -> None:
    kept = a_question("q-a", on_timeout=OnTimeout.DEFAULT)
    timed_out = Decision(how=How.DEFAULT, response="no", answered_at=after(1), is_timed_out=True)
    keep_questions(store, kept, a_question("q-b", occurrence=2))
    late = LateAnswer(response=response, actor="Bob", answered_at=after(2))

    assert store.write(lambda tx: tx.decide_question(replace(kept, decision=timed_out)))
    assert found_by(store, "bob") == []
    assert store.write(lambda tx: tx.answer_late(replace(kept, decision=timed_out, late=late)))

    assert found_by(store, "bob") == ["q-a"]
    assert found_by(store, "" if response is None else describe_response(kept, response).upper()) == ["q-a"]


def test_waits_are_summed_for_each_attempt_of_a_run_that_got_an_answer(store: Store) -> None:
    def asked(name: str, occurrence: int, *, number: int = 1, run: int = 1, answered: float | None = None) -> Question:
        question = a_question(name, occurrence=occurrence, run=run, asked_at=after(occurrence))
        decision = None if answered is None else a_decision(at=after(answered))
        return replace(question, key=replace(question.key, number=number), decision=decision)

    kept = [
        asked("first", 1, answered=1.25),
        asked("second", 2, answered=4),
        asked("open", 3),
        asked("at once", 1, number=2, answered=1),
        asked("again", 2, number=3, answered=2.5),
        asked("later", 1, run=2, answered=9),
    ]
    keep_questions(store, *kept)

    with store.read() as reader:
        waits = reader.waits_of_run(JOB, 1)

    assert waits == {kept[0].key: 2.25, kept[4].key: 0.5}


def test_late_answers_are_found_among_many(store: Store) -> None:
    some_questions(store)
    timed_out = replace(a_decision(), how=How.TIMED_OUT, response=None, actor="", is_timed_out=True)
    late = replace(
        a_question("q-e", occurrence=7, asked_at=after(5), deadline=after(6), on_timeout=OnTimeout.CANCEL),
        decision=timed_out,
        late=LateAnswer(response="sun", actor="ada", answered_at=after(9)),
    )
    keep_questions(store, late)

    with store.read() as reader:
        found = reader.list_late_questions(JOB)

    assert found == [late]


def test_the_latest_answered_question_of_a_place_is_found_by_what_it_asked(store: Store) -> None:
    answered = [replace(a_question(f"q-{run}", run=run, asked_at=after(run)), decision=a_decision()) for run in (1, 2, 3)]
    other = replace(answered[2], asking=replace(answered[2].asking, message="Something else?"))
    timed_out = Decision(how=How.TIMED_OUT, answered_at=after(9), is_timed_out=True)
    waiting = a_question("q-5", run=5, asked_at=after(5))
    unanswered = replace(a_question("q-4", run=4, asked_at=after(4)), decision=timed_out)
    elsewhere = replace(a_question("q-6", step="other", run=6, asked_at=after(6)), decision=a_decision())
    keep_questions(store, answered[1], answered[0], other, unanswered, waiting, elsewhere)
    place: _Place = {"type_": other.asking.type, "occurrence": 1}

    with store.read() as reader:
        assert reader.latest_answered(JOB, other.key.step, **place) == other
        assert reader.latest_answered(JOB, other.key.step, **place, fingerprint=answered[0].asking.fingerprint) == answered[1]
        assert reader.latest_answered(JOB, other.key.step, **place, fingerprint="fp1:00") is None
        assert reader.latest_answered(JOB, other.key.step, type_=other.asking.type, occurrence=2) is None
        assert reader.latest_answered(JOB, StepId("never"), **place) is None


@pytest.mark.parametrize("how", How)
def test_an_answer_counts_if_it_may_be_used_again_or_came_late(store: Store, how: How) -> None:
    settled = replace(a_question(), decision=replace(a_decision(), how=how))
    late = replace(a_question("q-2", occurrence=2), decision=settled.decision)
    late = replace(late, late=LateAnswer(response="sun", actor="ada", answered_at=after(9)))
    keep_questions(store, settled, late)

    with store.read() as reader:
        found = reader.latest_answered(JOB, settled.key.step, type_=settled.asking.type, occurrence=1)
        assert found == (settled if recorded_answer(settled) is not None else None)
        assert reader.latest_answered(JOB, late.key.step, type_=late.asking.type, occurrence=2) == late


# -------------------------------------------------------------------------------------------------------------- attempts


@pytest.mark.parametrize("looked_for", [1, 40], ids=["few steps", "many steps"])
def test_the_attempts_of_steps_are_counted_over_every_run(store: Store, looked_for: int) -> None:
    keep_runs(store, a_run(1), a_run(2), a_run(1, job_id="other"))
    attempts = [an_attempt("a"), an_attempt("a", number=2), an_attempt("a", run=2), an_attempt("a[x]"), an_attempt("b")]
    store.write(lambda tx: tx.begin_attempts([*attempts, an_attempt("a", job_id="other")]))
    steps = [StepId("a"), *(StepId(f"never{number}") for number in range(looked_for))]

    with store.read() as reader:
        assert reader.count_attempts(JOB, steps) == {step: 3 if step == "a" else 0 for step in steps}


def test_the_last_attempts_of_a_step_come_newest_first(store: Store) -> None:
    keep_runs(store, *(a_run(number) for number in (1, 2, 3)), a_run(1, job_id="other"))
    first, again = ended(an_attempt("a")), replace(an_attempt("a", number=2, started_at=after(1)), state=AttemptState.FAILED)
    second, third = ended(an_attempt("a", run=2)), an_attempt("a", run=3)
    others = [an_attempt("a[x]", run=3), an_attempt("b", run=3), an_attempt("a", job_id="other")]
    store.write(lambda tx: tx.begin_attempts([third, first, again, second, *others]))
    a, done = StepId("a"), (AttemptState.SUCCEEDED,)

    with store.read() as reader:
        assert reader.latest_attempts(JOB, a, limit=9) == [third, second, again, first]
        assert reader.latest_attempts(JOB, a, limit=2) == [third, second]
        assert reader.latest_attempts(JOB, a, limit=1, states=done) == [second]
        assert reader.latest_attempts(JOB, a, RunSpan(last=1), limit=9, states=done) == [first]
        assert reader.latest_attempts(JOB, StepId("never"), limit=9) == []


def test_who_put_something_out_last_is_told_by_step(store: Store) -> None:
    keep_runs(store, *(a_run(number) for number in (1, 2, 3)))
    made = [ended(an_attempt("a", run=number), body=body) for number, body in ((1, b"sun"), (2, b"sun"), (3, b"rain"))]
    store.write(lambda tx: tx.begin_attempts([*made, ended(an_attempt("b", run=3), body=b"sun")]))

    with store.read() as reader:
        assert reader.latest_maker(JOB, StepId("a"), content_hash(b"sun")) == 2
        assert reader.latest_maker(JOB, StepId("a"), content_hash(b"rain")) == 3
        assert reader.latest_maker(JOB, StepId("a"), content_hash(b"snow")) is None
        assert reader.latest_maker(JOB, StepId("c"), content_hash(b"sun")) is None


def test_open_attempts_are_those_that_run_or_wait_in_runs_that_have_not_ended(store: Store) -> None:
    keep_runs(store, a_run(1, state=RunState.WAITING), a_run(2, state=RunState.RUNNING), a_run(3, state=RunState.FAILED))
    late, waiting = an_attempt("b", run=2, started_at=after(9)), replace(an_attempt("a"), state=AttemptState.WAITING)
    others = [ended(an_attempt("b")), an_attempt("a", run=3), an_attempt("a", job_id="other")]
    store.write(lambda tx: tx.begin_attempts([late, *others, waiting]))

    with store.read() as reader:
        assert reader.list_open_attempts(JOB) == [waiting, late]


def test_the_outputs_of_a_run_are_those_of_the_last_success_of_each_step(store: Store) -> None:
    first, again = ended(an_attempt("a", started_at=after(1))), ended(an_attempt("a", number=2, started_at=after(3)))
    remade = replace(again, artifact=content_hash(b"remade"))
    failed = replace(ended(an_attempt("b")), state=AttemptState.FAILED, artifact=None)
    others = [ended(an_attempt("a", run=2)), ended(an_attempt("a", job_id="other"))]
    store.write(lambda tx: tx.begin_attempts([remade, first, failed, ended(an_attempt("c")), *others]))
    a, b, c = map(StepId, "abc")
    many = [StepId(f"never{number}") for number in range(40)]

    with store.read() as reader:
        assert reader.outputs_of_run(JOB, 1) == {a: remade.artifact, c: first.artifact}
        assert reader.outputs_of_run(JOB, 1, [a, b]) == {a: remade.artifact}
        assert reader.outputs_of_run(JOB, 1, [a, b, *many]) == {a: remade.artifact}
        assert reader.outputs_of_run(JOB, 1, []) == {}
        assert reader.outputs_of_run(JOB, 3) == {}


def test_jobs_are_found_by_their_parameters_and_alike_ones_are_looked_at_once(store: Store) -> None:
    seen: list[object] = []
    regions = {"p-a": "eu", "p-b": "us", "p-c": "eu", "p-d": "ÄRGER"}
    for name, region in regions.items():
        store.write(partial(put_job, replace(a_job(name), params={"region": region})))

    def has_text(params: Mapping[str, object]) -> bool:
        seen.append(params.get("region"))
        return params.get("region") in ("eu", "ÄRGER")

    with store.read() as reader:
        found = reader.search_params(has_text)

    assert found == {"p-a", "p-c", "p-d"}
    assert sorted(map(str, seen)) == ["eu", "us", "ÄRGER"]


def put_job(job: Job, tx: Transaction) -> None:
    tx.insert_job(job)
