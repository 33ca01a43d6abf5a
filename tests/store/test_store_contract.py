"""The contract of ``Store``: what is written is read, conditions hold, a view stays as it is."""

from dataclasses import replace

import pytest

from oncue.core.canonical import content_hash
from oncue.core.counting import RunSpan
from oncue.core.events import Event, EventDraft, EventType
from oncue.core.model import (
    Acceptance,
    Artifact,
    ArtifactKind,
    Attempt,
    AttemptKey,
    AttemptState,
    ContentHash,
    Expansion,
    Failure,
    Job,
    JobId,
    JobStatus,
    RunState,
    StepId,
    TriggerId,
    WorkerId,
)
from oncue.core.ports import Store
from oncue.core.questions import Question
from oncue.core.readport import StepRecord
from oncue.core.writeport import Transaction
from oncue.errors import Conflict, NotFound, UnknownJob
from oncue.store.callreader import FEW_STEPS
from tests.store.records import (
    JOB,
    NOON,
    a_decision,
    a_job,
    a_question,
    a_run,
    a_trigger,
    after,
    an_artifact,
    an_attempt,
    current_of,
    draft,
    ended,
    keep_jobs,
    keep_questions,
    keep_runs,
    keep_success,
    some_inputs,
    with_job,
)

# ---------------------------------------------------------------------------------------------------------------- jobs


def test_a_job_reads_back_as_it_was_written(store: Store) -> None:
    job = with_job(store)

    with store.read() as reader:
        assert reader.load_job(JOB) == job
        assert reader.load_job(JobId("other")) is None


def test_a_job_knows_which_job_it_repeats(store: Store) -> None:
    job = replace(a_job(), replayed_from=JobId("first"))
    keep_jobs(store, job)

    store.write(lambda tx: tx.update_job(replace(job, revision=1), expected_revision=0))

    with store.read() as reader:
        assert reader.load_job(JOB) == replace(job, revision=1)


def test_jobs_are_listed_newest_first(store: Store) -> None:
    old, new = a_job("b-old"), a_job("a-new", created_at=after(1))
    keep_jobs(store, new, old)

    with store.read() as reader:
        assert reader.list_jobs() == [new, old]
        assert reader.list_jobs(limit=1) == [new]


def test_jobs_in_short_say_how_their_latest_run_stands(store: Store) -> None:
    idle, busy = a_job("b-idle"), a_job("a-busy", created_at=after(1))
    keep_jobs(store, busy, idle)
    store.write(lambda tx: tx.insert_run(replace(a_run(), job_id=busy.id, owner=WorkerId("w1")), plan=b"plan"))
    store.write(lambda tx: tx.update_job(replace(busy, revision=1, runs=1), expected_revision=0))

    with store.read() as reader:
        heads = reader.list_job_heads()

    assert [head.id for head in heads] == ["a-busy", "b-idle"]
    assert [(head.workflow, head.status, head.runs) for head in heads] == [
        (busy.workflow, JobStatus.OPEN, 1),
        (idle.workflow, JobStatus.OPEN, 0),
    ]
    assert [(head.latest, head.owner) for head in heads] == [(a_run().state, "w1"), (None, None)]
    assert [head.created_at for head in heads] == [busy.created_at, idle.created_at]


def test_every_job_is_marked_with_the_number_of_its_last_event(store: Store) -> None:
    quiet, loud = a_job("quiet"), a_job("loud")
    keep_jobs(store, quiet, loud)
    store.write(lambda tx: tx.append_events(loud.id, [EventDraft(type=EventType.JOB_CREATED)] * 3, after(2)))

    with store.read() as reader:
        assert reader.job_marks() == {"quiet": quiet.event_seq, "loud": loud.event_seq + 3}


@pytest.mark.parametrize(
    ("prefix", "limit", "found"),
    [
        ("", 20, ["A", "a", "a%b", "ab", "aé"]),
        ("a", 20, ["a", "a%b", "ab", "aé"]),
        ("a", 2, ["a", "a%b"]),
        ("a%", 20, ["a%b"]),
        ("b", 20, []),
    ],
)
def test_job_ids_are_found_by_their_beginning_in_code_point_order(
    store: Store, prefix: str, limit: int, found: list[str]
) -> None:
    keep_jobs(store, *map(a_job, ("ab", "aé", "a", "A", "a%b")))

    with store.read() as reader:
        assert reader.find_job_ids(prefix, limit) == found


