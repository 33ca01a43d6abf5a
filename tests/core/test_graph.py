"""The shape of a workflow."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oncue.core.definition import StepDefinition
from oncue.core.graph import Graph
from oncue.errors import DefinitionError, UnknownStep
from tests.core.bench import make_graph, step

WEEKLY = make_graph(
    step("report", "plan", "finding", phase="write"),
    step("gather"),
    step("finding", "gather", each="plan"),
    step("plan", "abstract"),
    step("abstract", "gather"),
    step("note"),
    step("check", each="finding"),
)


@st.composite
def acyclic_steps(draw: st.DrawFn) -> list[StepDefinition]:
    """Steps that need only earlier ones, in any order of declaration."""
    count = draw(st.integers(1, 8))
    steps = [
        step(f"s{index}", *[f"s{needed}" for needed in range(index) if draw(st.booleans())])  # the lower ones, or not
        for index in range(count)
    ]
    return draw(st.permutations(steps))


@pytest.mark.parametrize(
    ("name", "ordinal", "upstream", "downstream", "closure", "elementwise"),
    [
        ("report", 1, ("plan", "finding"), [], "report", False),
        ("gather", 2, (), ["finding", "abstract"], "gather finding abstract plan report check", False),
        ("finding", 3, ("plan", "gather"), ["report", "check"], "finding report check", False),
        ("plan", 4, ("abstract",), ["report", "finding"], "plan finding report check", False),
        ("abstract", 5, ("gather",), ["plan"], "abstract plan finding report check", False),
        ("note", 6, (), [], "note", False),
        ("check", 7, ("finding",), [], "check", True),
    ],
)
def test_a_step_knows_its_number_its_neighbours_and_what_depends_on_it(
    name: str, ordinal: int, upstream: tuple[str, ...], downstream: list[str], closure: str, elementwise: bool
) -> None:
    assert WEEKLY.ordinal(name) == ordinal
    assert WEEKLY.ordinals()[name] == ordinal
    assert WEEKLY.upstream[name] == upstream
    assert list(WEEKLY.downstream[name]) == downstream
    assert WEEKLY.closure([name]) == set(closure.split())
    assert WEEKLY.is_elementwise(name) is elementwise
    assert WEEKLY.named(name) is WEEKLY.steps[name]


def test_steps_of_equal_depth_keep_the_order_of_declaration() -> None:
    assert WEEKLY.order == ("gather", "note", "abstract", "plan", "finding", "report", "check")
    assert WEEKLY.sorted({"check", "plan", "note"}) == ["note", "plan", "check"]


def test_the_closure_of_several_steps_is_the_union_of_their_closures() -> None:
    assert WEEKLY.closure(["note", "finding"]) == {"note", "finding", "report", "check"}
    assert WEEKLY.closure([]) == set()


@given(acyclic_steps())
def test_every_step_comes_after_what_it_needs(steps: list[StepDefinition]) -> None:
    graph = make_graph(*steps)

    position = {name: index for index, name in enumerate(graph.order)}

    assert sorted(graph.order) == sorted(each.name for each in steps)
    assert all(position[needed] < position[each.name] for each in steps for needed in each.needs)


@given(acyclic_steps(), st.data())
def test_the_closure_is_what_can_be_reached(steps: list[StepDefinition], data: st.DataObject) -> None:
    graph = make_graph(*steps)
    start = data.draw(st.sampled_from(sorted(graph.names)))

    def depends(name: str) -> bool:
        return name == start or any(depends(needed) for needed in graph.steps[name].needs)

    assert graph.closure([start]) == {name for name in graph.names if depends(name)}


@pytest.mark.parametrize(
    ("steps", "path"),
    [
        ([step("a", "a")], "a → a"),
        ([step("a", "b"), step("b", "a")], "a → b → a"),
        ([step("a"), step("b", "a", "d"), step("c", "b"), step("d", "c"), step("e", "d")], "b → d → c → b"),
        ([step("a", each="b"), step("b", "a")], "a → b → a"),
        ([step("e", "d"), step("a", "b"), step("b", "a"), step("d", "b")], "b → a → b"),
    ],
)
def test_a_circle_is_refused_with_its_path(steps: list[StepDefinition], path: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        make_graph(*steps)

    assert refused.value.message.endswith(f"the steps need each other in a circle: {path}")
    assert refused.value.field == f"steps.{path[0]}"


@pytest.mark.parametrize(
    ("steps", "field", "message"),
    [
        ([step("gather"), step("plan", "gahter")], "steps.plan", "'gahter', which is not a step (did you mean gather?)"),
        ([step("gather"), step("plan", each="zzz")], "steps.plan", "step 'plan' needs 'zzz', which is not a step"),
        ([step("gather"), step("gather")], "steps.gather", "step 'gather' is declared twice"),
    ],
)
def test_what_is_no_graph_is_refused_with_the_place(steps: list[StepDefinition], field: str, message: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        make_graph(*steps)

    assert refused.value.message.endswith(message)
    assert refused.value.field == field


def test_an_unknown_step_names_the_nearest() -> None:
    with pytest.raises(UnknownStep, match=r"no step 'finding2' \(did you mean finding"):
        WEEKLY.named("finding2")


def test_a_step_that_needs_another_twice_waits_for_it_once() -> None:
    graph: Graph = make_graph(step("a"), step("b", "a", "a"))

    assert graph.order == ("a", "b")


def test_a_fan_out_that_also_needs_the_whole_list_names_it_once() -> None:
    graph = make_graph(step("a"), step("c"), step("b", "c", "a", each="a"))

    assert sorted(graph.upstream["b"]) == ["a", "c"]
    assert list(graph.downstream["a"]) == ["b"]
