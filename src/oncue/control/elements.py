"""The elements that fan-out instances are given: parts of a list, or the outputs of another fan-out's instances."""

from __future__ import annotations

from oncue.control.bodies import Bodies
from oncue.core.definition import StepDefinition
from oncue.core.graph import Graph
from oncue.core.model import ContentHash, StepId, step_key, step_name
from oncue.core.progress import RunProgress


class Elements:
    """Finds the element of an instance; a list is decoded once for all its elements. Called in worker threads."""

    def __init__(self, progress: RunProgress, bodies: Bodies) -> None:
        self._progress = progress
        self._bodies = bodies
        self._lists: dict[str, tuple[ContentHash, list[object], dict[StepId, int]]] = {}

    def load(self, step: StepId) -> object:
        """The element an instance is given."""
        name = step_name(step)
        graph = self._progress.graph
        each = graph.steps[name].each or ""
        if graph.is_elementwise(name):
            source = self._progress.currents[StepId(f"{each}[{step_key(step)}]")]
            return self._bodies.output(source.artifact).value
        address = self._progress.currents[StepId(each)].artifact
        known = self._lists.get(name)
        if known is None or known[0] != address:
            value = self._bodies.output(address).value
            assert isinstance(value, list), "only lists are fanned out over"
            positions = {this: index for index, this in enumerate(self._progress.members(name))}
            known = self._lists[name] = (address, value, positions)
        return known[1][known[2][step]]

    def list_of(self, name: str) -> tuple[StepDefinition, ContentHash]:
        """A fan-out step, and the list it fans out over."""
        step = self._progress.graph.steps[name]
        return step, self._progress.currents[StepId(step.each or "")].artifact


def fan_outs_by_list(graph: Graph) -> dict[str, tuple[StepDefinition, ...]]:
    """Step name → the steps that fan out over its list."""
    found: dict[str, tuple[StepDefinition, ...]] = {}
    for name in graph.names:
        each = graph.steps[name].each
        if each is not None and not graph.is_elementwise(name):
            found[each] = (*found.get(each, ()), graph.steps[name])
    return found