def test_a_job_changes_only_from_the_revision_that_was_seen(store: Store) -> None:
    job = with_job(store)
    changed = replace(job, params={"depth": 3}, revision=1, runs=2, status=JobStatus.STOPPED, stopped_at=after(5))

    assert store.write(lambda tx: tx.update_job(changed, expected_revision=0)) is True
    assert store.write(lambda tx: tx.update_job(replace(changed, params={}), expected_revision=0)) is False
    with store.read() as reader:
        assert reader.load_job(JOB) == changed


def test_the_number_of_the_last_event_belongs_to_the_events_alone(store: Store) -> None:
    job = with_job(store)
    store.write(lambda tx: tx.append_events(JOB, [draft(), draft()], NOON))

    store.write(lambda tx: tx.update_job(replace(job, revision=1), expected_revision=0))

    with store.read() as reader:
        assert reader.load_job(JOB) == replace(job, revision=1, event_seq=2)


def test_a_job_id_is_taken_once(store: Store) -> None:
    with_job(store)

    with pytest.raises(Conflict):
        with_job(store)


def test_a_definition_is_kept_under_its_address(store: Store) -> None:
    address = content_hash(b"{}")
    for _ in range(2):
        store.write(lambda tx: tx.put_definition(address, b"{}"))

    with store.read() as reader:
        assert reader.load_definition(address) == b"{}"
        with pytest.raises(NotFound):
            reader.load_definition(content_hash(b"other"))


# -------------------------------------------------------------------------------------------------------------- events


def test_events_are_numbered_per_job_without_gaps(store: Store) -> None:
    with_job(store)
    with_job(store, "other")

    assert store.write(lambda tx: tx.append_events(JOB, [draft(), draft()], NOON)) == 2
    assert store.write(lambda tx: tx.append_events(JobId("other"), [draft()], NOON)) == 1
    assert store.write(lambda tx: tx.append_events(JOB, [], NOON)) == 2
    assert store.write(lambda tx: tx.append_events(JOB, [draft()], NOON)) == 3
    with store.read() as reader:
        assert [event.seq for event in reader.list_events(JOB)] == [1, 2, 3]


def test_an_event_reads_back_as_it_was_written(store: Store) -> None:
    with_job(store)
    data = {"error": {"code": "x", "message": "\0\udc80 ü"}, "attempt": 2}
    drafts = [
        EventDraft(type=EventType.STEP_FAILED, run=1, step=StepId("collect"), data=data),
        EventDraft(type=EventType.JOB_STOPPED),
    ]
    store.write(lambda tx: tx.append_events(JOB, drafts, NOON))

    with store.read() as reader:
        assert reader.list_events(JOB) == [
            Event(job_id=JOB, seq=1, at=NOON, type=EventType.STEP_FAILED, run=1, step=StepId("collect"), data=data),
            Event(job_id=JOB, seq=2, at=NOON, type=EventType.JOB_STOPPED),
        ]


def test_events_are_read_page_by_page_and_by_run(store: Store) -> None:
    with_job(store)
    store.write(lambda tx: tx.append_events(JOB, [draft(run=run) for run in (1, 2, 1, 2, 1)], NOON))

    with store.read() as reader:
        assert [event.seq for event in reader.list_events(JOB, after=1, limit=2)] == [2, 3]
        assert [event.seq for event in reader.list_events(JOB, run=1)] == [1, 3, 5]
        assert [event.seq for event in reader.list_events(JOB, run=1, after=1, limit=1)] == [3]


def test_events_need_a_job(store: Store) -> None:
    with pytest.raises(UnknownJob):
        store.write(lambda tx: tx.append_events(JOB, [draft()], NOON))


# ---------------------------------------------------------------------------------------------------- runs and triggers


def test_a_run_reads_back_with_its_plan(store: Store) -> None:
    run = replace(a_run(), started_at=after(1), error=Failure(code="x", message="m", detail="\0"), owner=WorkerId("w"), fence=3)
    run = replace(run, cancel_requested_at=after(2), cut_off=(StepId("a"), StepId("b[k]")), ended_at=after(9))
    store.write(lambda tx: tx.insert_run(run, plan=b"\x00plan"))

    with store.read() as reader:
        assert reader.load_run(JOB, 1) == run
        assert reader.load_plan(JOB, 1) == b"\x00plan"
        assert reader.load_run(JOB, 2) is None
        with pytest.raises(NotFound):
            reader.load_plan(JOB, 2)


