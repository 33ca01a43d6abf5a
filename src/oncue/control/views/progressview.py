"""A run while it goes on, from its plan and its events alone: the same picture whichever process executes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from oncue.control.workspace import load_job
from oncue.core.definitionrecord import decode_definition
from oncue.core.events import Event, EventType
from oncue.core.graph import Graph
from oncue.core.model import Job, JobId, Run, RunState, StepId, step_name
from oncue.core.planrecord import RecordedPlan, decode_plan
from oncue.core.readport import Reader

TOLD = frozenset({EventType.STEP_PROGRESS, EventType.MODEL_CALLED, EventType.MODEL_FAILED})
"""Events that say what a step is about."""
RECENT_EVENTS = 200


class LineState(StrEnum):
    """Where a line of the table stands."""

    WAITING = "waiting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REUSED = "reused"


@dataclass(slots=True)
class StepLine:
    """One step of the workflow, with all its instances.

    ``total`` is how many of its instances execute in the run, None while that is unknown.
    """

    name: str
    ordinal: int
    phase: str
    is_fan_out: bool
    total: int | None = 0
    reused: int = 0
    succeeded: int = 0
    failed: int = 0
    cut_off: int = 0
    cancelled: int = 0
    running: dict[StepId, datetime] = field(default_factory=dict)
    began_at: datetime | None = None
    ended_at: datetime | None = None
    message: str = ""
    usual_seconds: tuple[float, ...] = ()

    @property
    def done(self) -> int:
        """How many instances have come to an end."""
        return self.succeeded + self.failed + self.cut_off + self.cancelled

    @property
    def state(self) -> LineState:
        """One word for all instances."""
        if self.running:
            return LineState.RUNNING
        if self.failed:
            return LineState.FAILED
        if self.cancelled:
            return LineState.CANCELLED
        if self.total == 0 or (self.total is not None and self.cut_off == self.total):
            return LineState.REUSED
        if self.total is not None and self.done >= self.total:
            return LineState.SUCCEEDED
        return LineState.RUNNING if self.done else LineState.WAITING

    @property
    def seconds_left(self) -> tuple[float, float] | None:
        """The work that is left, from what the step usually takes; None where that is unknown."""
        if not self.usual_seconds or self.total is None:
            return None
        left = max(0, self.total - self.done)
        return left * min(self.usual_seconds), left * max(self.usual_seconds)


class RunTracker:
    """Keeps the lines of a run up to date with its events."""

    def __init__(self, run: Run, graph: Graph, plan: RecordedPlan, *, durations: Mapping[str, Sequence[float]]) -> None:
        self.number = run.number
        self.state = run.state
        self.started_at = run.started_at
        self.ended_at = run.ended_at
        self.graph = graph
        self.lines = {
            name: StepLine(
                name=name,
                ordinal=ordinal,
                phase=graph.steps[name].phase,
                is_fan_out=graph.steps[name].each is not None,
                usual_seconds=tuple(durations.get(name, ())),
            )
            for ordinal, name in enumerate(graph.names, start=1)
        }
        self._ended: set[StepId] = set()
        self._count(plan)

    def _count(self, plan: RecordedPlan) -> None:
        for step in plan.executing:
            line = self.lines[step_name(step.id)]
            if step.is_expanding:
                line.total = None
            elif line.total is not None:
                line.total += 1
        for this in plan.reused:
            line_of = self.lines.get(step_name(this))
            if line_of is not None:
                line_of.reused += 1

    @property
    def unknown(self) -> list[str]:
        """Fan-outs that have begun and whose number of instances is not known yet."""
        return [name for name, line in self.lines.items() if line.total is None and line.began_at is not None]

    def apply(self, events: Iterable[Event]) -> None:
        """Take note of what happened; events of other runs are passed over."""
        for event in events:
            if event.run != self.number:
                continue
            if event.step is not None:
                self._apply_step(event, event.step)
            else:
                self._apply_run(event)

    def _apply_run(self, event: Event) -> None:
        match event.type:
            case EventType.RUN_STARTED | EventType.RUN_CONTINUED:
                self.state = RunState.RUNNING
                self.started_at = self.started_at or event.at
                for line in self.lines.values():
                    line.running.clear()  # what was under way when the worker died is begun again
            case EventType.RUN_PAUSED | EventType.RUN_WAITING:
                self.state = RunState.WAITING
            case EventType.RUN_ENDED:
                self.state = RunState(str((event.data or {}).get("state")))
                self.ended_at = event.at
            case _:
                pass

    def _apply_step(self, event: Event, this: StepId) -> None:
        line = self.lines.get(step_name(this))
        if line is None:
            return
        match event.type:
            case EventType.STEP_STARTED | EventType.STEP_CONTINUED:
                line.running[this] = event.at
                line.began_at = line.began_at or event.at
                line.message = ""
            case EventType.STEP_WAITING:
                line.running.pop(this, None)
                line.message = "waits for an answer"
            case EventType.STEP_SUCCEEDED:
                line.succeeded += self._ends(line, this, event)
            case EventType.STEP_FAILED if not (event.data or {}).get("retry_at"):
                line.failed += self._ends(line, this, event)
                line.message = str((event.data or {}).get("message", ""))
            case EventType.STEP_FAILED:
                line.running.pop(this, None)
            case EventType.STEP_CANCELLED:
                line.cancelled += self._ends(line, this, event)
            case EventType.STEP_CUT_OFF:
                line.cut_off += self._ends(line, this, event)
            case EventType.STEP_PROGRESS | EventType.MODEL_CALLED | EventType.MODEL_FAILED:
                line.message = describe_progress(event.type, event.data or {})
            case _:
                pass

    def _ends(self, line: StepLine, this: StepId, event: Event) -> int:
        """1 the first time a step ends in this run, else 0."""
        line.running.pop(this, None)
        line.ended_at = event.at
        line.message = ""
        is_new = this not in self._ended
        self._ended.add(this)
        return int(is_new)

    def learn_totals(self, instances: Callable[[str], int | None]) -> None:
        """Ask how many instances the fan-outs have whose number was not known when the run was planned."""
        for name in self.unknown:
            self.lines[name].total = instances(name)


def open_tracker(reader: Reader, job_id: JobId, number: int) -> RunTracker:
    """A tracker of one run, before any of its events."""
    run = reader.load_run(job_id, number)
    assert run is not None, "only a run that exists is followed"
    graph = Graph(decode_definition(reader.load_definition(run.definition_hash)))
    plan = decode_plan(reader.load_plan(job_id, number))
    return RunTracker(run, graph, plan, durations=reader.durations(load_job(reader, job_id).id))


def count_instances(reader: Reader, job_id: JobId, graph: Graph) -> Callable[[str], int | None]:
    """How many instances a fan-out has: those of its own list, or of the fan-out it follows one for one."""
    expansions = {expansion.step: expansion for expansion in reader.list_expansions(job_id)}

    def count(name: str) -> int | None:
        while graph.is_elementwise(name):
            name = graph.steps[name].each or ""
        return len(expansions[name].items) if name in expansions else None

    return count


def recent_progress(reader: Reader, job: Job) -> Mapping[StepId, str]:
    """What the steps and instances of a job said of their progress lately, whoever spoke last at the end."""
    found: dict[StepId, str] = {}
    for event in reader.list_events(job.id, after=max(0, job.event_seq - RECENT_EVENTS)):
        if event.step is None or event.type not in {*TOLD, EventType.STEP_STARTED}:
            continue
        found.pop(event.step, None)
        if event.type in TOLD:
            found[event.step] = describe_progress(event.type, event.data or {})
    return found


def describe_progress(kind: EventType, data: Mapping[str, object]) -> str:
    """What a step is about, in words; of a model that failed only the code, its words may be anything."""
    if kind is EventType.MODEL_CALLED:
        return f"asks {data.get('model') or 'a model'}"
    if kind is EventType.MODEL_FAILED:
        return str(data.get("code") or "no answer of the model").replace("_", " ")
    done, total, message = data.get("done"), data.get("total"), data.get("message") or ""
    if isinstance(done, int | float) and isinstance(total, int | float):
        return " · ".join(filter(None, (f"{done:g} of {total:g}", str(message))))
    return str(message)
