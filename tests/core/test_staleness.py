"""Whether each output still follows from its inputs, and every reason why not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from oncue.core.model import StepId
from oncue.core.reasons import explain_reason, reason_as_dict
from oncue.core.staleness import StepState
from tests.core.bench import PAGES, Bench, step, weekly


def states(bench: Bench) -> dict[str, str]:
    """The state of every step that is not fresh, with its reasons in short."""
    assessment = bench.assess()
    found: dict[str, str] = {}
    for this, status in assessment.statuses.items():
        reasons = [reason_as_dict(reason) for reason in status.reasons]
        words = [":".join(str(part) for part in reason.values()) for reason in reasons]
        if status.state is not StepState.FRESH:
            found[this] = " ".join([status.state.value, *words])
    return found


def change(edit: Callable[[Bench], object]) -> dict[str, str]:
    bench = weekly()
    edit(bench)
    return states(bench)


def test_an_output_that_follows_from_its_inputs_is_fresh() -> None:
    assessment = weekly().assess()

    assert {status.state for status in assessment.statuses.values()} == {StepState.FRESH}
    assert all(status.is_sound and not status.reasons for status in assessment.statuses.values())
    assert list(assessment.statuses) == [
        "pages", "summary[x]", "summary[y]", "plan", "check[x]", "check[y]", "report",
    ]  # fmt: skip
    assert assessment.members == {
        "pages": ("pages",),
        "summary": ("summary[x]", "summary[y]"),
        "check": ("check[x]", "check[y]"),
        "plan": ("plan",),
        "report": ("report",),
    }


def test_equal_bytes_leave_dependents_fresh() -> None:
    def rerun(bench: Bench) -> None:
        bench.listed("pages", PAGES, run=2)
        bench.done("summary[x]", "summary of x", run=2)
        bench.done("plan", "the plan", run=2)

    assert change(rerun) == {}


def test_a_job_that_never_ran_misses_everything_it_knows_of() -> None:
    bench = Bench(step("a"), step("b", each="a"), step("c", each="b"), step("d", "b"))

    assert states(bench) == {"a": "missing", "d": "missing"}
    assert bench.assess().members == {"a": ("a",), "b": None, "c": None, "d": ("d",)}


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        pytest.param(
            lambda bench: bench.edited("plan"),
            {"plan": "stale definition_changed", "report": "stale upstream_stale:plan"},
            id="definition",
        ),
        pytest.param(
            lambda bench: bench.params.update(limit=11),
            {"plan": "stale params_changed:['limit']", "report": "stale upstream_stale:plan"},
            id="one parameter",
        ),
        pytest.param(
            lambda bench: bench.params.update(region="us", limit=11),
            {"plan": "stale params_changed:['limit', 'region']", "report": "stale upstream_stale:plan"},
            id="two parameters in order",
        ),
        pytest.param(
            lambda bench: bench.params.pop("region"),
            {"plan": "stale params_changed:['region']", "report": "stale upstream_stale:plan"},
            id="a parameter is gone",
        ),
        pytest.param(lambda bench: bench.params.update(unread=1), {}, id="a parameter nobody read"),
        pytest.param(
            lambda bench: bench.done("plan", "another plan", run=2),
            {"report": "stale input_changed:plan"},
            id="input",
        ),
        pytest.param(
            lambda bench: bench.done("summary[x]", "another summary", run=2),
            {"check[x]": "stale input_changed:summary[x]", "report": "stale input_changed:summary"},
            id="one element",
        ),
        pytest.param(
            lambda bench: bench.records.pop(StepId("plan")),
            {"plan": "missing", "report": "stale upstream_stale:plan"},
            id="upstream missing",
        ),
        pytest.param(
            lambda bench: bench.records.pop(StepId("summary[y]")),
            {"summary[y]": "missing", "check[y]": "stale upstream_stale:summary[y]", "report": "stale upstream_stale:summary"},
            id="an instance missing",
        ),
    ],
)
def test_each_reason_alone(edit: Callable[[Bench], object], expected: dict[str, str]) -> None:
    assert change(edit) == expected


def test_every_reason_is_given_at_once() -> None:
    def edit(bench: Bench) -> None:
        bench.done("plan", "another plan", run=2)
        bench.done("report", "the report", run=2, reads=["tone"])
        bench.done("plan", "a third plan", run=3)
        bench.edited("plan")
        bench.edited("report")
        bench.params["tone"] = "warm"

    assert change(edit) == {
        "summary[x]": "stale params_changed:['tone']",
        "summary[y]": "stale params_changed:['tone']",
        "check[x]": "stale upstream_stale:summary[x]",
        "check[y]": "stale upstream_stale:summary[y]",
        "plan": "stale definition_changed",
        "report": "stale definition_changed params_changed:['tone'] "
        "input_changed:plan upstream_stale:plan upstream_stale:summary",
    }


def test_an_edit_that_is_undone_makes_everything_fresh_again() -> None:
    def edit(bench: Bench) -> None:
        bench.edited("plan", "2")
        bench.edited("plan", "1")
        bench.params["limit"] = 11
        bench.params["limit"] = 10

    assert change(edit) == {}


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        pytest.param({"x": {"text": "one"}, "y": {"text": "NEW"}}, {"summary[y]", "check[y]", "plan", "report"}, id="changed"),
        pytest.param({**PAGES, "z": {"text": "three"}}, {"summary[z]", "check[z]", "plan", "report"}, id="added"),
        pytest.param({"x": {"text": "one"}}, {"plan", "report"}, id="removed"),
        pytest.param(dict(reversed(PAGES.items())), {"plan", "report"}, id="other order"),
        pytest.param(
            {"x": PAGES["y"], "y": PAGES["x"]}, {"summary[x]", "summary[y]", "check[x]", "check[y]", "plan", "report"}
        ),
        pytest.param({}, {"plan", "report"}, id="none left"),
    ],
)
def test_a_changed_element_touches_its_own_instance_alone(elements: dict[str, object], expected: set[str]) -> None:
    found = change(lambda bench: bench.listed("pages", elements, run=2))

    assert set(found) == expected


def test_what_changed_in_a_fan_out_is_said_by_each_reason() -> None:
    found = change(lambda bench: bench.listed("pages", {"y": {"text": "NEW"}, "z": {"text": "three"}}, run=2))

    assert found == {
        "summary[y]": "stale input_changed:pages",
        "summary[z]": "missing",
        "check[y]": "stale upstream_stale:summary[y]",
        "check[z]": "missing",
        "plan": "stale input_changed:pages",
        "report": "stale upstream_stale:plan upstream_stale:summary",
    }


def test_a_removed_instance_changes_the_collection() -> None:
    found = change(lambda bench: bench.listed("pages", {"x": {"text": "one"}}, run=2))

    assert found["report"] == "stale upstream_stale:plan input_changed:summary"


def test_instances_of_a_list_that_changed_since_are_stale_until_they_are_worked_out() -> None:
    found = change(lambda bench: bench.done("pages", ["something else"], run=2))

    assert found["summary[x]"] == "stale input_changed:pages"
    assert found["check[x]"] == "stale upstream_stale:summary[x]"


def test_instances_of_a_stale_list_are_stale() -> None:
    found = change(lambda bench: bench.edited("pages"))

    assert found["summary[x]"] == "stale upstream_stale:pages"
    assert found["report"] == "stale upstream_stale:plan upstream_stale:summary"


def test_a_reason_is_given_once_though_the_list_is_consumed_twice() -> None:
    bench = Bench(step("pages"), step("rank", "pages", each="pages"))
    bench.listed("pages", PAGES)
    bench.done("rank[x]", 1)
    bench.listed("pages", {"x": {"text": "NEW"}}, run=2)
    bench.edited("pages")

    assert states(bench)["rank[x]"] == "stale input_changed:pages upstream_stale:pages"


# --------------------------------------------------------------------------------------------------- no instances


def empty() -> Bench:
    """A fan-out over an empty list, and what consumes it; everything fresh."""
    bench = Bench(step("pages"), step("summary", each="pages"), step("check", each="summary"), step("report", "check"))
    bench.listed("pages", {})
    bench.done("report", "nothing to report")
    return bench


def test_a_fan_out_over_nothing_leaves_dependents_fresh() -> None:
    bench = empty()

    assert states(bench) == {}
    assert bench.assess().members["check"] == ()


def test_a_fan_out_over_nothing_passes_on_that_its_list_is_stale() -> None:
    bench = empty()
    bench.edited("pages")

    assert states(bench) == {"pages": "stale definition_changed", "report": "stale upstream_stale:check"}


def test_a_fan_out_over_nothing_passes_on_that_its_list_is_another_one() -> None:
    bench = empty()
    bench.done("pages", ["not worked out yet"], run=2)

    assert states(bench) == {"report": "stale upstream_stale:check"}


def test_the_first_element_makes_dependents_stale() -> None:
    bench = empty()
    bench.listed("pages", {"x": 1}, run=2)

    assert states(bench) == {
        "summary[x]": "missing",
        "check[x]": "missing",
        "report": "stale upstream_stale:check",
    }


# ----------------------------------------------------------------------------------------------------- acceptance


def accepted_plan() -> Bench:
    bench = weekly()
    bench.edited("plan")
    bench.accepted("plan")
    return bench


def test_an_accepted_output_counts_as_sound_and_keeps_its_reasons() -> None:
    bench = accepted_plan()

    assert states(bench) == {"plan": "accepted definition_changed"}
    assert bench.assess().statuses[StepId("plan")].is_sound


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        pytest.param(
            lambda bench: bench.params.update(limit=11),
            {"plan": "stale definition_changed params_changed:['limit']", "report": "stale upstream_stale:plan"},
            id="parameter",
        ),
        pytest.param(
            lambda bench: bench.edited("plan", "3"),
            {"plan": "stale definition_changed", "report": "stale upstream_stale:plan"},
            id="definition",
        ),
        pytest.param(lambda bench: bench.edited("plan", "1"), {}, id="undone"),
        pytest.param(lambda bench: bench.params.update(unread=1), {"plan": "accepted definition_changed"}, id="unread"),
        pytest.param(
            lambda bench: bench.listed("pages", PAGES, run=2), {"plan": "accepted definition_changed"}, id="equal input"
        ),
        pytest.param(
            lambda bench: bench.done("plan", "the plan", run=2), {}, id="another attempt with the same bytes"
        ),
        pytest.param(lambda bench: bench.done("plan", "new", run=2), {"report": "stale input_changed:plan"}, id="rerun"),
    ],
)  # fmt: skip
def test_an_acceptance_holds_until_the_inputs_change(edit: Callable[[Bench], object], expected: dict[str, str]) -> None:
    bench = accepted_plan()
    edit(bench)

    assert states(bench) == expected


def test_an_acceptance_ends_when_an_element_changes() -> None:
    bench = weekly()
    bench.edited("summary")
    bench.spread("summary", PAGES)
    bench.accepted("summary[x]")
    bench.accepted("summary[y]")
    assert set(states(bench)) == {"summary[x]", "summary[y]"}

    bench.listed("pages", {"x": {"text": "one"}, "y": {"text": "NEW"}}, run=2)

    assert states(bench)["summary[x]"] == "accepted definition_changed"
    assert states(bench)["summary[y]"].startswith("stale")


def test_an_acceptance_of_one_attempt_does_not_hold_for_the_next() -> None:
    bench = accepted_plan()
    bench.redefined(replace(bench.graph.steps["plan"], hash="plan@3"))
    bench.done("plan", "the plan", run=2)
    bench.edited("plan", "2")

    assert states(bench)["plan"] == "stale definition_changed"


def test_an_accepted_output_that_depends_on_stale_ones_holds_when_these_come_out_the_same() -> None:
    bench = weekly()
    bench.edited("pages")
    bench.accepted("plan")
    assert states(bench)["plan"] == "accepted upstream_stale:pages"

    bench.listed("pages", PAGES, run=2)

    assert states(bench) == {}


# --------------------------------------------------------------------------------------------------------- words


def test_every_reason_is_said_to_people() -> None:
    bench = weekly()
    bench.done("plan", "another plan", run=2)
    bench.edited("report")
    bench.params["tone"] = "warm"
    statuses = bench.assess().statuses

    sentences = [explain_reason(reason) for this in ("report", "summary[x]") for reason in statuses[StepId(this)].reasons]

    assert sentences == [
        "its definition changed",
        "the output of plan changed",
        "summary is stale",
        "parameter tone changed",
    ]