def test_runs_are_listed_by_number_and_state(store: Store) -> None:
    done, waiting, other = a_run(2, state=RunState.FAILED), a_run(1, state=RunState.WAITING), a_run(job_id="other")
    keep_runs(store, done, waiting, other)

    with store.read() as reader:
        assert reader.list_runs(JOB) == [waiting, done]
        assert reader.list_runs(JOB, states=[RunState.FAILED]) == [done]
        assert reader.list_runs(JOB, RunSpan(first=2, last=9)) == [done]
        assert reader.list_runs(JOB, RunSpan(first=-3, last=1), states=[RunState.FAILED]) == []
        assert reader.list_open_runs() == [other, waiting]
        assert reader.list_open_runs(JOB) == [waiting]
        assert reader.list_open_runs(JobId("none")) == []


def test_runs_are_ready_that_do_not_wait_or_have_an_answer(store: Store) -> None:
    def waiting_attempt(run: int, step: str = "collect") -> Attempt:
        return replace(an_attempt(step, run=run), state=AttemptState.WAITING)

    def gate(name: str, run: int) -> Question:
        question = a_question(name, run=run)
        return replace(question, key=replace(question.key, number=0))

    states = [RunState.RUNNING, RunState.QUEUED, RunState.SUCCEEDED, *[RunState.WAITING] * 6]
    keep_runs(store, *(a_run(number, state=state) for number, state in enumerate(states, start=1)))
    attempts = [waiting_attempt(4), waiting_attempt(5), waiting_attempt(6), waiting_attempt(6, "other")]
    store.write(lambda tx: tx.begin_attempts(attempts))
    keep_questions(store, a_question("q-4", run=4), replace(a_question("q-5", run=5), decision=a_decision()))
    keep_questions(store, a_question("q-6", run=6), replace(gate("q-7", 7), decision=a_decision()), gate("q-8", 8))

    with store.read() as reader:
        ready = reader.list_ready_runs()

    assert [run.number for run in ready] == [1, 2, 5, 6, 7]
    assert ready[0] == a_run(1, state=RunState.RUNNING)


@pytest.mark.parametrize(
    ("state", "fence", "applies"),
    [(RunState.QUEUED, 0, True), (RunState.RUNNING, 0, False), (RunState.QUEUED, 1, False)],
)
def test_a_run_changes_only_from_the_state_and_fence_that_were_seen(
    store: Store, state: RunState, fence: int, applies: bool
) -> None:
    run = a_run()
    store.write(lambda tx: tx.insert_run(run, plan=b""))
    begun = replace(run, state=RunState.RUNNING, started_at=after(3), owner=WorkerId("w"), fence=1, cut_off=(StepId("c"),))

    assert store.write(lambda tx: tx.update_run(begun, expected=state, expected_fence=fence)) is applies

    with store.read() as reader:
        assert reader.load_run(JOB, 1) == (begun if applies else run)


def test_the_first_request_to_cancel_stays_and_no_update_takes_it_back(store: Store) -> None:
    run = a_run()
    store.write(lambda tx: tx.insert_run(run, plan=b""))

    assert store.write(lambda tx: tx.request_cancel(JOB, 1, after(1))) is True
    assert store.write(lambda tx: tx.request_cancel(JOB, 1, after(2))) is True
    ended_run = replace(run, state=RunState.CANCELLED, ended_at=after(3))
    store.write(lambda tx: tx.update_run(ended_run, expected=RunState.QUEUED, expected_fence=0))

    assert store.write(lambda tx: tx.request_cancel(JOB, 1, after(4))) is False
    assert store.write(lambda tx: tx.request_cancel(JOB, 7, after(4))) is False
    with store.read() as reader:
        assert reader.load_run(JOB, 1) == replace(ended_run, cancel_requested_at=after(1))


def test_a_trigger_reads_back_with_its_run(store: Store) -> None:
    first, second = a_trigger(1), replace(a_trigger(2), parent_id=TriggerId("p"))
    store.write(lambda tx: tx.insert_trigger(second, run=2))
    store.write(lambda tx: tx.insert_trigger(first, run=1))

    with store.read() as reader:
        assert reader.load_trigger(first.id) == (first, 1)
        assert reader.load_trigger(TriggerId("none")) is None
        assert reader.list_triggers(JOB) == {1: first, 2: second}
        assert reader.list_triggers(JOB, RunSpan(last=1)) == {1: first}


