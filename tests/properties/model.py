"""What planning, staleness and execution ought to do, from first principles: dicts of values, everything worked out anew.

Nothing here uses the core. Outputs remember the values they were made from; whether one still follows is decided by comparing
those values with what there is now. It is quadratic and does not care.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.properties.world import Spec, Value, World

Reason = tuple[str, ...]
ABSENT: Any = object()


@dataclass(frozen=True)
class Output:
    """The current output of a step, and everything it was made from."""

    run: int
    value: Value
    says: tuple[object, ...]
    needs: Mapping[str, Value]
    params: Mapping[str, Value]
    item: Value = None


@dataclass(frozen=True)
class Spread:
    """The elements of a fan-out by key, and the list and definition that gave them."""

    over: Value
    says: tuple[object, ...]
    items: Mapping[str, Value]


@dataclass
class Facts:
    """What is known of a job."""

    outputs: dict[str, Output] = field(default_factory=dict)
    ended_well: dict[str, bool] = field(default_factory=dict)
    spreads: dict[str, Spread] = field(default_factory=dict)
    accepted: dict[str, tuple[int, object]] = field(default_factory=dict)
    params: dict[str, Value] = field(default_factory=dict)


def base(this: str) -> str:
    return this.split("[", maxsplit=1)[0]


def key_of(this: str) -> str:
    return this[this.index("[") + 1 : -1]


def in_order(specs: Mapping[str, Spec]) -> list[str]:
    """The steps, each after what it needs."""
    order: list[str] = []
    while len(order) < len(specs):
        order += [name for name, spec in specs.items() if name not in order and spec.upstream <= set(order)]
    return order


def spread_over(spec: Spec, elements: Sequence[Value]) -> Spread | None:
    """The elements by key; None where two have the same."""
    items = {element[spec.key]: element for element in elements}
    return Spread(list(elements), spec.says, items) if len(items) == len(elements) else None


class View:
    """How the outputs stand, given the steps, the parameters and the facts."""

    def __init__(self, specs: Mapping[str, Spec], facts: Facts, params: Mapping[str, Value]) -> None:
        self.specs = specs
        self.facts = facts
        self.params = params

    def is_elementwise(self, name: str) -> bool:
        each = self.specs[name].each
        return each is not None and self.specs[each].each is not None

    def ids(self, name: str) -> list[str] | None:
        """A step, or its instances; None while they are not known."""
        spec = self.specs[name]
        if spec.each is None:
            return [name]
        if self.is_elementwise(name):
            sources = self.ids(spec.each)
            return None if sources is None else [f"{name}[{key_of(source)}]" for source in sources]
        spread = self.facts.spreads.get(name)
        return None if spread is None else [f"{name}[{key}]" for key in spread.items]

    def all_ids(self) -> list[str]:
        return [this for name in self.specs for this in self.ids(name) or ()]

    def value(self, this: str) -> Value:
        output = self.facts.outputs.get(this)
        return ABSENT if output is None else output.value

    def whole(self, name: str) -> Value:
        """What a step gets that needs all of another; ABSENT while something is missing."""
        ids = self.ids(name)
        if self.specs[name].each is None:
            return self.value(name)
        if ids is None or any(self.value(this) is ABSENT for this in ids):
            return ABSENT
        return [(key_of(this), self.value(this)) for this in ids]

    def element(self, this: str) -> tuple[str, Value]:
        """What an instance is given, and by whom."""
        name = base(this)
        each = self.specs[name].each or ""
        if self.is_elementwise(name):
            source = f"{each}[{key_of(this)}]"
            return source, self.value(source)
        spread = self.facts.spreads[name]
        return each, spread.items[key_of(this)] if spread.over == self.value(each) else ABSENT

    def is_list_known(self, name: str) -> bool:
        """Whether the elements of a fan-out over a list are those of the list and the definition of now."""
        spread = self.facts.spreads.get(name)
        spec = self.specs[name]
        return spread is not None and spread.over == self.value(spec.each or "") and spread.says == spec.says

    def reasons(self, this: str) -> set[Reason]:
        """Why an output no longer follows."""
        spec, output = self.specs[base(this)], self.facts.outputs[this]
        found: set[Reason] = set()
        if output.says != spec.says:
            found.add(("definition_changed",))
        other = sorted(name for name, value in output.params.items() if self.params.get(name, ABSENT) != value)
        if other:
            found.add(("params_changed", *other))
        if spec.each is not None:
            giver, element = self.element(this)
            found |= self.compare(giver, element, output.item, sound=self.is_sound(giver))
        for name in spec.needs:
            found |= self.compare(name, self.whole(name), output.needs.get(name, ABSENT), sound=self.is_sound(name))
        return found

    def compare(self, giver: str, now: Value, then: Value, *, sound: bool) -> set[Reason]:
        found: set[Reason] = set()
        if now is not ABSENT and now != then:
            found.add(("input_changed", giver))
        if not sound:
            found.add(("upstream_stale", giver))
        elif now is ABSENT:
            found.add(("input_changed", giver))
        return found

    def basis(self, this: str) -> object:
        """What an acceptance rests on."""
        spec, output = self.specs[base(this)], self.facts.outputs[this]
        params = {name: self.params.get(name, ABSENT) for name in output.params}
        needs = {name: self.whole(name) for name in spec.needs}
        return spec.says, params, needs, self.element(this)[1] if spec.each else None

    def state(self, this: str) -> tuple[str, set[Reason]]:
        output = self.facts.outputs.get(this)
        if output is None:
            return "missing", set()
        reasons = self.reasons(this)
        if not reasons:
            return "fresh", reasons
        if self.facts.accepted.get(this) == (output.run, self.basis(this)):
            return "accepted", reasons
        return "stale", reasons

    def is_sound(self, giver: str) -> bool:
        """Whether later steps may build on a step, an instance, or all instances of a fan-out."""
        name = base(giver)
        if giver != name or self.specs[name].each is None:
            return self.state(giver)[0] in {"fresh", "accepted"}
        ids = self.ids(name)
        if ids:
            return all(self.is_sound(this) for this in ids)
        each = self.specs[name].each or ""
        is_settled = self.is_elementwise(name) or (ids is not None and self.facts.spreads[name].over == self.value(each))
        return ids is not None and is_settled and self.is_sound(each)

    def failed_last(self, this: str) -> bool:
        return not self.facts.ended_well.get(this, True)

    def is_due(self, this: str) -> bool:
        """Missing, failed, or stale by more than what comes before it."""
        state, reasons = self.state(this)
        own = {reason for reason in reasons if reason[0] != "upstream_stale"}
        return state == "missing" or self.failed_last(this) or (state == "stale" and bool(own))

    def needs_running(self, this: str) -> bool:
        return self.state(this)[0] in {"missing", "stale"} or self.failed_last(this)


@dataclass(frozen=True)
class Ask:
    """What a person asks for."""

    scope: str
    steps: tuple[str, ...] = ()
    phase: str | None = None
    rerun: bool = False
    refresh: bool = False
    params: Mapping[str, Value] = field(default_factory=dict)


@dataclass
class Expected:
    """What a run would do: step id (the name, where the instances are decided later) → whether only if it is stale then."""

    executes: dict[str, bool] = field(default_factory=dict)
    decided_later: set[str] = field(default_factory=set)
    reuses: dict[str, int] = field(default_factory=dict)
    blockers: set[str] = field(default_factory=set)
    kept_sources: set[str] = field(default_factory=set)


Wanted = dict[str, set[str] | None]


def follow(view: View, targets: Wanted) -> Wanted:
    """The targets and everything after them; None means all instances."""
    reached: Wanted = {}
    for name in in_order(view.specs):
        spec = view.specs[name]
        own = targets.get(name, set())
        whole = own is None or any(needed in reached for needed in spec.needs)
        some = set(own or ())
        if spec.each in reached:
            given = reached[spec.each]
            if given is None or not view.is_elementwise(name):
                whole = True
            else:
                some |= {f"{name}[{key_of(source)}]" for source in given}
        if whole or some:
            reached[name] = None if whole else some
    return reached


def plan(view: View, ask: Ask) -> Expected:
    """What a run would do."""
    expected = Expected()
    wanted, conditional = choose(view, ask, expected)
    running: set[str] = set()
    for name in in_order(view.specs):
        ids = view.ids(name) or []
        if name in wanted and name not in expected.kept_sources:
            if wanted[name] is None and is_decided_later(view, name, running, expected):
                expected.decided_later.add(name)
                found, ids = {name: name in conditional}, []
            else:
                chosen = wanted[name]
                some = [this for this in ids if chosen is None or this in chosen]
                found = executes(view, some, conditional, running)
            expected.executes |= found
            running |= {name} if found else set()
        for this in ids:
            if this not in expected.executes and this in view.facts.outputs:
                expected.reuses[this] = view.facts.outputs[this].run
    expected.blockers = find_blockers(view, expected)
    return expected


def executes(view: View, ids: Sequence[str], conditional: set[str], running: set[str]) -> dict[str, bool]:
    found: dict[str, bool] = {}
    for this in ids:
        name = base(this)
        if name not in conditional or view.is_due(this):
            found[this] = False
        elif view.state(this)[0] == "stale" or view.specs[name].upstream & running:
            found[this] = True
    return found


def is_decided_later(view: View, name: str, running: set[str], expected: Expected) -> bool:
    each = view.specs[name].each
    if each is None:
        return False
    if view.ids(name) is None or each in expected.decided_later:
        return True
    return not view.is_elementwise(name) and (each in running or not view.is_list_known(name))


def choose(view: View, ask: Ask, expected: Expected) -> tuple[Wanted, set[str]]:
    """What the scope covers, and of it what executes only if it is stale by then."""
    names = list(view.specs)
    if ask.scope == "all":
        return dict.fromkeys(names), set()
    if ask.scope == "resume":
        suspect = [
            name for name in names if not view.is_sound(name) or any(view.failed_last(this) for this in view.ids(name) or ())
        ]
        wanted = follow(view, dict.fromkeys(suspect))
        return dict.fromkeys(wanted), set(wanted)
    targets: Wanted = {}
    if ask.scope == "phase":
        targets = dict.fromkeys(name for name in names if view.specs[name].phase == ask.phase)
    for this in ask.steps:
        if "[" not in this:
            targets[this] = None
        elif targets.get(this, ()) is not None:
            known = targets.setdefault(base(this), set())
            if known is not None:
                known.add(this)
    wanted = follow(view, targets) if ask.scope == "from" else dict(targets)
    if ask.scope != "only" and not ask.refresh:
        expected.kept_sources = {name for name in wanted if view.specs[name].is_source and view.is_sound(name)}
    if not ask.rerun or ask.scope == "from":
        return wanted, set()
    after = follow(view, {name: some for name, some in targets.items() if name not in expected.kept_sources})
    return {**after, **wanted}, set(after) - set(wanted)


def find_blockers(view: View, expected: Expected) -> set[str]:
    found = set() if expected.executes else {"nothing_to_run"}
    for this in expected.executes:
        spec = view.specs[base(this)]
        for name in spec.upstream:
            if name in expected.decided_later:
                continue
            ids = view.ids(name)
            needed = ids if ids is not None else [name]
            is_own = name == spec.each and name not in spec.needs and view.is_elementwise(spec.name) and "[" in this
            if is_own and ids is not None:
                needed = [f"{name}[{key_of(this)}]"]
            if any(other not in expected.executes and other not in view.facts.outputs for other in needed):
                found.add("missing_input")
    return found


class Replay:
    """A run as it must go: fed with the steps in the order in which they really began, it says what each had to do."""

    def __init__(self, world: World, facts: Facts, expected: Expected, *, run: int) -> None:
        self.world = world
        self.expected = expected
        self.run = run
        self.after = facts
        self.now = Facts(facts.outputs, facts.ended_well, dict(facts.spreads), facts.accepted, facts.params)
        self.failed_before = {this for this, well in facts.ended_well.items() if not well}
        self.names = {base(this) for this in expected.executes}
        self.view = View(world.specs, self.now, facts.params)
        self.waiting: dict[str, set[str]] = {}
        self.closed: set[str] = set()
        self.cut_off: set[str] = set()
        self.unnamed: set[str] = set()
        self.open_up()

    @property
    def is_done(self) -> bool:
        return self.closed == self.names

    def before(self, name: str) -> set[str]:
        """The steps of the run that come before one, also by way of steps that are reused."""
        upstream = self.world.specs[name].upstream
        return {other for needed in upstream for other in ({needed} | self.before(needed)) if other in self.names}

    def open_up(self) -> None:
        """Decide what is due of every step whose turn has come."""
        progress = True
        while progress:
            progress = False
            for name in self.names - self.closed - set(self.waiting):
                if self.before(name) <= self.closed and self.open(name):
                    progress = True

    def open(self, name: str) -> bool:
        spec = self.world.specs[name]
        if spec.each is not None and not self.view.is_elementwise(name) and not self.view.is_list_known(name):
            spread = spread_over(spec, self.view.value(spec.each))
            if spread is None:
                self.unnamed.add(name)
                return False
            self.now.spreads[name] = self.after.spreads[name] = spread
        known = self.view.ids(name) or []
        planned = {this: only for this, only in self.expected.executes.items() if base(this) == name}
        if name in self.expected.decided_later:
            planned = dict.fromkeys(known, planned[name])
        due = {this for this, only in planned.items() if this in known and (not only or self.view.needs_running(this))}
        self.cut_off |= set(planned) - due
        self.waiting[name] = due
        if not due:
            self.close(name)
        return True

    def close(self, name: str) -> None:
        del self.waiting[name]
        self.closed.add(name)

    def begin(self, this: str) -> Output | None:
        """A step begins: its output, or None where something it needs is not there."""
        name = base(this)
        assert this in self.waiting.get(name, ()), f"{this} began and was not due (due: {self.waiting})"
        spec = self.world.specs[name]
        needs = {needed: self.view.whole(needed) for needed in spec.needs}
        item = self.view.element(this)[1] if spec.each else None
        if any(value is ABSENT for value in (*needs.values(), item)):
            return None
        given = {
            needed: [part for _, part in value] if self.world.specs[needed].each else value for needed, value in needs.items()
        }
        params = {param: self.view.params[param] for param in spec.reads}
        value = self.world.compute(spec, given, item=item, params=params)
        return Output(self.run, value, spec.says, needs, params, item)

    def succeed(self, this: str, output: Output) -> None:
        self.now.outputs[this] = output
        self.now.ended_well[this] = True
        name = base(this)
        for spec in self.world.specs.values():
            if spec.each == name and self.world.specs[name].each is None:
                spread = spread_over(spec, output.value)
                if spread is not None:
                    self.after.spreads[spec.name] = spread
                    if spec.name in self.names:
                        self.now.spreads[spec.name] = spread
        self.waiting[name].discard(this)
        if not self.waiting[name]:
            self.close(name)
            self.open_up()

    def fail(self, this: str) -> None:
        self.now.ended_well[this] = False
