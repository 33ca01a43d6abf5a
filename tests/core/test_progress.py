"""Which steps of a run are ready, given what has ended so far."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from oncue.core.model import ArtifactKind, Current, Expansion, Inputs, StepId, step_name
from oncue.core.plan import plan_run
from oncue.core.progress import RunProgress
from oncue.core.request import Downstream, RunRequest, Scope
from tests.core.bench import PAGES, Bench, address, collection_address, step, weekly


class Driver:
    """Executes the steps of a run by hand."""

    def __init__(self, bench: Bench, request: RunRequest, *, ended: Iterable[str] = ()) -> None:
        self.bench = bench
        self.entries = plan_run(bench.snapshot(), request).executing
        self.progress = RunProgress(bench.snapshot(), self.entries, ended=[StepId(this) for this in ended])

    def is_done(self) -> bool:
        return self.progress.is_done

    def take(self, limit: int = 99) -> list[str]:
        return [str(this) for this in self.progress.take(limit)]

    def succeed(self, this: str, content: object) -> None:
        consumed = self.progress.consumption(StepId(this))
        inputs = Inputs(definition=self.bench.graph.steps[step_name(this)].hash, steps=consumed.steps, item=consumed.item)
        self.progress.succeed(Current(step=StepId(this), run=2, number=1, artifact=address(content), inputs=inputs))

    def spread(self, name: str, elements: dict[str, object]) -> None:
        step = self.bench.graph.steps[name]
        over = self.progress.address(step.each or "")
        assert over is not None, "the list is there"
        items = {key: address(element) for key, element in elements.items()}
        self.progress.expand(Expansion(step=name, over=over, definition=step.hash, items=items))

    def rounds(self, contents: dict[str, object]) -> list[list[str]]:
        """Take and succeed until nothing is ready; the content is the old one where none is given."""
        found: list[list[str]] = []
        while taken := self.take():
            found.append(taken)
            for this in taken:
                self.succeed(this, contents.get(this, OLD.get(this)))
        return found


OLD: dict[str, object] = {
    "pages": list(PAGES.values()),
    "plan": "the plan",
    "report": "the report",
    "check[x]": "ok",
    "check[y]": "ok",
    "summary[x]": "summary of x",
    "summary[y]": "summary of y",
}


# ------------------------------------------------------------------------------------------------------ order


@pytest.mark.proves("S2-36")
def test_steps_become_ready_when_everything_they_need_has_ended() -> None:
    bench = Bench(step("a"), step("b"), step("c", "a", "b"), step("d", "c"), step("e", "a"))
    driver = Driver(bench, RunRequest())

    assert driver.take() == ["a", "b"]
    assert driver.progress.taken == 2
    driver.succeed("a", 1)
    assert driver.take() == ["e"]
    assert not driver.is_done()
    driver.succeed("b", 1)
    assert driver.take() == ["c"]
    driver.succeed("e", 1)
    driver.succeed("c", 1)
    assert driver.take() == ["d"]
    assert not driver.is_done()
    driver.succeed("d", 1)
    assert driver.is_done()
    assert driver.progress.taken == 0


def test_no_more_steps_begin_than_are_asked_for() -> None:
    driver = Driver(Bench(*[step(f"s{index}") for index in range(5)]), RunRequest())

    assert [driver.take(2), driver.take(2), driver.take(0), driver.take(2), driver.take(2)] == [
        ["s0", "s1"], ["s2", "s3"], [], ["s4"], [],
    ]  # fmt: skip


def test_what_is_reused_is_not_waited_for() -> None:
    driver = Driver(weekly(), RunRequest(scope=Scope.ONLY, steps=("report", "summary[y]")))

    assert driver.rounds({}) == [["summary[y]"], ["report"]]
    assert driver.is_done()


def test_a_step_that_is_retried_becomes_ready_again() -> None:
    driver = Driver(Bench(step("a"), step("b", "a")), RunRequest())
    driver.take()

    driver.progress.give_back(StepId("a"))

    assert driver.progress.taken == 0
    assert driver.take() == ["a"]


def test_a_failure_stops_what_follows_and_nothing_else() -> None:
    driver = Driver(Bench(step("a"), step("b", "a"), step("c", "b"), step("d"), step("e", "d")), RunRequest())

    assert driver.take() == ["a", "d"]
    driver.progress.fail(StepId("a"))
    driver.succeed("d", 1)
    assert driver.take() == ["e"]
    driver.succeed("e", 1)

    assert driver.take() == []
    assert not driver.is_done()


def test_a_failed_instance_stops_what_needs_all_of_them() -> None:
    driver = Driver(weekly(), RunRequest(scope=Scope.FROM, steps=("summary",)))

    assert driver.take() == ["summary[x]", "summary[y]"]
    driver.progress.fail(StepId("summary[x]"))
    driver.succeed("summary[y]", "new")

    assert driver.take() == []
    assert not driver.is_done()


# ------------------------------------------------------------------------------------------------- consumption


def test_a_step_consumes_what_is_current_when_it_begins() -> None:
    driver = Driver(weekly(), RunRequest(scope=Scope.FROM, steps=("summary[x]",)))
    assert driver.take() == ["summary[x]"]
    driver.succeed("summary[x]", "new")

    collection = collection_address([("x", address("new")), ("y", address("summary of y"))])
    check = driver.progress.consumption(StepId("check[x]"))
    report = driver.progress.consumption(StepId("report"))

    assert (check.steps, check.item, check.collections) == ({}, address("new"), ())
    assert report.steps == {"plan": address("the plan"), "summary": collection}
    assert report.item is None
    assert [(artifact.kind, artifact.hash) for artifact in report.collections] == [(ArtifactKind.COLLECTION, collection)]


def test_a_step_that_needs_nothing_consumes_nothing() -> None:
    consumed = Driver(weekly(), RunRequest()).progress.consumption(StepId("pages"))

    assert (consumed.steps, consumed.item, consumed.collections) == ({}, None, ())


# ---------------------------------------------------------------------------------------------------- fan-outs


def test_instances_wait_until_the_list_is_worked_out() -> None:
    driver = Driver(weekly(), RunRequest())
    assert driver.take() == ["pages"]

    driver.succeed("pages", ["another list"])

    assert driver.progress.unexpanded == ["summary"]
    assert driver.take() == ["plan"]
    driver.spread("summary", {"z": 1, "x": 2})
    assert driver.progress.unexpanded == []
    assert driver.progress.members("summary") == ("summary[z]", "summary[x]")
    assert driver.rounds({}) == [["summary[z]", "summary[x]"], ["check[z]", "check[x]"]]
    driver.succeed("plan", 1)
    assert driver.take() == ["report"]


def test_instances_that_are_worked_out_with_the_list_are_ready_with_it() -> None:
    driver = Driver(weekly(), RunRequest())
    driver.take()
    assert not driver.progress.is_known("summary") or driver.progress.address("pages") == address(OLD["pages"])

    driver.progress.expand(
        Expansion(step="summary", over=address(["new"]), definition="summary@1", items={"new": address("new")})
    )
    driver.succeed("pages", ["new"])

    assert driver.progress.is_known("summary")
    assert driver.progress.unexpanded == []
    assert driver.take() == ["summary[new]", "plan"]


def test_the_same_list_needs_no_working_out() -> None:
    driver = Driver(weekly(), RunRequest())

    assert driver.rounds({}) == [
        ["pages"],
        ["summary[x]", "summary[y]", "plan"],
        ["check[x]", "check[y]", "report"],
    ]


def test_a_changed_definition_works_the_instances_out_anew() -> None:
    bench = weekly()
    bench.edited("summary")
    driver = Driver(bench, RunRequest(scope=Scope.ONLY, steps=("summary",)))

    assert driver.take() == []
    assert driver.progress.unexpanded == ["summary"]
    driver.spread("summary", {"one": 1, "two": 2, "three": 3})

    assert driver.take() == ["summary[one]", "summary[two]", "summary[three]"]


def test_a_fan_out_over_nothing_is_done_at_once() -> None:
    driver = Driver(weekly(), RunRequest())
    driver.take()
    driver.succeed("pages", [])
    assert driver.take() == ["plan"]
    driver.succeed("plan", 1)
    assert driver.take() == []

    driver.spread("summary", {})

    assert driver.take() == ["report"]
    assert driver.progress.consumption(StepId("report")).steps["summary"] == collection_address([]) != address([])
    driver.succeed("report", 1)
    assert driver.is_done()


def test_a_fan_out_over_the_list_of_an_instance_is_none() -> None:
    bench = Bench(step("a"), step("b", each="a"), step("c", each="b"), step("d", each="c"), step("e", "d"))
    driver = Driver(bench, RunRequest())
    driver.take()
    driver.succeed("a", [1, 2])
    driver.spread("b", {"1": 1, "2": 2})

    assert driver.rounds({}) == [["b[1]", "b[2]"], ["c[1]", "c[2]"], ["d[1]", "d[2]"], ["e"]]
    assert driver.is_done()


def test_an_instance_that_is_gone_is_cut_off() -> None:
    bench = weekly()
    driver = Driver(bench, RunRequest(scope=Scope.ONLY, steps=("pages", "summary[x]", "summary[y]")))
    driver.take()
    driver.succeed("pages", ["x only"])
    driver.spread("summary", {"x": "x only", "new": 1})

    assert driver.take() == ["summary[x]"]
    assert driver.progress.cut_off == ["summary[y]"]
    driver.succeed("summary[x]", 1)
    assert driver.is_done()


# ----------------------------------------------------------------------------------------------------- cut off


def conditional(*steps: str) -> RunRequest:
    return RunRequest(scope=Scope.ONLY, steps=steps, downstream=Downstream.RERUN)


@pytest.mark.parametrize(
    ("steps", "contents", "rounds", "cut_off"),
    [
        (("plan",), {}, [["plan"]], ["report"]),
        (("plan",), {"plan": "new"}, [["plan"], ["report"]], []),
        (("summary[x]",), {"summary[x]": "new"}, [["summary[x]"], ["check[x]", "report"]], []),
        (("summary",), {"summary[x]": "new"}, [["summary[x]", "summary[y]"], ["check[x]", "report"]], ["check[y]"]),
        (("summary",), {}, [["summary[x]", "summary[y]"]], ["check[x]", "check[y]", "report"]),
        (("pages",), {}, [["pages"]], ["summary[x]", "summary[y]", "plan", "check[x]", "check[y]", "report"]),
    ],
)
def test_what_did_not_become_stale_is_cut_off(
    steps: tuple[str, ...], contents: dict[str, object], rounds: list[list[str]], cut_off: list[str]
) -> None:
    driver = Driver(weekly(), conditional(*steps))

    assert driver.rounds(contents) == rounds
    assert sorted(driver.progress.cut_off) == sorted(cut_off)
    assert driver.is_done()


def test_only_the_elements_that_changed_execute() -> None:
    driver = Driver(weekly(), conditional("pages"))
    driver.take()
    driver.succeed("pages", ["one", "NEW", "three"])
    driver.spread("summary", {"x": PAGES["x"], "y": "NEW", "z": "three"})

    assert driver.rounds({"plan": "the plan", "summary[y]": "summary of y"}) == [
        ["plan", "summary[y]", "summary[z]"],
        ["check[z]", "report"],
    ]
    assert driver.progress.cut_off == ["summary[x]", "check[x]", "check[y]"]


def test_an_accepted_output_is_cut_off_while_its_inputs_stay() -> None:
    bench = weekly()
    bench.edited("report")
    bench.accepted("report")

    assert Driver(bench, conditional("plan")).rounds({}) == [["plan"]]
    assert Driver(bench, conditional("plan")).rounds({"plan": "new"}) == [["plan"], ["report"]]


# ---------------------------------------------------------------------------------------------------- recovery


def test_a_run_goes_on_where_it_was_interrupted() -> None:
    bench = weekly()
    request = RunRequest(scope=Scope.FROM, steps=("summary",))
    bench.records.pop(StepId("report"))
    entries = Driver(bench, request).entries
    bench.done("summary[x]", "new", run=2)

    resumed = Driver(bench, request)
    resumed.progress = RunProgress(bench.snapshot(), entries, ended=[StepId("summary[x]")])

    assert resumed.rounds({}) == [["summary[y]"], ["check[x]", "check[y]", "report"]]
    assert resumed.progress.cut_off == []
    assert resumed.is_done()


def test_a_conditional_step_that_ended_is_not_cut_off_afterwards() -> None:
    bench = weekly()
    entries = Driver(bench, conditional("summary")).entries
    for this in ("summary[x]", "summary[y]", "check[x]"):
        bench.done(this, "new", run=2)

    progress = RunProgress(bench.snapshot(), entries, ended=[StepId(f"{n}") for n in ("summary[x]", "summary[y]", "check[x]")])

    assert progress.cut_off == []
    assert progress.take(9) == ["check[y]", "report"]


def test_a_run_whose_last_step_ended_is_done() -> None:
    driver = Driver(weekly(), RunRequest(scope=Scope.ONLY, steps=("plan",)), ended=["plan"])

    assert driver.is_done()
    assert driver.take() == []


def test_a_fan_out_that_was_interrupted_goes_on_with_the_rest() -> None:
    bench = Bench(step("a"), step("b", each="a"), step("c", "b"))
    entries = plan_run(bench.snapshot(), RunRequest()).executing
    bench.listed("a", {"x": 1, "y": 2, "z": 3})
    bench.done("b[y]", "done")

    progress = RunProgress(bench.snapshot(), entries, ended=[StepId("a"), StepId("b[y]")])

    assert progress.take(9) == ["b[x]", "b[z]"]
    assert not progress.is_done


# ------------------------------------------------------------------------------------- reused between executing steps


def test_a_fan_out_that_is_reused_stays_as_it_was_planned_though_its_list_changes() -> None:
    driver = Driver(weekly(), RunRequest(scope=Scope.ONLY, steps=("pages", "report")))
    assert driver.take(1) == ["pages"]

    driver.progress.expand(
        Expansion(step="summary", over=address(["new"]), definition="summary@1", items={"new": address("new")})
    )
    driver.succeed("pages", ["new"])

    summaries = [("x", address("summary of x")), ("y", address("summary of y"))]
    assert driver.take() == ["report"]
    assert driver.progress.consumption(StepId("report")).steps["summary"] == collection_address(summaries)


def test_a_step_behind_a_kept_source_executes_when_the_source_became_stale() -> None:
    bench = Bench(
        step("query", phase="a"), step("fetch", "query", phase="a", source=True), step("other", phase="a"),
        step("report", "fetch", "other", phase="b"),
    )  # fmt: skip
    for name in ("query", "fetch", "other", "report"):
        bench.done(name, name)
    driver = Driver(bench, RunRequest(scope=Scope.PHASE, phase="a", downstream=Downstream.RERUN))
    assert [entry.id for entry in driver.entries] == ["query", "other", "report"]

    assert driver.rounds({"query": "another", "other": "other"}) == [["query", "other"], ["report"]]