def test_a_trigger_id_is_taken_once_in_the_whole_workspace(store: Store) -> None:
    store.write(lambda tx: tx.insert_trigger(a_trigger(), run=1))

    with pytest.raises(Conflict):
        store.write(lambda tx: tx.insert_trigger(replace(a_trigger(), job_id=JobId("other")), run=9))


# ------------------------------------------------------------------------------------------------------------ attempts


def test_an_attempt_reads_back_as_it_was_written(store: Store) -> None:
    begun = an_attempt("collect")
    failed = replace(
        an_attempt("collect", number=2),
        state=AttemptState.FAILED,
        ended_at=after(1),
        error=Failure(code="boom", message="it did", detail="line"),
        log=content_hash(b"log"),
    )
    done = ended(an_attempt("report"))
    store.write(lambda tx: tx.begin_attempts([begun, failed, done]))

    with store.read() as reader:
        assert [reader.load_attempt(attempt.key) for attempt in (begun, failed, done)] == [begun, failed, done]
        assert reader.load_attempt(replace(begun.key, number=9)) is None


def test_attempts_are_listed_by_run_start_and_number(store: Store) -> None:
    late = an_attempt("a", started_at=after(9))
    retry = an_attempt("b", number=2, started_at=after(1))
    first = replace(an_attempt("b", started_at=after(1)), state=AttemptState.FAILED)
    next_run = an_attempt("a", run=2)
    keep_runs(store, a_run(1), a_run(2), a_run(1, job_id="other"))
    store.write(lambda tx: tx.begin_attempts([late, retry, first, next_run, an_attempt("a", job_id="other")]))

    with store.read() as reader:
        assert reader.list_attempts(JOB) == [first, retry, late, next_run]
        assert reader.list_attempts(JOB, run=1) == [first, retry, late]
        assert reader.list_attempts(JOB, step=StepId("a")) == [late, next_run]
        assert reader.list_attempts(JOB, run=1, step=StepId("b")) == [first, retry]
        assert reader.list_attempts(JOB, states=[AttemptState.FAILED]) == [first]
        assert reader.list_attempts(JOB, run=1, states=[AttemptState.RUNNING, AttemptState.WAITING]) == [retry, late]


def test_only_the_holder_of_the_fence_ends_a_running_attempt(store: Store) -> None:
    held, lost, over = an_attempt("held"), an_attempt("lost", fence=2), ended(an_attempt("over"))
    store.write(lambda tx: tx.begin_attempts([held, lost, over]))
    ends = [ended(held), ended(replace(lost, fence=1)), over, ended(an_attempt("never"))]

    refused = store.write(lambda tx: tx.end_attempts(ends))

    assert refused == [attempt.key for attempt in ends[1:]]
    with store.read() as reader:
        assert reader.list_attempts(JOB) == [ended(held), lost, over]


def test_one_end_is_refused_like_many(store: Store) -> None:
    begun = an_attempt("collect")
    store.write(lambda tx: tx.begin_attempts([begun]))

    assert store.write(lambda tx: tx.end_attempts([ended(begun)])) == []
    assert store.write(lambda tx: tx.end_attempts([ended(begun)])) == [begun.key]
    assert store.write(lambda tx: tx.end_attempts([])) == []


@pytest.mark.parametrize(("fence", "applies"), [(1, True), (2, False)])
def test_an_attempt_is_reclaimed_only_under_the_fence_that_was_seen(store: Store, fence: int, applies: bool) -> None:
    begun = an_attempt("collect")
    store.write(lambda tx: tx.begin_attempts([begun]))
    taken = replace(begun, fence=3, worker=WorkerId("second"), started_at=after(4), losses=1)

    assert store.write(lambda tx: tx.reclaim_attempt(taken, expected_fence=fence)) is applies

    with store.read() as reader:
        assert reader.load_attempt(begun.key) == (taken if applies else begun)


def test_an_ended_attempt_is_not_reclaimed(store: Store) -> None:
    begun = ended(an_attempt("collect"))
    store.write(lambda tx: tx.begin_attempts([begun]))

    assert store.write(lambda tx: tx.reclaim_attempt(replace(begun, fence=2), expected_fence=1)) is False


def test_executed_steps_are_in_the_order_of_their_first_start(store: Store) -> None:
    attempts = [
        an_attempt("z", started_at=after(1)),
        an_attempt("z", number=2, started_at=after(9)),
        an_attempt("a", started_at=after(2)),
        an_attempt("b", run=2),
    ]
    store.write(lambda tx: tx.begin_attempts(attempts))

    with store.read() as reader:
        assert reader.executed_steps(JOB) == {1: ["z", "a"], 2: ["b"]}
        assert reader.executed_steps(JOB, RunSpan(first=2, last=2)) == {2: ["b"]}
        assert reader.executed_steps(JobId("other")) == {}


