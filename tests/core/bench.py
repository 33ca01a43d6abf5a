"""A job on a bench: definitions, outputs and elements put there by hand, so that the pure core can be asked about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from oncue.core.canonical import canonical_json, content_hash
from oncue.core.definition import StepDefinition, WorkflowDefinition
from oncue.core.graph import Graph
from oncue.core.model import (
    Acceptance,
    AttemptState,
    ContentHash,
    Current,
    Expansion,
    Inputs,
    Job,
    JobId,
    JobStatus,
    SourceKind,
    StepId,
    WorkflowSource,
    step_key,
    step_name,
)
from oncue.core.readport import StepRecord
from oncue.core.snapshot import JobSnapshot, hash_params
from oncue.core.staleness import Assessment, assess

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
JOB = Job(
    id=JobId("job"),
    workflow="bench",
    source=WorkflowSource(kind=SourceKind.PYTHON, ref="bench:bench"),
    definition_hash=ContentHash("sha256:0"),
    params={},
    created_at=NOW,
)


def step(
    name: str, *needs: str, each: str | None = None, phase: str = "main", version: str = "1", source: bool = False
) -> StepDefinition:
    """A step whose hash is its name and version."""
    return StepDefinition(name=name, phase=phase, hash=f"{name}@{version}", needs=needs, each=each, is_source=source)


def make_graph(*steps: StepDefinition) -> Graph:
    """A graph of these steps; its phases are theirs, in order."""
    phases = tuple(dict.fromkeys(each.phase for each in steps))
    return Graph(WorkflowDefinition(name="bench", phases=phases, steps=steps))


def address(content: object) -> ContentHash:
    """The address of a value."""
    return content_hash(canonical_json(content))


def collection_address(pairs: Sequence[tuple[str, str]]) -> ContentHash:
    """The address of a fan-out's instances, key and artifact."""
    return address({"$instances": [list(pair) for pair in pairs]})


class Bench:
    """A job whose outputs are put there by hand. The content of a step's output is any JSON value."""

    def __init__(self, *steps: StepDefinition, params: Mapping[str, object] | None = None) -> None:
        self.graph = make_graph(*steps)
        self.params = dict(params or {})
        self.records: dict[StepId, StepRecord] = {}
        self.expansions: dict[str, Expansion] = {}
        self.acceptances: dict[StepId, Acceptance] = {}
        self.lists: dict[str, Mapping[str, object]] = {}
        self.status = JobStatus.OPEN
        self.revision = 0

    # ------------------------------------------------------------------------------------------------ what happened

    def done(self, this: str, content: object = None, *, run: int = 1, reads: Sequence[str] = ()) -> None:
        """A step succeeded with this content, from what is current now."""
        step = self.graph.steps[step_name(this)]
        inputs = Inputs(
            definition=step.hash,
            steps={name: self.supply(name) for name in step.needs},
            params={name: hash_params(self.params)[name] for name in reads},
            item=self.item(this) if step.each else None,
        )
        current = Current(step=StepId(this), run=run, number=1, artifact=address(content), inputs=inputs)
        self.records[StepId(this)] = StepRecord(
            step=StepId(this), last_run=run, last_number=1, last_state=AttemptState.SUCCEEDED, current=current
        )

    def listed(self, name: str, elements: Mapping[str, object], *, run: int = 1) -> None:
        """A step succeeded with a list; the fan-outs over it have these instances, by key."""
        self.done(name, list(elements.values()), run=run)
        for each in self.graph.steps.values():
            if each.each == name:
                self.spread(each.name, elements)

    def spread(self, name: str, elements: Mapping[str, object]) -> None:
        """A fan-out has these instances of the list that is current now."""
        step = self.graph.steps[name]
        self.expansions[name] = Expansion(
            step=name,
            over=self.artifact(step.each or ""),
            definition=step.hash,
            items={key: address(element) for key, element in elements.items()},
        )

    def failed(self, this: str, *, run: int = 2) -> None:
        """The latest attempt of a step failed; its output, if any, stays."""
        known = self.records.get(StepId(this))
        self.records[StepId(this)] = StepRecord(
            step=StepId(this),
            last_run=run,
            last_number=1,
            last_state=AttemptState.FAILED,
            current=known.current if known else None,
        )

    def edited(self, name: str, version: str = "2") -> None:
        """The code of a step changed."""
        self.redefined(replace(self.graph.steps[name], hash=f"{name}@{version}"))

    def redefined(self, step: StepDefinition) -> None:
        """A step has another definition."""
        steps = [step if known.name == step.name else known for known in self.graph.definition.steps]
        self.graph = make_graph(*steps)

    def accepted(self, this: str) -> None:
        """A person accepts the output as it is."""
        current = self.records[StepId(this)].current
        assert current is not None, "only outputs are accepted"
        self.acceptances[StepId(this)] = Acceptance(
            step=StepId(this),
            run=current.run,
            number=current.number,
            basis=self.assess().basis(StepId(this)),
            actor="ada",
            reason="good enough",
            accepted_at=NOW,
        )

    # ------------------------------------------------------------------------------------------------ what is there

    def artifact(self, this: str) -> ContentHash:
        """The address of a step's output."""
        current = self.records[StepId(this)].current
        assert current is not None, f"{this} has an output"
        return current.artifact

    def members(self, name: str) -> list[str]:
        """A step, or its instances."""
        step = self.graph.steps[name]
        if step.each is None:
            return [name]
        if self.graph.steps[step.each].each is not None:
            return [f"{name}[{step_key(source)}]" for source in self.members(step.each)]
        return [f"{name}[{key}]" for key in self.expansions[name].items]

    def supply(self, name: str) -> str:
        """What a step that consumes the whole of another gets now."""
        if self.graph.steps[name].each is None:
            return self.artifact(name)
        return collection_address([(step_key(this) or "", self.artifact(this)) for this in self.members(name)])

    def item(self, this: str) -> str:
        """What an instance is given now."""
        step = self.graph.steps[step_name(this)]
        each = step.each or ""
        if self.graph.steps[each].each is not None:
            return self.artifact(f"{each}[{step_key(this)}]")
        return self.expansions[step.name].items[step_key(this) or ""]

    def snapshot(self) -> JobSnapshot:
        """What planning looks at."""
        return JobSnapshot(
            job=replace(JOB, status=self.status, revision=self.revision, params=dict(self.params)),
            graph=self.graph,
            params=dict(self.params),
            param_hashes=hash_params(self.params),
            steps=dict(self.records),
            expansions=dict(self.expansions),
            acceptances=dict(self.acceptances),
        )

    def assess(self) -> Assessment:
        """The status of everything."""
        return assess(self.snapshot())


PAGES = {"x": {"text": "one"}, "y": {"text": "two"}}


def weekly() -> Bench:
    """Everything fresh; run 1 made it.

    ::

        pages ──▶ summary[x] summary[y] ──▶ check[x] check[y]     (element-wise)
          │          └──────────┬────────────────┘
          └──▶ plan ──▶ report ◀┘
    """
    bench = Bench(
        step("pages", phase="gather", source=True),
        step("summary", each="pages", phase="gather"),
        step("check", each="summary", phase="gather"),
        step("plan", "pages", phase="write"),
        step("report", "plan", "summary", phase="write"),
        params={"region": "eu", "limit": 10, "tone": "dry"},
    )
    bench.listed("pages", PAGES)
    for key in PAGES:
        bench.done(f"summary[{key}]", f"summary of {key}", reads=["tone"])
        bench.done(f"check[{key}]", "ok")
    bench.done("plan", "the plan", reads=["region", "limit"])
    bench.done("report", "the report")
    return bench
