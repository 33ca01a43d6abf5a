"""Plans and definitions are read back as they were written."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from oncue.core.comments import Comment
from oncue.core.definition import ParamDefinition, ParamType, RetryPolicy, StepDefinition, WorkflowDefinition
from oncue.core.definitionrecord import decode_definition, encode_definition
from oncue.core.model import StepId
from oncue.core.plan import Action, Plan, PlannedStep, plan_run
from oncue.core.planrecord import decode_plan, encode_plan
from oncue.core.reasons import (
    DefinitionChanged,
    InputChanged,
    LastFailed,
    Missing,
    ParamsChanged,
    Requested,
    UpstreamExecutes,
    UpstreamStale,
)
from oncue.core.request import RunRequest, Scope
from oncue.core.snapshot import hash_params
from oncue.core.staleness import StepState
from tests.core.bench import Bench, step, weekly

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
NAMES = st.text("abcdefgh-_é ", min_size=1, max_size=5)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
VALUES = st.recursive(SCALARS, lambda part: st.lists(part, max_size=2) | st.dictionaries(TEXT, part, max_size=2), max_leaves=4)
SECONDS = st.floats(0, 1e6)
RETRIES = st.builds(
    RetryPolicy, retries=st.integers(0, 9), backoff_seconds=SECONDS, factor=SECONDS, max_backoff_seconds=SECONDS
)
STEPS = st.builds(
    StepDefinition,
    name=NAMES,
    phase=NAMES,
    hash=NAMES,
    needs=st.lists(NAMES, max_size=3).map(tuple),
    each=st.none() | NAMES,
    reads=st.none() | st.lists(NAMES, max_size=2).map(tuple),
    is_source=st.booleans(),
    is_deliverable=st.booleans(),
    keeps_history=st.booleans(),
    retry=RETRIES,
    timeout_seconds=st.none() | SECONDS,
    summary=TEXT,
    body=st.dictionaries(TEXT, VALUES, max_size=2),
)
PARAMS = st.builds(
    ParamDefinition,
    name=NAMES,
    type=st.sampled_from(ParamType),
    default=VALUES,
    is_required=st.booleans(),
    help=TEXT,
    choices=st.lists(VALUES, max_size=2).map(tuple),
)
DEFINITIONS = st.builds(
    WorkflowDefinition,
    name=NAMES,
    phases=st.lists(NAMES, max_size=3).map(tuple),
    steps=st.lists(STEPS, max_size=4).map(tuple),
    params=st.lists(PARAMS, max_size=2).map(tuple),
    summary=TEXT,
    max_parallel=st.none() | st.integers(1, 99),
    files=st.dictionaries(TEXT, TEXT, max_size=2),
)
REASONS = st.one_of(
    st.builds(InputChanged, NAMES),
    st.builds(ParamsChanged, st.lists(NAMES, max_size=2).map(tuple)),
    st.builds(DefinitionChanged),
    st.builds(UpstreamStale, NAMES),
    st.builds(Requested),
    st.builds(Missing),
    st.builds(LastFailed),
    st.builds(UpstreamExecutes, NAMES),
)
EXECUTED = st.builds(
    PlannedStep,
    NAMES.map(StepId),
    st.just(Action.EXECUTE),
    st.lists(REASONS, max_size=3).map(tuple),
    is_conditional=st.booleans(),
    is_expanding=st.booleans(),
)
REUSED = st.builds(PlannedStep, NAMES.map(StepId), st.just(Action.REUSE), st.just(()), st.integers(1, 99))


@given(DEFINITIONS)
def test_a_definition_is_read_back_as_it_was(definition: WorkflowDefinition) -> None:
    body = encode_definition(definition)

    assert decode_definition(body) == definition
    assert encode_definition(decode_definition(body)) == body


def test_defaults_are_left_out_of_a_stored_step() -> None:
    body = encode_definition(
        WorkflowDefinition(name="w", phases=("p",), steps=(StepDefinition(name="a", phase="p", hash="h"),))
    )

    assert b'"steps":[{"hash":"h","name":"a","phase":"p"}]' in body


@given(st.lists(EXECUTED | REUSED, unique_by=lambda planned: planned.id))
def test_a_plan_is_read_back_without_its_reasons(steps: list[PlannedStep]) -> None:
    plan = Plan(
        job_id="job",
        revision=1,
        request=RunRequest(),
        params={},
        steps=tuple(steps),
        becomes_stale=(StepId("a"),),
        blockers=(),
        warnings=(),
        digest="fp1:0",
    )

    recorded = decode_plan(encode_plan(plan))

    assert recorded.executing == tuple(
        PlannedStep(each.id, Action.EXECUTE, is_conditional=each.is_conditional, is_expanding=each.is_expanding)
        for each in steps
        if each.action is Action.EXECUTE
    )
    assert recorded.reused == {each.id: each.reused_from_run for each in steps if each.action is Action.REUSE}


def test_a_whole_plan_is_read_back() -> None:
    plan = plan_run(weekly().snapshot(), RunRequest(scope=Scope.FROM, steps=("plan",)))

    recorded = decode_plan(encode_plan(plan))

    assert [each.id for each in recorded.executing] == ["plan", "report"]
    reused: dict[Any, int] = dict.fromkeys(("pages", "summary[x]", "summary[y]", "check[x]", "check[y]"), 1)
    assert recorded.reused == reused


def test_how_outputs_stood_is_recorded_where_a_comment_is_given() -> None:
    bench = weekly()
    bench.edited("plan")
    request = RunRequest(scope=Scope.ALL)

    silent = decode_plan(encode_plan(plan_run(bench.snapshot(), request)))
    guided = decode_plan(encode_plan(plan_run(bench.snapshot(), replace(request, comment=Comment(text="use 2024")))))
    carrying = plan_run(bench.snapshot(), replace(request, keep_comments=True))

    expected: dict[Any, StepState] = dict.fromkeys(
        ("pages", "summary[x]", "summary[y]", "check[x]", "check[y]"), StepState.FRESH
    )
    assert silent.before == {}
    assert guided.before == {**expected, "plan": StepState.STALE, "report": StepState.STALE}
    assert carrying.before == guided.before


def test_how_outputs_stood_is_said_of_the_parameters_before_the_run() -> None:
    bench = Bench(step("a"), step("b", "a"), params={"year": 2023})
    bench.done("a", 1, reads=["year"])
    now = {"year": 2024}
    snapshot = replace(bench.snapshot(), params=now, param_hashes=hash_params(now))
    request = RunRequest(scope=Scope.ALL, params=now, comment=Comment(text="use 2024"))

    plan = plan_run(snapshot, request)

    assert plan.before == {"a": StepState.FRESH, "b": StepState.MISSING}
