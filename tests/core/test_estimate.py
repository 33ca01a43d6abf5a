"""What a plan may cost, from what the same steps cost before."""

from __future__ import annotations

import pytest

from oncue.core.estimate import Estimate, Range, estimate_plan
from oncue.core.modelcalls import Spending
from oncue.core.plan import plan_run
from oncue.core.request import Downstream, RunRequest, Scope
from tests.core.bench import Bench, weekly

SEEN = {"pages": [9.0], "summary": [2.0, 1.0, 3.0], "check": [0.5], "plan": [10.0, 20.0], "report": [4.0, 6.0]}


def estimate(bench: Bench, seen: dict[str, list[float]], scope: Scope, *steps: str) -> Estimate:
    return estimate_request(bench, RunRequest(scope=scope, steps=steps), seen)


def estimate_request(
    bench: Bench, request: RunRequest, seen: dict[str, list[float]], costs: dict[str, list[Spending]] | None = None
) -> Estimate:
    snapshot = bench.snapshot()
    return estimate_plan(plan_run(snapshot, request), seen, costs, count=snapshot.last_count)


@pytest.mark.parametrize(
    ("scope", "steps", "low", "high"),
    [
        (Scope.ONLY, ("plan",), 10.0, 20.0),
        (Scope.ONLY, ("summary[x]",), 1.0, 3.0),
        (Scope.ONLY, ("summary",), 2.0, 6.0),
        (Scope.FROM, ("plan",), 14.0, 26.0),
    ],
)
def test_the_shortest_and_the_longest_attempts_of_every_step_add_up(
    scope: Scope, steps: tuple[str, ...], low: float, high: float
) -> None:
    assert estimate(weekly(), SEEN, scope, *steps) == Estimate(seconds=Range(low=low, high=high))


def test_a_step_that_may_be_cut_off_may_cost_nothing() -> None:
    request = RunRequest(scope=Scope.ONLY, steps=("plan",), downstream=Downstream.RERUN)

    found = estimate_request(weekly(), request, SEEN)

    assert found.seconds == Range(low=10.0, high=26.0)


@pytest.mark.parametrize(
    ("seen", "unknown"),
    [
        ({}, ("plan", "report")),
        ({"plan": [1.0]}, ("report",)),
        ({"plan": [1.0], "report": []}, ("report",)),
        ({"report": [1.0]}, ("plan",)),
    ],
)
def test_without_a_history_it_is_unknown_and_never_zero(seen: dict[str, list[float]], unknown: tuple[str, ...]) -> None:
    assert estimate(weekly(), seen, Scope.FROM, "plan") == Estimate(seconds=None, unknown=unknown)


def test_of_a_fan_out_whose_list_is_not_there_yet_as_many_instances_are_taken_as_there_were_last() -> None:
    found = estimate(weekly(), SEEN, Scope.ALL)

    assert found == Estimate(
        seconds=Range(low=9.0 + 2 * 1.0 + 2 * 0.5 + 10.0 + 4.0, high=9.0 + 2 * 3.0 + 2 * 0.5 + 20.0 + 6.0),
        assumed={"summary": 2, "check": 2},
    )


def test_a_fan_out_without_a_history_is_unknown() -> None:
    found = estimate(weekly(), {**SEEN, "check": []}, Scope.ALL)

    assert found == Estimate(seconds=None, unknown=("check",), assumed={"summary": 2})


def test_the_money_of_as_many_instances_is_taken_too() -> None:
    costs = {name: [Spending(calls=1, tokens=10, usd=0.5), Spending(calls=1, tokens=20, usd=1.0)] for name in SEEN}

    found = estimate_request(weekly(), RunRequest(scope=Scope.ALL), SEEN, costs)

    assert (found.tokens, found.usd) == (Range(low=70, high=140), Range(low=3.5, high=7.0))


COSTS = {
    "plan": [Spending(calls=2, tokens=300, usd=0.5), Spending(calls=1, tokens=100, usd=0.25)],
    "report": [Spending(calls=1, tokens=1000, usd=2.0)],
}
NOTHING, BLIND, UNPRICED = (
    Spending(),
    Spending(calls=1, unknown_tokens=1, unknown_usd=1),
    Spending(calls=1, tokens=7, unknown_usd=1),
)


def cost(
    costs: dict[str, list[Spending]], scope: Scope = Scope.FROM, *, downstream: Downstream = Downstream.MARK_STALE
) -> tuple[Range | None, Range | None]:
    """What a run of the plan and the report may cost, in tokens and in dollars."""
    request = RunRequest(scope=scope, steps=("plan",), downstream=downstream)
    found = estimate_request(weekly(), request, SEEN, costs)
    assert found.seconds is not None
    return found.tokens, found.usd


def test_the_cheapest_and_the_dearest_attempts_of_every_step_add_up() -> None:
    assert cost(COSTS) == (Range(low=1100, high=1300), Range(low=2.25, high=2.5))
    assert cost(COSTS, Scope.ONLY) == (Range(low=100, high=300), Range(low=0.25, high=0.5))


def test_a_step_that_called_no_model_costs_nothing() -> None:
    assert cost(COSTS | {"report": [NOTHING]}) == (Range(low=100, high=300), Range(low=0.25, high=0.5))


def test_a_step_that_may_be_cut_off_may_cost_no_money() -> None:
    assert cost(COSTS, Scope.ONLY, downstream=Downstream.RERUN) == (Range(low=100, high=1300), Range(low=0.25, high=2.5))


@pytest.mark.parametrize(
    ("report", "tokens", "usd"),
    [
        ([BLIND], None, None),
        ([UNPRICED], Range(low=107, high=307), None),
        ([], None, None),
        ([BLIND, *COSTS["report"]], Range(low=1100, high=1300), Range(low=2.25, high=2.5)),
    ],
    ids=["nothing known", "no price", "no attempt", "one of two known"],
)
def test_what_is_not_known_of_a_call_is_unknown_and_never_zero(
    report: list[Spending], tokens: Range | None, usd: Range | None
) -> None:
    assert cost(COSTS | {"report": report}) == (tokens, usd)


def test_a_job_that_never_called_a_model_has_no_estimate_of_money() -> None:
    assert cost({}) == (None, None)


def test_a_step_without_a_history_leaves_money_unknown_too() -> None:
    found = estimate_request(weekly(), RunRequest(scope=Scope.FROM, steps=("plan",)), {"plan": [1.0]}, COSTS)

    assert found == Estimate(seconds=None, unknown=("report",))


def test_a_plan_that_executes_nothing_has_no_estimate() -> None:
    assert estimate(weekly(), SEEN, Scope.RESUME) == Estimate(seconds=None)
