"""A world that changes, the steps that read it, and a loader that serves them as a workflow in memory."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from typing import Any
from zlib import crc32

from oncue import Workflow
from oncue.control.steps.calls import LoadedWorkflow
from oncue.core.definition import WorkflowDefinition
from oncue.core.model import SourceKind, WorkflowSource
from oncue.errors import UnknownWorkflow

Value = Any
PHASES = ("one", "two", "three")
PARAMS = {"p": 0, "q": 0}
OTHER_NAMES = {"a": "b", "b": "c", "c": "d", "d": "a"}
"""What the elements are called by the other key function: the same words for other elements."""


@dataclass(frozen=True)
class Spec:
    """A step as its author thinks of it. ``key`` names the elements of a fan-out over a list."""

    name: str
    phase: str
    needs: tuple[str, ...] = ()
    each: str | None = None
    key: str = "id"
    reads: tuple[str, ...] = ()
    is_source: bool = False
    is_list: bool = False
    version: int = 0

    @property
    def upstream(self) -> set[str]:
        return {*self.needs, *([self.each] if self.each else [])}

    @property
    def says(self) -> tuple[object, ...]:
        """What counts as its definition."""
        return (self.needs, self.each, self.key if self.each else "", self.version)


@dataclass
class Call:
    """One call of a step function."""

    step: str
    mode: str
    previous: Value


@dataclass
class World:
    """What step functions see besides their inputs; tests change it."""

    specs: dict[str, Spec] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    lists: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    failing: set[str] = field(default_factory=set)
    max_parallel: int = 1
    calls: list[Call] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def compute(self, spec: Spec, given: Mapping[str, Value], *, item: Value, params: Mapping[str, Value]) -> Value:
        """What a step returns: few different values, so that different inputs often give the same bytes."""
        read = {name: params[name] for name in spec.reads}
        number = self.numbers.get(spec.name, 0)
        parts = [spec.version // 2, dict(given), item, read, number]
        digest = crc32(json.dumps(parts, sort_keys=True).encode()) % 3
        if not spec.is_list:
            return {"n": digest}
        elements = self.lists.get(spec.name, [])
        return [{"id": name, "other": OTHER_NAMES[name], "n": (count + digest // 2) % 2} for name, count in elements]

    def function(self, spec: Spec) -> Callable[..., Value]:
        """The function of a step, with the parameters that its inputs ask for."""

        def step(**given: Value) -> Value:
            ctx, params = given.pop("ctx"), given.pop("params")
            item = given.pop("item", None)
            with self.lock:
                self.calls.append(Call(ctx.step, ctx.mode.value, ctx.previous))
            if ctx.step in self.failing:
                raise RuntimeError(f"{ctx.step} fails as it is told to")
            return self.compute(spec, given, item=item, params=params)

        names = [*spec.needs, *(["item"] if spec.each else []), "params", "ctx"]
        kind = inspect.Parameter.KEYWORD_ONLY
        step.__signature__ = inspect.Signature([inspect.Parameter(name, kind) for name in names])  # type: ignore[attr-defined]
        step.__annotations__ = {}
        return step

    def workflow(self) -> Workflow:
        """The steps as they are now."""
        workflow = Workflow("world", phases=PHASES, params=PARAMS, max_parallel=self.max_parallel)
        for spec in self.specs.values():
            over_list = spec.each is not None and self.specs[spec.each].each is None
            workflow.step(
                id=spec.name,
                phase=spec.phase,
                each=spec.each,
                key=spec.key if over_list else None,
                source=spec.is_source,
                version=str(spec.version),
            )(self.function(spec))
        return workflow


class WorldLoader:
    """Serves the steps of a world; there is nothing else to load."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.known: tuple[object, LoadedWorkflow] | None = None

    def find(self, name: str, *, folder: Path) -> WorkflowSource:
        return WorkflowSource(kind=SourceKind.PYTHON, ref=f"{name}:world", folder=str(folder))

    def load(self, source: WorkflowSource) -> LoadedWorkflow:
        state = (tuple(self.world.specs.values()), self.world.max_parallel, source)
        if self.known is None or self.known[0] != state:
            self.known = (state, self.world.workflow().load(source))
        return self.known[1]

    def restore(self, source: WorkflowSource, definition: WorkflowDefinition) -> LoadedWorkflow:
        loaded = self.load(source)
        if loaded.definition.steps != definition.steps:
            raise UnknownWorkflow(source.ref, why="its code has changed since")
        return replace(loaded, definition=definition)

    def is_unchanged(self, source: WorkflowSource, definition: WorkflowDefinition) -> bool:
        return self.load(source).definition == definition

    def bundled(self) -> Mapping[str, str]:
        return {}

    def manifests(self, folder: Path) -> tuple[Path, ...]:
        del folder
        return ()
