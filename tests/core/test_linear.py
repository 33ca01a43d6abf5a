"""Planning and executing cost a bounded number of operations for each step, however many there are."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from types import FrameType

import pytest

from oncue.core.model import Current, Inputs, StepId
from oncue.core.plan import PlannedStep, plan_run
from oncue.core.progress import RunProgress
from oncue.core.request import Downstream, RunRequest, Scope
from oncue.core.snapshot import JobSnapshot
from tests.core.bench import Bench, address, step

SMALL, LARGE = 500, 10_000
TOLERANCE = 1.1


@cache
def chain(size: int) -> JobSnapshot:
    """Each step needs the one before; the first is stale."""
    bench = Bench(step("s0"), *[step(f"s{index}", f"s{index - 1}") for index in range(1, size)])
    for index in range(size):
        bench.done(f"s{index}", index)
    bench.edited("s0")
    return bench.snapshot()


@cache
def layers(size: int) -> JobSnapshot:
    """Each step needs four earlier ones; nothing ran yet."""
    return Bench(
        *[
            step(f"s{index}", *[f"s{needed}" for needed in range(index - 6, index - 2) if needed >= 0], phase=str(index % 5))
            for index in range(size)
        ]
    ).snapshot()


@cache
def fan_out(size: int) -> JobSnapshot:
    """A list, a fan-out over it, one over that, and what consumes both; some elements changed."""
    bench = Bench(
        step("s0"),
        step("part", each="s0"),
        step("check", each="part"),
        step("report", "part", "check"),
    )
    elements: dict[str, object] = {str(index): index for index in range(size // 2)}
    bench.listed("s0", elements)
    for key in elements:
        bench.done(f"part[{key}]", key)
        bench.done(f"check[{key}]", key)
    bench.done("report", "all")
    for key in list(elements)[::7]:
        bench.done(f"part[{key}]", "another", run=2)
    return bench.snapshot()


SHAPES = {"chain": chain, "layers": layers, "fan-out": fan_out}
REQUESTS = {
    "all": RunRequest(),
    "resume": RunRequest(scope=Scope.RESUME),
    "from": RunRequest(scope=Scope.FROM, steps=("s0",)),
    "only": RunRequest(scope=Scope.ONLY, steps=("s0",), downstream=Downstream.RERUN),
    "mark": RunRequest(scope=Scope.ONLY, steps=("s0",)),
    "phase": RunRequest(scope=Scope.PHASE, phase="1", downstream=Downstream.RERUN),
}


def operations(work: Callable[[], object]) -> int:
    """How many functions were called, those of the interpreter included."""
    count = 0

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize(
    ("shape", "asked"),
    [
        *[("chain", asked) for asked in ("resume", "from", "only")],
        *[("layers", asked) for asked in ("all", "phase")],
        *[("fan-out", asked) for asked in REQUESTS if asked != "phase"],
    ],
)
def test_planning_is_linear(shape: str, asked: str) -> None:
    small, large = SHAPES[shape](SMALL), SHAPES[shape](LARGE)
    request_ = REQUESTS[asked]

    few = operations(lambda: plan_run(small, request_))
    many = operations(lambda: plan_run(large, request_))

    assert many <= TOLERANCE * few * LARGE / SMALL


def execute(snapshot: JobSnapshot, steps: tuple[PlannedStep, ...]) -> None:
    """Every step in turn, each with another output than before."""
    progress = RunProgress(snapshot, steps)
    while not progress.is_done:
        for this in progress.take(8):
            consumed = progress.consumption(this)
            inputs = Inputs(definition="", steps=consumed.steps, item=consumed.item)
            progress.succeed(Current(step=this, run=3, number=1, artifact=NEW, inputs=inputs))


NEW = address("new")


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_executing_is_linear(shape: Callable[[int], JobSnapshot]) -> None:
    small, large = shape(SMALL), shape(LARGE)
    few_steps = plan_run(small, RunRequest(scope=Scope.RESUME)).executing
    many_steps = plan_run(large, RunRequest(scope=Scope.RESUME)).executing

    few = operations(lambda: execute(small, few_steps))
    many = operations(lambda: execute(large, many_steps))

    assert many <= TOLERANCE * few * len(many_steps) / len(few_steps)


def test_a_long_chain_that_ended_already_needs_no_deep_stack() -> None:
    size = 20_000
    snapshot = chain(size)
    entries = plan_run(snapshot, RunRequest()).executing

    progress = RunProgress(snapshot, entries, ended=[StepId(f"s{index}") for index in range(size)])

    assert progress.is_done
    assert progress.take(1) == []
