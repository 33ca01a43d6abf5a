"""The digest names a plan: the same plan has the same one, and whatever changes it changes the digest."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from oncue.core.findings import Finding, FindingCode
from oncue.core.model import ContextMode, JobId, StepId
from oncue.core.plan import plan_run
from oncue.core.request import Budget, DefinitionChoice, Downstream, RunRequest, Scope
from oncue.core.snapshot import JobSnapshot
from tests.core.bench import Bench, weekly

REQUEST = RunRequest(scope=Scope.ONLY, steps=("plan",), params={"limit": 10, "region": "eu"})


def digest(snapshot: JobSnapshot, request: RunRequest = REQUEST) -> str:
    return plan_run(snapshot, request).digest


def test_the_same_plan_has_the_same_digest() -> None:
    assert digest(weekly().snapshot()) == digest(weekly().snapshot())
    assert digest(weekly().snapshot()).startswith("fp1:")


def shuffled(mapping: dict[Any, Any]) -> dict[Any, Any]:
    items = list(mapping.items())
    random.Random(4).shuffle(items)
    return dict(items)


def test_the_order_in_which_things_are_stored_does_not_matter() -> None:
    bench = weekly()
    snapshot = bench.snapshot()
    other = replace(
        snapshot,
        params=shuffled(dict(snapshot.params)),
        param_hashes=shuffled(dict(snapshot.param_hashes)),
        steps=shuffled(bench.records),
        expansions=shuffled(bench.expansions),
    )
    request = replace(REQUEST, params={"region": "eu", "limit": 10})

    assert digest(other, request) == digest(snapshot)


@pytest.mark.parametrize(
    "change",
    [
        {"scope": Scope.FROM},
        {"steps": ("report",)},
        {"steps": ("plan", "report")},
        {"context": ContextMode.KEEP},
        {"context": ContextMode.CLEAN},
        {"downstream": Downstream.RERUN},
        {"params": {"limit": 10}},
        {"params": {"limit": 10, "region": "eu", "tone": "dry"}},
        {"budget": Budget(seconds=0.0)},
        {"budget": Budget(seconds=5.0)},
        {"refresh": True},
        {"definition": DefinitionChoice.ORIGINAL},
        {"scope": Scope.PHASE, "steps": (), "phase": "write"},
        {"scope": Scope.ALL, "steps": ()},
    ],
)
def test_every_option_of_the_request_is_in_it(change: dict[str, Any]) -> None:
    assert digest(weekly().snapshot(), replace(REQUEST, **change)) != digest(weekly().snapshot())


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(lambda bench: setattr(bench, "revision", 1), id="revision"),
        pytest.param(lambda bench: bench.edited("report"), id="definition"),
        pytest.param(lambda bench: bench.params.update(tone="warm"), id="parameter"),
        pytest.param(lambda bench: bench.params.update(more=None), id="another parameter"),
        pytest.param(lambda bench: bench.done("check[x]", "ok", run=2), id="the run that is reused"),
        pytest.param(lambda bench: bench.records.pop(StepId("check[x]")), id="an output is gone"),
        pytest.param(lambda bench: bench.records.pop(StepId("plan")), id="the reasons"),
    ],
)
def test_everything_that_is_planned_is_in_it(edit: Callable[[Bench], object]) -> None:
    bench = weekly()
    edit(bench)

    assert digest(bench.snapshot()) != digest(weekly().snapshot())


def test_the_job_is_in_it() -> None:
    snapshot = weekly().snapshot()

    assert digest(replace(snapshot, job=replace(snapshot.job, id=JobId("other")))) != digest(snapshot)


@pytest.mark.parametrize("words", [("4",), ("plan",), (" plan",)])
def test_different_words_for_the_same_step_are_the_same_plan(words: tuple[str, ...]) -> None:
    assert digest(weekly().snapshot(), replace(REQUEST, steps=words)) == digest(weekly().snapshot())


def test_warnings_are_not_in_it() -> None:
    told = Finding(code=FindingCode.SOURCE_GONE, message="told by the caller")

    assert plan_run(weekly().snapshot(), REQUEST, warnings=[told]).digest == digest(weekly().snapshot())
