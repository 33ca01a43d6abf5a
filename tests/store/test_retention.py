"""Pruning: what is needed stays readable, what is superseded keeps its metadata, and a body made again comes back."""

from dataclasses import replace
from datetime import datetime

import pytest

from oncue.core.canonical import content_hash
from oncue.core.model import (
    Artifact,
    ArtifactKind,
    Attempt,
    ContentHash,
    Inputs,
    JobId,
    RunState,
)
from oncue.core.modelcalls import SectionRef
from oncue.core.ports import Store
from oncue.core.prompts import SectionName
from oncue.core.writeport import Transaction
from oncue.store.retention import GRACE_SECONDS, Pruned, prune
from tests.store.callrecords import a_call, answered, keep_calls
from tests.store.records import JOB, NOON, a_run, after, an_attempt, current_of, ended, keep_runs, keep_success, with_job

OLD, NEW = b'"old"', b'"new"'
LATER = after(GRACE_SECONDS + 1)


def superseded(store: Store, step: str = "collect") -> Attempt:
    """A step that made one output, and then another."""
    first = keep_success(store, an_attempt(step), body=OLD)
    keep_success(store, an_attempt(step, run=2), body=NEW)
    return first


def pruned(store: Store, *, at: datetime = NOON, keeps: str = "", cited: tuple[ContentHash, ...] = ()) -> Pruned:
    return prune(store, at=at, keeps_bodies=lambda _, step: step == keeps, cited=cited)


def body(store: Store, content: bytes) -> bytes | None:
    with store.read() as reader:
        artifact = reader.load_artifact(content_hash(content))
    assert artifact is not None
    assert artifact.size == len(content)
    return artifact.body


def test_a_superseded_body_is_pruned_and_its_metadata_stays(store: Store) -> None:
    with_job(store)
    first = superseded(store)

    assert pruned(store) == Pruned(bodies=1, blobs=0, size=len(OLD))

    assert body(store, OLD) is None
    assert body(store, NEW) == NEW
    with store.read() as reader:
        assert reader.load_attempt(first.key) == first
    assert pruned(store) == Pruned(bodies=0, blobs=0, size=0)


def test_the_bodies_of_a_step_that_keeps_them_stay(store: Store) -> None:
    with_job(store)
    superseded(store)

    assert pruned(store, keeps="collect").bodies == 0
    assert body(store, OLD) == OLD


def test_a_cited_body_stays(store: Store) -> None:
    with_job(store)
    superseded(store)

    assert pruned(store, cited=(content_hash(OLD),)).bodies == 0
    assert body(store, OLD) == OLD


def test_a_body_that_is_current_for_another_step_or_job_stays(store: Store) -> None:
    for name in (JOB, "other"):
        with_job(store, name)
    superseded(store)
    keep_success(store, an_attempt("elsewhere", job_id="other"), body=OLD)

    assert pruned(store).bodies == 0
    assert body(store, OLD) == OLD


@pytest.mark.parametrize(("state", "bodies"), [(RunState.RUNNING, 0), (RunState.FAILED, 1)])
def test_a_job_with_an_open_run_is_left_alone(store: Store, state: RunState, bodies: int) -> None:
    with_job(store)
    superseded(store)
    keep_runs(store, a_run(state=state))

    assert pruned(store).bodies == bodies


def test_a_body_that_is_made_again_comes_back(store: Store) -> None:
    with_job(store)
    superseded(store)
    pruned(store)

    keep_success(store, an_attempt("collect", run=3), body=OLD)

    assert body(store, OLD) == OLD
    assert body(store, NEW) == NEW
    assert pruned(store).bodies == 1
    assert body(store, NEW) is None


def test_artifacts_of_no_attempt_are_nobody_s_business(store: Store) -> None:
    artifact = Artifact(hash=content_hash(OLD), kind=ArtifactKind.VALUE, size=len(OLD), body=OLD)
    store.write(lambda tx: tx.put_artifacts([artifact]))

    assert pruned(store).bodies == 0
    assert body(store, OLD) == OLD


def test_what_a_model_call_cites_stays(store: Store) -> None:
    with_job(store)
    cited = [b"%d" % number for number in range(5)]
    for number, body_ in enumerate([*cited, OLD, NEW]):
        keep_success(store, an_attempt("collect", run=number + 1), body=body_)
    sections = tuple(
        SectionRef(name=name, hash=content_hash(b"%d" % place)) for place, name in enumerate(list(SectionName)[:3])
    )
    call = replace(answered(a_call()), sections=sections, payload=content_hash(cited[3]), reply=content_hash(cited[4]))
    keep_calls(store, call)

    assert pruned(store) == Pruned(bodies=1, blobs=0, size=len(OLD))

    assert [body(store, one) for one in cited] == cited
    assert body(store, OLD) is None


