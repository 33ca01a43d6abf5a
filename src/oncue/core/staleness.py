"""Whether each step's output still follows from its inputs, and if not, why.

A step is **missing**, **fresh**, **stale** or **accepted**. It is stale when what it consumed is not what it would
consume now::

    consumed by the attempt          now                             reason
    hash of its definition           the definition's hash           definition_changed
    fingerprints of params it read   fingerprints of the params      params_changed(names)
    artifact of each upstream step   the current artifact            input_changed(step)
    (whatever it was)                upstream itself stale, missing  upstream_stale(step)

Equal content is not a change, so a rerun that produces the same bytes leaves its dependents fresh. An accepted output
counts as fresh for the steps after it, for as long as its inputs stay what they were when it was accepted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from oncue.core.canonical import canonical_json, content_hash, fingerprint
from oncue.core.definition import StepDefinition
from oncue.core.model import INSTANCES, AttemptState, ContentHash, Current, StepId, step_id
from oncue.core.reasons import DefinitionChanged, InputChanged, ParamsChanged, StaleReason, UpstreamStale
from oncue.core.snapshot import JobSnapshot


class StepState(StrEnum):
    """How the current output of a step stands to its inputs."""

    MISSING = "missing"
    FRESH = "fresh"
    STALE = "stale"
    ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True)
class StepStatus:
    """The state of one step, with every reason for being stale (kept while accepted)."""

    state: StepState
    reasons: tuple[StaleReason, ...] = ()

    @property
    def is_sound(self) -> bool:
        """Whether later steps may build on the output."""
        return self.state is StepState.FRESH or self.state is StepState.ACCEPTED


MISSING = StepStatus(StepState.MISSING)
FRESH = StepStatus(StepState.FRESH)


@dataclass(frozen=True, slots=True)
class Supply:
    """What a later step would consume: a field of its inputs, its hash now (None: not there), and whether it is sound."""

    field: str
    address: str | None
    is_sound: bool


class Assessment:
    """The status of every step, one definition after the other; each needs those before it in the graph's order.

    Attributes:
        statuses: step id → status, instances in their order.
        supplies: definition → what a step that consumes the whole of it would get.
        currents: step id → its current output; a run that executes puts new outputs here as they come.
        members: definition → its steps: itself, or its instances; None for a fan-out whose instances are not known.
    """

    __slots__ = ("currents", "members", "snapshot", "statuses", "supplies")

    def __init__(self, snapshot: JobSnapshot, currents: Mapping[StepId, Current] | None = None) -> None:
        self.snapshot = snapshot
        self.statuses: dict[StepId, StepStatus] = {}
        self.members: dict[str, tuple[StepId, ...] | None] = {}
        self.currents = current_outputs(snapshot) if currents is None else currents
        self.supplies: dict[str, Supply] = {}

    def assess(self, name: str) -> None:
        """Determine the steps of one definition and their status, from the present state of what they consume."""
        step = self.snapshot.graph.steps[name]
        if step.each is not None:
            self._assess_fan_out(step, [self.supplies[upstream] for upstream in step.needs])
            return
        only = StepId(name)
        self.members[name] = (only,)
        current = self.currents.get(only)
        if current is not None and self._is_untouched(step, current):
            self.statuses[only] = FRESH
            self.supplies[name] = Supply(name, current.artifact, is_sound=True)
            return
        status = self._status(step, only, [self.supplies[upstream] for upstream in step.needs])
        self.statuses[only] = status
        self.supplies[name] = Supply(name, artifact_of(current), status.is_sound)

    def _is_untouched(self, step: StepDefinition, current: Current) -> bool:
        """The common case, decided without building anything: nothing the step consumed is another now."""
        inputs = current.inputs
        if inputs.definition != step.hash:
            return False
        consumed = inputs.steps
        for upstream in step.needs:
            supply = self.supplies[upstream]
            if not supply.is_sound or supply.address != consumed.get(upstream):
                return False
        hashes = self.snapshot.param_hashes
        return all(hashes.get(name) == was for name, was in inputs.params.items()) if inputs.params else True

    def _assess_fan_out(self, step: StepDefinition, supplies: Sequence[Supply]) -> None:
        items = self.elements(step)
        if items is None:
            self.members[step.name] = None
            self.supplies[step.name] = Supply(step.name, None, is_sound=False)
            return
        sound = bool(items) or self._is_list_sound(step)
        for element, supply in items.items():
            status = self.statuses[element] = self._status(step, element, supplies, item=supply)
            sound = sound and status.is_sound
        self.members[step.name] = tuple(items)
        self.supplies[step.name] = Supply(step.name, self._collection(step.name), sound)

    def _is_list_sound(self, step: StepDefinition) -> bool:
        """Whether a fan-out without instances will stay so: nothing else would tell that its list is another one."""
        over = self.supplies[step.each or ""]
        return over.is_sound and (self.snapshot.graph.is_elementwise(step.name) or self._is_spread_over(step, over))

    def _is_spread_over(self, step: StepDefinition, over: Supply) -> bool:
        expansion = self.snapshot.expansions.get(step.name)
        return expansion is not None and expansion.over == over.address

    def is_worked_out(self, name: str) -> bool:
        """Whether the instances of a fan-out are those of its list, named by its definition, as both are now."""
        step = self.snapshot.graph.steps[name]
        if self.snapshot.graph.is_elementwise(name):
            return self.members[name] is not None
        expansion = self.snapshot.expansions.get(name)
        is_named = expansion is not None and expansion.definition == step.hash
        return is_named and self._is_spread_over(step, self.supplies[step.each or ""])

    def elements(self, step: StepDefinition) -> dict[StepId, Supply] | None:
        """The instances of a fan-out and what each is given; None while they are not known."""
        assert step.each is not None, "only a fan-out has elements"
        name = step.name
        if self.snapshot.graph.is_elementwise(name):
            sources = self.members[step.each]
            if sources is None:
                return None
            start = len(step.each)
            return {
                StepId(name + source[start:]): Supply(
                    source, artifact_of(self.currents.get(source)), self.statuses[source].is_sound
                )
                for source in sources
            }
        expansion = self.snapshot.expansions.get(name)
        if expansion is None:
            return None
        over = self.supplies[step.each]
        is_same = expansion.over == over.address
        return {
            step_id(name, key): Supply(step.each, item if is_same else None, over.is_sound)
            for key, item in expansion.items.items()
        }

    def _collection(self, name: str) -> ContentHash | None:
        body = collection_of(self.members[name] or (), self.currents)
        return None if body is None else content_hash(canonical_json(body))

    def _status(
        self, step: StepDefinition, this: StepId, supplies: Sequence[Supply], *, item: Supply | None = None
    ) -> StepStatus:
        current = self.currents.get(this)
        if current is None:
            return MISSING
        reasons = explain_staleness(step, current, supplies, item=item, param_hashes=self.snapshot.param_hashes)
        if not reasons:
            return FRESH
        accepted = self.snapshot.acceptances.get(this)
        if (
            accepted is not None
            and (accepted.run, accepted.number) == (current.run, current.number)
            and accepted.basis == self._basis(step, current, supplies, item=item)
        ):
            return StepStatus(StepState.ACCEPTED, reasons)
        return StepStatus(StepState.STALE, reasons)

    def basis(self, this: StepId) -> str:
        """The fingerprint of what the inputs of a step are now: an acceptance holds for as long as it stays the same."""
        name = this.partition("[")[0]
        step = self.snapshot.graph.steps[name]
        items = self.elements(step) if step.each else None
        item = items[this] if items is not None else None
        return self._basis(step, self.currents[this], [self.supplies[upstream] for upstream in step.needs], item=item)

    def _basis(self, step: StepDefinition, current: Current, supplies: Sequence[Supply], *, item: Supply | None) -> str:
        read = current.inputs.params
        return fingerprint(
            "acceptance",
            {
                "definition": step.hash,
                "steps": {supply.field: supply.address for supply in supplies},
                "item": item.address if item else None,
                "params": {name: self.snapshot.param_hashes.get(name) for name in read},
            },
        )


def explain_staleness(
    step: StepDefinition,
    current: Current,
    supplies: Sequence[Supply],
    *,
    param_hashes: Mapping[str, str],
    item: Supply | None = None,
) -> tuple[StaleReason, ...]:
    """Every reason why an output no longer follows from its inputs; empty for a fresh one."""
    inputs = current.inputs
    reasons: list[StaleReason] = []
    if inputs.definition != step.hash:
        reasons.append(DefinitionChanged())
    if inputs.params:
        changed = [name for name, was in inputs.params.items() if param_hashes.get(name) != was]
        if changed:
            reasons.append(ParamsChanged(tuple(sorted(changed))))
    if item is not None:
        reasons.extend(_compare(item, inputs.item))
    consumed = inputs.steps
    for supply in supplies:
        if not supply.is_sound or supply.address != consumed.get(supply.field):
            reasons.extend(_compare(supply, consumed.get(supply.field)))
    return tuple(dict.fromkeys(reasons))


def _compare(supply: Supply, consumed: str | None) -> list[StaleReason]:
    reasons: list[StaleReason] = []
    if supply.address is not None and supply.address != consumed:
        reasons.append(InputChanged(supply.field))
    if not supply.is_sound:
        reasons.append(UpstreamStale(supply.field))
    elif supply.address is None:
        reasons.append(InputChanged(supply.field))
    return reasons


def assess(snapshot: JobSnapshot) -> Assessment:
    """The status of every step of a job; O(steps + edges)."""
    assessment = Assessment(snapshot)
    for name in snapshot.graph.order:
        assessment.assess(name)
    return assessment


def current_outputs(snapshot: JobSnapshot) -> dict[StepId, Current]:
    """Step id → its current output."""
    return {this: record.current for this, record in snapshot.steps.items() if record.current is not None}


def has_failed_last(snapshot: JobSnapshot, this: StepId) -> bool:
    """Whether the latest attempt of a step ended without success."""
    record = snapshot.steps.get(this)
    return record is not None and record.last_state is not AttemptState.SUCCEEDED


def artifact_of(current: Current | None) -> ContentHash | None:
    """The address of an output, if there is one."""
    return current.artifact if current else None


def collection_of(members: Sequence[StepId], currents: Mapping[StepId, Current]) -> dict[str, object] | None:
    """The body of a fan-out's collection; None while an instance has no output.

    An object with a name of our own, so that it never has the address of a list that a step returned.
    """
    pairs: list[list[str]] = []
    for this in members:
        current = currents.get(this)
        if current is None:
            return None
        pairs.append([this[this.index("[") + 1 : -1], current.artifact])
    return {INSTANCES: pairs}


def read_collection(body: bytes) -> dict[str, ContentHash]:
    """The instances in the stored body of a collection: key → artifact, in order."""
    return {key: ContentHash(address) for key, address in json.loads(body)[INSTANCES]}
