"""How planning grows with the steps of a job: ``plan_run`` alone, on snapshots made here."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from benchmarks.figure import Figure
from benchmarks.settings import Settings
from oncue import wiring
from oncue.core.canonical import content_hash
from oncue.core.definition import StepDefinition, WorkflowDefinition
from oncue.core.graph import Graph
from oncue.core.model import (
    AttemptState,
    ContentHash,
    Current,
    Expansion,
    Inputs,
    Job,
    JobId,
    SourceKind,
    StepId,
    WorkflowSource,
)
from oncue.core.plan import plan_run
from oncue.core.readport import StepRecord
from oncue.core.request import RunRequest, Scope
from oncue.core.snapshot import JobSnapshot

LINEAR_PERCENT = 20.0
_JOB = Job(
    id=JobId("bench"),
    workflow="bench",
    source=WorkflowSource(kind=SourceKind.PYTHON, ref="bench:bench"),
    definition_hash=ContentHash("sha256:0"),
    params={},
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
)


def measure_planning(settings: Settings) -> Iterator[Figure]:
    """Microseconds a step at every size, in rounds over all sizes, with the collector set as in a process that executes."""
    before = gc.get_threshold()
    gc.set_threshold(*wiring.GC_THRESHOLDS)
    try:
        for shape, make in (("chain", _chain), ("fan-out", _fan_out)):
            cases = {steps: make(steps) for steps in settings.plans}
            yield from _measure(settings, shape, cases)
    finally:
        gc.set_threshold(*before)


def _measure(settings: Settings, shape: str, cases: dict[int, tuple[JobSnapshot, RunRequest]]) -> Iterator[Figure]:
    samples: dict[int, list[float]] = {steps: [] for steps in cases}
    for _ in range(settings.rounds):
        for steps, (snapshot, request) in cases.items():
            samples[steps].append(1e6 * _time(snapshot, request, repeat=max(cases) // steps) / steps)
    for steps, found in samples.items():
        yield Figure(name=f"plan a rerun of the last of {steps:,}, {shape}: a step", unit="µs", samples=tuple(found))
    smallest, *larger = cases
    for steps in larger:
        growth = [100 * (large / small - 1) for small, large in zip(samples[smallest], samples[steps], strict=True)]
        name = f"planning, {shape}: growth of a step's time from {smallest:,} to {steps:,}"
        yield Figure(name=name, unit="%", samples=tuple(growth), limit=LINEAR_PERCENT)


def _time(snapshot: JobSnapshot, request: RunRequest, *, repeat: int) -> float:
    gc.collect()
    start = time.perf_counter()
    for _ in range(repeat):
        plan_run(snapshot, request)
    return (time.perf_counter() - start) / repeat


def _chain(steps: int) -> tuple[JobSnapshot, RunRequest]:
    names = [f"s{number}" for number in range(steps)]
    hashes = {name: content_hash(name.encode()) for name in names}
    needs = {name: names[number - 1 : number] for number, name in enumerate(names)}
    definitions = [StepDefinition(name=name, phase="main", hash=hashes[name], needs=tuple(needs[name])) for name in names]
    inputs = (Inputs(definition=hashes[name], steps={one: hashes[one] for one in needs[name]}) for name in names)
    records = {StepId(name): _record(name, hashes[name], made_of) for name, made_of in zip(names, inputs, strict=True)}
    return _snapshot(definitions, records), RunRequest(scope=Scope.FROM, steps=(names[-1],))


def _fan_out(steps: int) -> tuple[JobSnapshot, RunRequest]:
    numbers = StepDefinition(name="numbers", phase="main", hash="numbers@1")
    work = StepDefinition(name="work", phase="main", hash="work@1", each="numbers")
    items = {str(number): content_hash(str(number).encode()) for number in range(1, steps + 1)}
    over = content_hash(b"numbers")
    records = {StepId("numbers"): _record("numbers", over, Inputs(definition=numbers.hash))}
    for key, item in items.items():
        name = f"work[{key}]"
        records[StepId(name)] = _record(name, item, Inputs(definition=work.hash, item=item))
    expansion = Expansion(step="work", over=over, definition=work.hash, items=items)
    return _snapshot([numbers, work], records, expansion), RunRequest(scope=Scope.FROM, steps=(f"work[{steps}]",))


def _record(name: str, artifact: ContentHash, inputs: Inputs) -> StepRecord:
    current = Current(step=StepId(name), run=1, number=1, artifact=artifact, inputs=inputs)
    return StepRecord(step=StepId(name), last_run=1, last_number=1, last_state=AttemptState.SUCCEEDED, current=current)


def _snapshot(steps: list[StepDefinition], records: dict[StepId, StepRecord], *expansions: Expansion) -> JobSnapshot:
    graph = Graph(WorkflowDefinition(name="bench", phases=("main",), steps=tuple(steps)))
    return JobSnapshot(
        job=_JOB,
        graph=graph,
        params={},
        param_hashes={},
        steps=records,
        expansions={expansion.step: expansion for expansion in expansions},
    )