def test_a_large_body_that_a_model_call_cites_stays(store: Store) -> None:
    old = keep_tree(store, 1, b"a file")
    keep_tree(store, 2)
    keep_calls(store, replace(a_call(), payload=old))
    pruned(store)

    pruned(store, at=LATER)

    assert store.blobs.has(old)
    assert store.blobs.has(content_hash(b"a file"))


def keep_artifact(store: Store, artifact: Artifact) -> None:
    store.write(lambda tx: tx.put_artifacts([artifact]))


@pytest.mark.parametrize("is_output_first", [True, False])
def test_a_text_with_the_bytes_of_an_output_leaves_it_an_output(store: Store, is_output_first: bool) -> None:
    files = (content_hash(b"a file"),)
    output = Artifact(hash=content_hash(OLD), kind=ArtifactKind.TREE, size=len(OLD), body=OLD, files=files)
    text = replace(output, kind=ArtifactKind.TEXT, files=())

    for artifact in (output, text) if is_output_first else (text, output):
        keep_artifact(store, artifact)

    with store.read() as reader:
        assert reader.load_artifact(output.hash) == output


def keep_tree(store: Store, run: int, *files: bytes) -> ContentHash:
    """A step whose output is large and has files: all of it in blobs."""
    large = b"%d" % run * 10_000
    tree = Artifact(
        hash=store.blobs.put(large), kind=ArtifactKind.TREE, size=len(large), files=tuple(map(store.blobs.put, files))
    )
    begun = an_attempt("pages", run=run)
    done = replace(ended(begun), artifact=tree.hash)

    def unit(tx: Transaction) -> None:
        tx.begin_attempts([begun])
        tx.end_attempts([done])
        tx.put_artifacts([tree])
        tx.set_currents(JOB, [current_of(done)], seq=1)

    store.write(unit)
    return tree.hash


def test_blobs_of_a_superseded_output_go_after_the_grace_period_unless_another_needs_them(store: Store) -> None:
    old = keep_tree(store, 1, b"shared", b"old file")
    new = keep_tree(store, 2, b"shared", b"new file")
    unrelated = store.blobs.put(b"a payload of something else")
    everything = set(store.blobs.addresses())

    assert pruned(store) == Pruned(bodies=0, blobs=0, size=0)
    assert set(store.blobs.addresses()) == everything
    assert pruned(store, at=LATER) == Pruned(bodies=0, blobs=2, size=10_000 + len(b"old file"))

    assert set(store.blobs.addresses()) == {new, content_hash(b"shared"), content_hash(b"new file"), unrelated}
    assert old not in set(store.blobs.addresses())


def test_a_blob_that_is_made_again_within_the_grace_period_stays(store: Store) -> None:
    keep_tree(store, 1)
    keep_tree(store, 2)
    pruned(store)

    def unit(tx: Transaction) -> None:
        artifact = tx.load_artifact(content_hash(b"1" * 10_000))
        assert artifact is not None
        tx.put_artifacts([artifact])

    store.write(unit)

    assert pruned(store, at=LATER).blobs == 0


def test_the_log_of_an_attempt_stays(store: Store) -> None:
    keep_tree(store, 1, b"log and file at once")
    keep_tree(store, 2)
    log = content_hash(b"log and file at once")
    store.write(lambda tx: tx.begin_attempts([replace(an_attempt("other"), log=log)]))
    pruned(store)

    pruned(store, at=LATER)

    assert store.blobs.has(log)


def test_a_collection_stays_as_long_as_an_output_made_from_it(store: Store) -> None:
    with_job(store)
    collections = [
        Artifact(hash=content_hash(b"[%d]" % run), kind=ArtifactKind.COLLECTION, size=3, body=b"[%d]" % run) for run in (1, 2)
    ]
    for run, collection in enumerate(collections, 1):
        begun = an_attempt("sum", run=run)
        inputs = Inputs(definition="fp1:d", steps={"find": collection.hash})
        done = replace(ended(begun, body=b"%d" % run), inputs=inputs)

        def unit(tx: Transaction, begun: Attempt = begun, done: Attempt = done, found: Artifact = collection) -> None:
            tx.begin_attempts([begun])
            tx.end_attempts([done])
            tx.put_artifacts([found])
            tx.set_currents(JobId(JOB), [current_of(done)], seq=1)

        store.write(unit)

    pruned(store)

    assert [body(store, b"[%d]" % run) for run in (1, 2)] == [None, b"[2]"]