def test_durations_are_those_of_the_latest_successes_of_every_instance(store: Store) -> None:
    attempts = [
        ended(an_attempt("find[a]"), at=after(10)),
        ended(an_attempt("find[b]"), at=after(30.5)),
        ended(an_attempt("find[c]"), at=after(20)),
        replace(ended(an_attempt("find[d]"), at=after(99)), state=AttemptState.FAILED),
        ended(an_attempt("sum"), at=after(2)),
        ended(an_attempt("sum", run=2), at=after(3)),
    ]
    keep_runs(store, a_run(1), a_run(2))
    store.write(lambda tx: tx.begin_attempts(attempts))

    with store.read() as reader:
        assert reader.durations(JOB, limit=2) == {"find": [30.5, 20.0], "sum": [3.0, 2.0]}
        assert reader.durations(JOB, ["find", "sum"], limit=2) == {"find": [30.5, 20.0], "sum": [3.0, 2.0]}
        assert reader.durations(JOB, ["find", "sum"], since_run=2) == reader.durations(JOB, since_run=2) == {"sum": [3.0]}


def test_waiting_for_an_answer_is_no_work(store: Store) -> None:
    attempts = [ended(an_attempt("collect"), at=after(48)), ended(an_attempt("sum"), at=after(2))]
    keep_runs(store, a_run(1))
    store.write(lambda tx: tx.begin_attempts(attempts))
    first = replace(a_question("q-1", asked_at=after(0.5)), decision=a_decision(at=after(40.5)))
    second = replace(a_question("q-2", asked_at=after(41), occurrence=2), decision=a_decision(at=after(48)))
    keep_questions(store, first, second, a_question("q-3", step="other"))

    many = ["collect", "sum", *(f"step{number}" for number in range(FEW_STEPS))]
    with store.read() as reader:
        for names in (None, ["collect", "sum"], many):
            assert reader.durations(JOB, names) == {"collect": [1.0], "sum": [2.0]}


# --------------------------------------------------------------------------------------------------- steps and outputs


@pytest.mark.proves("S2-36")
def test_a_step_knows_its_latest_attempt_and_its_current_output(store: Store) -> None:
    with_job(store)
    first, second = an_attempt("collect"), an_attempt("collect", run=2)
    done = keep_success(store, first)
    failed = replace(second, state=AttemptState.FAILED, ended_at=after(3))
    store.write(lambda tx: tx.begin_attempts([failed]))
    store.write(lambda tx: tx.set_last(JOB, [failed], seq=tx.append_events(JOB, [draft()], NOON)))

    with store.read() as reader:
        assert reader.list_steps(JOB) == [
            StepRecord(
                step=StepId("collect"), last_run=2, last_number=1, last_state=AttemptState.FAILED, current=current_of(done)
            )
        ]


def test_a_step_that_never_succeeded_has_no_output(store: Store) -> None:
    failed = replace(an_attempt("collect"), state=AttemptState.CANCELLED)
    store.write(lambda tx: tx.set_last(JOB, [failed], seq=1))

    with store.read() as reader:
        assert reader.list_steps(JOB) == [
            StepRecord(step=StepId("collect"), last_run=1, last_number=1, last_state=AttemptState.CANCELLED)
        ]


def test_steps_can_be_narrowed_to_those_changed_after_an_event(store: Store) -> None:
    with_job(store)
    for name in ("a", "b"):
        keep_success(store, an_attempt(name))

    with store.read() as reader:
        assert {record.step for record in reader.list_steps(JOB)} == {"a", "b"}
        assert [record.step for record in reader.list_steps(JOB, since_seq=1)] == ["b"]
        assert reader.list_steps(JOB, since_seq=2) == []


def test_artifacts_read_back_with_their_files(store: Store) -> None:
    small = an_artifact()
    tree = Artifact(
        hash=ContentHash("sha256:tree"), kind=ArtifactKind.TREE, size=10**12, files=(content_hash(b"a"), content_hash(b"b"))
    )
    for _ in range(2):
        store.write(lambda tx: tx.put_artifacts([tree, small]))

    with store.read() as reader:
        assert reader.load_artifact(small.hash) == small
        assert reader.load_artifact(tree.hash) == tree
        assert reader.load_artifact(content_hash(b"none")) is None


