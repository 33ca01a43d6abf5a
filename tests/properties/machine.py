"""A job that is run, edited, rerun, broken, mended and accepted, compared with the naive model after every step."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from oncue.control.jobs import accept_output, create_job
from oncue.control.jobstate import JobStates, make_snapshot
from oncue.control.preflight import Prepared, prepare_run
from oncue.control.runs import start_run
from oncue.control.sources import follow_definition
from oncue.control.steps.bodies import Bodies
from oncue.control.triggers import mint_trigger
from oncue.control.workspace import load_job
from oncue.core.model import Attempt, AttemptState, Run, RunKind, RunState, TriggerSource
from oncue.core.plan import Action
from oncue.core.planrecord import decode_plan
from oncue.core.reasons import reason_as_dict
from oncue.core.request import Downstream, RunRequest, Scope
from oncue.core.staleness import Assessment, assess
from oncue.errors import Blocked
from oncue.wiring import executing, open_workspace
from tests.properties.model import Ask, Expected, Facts, Replay, View, base, in_order, plan
from tests.properties.world import PARAMS, PHASES, Spec, World, WorldLoader

MAX_STEPS = 9
ELEMENTS = st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 1)), max_size=3, unique_by=lambda element: element[0])

PARAM_CHANGES = st.sampled_from([{}, {}, {"p": 0}, {"p": 1}, {"q": 1}, {"p": 2, "q": 2}])


class PlanningMachine(RuleBasedStateMachine):
    """One job. ``facts`` is what the model believes; everything else is the real thing."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.facts = Facts(params=dict(PARAMS))
        self.folder = Path(tempfile.mkdtemp(prefix="oncue-machine-"))
        workspace = open_workspace(self.folder, create=True, synchronous="NORMAL")
        self.workspace = replace(workspace, loader=WorldLoader(self.world))
        self.runner = asyncio.Runner()
        self.context = executing(self.workspace)
        self.executor = self.runner.run(self.context.__aenter__())
        self.runs = 0
        self.kept: dict[int, tuple[Any, ...]] = {}

    def teardown(self) -> None:
        self.runner.run(self.context.__aexit__(None, None, None))
        self.runner.close()
        self.workspace.store.close()
        shutil.rmtree(self.folder)

    def count(self, what: str) -> None:
        """Shown by ``--hypothesis-show-statistics``."""
        event(what)

    # -------------------------------------------------------------------------------------------------- definitions

    @initialize(data=st.data(), count=st.integers(3, 7), parallel=st.sampled_from([1, 1, 3]), backwards=st.booleans())
    def declare(self, data: st.DataObject, count: int, parallel: int, *, backwards: bool) -> None:
        self.world.max_parallel = parallel
        for _ in range(count):
            self.add(data)
        if backwards:
            self.world.specs = dict(reversed(self.world.specs.items()))
        self.job = create_job(self.workspace, "world", params={}, folder=self.folder).id
        if data.draw(st.sampled_from([True, True, True, False]), "runs at once"):
            self.ask(Ask("all"))

    def add(self, data: st.DataObject) -> None:
        specs = self.world.specs
        if len(specs) >= MAX_STEPS:
            return
        name = next(f"s{index}" for index in range(99) if f"s{index}" not in specs)
        spread = [other.name for other in specs.values() if other.is_list or other.each]
        each = data.draw(st.none() | st.sampled_from(spread), "each") if spread else None
        is_list = each is None and data.draw(st.booleans(), "list")
        needs = data.draw(st.lists(st.sampled_from(sorted(specs)), unique=True, max_size=2), "needs") if specs else []
        specs[name] = Spec(
            name,
            phase=data.draw(st.sampled_from(PHASES), "phase"),
            needs=tuple(needs),
            each=each,
            reads=tuple(data.draw(st.lists(st.sampled_from(sorted(PARAMS)), unique=True, max_size=1), "reads")),
            is_source=data.draw(st.sampled_from([False, False, True]), "source"),
            is_list=is_list,
        )
        if is_list:
            self.world.lists[name] = data.draw(ELEMENTS, "elements")

    def pick(self, data: st.DataObject, names: Sequence[str] | None = None) -> Spec:
        return self.world.specs[data.draw(st.sampled_from(names or sorted(self.world.specs)), "step")]

    @rule(data=st.data(), kind=st.sampled_from(["code", "code", "list", "list", "world", "key", "need", "add", "remove"]))
    def edit(self, data: st.DataObject, kind: str) -> None:
        """Somebody changes the code, the workflow or the world."""
        edits = {
            "code": self.edit_code,
            "list": self.edit_list,
            "world": self.edit_world,
            "key": self.edit_key,
            "need": self.add_need,
            "add": self.add,
            "remove": self.remove,
        }
        edits[kind](data)

    def edit_code(self, data: st.DataObject) -> None:
        spec = self.pick(data)
        self.world.specs[spec.name] = replace(spec, version=data.draw(st.integers(0, 3), "version"))

    def edit_key(self, data: st.DataObject) -> None:
        names = [spec.name for spec in self.world.specs.values() if spec.each and not self.world.specs[spec.each].each]
        if names:
            spec = self.pick(data, names)
            self.world.specs[spec.name] = replace(spec, key="other" if spec.key == "id" else "id")

    def edit_world(self, data: st.DataObject) -> None:
        spec = self.pick(data)
        self.world.numbers[spec.name] = data.draw(st.integers(0, 2), "number")

    def edit_list(self, data: st.DataObject) -> None:
        names = [spec.name for spec in self.world.specs.values() if spec.is_list]
        if names:
            self.world.lists[self.pick(data, names).name] = data.draw(ELEMENTS, "elements")

    def add_need(self, data: st.DataObject) -> None:
        order = in_order(self.world.specs)
        spec = self.pick(data)
        earlier = [name for name in order[: order.index(spec.name)] if name not in spec.needs]
        if earlier:
            needed = data.draw(st.sampled_from(earlier), "need")
            self.world.specs[spec.name] = replace(spec, needs=(*spec.needs, needed))

    def remove(self, data: st.DataObject) -> None:
        gone = {self.pick(data).name}
        specs = self.world.specs
        for name in in_order(specs):
            if specs[name].each in gone:
                gone.add(name)
        if len(gone) < len(specs):
            self.world.specs = {
                name: replace(spec, needs=tuple(needed for needed in spec.needs if needed not in gone))
                for name, spec in specs.items()
                if name not in gone
            }

    # --------------------------------------------------------------------------------------------------------- runs

    @rule(
        data=st.data(),
        scope=st.sampled_from(["all", "from", "only", "only", "phase"]),
        rerun=st.booleans(),
        refresh=st.booleans(),
        params=PARAM_CHANGES,
    )
    def run(self, data: st.DataObject, scope: str, params: dict[str, int], *, rerun: bool, refresh: bool) -> None:
        targets = self.targets(params)
        steps: list[str] = []
        if scope in {"from", "only"}:
            steps = data.draw(st.lists(st.sampled_from(targets), unique=True, min_size=1, max_size=3), "steps")
        phase = data.draw(st.sampled_from(PHASES), "phase") if scope == "phase" else None
        self.break_some(data, targets)
        self.ask(Ask(scope, tuple(steps), phase, rerun, refresh, params))

    @rule(data=st.data(), params=PARAM_CHANGES, process=st.booleans())
    def resume(self, data: st.DataObject, params: dict[str, int], *, process: bool) -> None:
        """What a process has read so far is forgotten when another one resumes."""
        if process:
            self.workspace = replace(self.workspace, states=JobStates())
        self.break_some(data, self.targets(params))
        self.ask(Ask("resume", params=params))

    def targets(self, params: dict[str, int]) -> list[str]:
        view = View(self.world.specs, self.facts, {**self.facts.params, **params})
        return [*self.world.specs, *view.all_ids()]

    def break_some(self, data: st.DataObject, targets: list[str]) -> None:
        """Some steps fail in this run."""
        fails = data.draw(st.sampled_from([False, False, False, True]), "fails")
        self.world.failing = set(data.draw(st.lists(st.sampled_from(targets), max_size=2), "failing")) if fails else set()

    def ask(self, ask: Ask) -> None:
        self.execute(ask, plan(View(self.world.specs, self.facts, {**self.facts.params, **ask.params}), ask))

    def execute(self, ask: Ask, expected: Expected) -> None:
        request = RunRequest(
            scope=Scope(ask.scope),
            steps=ask.steps,
            phase=ask.phase,
            downstream=Downstream.RERUN if ask.rerun else Downstream.MARK_STALE,
            refresh=ask.refresh,
            params=ask.params,
        )
        prepared = prepare_run(self.workspace, self.job, request)
        assert prepare_run(self.workspace, self.job, request).plan.digest == prepared.plan.digest
        self.check_plan(prepared, expected)
        trigger = mint_trigger(
            self.workspace,
            prepared,
            source=TriggerSource.INTEGRATION_TEST,
            action=RunKind.RERUN,
            actor="ada",
            trigger_id=None,
        )
        if expected.blockers:
            self.check_refused(prepared, trigger)
            return
        sound = self.sound()
        started = start_run(self.workspace, prepared, trigger, owner=self.executor.worker_id)
        self.runs += 1
        self.facts.params.update(ask.params)
        self.world.calls.clear()
        run = self.runner.run(self.executor.finish(self.job, started.number))
        assert run.number == self.runs
        self.check_run(run, expected)
        self.keep(run)
        changed = {this for this in sound - self.sound() if this in View(self.world.specs, self.facts, {}).all_ids()}
        planned = {this for this in changed if this in expected.executes or base(this) in expected.decided_later}
        assert changed - planned <= set(prepared.plan.becomes_stale)
        self.count(f"{ask.scope}: {run.state.value}")

    def check_refused(self, prepared: Prepared, trigger: Any) -> None:
        with pytest.raises(Blocked) as blocked:
            start_run(self.workspace, prepared, trigger)
        assert blocked.value.code in {finding.code for finding in prepared.plan.blockers}

    def sound(self) -> set[str]:
        view = View(self.world.specs, self.facts, self.facts.params)
        return {this for this in view.all_ids() if view.is_sound(this)}

    def check_plan(self, prepared: Prepared, expected: Expected) -> None:
        made = prepared.plan
        executes = {step.id: step.is_conditional for step in made.steps if step.action is Action.EXECUTE}
        assert executes == expected.executes
        assert {step.id for step in made.steps if step.is_expanding} == expected.decided_later
        assert {step.id: step.reused_from_run for step in made.steps if step.action is Action.REUSE} == expected.reuses
        assert {finding.code.value for finding in made.blockers} == expected.blockers
        assert all(step.reasons for step in made.executing)
        assert [base(step.id) for step in made.steps] == sorted(
            (base(step.id) for step in made.steps), key=list(self.world.specs).index
        )

    def check_run(self, run: Run, expected: Expected) -> None:
        """Every attempt was due when it began, and did what it had to do; nothing that was due is left out."""
        with self.workspace.store.read() as reader:
            attempts = reader.list_attempts(self.job, run=run.number)
            recorded = decode_plan(reader.load_plan(self.job, run.number))
        assert recorded.reused == expected.reuses
        calls = {call.step: call for call in self.world.calls}
        assert len(calls) == len(self.world.calls)
        replay = Replay(self.world, self.facts, expected, run=run.number)
        failures = []
        for attempt in attempts:
            this = attempt.key.step
            before = self.facts.outputs.get(this)
            output = replay.begin(this)
            call = calls.pop(this, None)
            assert (call is None) is (output is None)
            if call is not None:
                is_same = before is not None and before.says == self.world.specs[base(this)].says
                assert call.mode == attempt.context.value == ("keep" if is_same else "clean")
                assert call.previous == (before.value if before is not None and is_same else None)
            if output is None or this in self.world.failing:
                assert attempt.state is AttemptState.FAILED
                assert attempt.error is not None
                assert attempt.error.code == ("missing_input" if output is None else "exception")
                replay.fail(this)
                failures.append(attempt)
            else:
                assert attempt.state is AttemptState.SUCCEEDED
                replay.succeed(this, output)
        assert calls == {}
        self.check_end(run, replay, attempts, failures)

    def check_end(self, run: Run, replay: Replay, attempts: Sequence[Attempt], failures: Sequence[Attempt]) -> None:
        ends = [failed.ended_at for failed in failures if failed.ended_at]
        if ends:
            assert all(attempt.started_at <= min(ends) for attempt in attempts)
            assert self.world.max_parallel > 1 or attempts[-1] is failures[0]
        if failures or replay.unnamed:
            assert run.state is RunState.FAILED
            assert run.error is not None
            return
        assert run.state is RunState.SUCCEEDED, run.error
        assert replay.is_done
        assert replay.waiting == {}
        assert set(run.cut_off) == replay.cut_off

    # --------------------------------------------------------------------------------------------------- acceptance

    @rule(data=st.data())
    def accept(self, data: st.DataObject) -> None:
        view = View(self.world.specs, self.facts, self.facts.params)
        stale = [this for this in view.all_ids() if view.state(this)[0] == "stale"]
        if stale:
            this = data.draw(st.sampled_from(stale), "accept")
            accept_output(self.workspace, self.job, this, actor="ada", reason="it may stand")
            self.facts.accepted[this] = (self.facts.outputs[this].run, view.basis(this))
            self.count("accepted")

    # --------------------------------------------------------------------------------------------------- invariants

    def assess(self) -> Assessment:
        with self.workspace.store.read() as reader:
            job = load_job(reader, self.job)
            followed = follow_definition(self.workspace, reader, job)
            state = self.workspace.states.load(reader, job)
        return assess(make_snapshot(job, followed.graph, state, params=job.params))

    @invariant()
    def outputs_stand_as_the_model_says(self) -> None:
        if not hasattr(self, "job"):
            return
        assessment = self.assess()
        view = View(self.world.specs, self.facts, self.facts.params)
        found = {
            str(this): (
                status.state.value,
                {tuple(flatten(reason_as_dict(reason).values())) for reason in status.reasons},
            )
            for this, status in assessment.statuses.items()
        }
        assert found == {this: view.state(this) for this in view.all_ids()}
        assert all(len(set(status.reasons)) == len(status.reasons) for status in assessment.statuses.values())
        ids = {name: view.ids(name) for name in self.world.specs}
        assert {name: None if these is None else list(these) for name, these in assessment.members.items()} == ids

    @invariant()
    def readers_see_the_values_of_the_model(self) -> None:
        if not hasattr(self, "job"):
            return
        bodies = Bodies(self.workspace.store)
        with self.workspace.store.read() as reader:
            records = reader.list_steps(self.job)
        currents = {record.step: record.current for record in records if record.current is not None}
        assert {this: current.run for this, current in currents.items()} == {
            this: output.run for this, output in self.facts.outputs.items()
        }
        for this, current in currents.items():
            assert bodies.output(current.artifact).value == self.facts.outputs[this].value
        assert {record.step: record.last_state is AttemptState.SUCCEEDED for record in records} == self.facts.ended_well

    def keep(self, run: Run) -> None:
        self.kept[run.number] = self.record(run.number)

    def record(self, number: int) -> tuple[Any, ...]:
        with self.workspace.store.read() as reader:
            return (
                reader.load_run(self.job, number),
                reader.list_attempts(self.job, run=number),
                reader.list_triggers(self.job)[number],
                reader.load_plan(self.job, number),
                reader.list_events(self.job, run=number),
            )

    @invariant()
    def no_earlier_run_ever_changes(self) -> None:
        for number, record in self.kept.items():
            assert self.record(number) == record


def flatten(parts: Any) -> list[str]:
    return [word for part in parts for word in ([part] if isinstance(part, str) else part)]
