"""What a plan may cost, from what the same steps cost before."""

from __future__ import annotations

import pytest

from oncue.core.estimate import Estimate, Range, estimate_plan
from oncue.core.plan import plan_run
from oncue.core.request import Downstream, RunRequest, Scope
from tests.core.bench import Bench, weekly

SEEN = {"pages": [9.0], "summary": [2.0, 1.0, 3.0], "check": [0.5], "plan": [10.0, 20.0], "report": [4.0, 6.0]}


def estimate(bench: Bench, seen: dict[str, list[float]], scope: Scope, *steps: str) -> Estimate:
    return estimate_plan(plan_run(bench.snapshot(), RunRequest(scope=scope, steps=steps)), seen)


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

    found = estimate_plan(plan_run(weekly().snapshot(), request), SEEN)

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


def test_instances_that_are_not_known_yet_are_unknown() -> None:
    assert estimate(weekly(), SEEN, Scope.ALL) == Estimate(seconds=None, unknown=("summary", "check"))


def test_a_plan_that_executes_nothing_has_no_estimate() -> None:
    assert estimate(weekly(), SEEN, Scope.RESUME) == Estimate(seconds=None)
