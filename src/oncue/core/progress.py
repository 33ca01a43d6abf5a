"""How far a run is: which of its steps are ready now, given what has ended so far.

::

    group (one per executing definition)
        waits for ──▶ the groups it consumes
        opens     ──▶ its instances become known; those that need not execute are cut off
        ready     ──▶ taken ──▶ ended; when all have ended the group is done, and later groups stop waiting for it

Nothing here is stored: after a crash the same state follows from the plan and the attempts that ended. Every call costs
O(what it changes), so a fan-out of 10,000 is linear.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from oncue.core.canonical import canonical_json, content_hash
from oncue.core.model import Artifact, ArtifactKind, ContentHash, Current, Expansion, StepId, step_key, step_name
from oncue.core.plan import PlannedStep
from oncue.core.snapshot import JobSnapshot
from oncue.core.staleness import Assessment, StepState, collection_of, current_outputs, has_failed_last


@dataclass(slots=True)
class _Group:
    """The executing steps of one definition; none where it is reused after executing ones."""

    name: str
    entries: list[PlannedStep] = field(default_factory=list)
    waiting_for: int = 0
    remaining: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumption:
    """What a step that is about to run consumes: the address of each upstream output, and of its element."""

    steps: Mapping[str, str]
    item: str | None = None
    collections: tuple[Artifact, ...] = ()


class RunProgress:
    """The state of one run while it executes; ``ended`` are the steps that succeeded in it already.

    ``held`` names planned steps that wait to be released when their turn has come.

    Attributes:
        ready: steps that may begin, in order.
        currents: step → its current output, kept up to date.
        held: steps whose turn has come, and that begin only when they are released.
        unexpanded: fan-outs whose list is there and whose instances must be worked out (``expand``) before they can begin.
        cut_off: steps that were due only if their inputs changed, and whose inputs did not.
    """

    def __init__(
        self,
        snapshot: JobSnapshot,
        executing: Iterable[PlannedStep],
        *,
        ended: Collection[StepId] = (),
        held: Collection[StepId] = (),
    ) -> None:
        self.snapshot = snapshot
        self.graph = snapshot.graph
        self.currents = current_outputs(snapshot)
        self.ready: deque[StepId] = deque()
        self.held: list[StepId] = []
        self._to_hold = frozenset(held)
        self.unexpanded: list[str] = []
        self.cut_off: list[StepId] = []
        self._taken: set[StepId] = set()
        self._expansions = dict(snapshot.expansions)
        self._collections: dict[str, Artifact | None] = {}
        self._elements: dict[str, Mapping[StepId, str]] = {}
        self._ended = frozenset(ended)
        self._groups = self._make_groups(executing)
        self._open_groups = len(self._groups)
        self._assessment = self._assess_if_needed()
        self._to_open = deque(group for group in self._groups.values() if not group.waiting_for)
        self._open_all()

    @property
    def is_done(self) -> bool:
        """Whether every step of the run has ended or was cut off."""
        return self._open_groups == 0

    @property
    def taken(self) -> int:
        """How many steps began and have not ended."""
        return len(self._taken)

    def take(self, limit: int) -> list[StepId]:
        """Up to so many ready steps, which thereby begin."""
        taken = [self.ready.popleft() for _ in range(min(limit, len(self.ready)))]
        self._taken.update(taken)
        return taken

    def release(self) -> None:
        """Let the held steps begin: a person said that what became stale shall run as well."""
        self._to_hold = frozenset()
        self.ready.extend(self.held)
        self.held.clear()

    def give_back(self, step: StepId) -> None:
        """A step that began must begin again: it is retried."""
        self.fail(step)
        self.ready.append(step)

    def fail(self, step: StepId) -> None:
        """A step ended without an output; what depends on it never becomes ready."""
        self._taken.discard(step)

    def succeed(self, current: Current) -> None:
        """A step ended with this output."""
        self._taken.discard(current.step)
        self.currents[current.step] = current
        group = self._groups[step_name(current.step)]
        group.remaining -= 1
        if not group.remaining:
            self._close(group)
            self._open_all()

    def expand(self, expansion: Expansion) -> None:
        """The instances of a fan-out are known; one that this run reuses stays as it was planned."""
        group = self._groups.get(expansion.step)
        if group is None or not group.entries:
            return
        self._expansions[expansion.step] = expansion
        self._elements.pop(expansion.step, None)
        if expansion.step in self.unexpanded:
            self.unexpanded.remove(expansion.step)
            self._fill(group)
            self._open_all()

    def is_known(self, name: str) -> bool:
        """Whether the instances of a fan-out over a list are known for the list as it is now."""
        step = self.graph.steps[name]
        expansion = self._expansions.get(name)
        if expansion is None or expansion.definition != step.hash:
            return False
        return expansion.over == self.address(step.each or "")

    def consumption(self, step: StepId) -> Consumption:
        """What a step would consume now."""
        definition = self.graph.steps[step_name(step)]
        if not definition.upstream:
            return _NOTHING
        collections = tuple(artifact for name in definition.needs if (artifact := self._collection(name)) is not None)
        steps = {name: self.address(name) or "" for name in definition.needs}
        item = self._items(definition.name)[step] if definition.each is not None else None
        return Consumption(steps=steps, item=item, collections=collections)

    def address(self, name: str) -> ContentHash | None:
        """The address of what a step that consumes the whole of another gets."""
        if self.graph.steps[name].each is None:
            current = self.currents.get(StepId(name))
            return current.artifact if current else None
        collection = self._collection(name)
        return collection.hash if collection else None

    def members(self, name: str) -> Sequence[StepId]:
        """The steps of a definition: itself, or its instances in order."""
        return (StepId(name),) if self.graph.steps[name].each is None else tuple(self._items(name))

    def _make_groups(self, executing: Iterable[PlannedStep]) -> dict[str, _Group]:
        groups: dict[str, _Group] = {}
        for entry in executing:
            name = step_name(entry.id)
            if name not in groups:
                groups[name] = _Group(name)
            groups[name].entries.append(entry)
        # What is reused in between executes nothing, but what it gives may change, and may become stale.
        groups.update((name, _Group(name)) for name in self.graph.closure(groups) if name not in groups)
        for group in groups.values():
            group.remaining = len(group.entries)
            group.waiting_for = sum(upstream in groups for upstream in self.graph.upstream[group.name])
        return groups

    def _assess_if_needed(self) -> Assessment | None:
        if not any(entry.is_conditional for group in self._groups.values() for entry in group.entries):
            return None
        assessment = Assessment(self.snapshot, self.currents)
        for name in self.graph.order:
            assessment.assess(name)
        return assessment

    def _open_all(self) -> None:
        while self._to_open:
            self._open(self._to_open.popleft())

    def _open(self, group: _Group) -> None:
        """Everything the group consumes is there."""
        step = self.graph.steps[group.name]
        if not group.entries:
            self._close(group)
        elif step.each is not None and not self.graph.is_elementwise(group.name) and not self.is_known(group.name):
            self.unexpanded.append(group.name)
        else:
            self._fill(group)

    def _fill(self, group: _Group) -> None:
        """Make the steps of a group ready, without those that need not execute."""
        entries = [entry for entry in self._entries(group) if entry.id not in self._ended]
        due = [entry for entry in entries if self._is_due(entry)] if self._assess(group.name) else entries
        if self.graph.steps[group.name].each is not None:
            known = self._items(group.name)
            due = [entry for entry in due if entry.id in known]
        if len(due) < len(entries):
            kept = {entry.id for entry in due}
            self.cut_off.extend(entry.id for entry in entries if entry.id not in kept)
        for entry in due:
            is_held = entry.id in self._to_hold or StepId(group.name) in self._to_hold
            (self.held if is_held else self.ready).append(entry.id)
        group.remaining = len(due)
        if not due:
            self._close(group)

    def _entries(self, group: _Group) -> list[PlannedStep]:
        first = group.entries[0]
        if not first.is_expanding:
            return group.entries
        return [replace(first, id=this, is_expanding=False) for this in self._items(group.name)]

    def _assess(self, name: str) -> bool:
        if self._assessment is None:
            return False
        self._assessment.snapshot = replace(self.snapshot, expansions=self._expansions)
        self._assessment.assess(name)
        return True

    def _is_due(self, entry: PlannedStep) -> bool:
        if not entry.is_conditional or self._assessment is None:
            return True
        status = self._assessment.statuses.get(entry.id)
        if status is None or has_failed_last(self.snapshot, entry.id):
            return True
        return status.state in (StepState.MISSING, StepState.STALE)

    def _close(self, group: _Group) -> None:
        self._open_groups -= 1
        self._assess(group.name)
        for name in self.graph.downstream[group.name]:
            follower = self._groups.get(name)
            if follower is not None:
                follower.waiting_for -= 1
                if not follower.waiting_for:
                    self._to_open.append(follower)

    def _items(self, name: str) -> Mapping[StepId, str]:
        """The instances of a fan-out and the address of the element each is given."""
        items = self._elements.get(name)
        if items is None:
            items = self._elements[name] = self._work_out_items(name)
        return items

    def _work_out_items(self, name: str) -> Mapping[StepId, str]:
        each = self.graph.steps[name].each or ""
        if not self.graph.is_elementwise(name):
            expansion = self._expansions.get(name)
            return {StepId(f"{name}[{key}]"): item for key, item in expansion.items.items()} if expansion else {}
        return {
            StepId(f"{name}[{step_key(source)}]"): current.artifact
            for source in self._items(each)
            if (current := self.currents.get(source)) is not None
        }

    def _collection(self, name: str) -> Artifact | None:
        """The instances of a fan-out as one artifact; None for another step, and while an instance has no output."""
        if self.graph.steps[name].each is None:
            return None
        if name not in self._collections:
            collection = collection_of(self.members(name), self.currents)
            body = canonical_json(collection) if collection is not None else None
            artifact = (
                Artifact(hash=content_hash(body), kind=ArtifactKind.COLLECTION, size=len(body), body=body)
                if body is not None
                else None
            )
            group = self._groups.get(name)
            if group is not None and group.remaining:
                return artifact
            self._collections[name] = artifact
        return self._collections[name]


_NOTHING = Consumption(steps={})
