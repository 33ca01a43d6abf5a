"""The shape of a workflow: who consumes whom, in an order in which everything comes after what it needs.

::

    gather ──▶ abstract ──▶ plan ──▶ finding[·] ──▶ report
       └──────────────────────────────┘

Steps of equal depth keep the order in which they were declared. Everything here is O(steps + edges).
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Iterable, Mapping, Sequence

from oncue.core.definition import StepDefinition, WorkflowDefinition
from oncue.errors import DefinitionError, UnknownStep, nearest


class Graph:
    """An immutable view of the steps of a workflow.

    Attributes:
        definition: the workflow it was made from.
        steps: name → definition, in declaration order.
        names: the steps in declaration order; a step's ordinal is its position here, from 1.
        order: the steps so that each comes after everything it consumes.
        upstream: step → what it consumes, the one it fans out over first.
        downstream: step → what consumes it directly, in declaration order.

    Raises:
        DefinitionError: a step twice, an unknown upstream step, or a cycle (with its path).
    """

    __slots__ = ("definition", "downstream", "names", "order", "steps", "upstream")

    def __init__(self, definition: WorkflowDefinition) -> None:
        self.definition = definition
        self.steps: Mapping[str, StepDefinition] = {step.name: step for step in definition.steps}
        self.names: Sequence[str] = tuple(self.steps)
        _check_names(definition.steps, self.steps)
        self.upstream: Mapping[str, tuple[str, ...]] = {step.name: step.upstream for step in definition.steps}
        self.downstream: Mapping[str, Sequence[str]] = _invert(self.upstream)
        self.order: Sequence[str] = _topological_order(self.upstream, self.downstream)

    def ordinal(self, name: str) -> int:
        """The number under which people know a step, from 1."""
        return self.names.index(name) + 1

    def ordinals(self) -> Mapping[str, int]:
        """Every step's number, from 1."""
        return {name: index for index, name in enumerate(self.names, start=1)}

    def closure(self, names: Iterable[str]) -> set[str]:
        """These steps and everything that depends on them, directly or not."""
        reached = set(names)
        open_names = deque(reached)
        while open_names:
            for name in self.downstream[open_names.popleft()]:
                if name not in reached:
                    reached.add(name)
                    open_names.append(name)
        return reached

    def sorted(self, names: Collection[str]) -> list[str]:
        """These steps, each after what it needs."""
        return [name for name in self.order if name in names]

    def named(self, name: str) -> StepDefinition:
        """The definition of a step.

        Raises:
            UnknownStep: there is none of this name; names the nearest.
        """
        try:
            return self.steps[name]
        except KeyError:
            raise UnknownStep(name, self.names) from None

    def is_elementwise(self, name: str) -> bool:
        """Whether a step fans out over the instances of another fan-out, one for one, instead of over a list."""
        each = self.steps[name].each
        return each is not None and self.steps[each].each is not None


def _check_names(declared: Sequence[StepDefinition], steps: Mapping[str, StepDefinition]) -> None:
    if len(steps) != len(declared):
        counts = Counter(step.name for step in declared)
        twice = next(name for name, count in counts.items() if count > 1)
        raise DefinitionError(f"step {twice!r} is declared twice", field=f"steps.{twice}")
    for step in declared:
        for name in step.upstream:
            if name not in steps:
                raise DefinitionError(
                    f"step {step.name!r} needs {name!r}, which is not a step{nearest(name, list(steps))}",
                    field=f"steps.{step.name}",
                )


def _invert(upstream: Mapping[str, tuple[str, ...]]) -> dict[str, list[str]]:
    downstream: dict[str, list[str]] = {name: [] for name in upstream}
    for name, consumed in upstream.items():
        for source in consumed:
            downstream[source].append(name)
    return downstream


def _topological_order(upstream: Mapping[str, tuple[str, ...]], downstream: Mapping[str, Sequence[str]]) -> Sequence[str]:
    missing = {name: len(consumed) for name, consumed in upstream.items()}
    ready = deque(name for name, count in missing.items() if not count)
    order: list[str] = []
    while ready:
        name = ready.popleft()
        order.append(name)
        for follower in downstream[name]:
            missing[follower] -= 1
            if not missing[follower]:
                ready.append(follower)
    if len(order) < len(upstream):
        path = _cycle([name for name, count in missing.items() if count], upstream, missing)
        raise DefinitionError(f"the steps need each other in a circle: {' → '.join(path)}", field=f"steps.{path[0]}")
    return tuple(order)


def _cycle(stuck: Sequence[str], upstream: Mapping[str, tuple[str, ...]], missing: Mapping[str, int]) -> list[str]:
    path = [stuck[0]]
    seen = {stuck[0]: 0}
    while True:
        following = next(name for name in upstream[path[-1]] if missing[name])
        path.append(following)
        if following in seen:
            return path[seen[following] :]
        seen[following] = len(path) - 1