@pytest.mark.parametrize("count", [0, 1, 64, 65, 300])
def test_many_artifacts_are_loaded_at_once_and_unknown_ones_are_absent(store: Store, count: int) -> None:
    artifacts = [an_artifact(b"%d" % number) for number in range(count)]
    store.write(lambda tx: tx.put_artifacts(artifacts))

    with store.read() as reader:
        found = reader.load_artifacts([*(artifact.hash for artifact in artifacts), content_hash(b"none")])

    assert found == {artifact.hash: artifact for artifact in artifacts}


def test_an_artifact_that_is_made_again_gets_back_the_body_it_had_lost(store: Store) -> None:
    full = an_artifact()
    pruned = replace(full, body=None)

    store.write(lambda tx: tx.put_artifacts([pruned]))
    store.write(lambda tx: tx.put_artifacts([full]))
    store.write(lambda tx: tx.put_artifacts([pruned]))

    with store.read() as reader:
        assert reader.load_artifact(full.hash) == full


def test_the_latest_expansion_of_a_step_replaces_the_one_before_and_keeps_its_order(store: Store) -> None:
    first = Expansion(step="find", over=content_hash(b"1"), definition="fp1:d", items={"a": "h"})
    second = Expansion(step="find", over=content_hash(b"2"), definition="fp1:e", items={"z": "h1", "a": "h2", "m": "h3"})
    store.write(lambda tx: tx.put_expansion(JOB, first))
    store.write(lambda tx: tx.put_expansion(JOB, second))

    with store.read() as reader:
        assert reader.list_expansions(JOB) == [second]
        assert list(reader.list_expansions(JOB)[0].items) == ["z", "a", "m"]


def test_acceptances_are_listed_oldest_first(store: Store) -> None:
    def accepted(step: str, at: float) -> Acceptance:
        return Acceptance(step=StepId(step), run=1, number=1, basis="fp1:b", actor="ada", reason="fine", accepted_at=after(at))

    def unit(tx: Transaction) -> None:
        for given in (late, early, again):
            tx.insert_acceptance(JOB, given)

    late, early, again = accepted("a", 2), accepted("b", 1), accepted("a", 3)
    store.write(unit)

    with store.read() as reader:
        assert reader.list_acceptances(JOB) == [early, late, again]


def test_the_first_memo_under_a_name_stays(store: Store) -> None:
    key = AttemptKey(job_id=JOB, run=1, step=StepId("collect"))
    store.write(lambda tx: tx.put_memo(key, "page", b"first"))
    store.write(lambda tx: tx.put_memo(key, "page", b"second"))

    with store.read() as reader:
        assert reader.load_memo(key, "page") == b"first"
        assert reader.load_memo(key, "other") is None
        assert reader.load_memo(replace(key, number=2), "page") is None


# -------------------------------------------------------------------------------------------------------- transactions


def test_a_view_does_not_change_while_it_is_open(store: Store) -> None:
    with_job(store)

    with store.read() as before:
        assert before.list_events(JOB) == []
        store.write(lambda tx: tx.append_events(JOB, [draft()], NOON))
        assert before.list_events(JOB) == []
        with store.read() as later:
            assert len(later.list_events(JOB)) == 1


def test_a_transaction_reads_what_it_wrote(store: Store) -> None:
    job = a_job()

    def unit(tx: Transaction) -> Job | None:
        tx.insert_job(job)
        return tx.load_job(JOB)

    assert store.write(unit) == job


def test_a_unit_that_fails_leaves_nothing(store: Store) -> None:
    with_job(store)

    def unit(tx: Transaction) -> None:
        tx.append_events(JOB, [draft()], NOON)
        raise LookupError("changed my mind")

    with pytest.raises(LookupError, match="changed my mind"):
        store.write(unit)
    with store.read() as reader:
        assert reader.list_events(JOB) == []
        assert reader.load_job(JOB) == a_job()


def test_an_error_while_reading_passes_and_frees_the_connection(store: Store) -> None:
    with pytest.raises(LookupError), store.read():
        raise LookupError

    with_job(store)
    with store.read() as reader:
        assert reader.load_job(JOB) is not None


def test_inputs_keep_every_field(store: Store) -> None:
    with_job(store)
    keep_success(store, an_attempt("collect"))

    with store.read() as reader:
        current = reader.list_steps(JOB)[0].current

    assert current is not None
    assert current.inputs == some_inputs("collect")
