"""The elements that fan-out instances are given: parts of a list, or the outputs of another fan-out's instances."""

from __future__ import annotations

from functools import partial

from oncue.control.steps.bodies import Bodies
from oncue.control.steps.work import Work
from oncue.core.comments import GivenComment
from oncue.core.definition import StepDefinition
from oncue.core.graph import Graph
from oncue.core.guidance import comments_left_behind
from oncue.core.model import Attempt, ContentHash, Run, StepId, step_key, step_name
from oncue.core.progress import RunProgress
from oncue.core.snapshot import JobSnapshot


class Elements:
    """Says what an attempt is given. A list is decoded once for all its elements; ``load`` is called in worker threads."""

    def __init__(self, progress: RunProgress, bodies: Bodies) -> None:
        self._progress = progress
        self._bodies = bodies
        self._fan_outs = fan_outs_by_list(progress.graph)
        self._lists: dict[str, tuple[ContentHash, list[object], dict[StepId, int]]] = {}

    def work(self, attempt: Attempt, run: Run) -> Work:
        """Everything that the execution of an attempt needs."""
        step = attempt.key.step
        definition = self._progress.graph.steps[step_name(step)]
        return Work(
            attempt=attempt,
            step=definition,
            consumption=self._progress.consumption(step),
            params=run.params,
            load_item=partial(self.load, step) if definition.each is not None else None,
            previous=self._progress.currents.get(step),
            comments=given_comments(run, self._progress.snapshot, step),
            fans_out=self._fan_outs.get(definition.name, ()),
        )

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


def given_comments(run: Run, snapshot: JobSnapshot, step: StepId) -> tuple[GivenComment, ...]:
    """The comments an attempt is given: that of its run, after the earlier ones where the request carries them."""
    given = [comment for comment in snapshot.comments if comment.run <= run.number]
    kept = {comment.run for comment in comments_left_behind(snapshot, step)} if run.request.get("keep_comments") else set()
    return tuple(comment for comment in given if comment.run in kept or (comment.run == run.number and comment.is_for(step)))


def fan_outs_by_list(graph: Graph) -> dict[str, tuple[StepDefinition, ...]]:
    """Step name → the steps that fan out over its list."""
    found: dict[str, tuple[StepDefinition, ...]] = {}
    for name in graph.names:
        each = graph.steps[name].each
        if each is not None and not graph.is_elementwise(name):
            found[each] = (*found.get(each, ()), graph.steps[name])
    return found
