"""The contract of ``Store`` for traces: pages follow one another without a gap, and what tells nothing is left out."""

from dataclasses import replace

from oncue.core.counting import RunSpan
from oncue.core.model import Attempt, AttemptState, StepId
from oncue.core.modelcalls import ModelCall, add_spending
from oncue.core.ports import Store
from oncue.core.traceports import TracePart
from tests.store.callrecords import a_call, answered, keep_calls
from tests.store.records import JOB, a_run, after, an_attempt, ended, keep_runs

ALL = TracePart()
Name = tuple[int, str, int]


def names(found: object) -> list[Name]:
    assert isinstance(found, list)
    keys = [one.key for one in found if isinstance(one, Attempt | ModelCall)]
    return [(key.run, key.step, key.number) for key in keys]


def read(comment: int | None, attempt: Attempt) -> Attempt:
    """The attempt as it ended, having read the comment of a run, or none."""
    done = ended(attempt)
    assert done.inputs is not None
    return replace(done, inputs=replace(done.inputs, comments=() if comment is None else (comment,)))


def keep(store: Store, *attempts: Attempt) -> None:
    resuming = replace(a_run(3), request={"scope": "resume", "steps": []})
    keep_runs(store, a_run(1), a_run(2), resuming, a_run(1, job_id="other"))
    store.write(lambda tx: tx.begin_attempts([*attempts, an_attempt("a", job_id="other")]))


def pages(store: Store, part: TracePart, size: int) -> list[list[Name]]:
    """Every page of attempts, each beginning after the last of the one before."""
    found, last = [], None
    with store.read() as reader:
        while page := reader.trace_attempts(JOB, part, after=last, limit=size):
            found.append(names(page))
            last = page[-1]
    return found


def test_attempts_that_tell_something_called_a_model_read_a_comment_or_may_go_on_from_one_that_called(store: Store) -> None:
    quiet = read(None, an_attempt("quiet"))
    keep(
        store,
        quiet,
        read(None, an_attempt("called")),
        read(1, an_attempt("guided", run=2)),
        read(None, an_attempt("called", run=2)),
        read(None, an_attempt("called", run=2, number=2)),
        read(None, an_attempt("called", run=3)),
        read(None, an_attempt("quiet", run=3)),
        read(None, an_attempt("quiet", run=3, number=2)),
    )
    keep_calls(store, a_call(step="called"), a_call(step="called", job_id="other"))

    with store.read() as reader:
        telling = names(reader.trace_attempts(JOB, ALL, after=None, limit=9))
        of_run = names(reader.trace_attempts(JOB, TracePart(run=2), after=None, limit=9))

    assert telling == [(1, "called", 1), (2, "guided", 1), (2, "called", 2), (3, "called", 1)]
    assert of_run == [(2, "guided", 1), (2, "called", 2)]


def test_pages_of_attempts_follow_one_another_in_the_order_run_start_number(store: Store) -> None:
    keep(
        store,
        an_attempt("a", started_at=after(5)),
        an_attempt("a[x]", started_at=after(2)),
        an_attempt("a[y]", started_at=after(2)),
        an_attempt("a1", started_at=after(2)),
        an_attempt("a[x]", run=2),
        an_attempt("a", run=3),
    )
    whole, one = TracePart(step=StepId("a"), is_whole=True), TracePart(step=StepId("a[x]"))
    in_order = [(1, "a[x]", 1), (1, "a[y]", 1), (1, "a", 1), (2, "a[x]", 1), (3, "a", 1)]

    assert pages(store, whole, 9) == [in_order]
    assert pages(store, whole, 2) == [in_order[:2], in_order[2:4], in_order[4:]]
    assert pages(store, replace(whole, run=1), 2) == [in_order[:2], in_order[2:3]]
    assert pages(store, one, 1) == [[(1, "a[x]", 1)], [(2, "a[x]", 1)]]
    assert pages(store, TracePart(step=StepId("a")), 9) == [[(1, "a", 1), (3, "a", 1)]]
    assert pages(store, TracePart(step=StepId("never")), 9) == []


def test_pages_of_calls_follow_one_another_in_the_order_in_which_they_were_sent(store: Store) -> None:
    calls = [
        a_call(1, step="a[x]", sent_at=after(1)),
        a_call(1, step="b", run=2, sent_at=after(1)),
        a_call(2, step="a[x]", sent_at=after(2)),
        a_call(1, step="a[y]", sent_at=after(3)),
        a_call(1, step="a1", sent_at=after(4)),
    ]
    keep_calls(store, *reversed(calls), a_call(step="a[x]", job_id="other"))
    whole, one = TracePart(step=StepId("a"), is_whole=True), TracePart(step=StepId("a[x]"))

    with store.read() as reader:
        assert reader.trace_calls(JOB, ALL, after=None, limit=9) == calls
        assert reader.trace_calls(JOB, ALL, after=calls[0], limit=2) == calls[1:3]
        assert reader.trace_calls(JOB, TracePart(run=2), after=None, limit=9) == [calls[1]]
        assert reader.trace_calls(JOB, whole, after=None, limit=9) == [calls[0], calls[2], calls[3]]
        assert reader.trace_calls(JOB, whole, after=calls[2], limit=9) == [calls[3]]
        assert reader.trace_calls(JOB, one, after=calls[0], limit=9) == [calls[2]]
        assert reader.trace_calls(JOB, replace(one, run=2), after=None, limit=9) == []


def test_what_a_part_of_a_trace_cost_is_the_sum_of_its_calls(store: Store) -> None:
    calls = [answered(a_call(1, step="a[x]")), answered(a_call(1, step="a[y]", run=2), usd=None), a_call(1, step="b", run=2)]
    keep_calls(store, *calls, answered(a_call(step="a[x]", job_id="other")))
    parts = {
        TracePart(): calls,
        TracePart(run=2): calls[1:],
        TracePart(step=StepId("a"), is_whole=True): calls[:2],
        TracePart(step=StepId("a"), is_whole=True, run=2): calls[1:2],
        TracePart(step=StepId("a[x]")): calls[:1],
        TracePart(step=StepId("a[x]"), run=2): [],
    }

    with store.read() as reader:
        assert {part: reader.trace_spending(JOB, part) for part in parts} == {
            part: add_spending(cost) for part, cost in parts.items()
        }


def test_guided_attempts_are_those_that_read_a_comment_or_made_no_output_and_what_came_after_them(store: Store) -> None:
    failed = replace(ended(an_attempt("failed", run=2)), state=AttemptState.FAILED)
    keep(
        store,
        read(1, an_attempt("guided")),
        read(None, an_attempt("quiet", run=2)),
        failed,
        read(None, an_attempt("failed", run=2, number=2)),
        read(2, an_attempt("guided", run=2)),
        an_attempt("running", run=3),
    )

    with store.read() as reader:
        since_two = names(reader.list_guided_attempts(JOB, RunSpan(first=2)))
        since_one = names(reader.list_guided_attempts(JOB))
        of_one = names(reader.list_guided_attempts(JOB, RunSpan(first=1, last=1)))

    assert sorted(since_two) == [(2, "failed", 1), (2, "failed", 2), (2, "guided", 1), (3, "running", 1)]
    assert since_one == [(1, "guided", 1), *since_two]
    assert of_one == [(1, "guided", 1)]
