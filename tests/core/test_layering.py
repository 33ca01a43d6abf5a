"""Where steps stand in a drawing."""

from itertools import pairwise

import pytest

from oncue.core import layering
from oncue.core.definition import StepDefinition, WorkflowDefinition
from oncue.core.graph import Graph
from oncue.core.layering import Point, lay_out, route, stand

DIAMOND = {"a": [], "b": ["a"], "c": ["a"], "d": ["b", "c"]}
LONG = {"a": [], "b": ["a"], "c": ["b"], "d": ["a", "c"]}
CROSSED = {"a": [], "b": [], "c": ["b"], "d": ["a"]}


def graph(needs: dict[str, list[str]]) -> Graph:
    steps = tuple(StepDefinition(name=name, phase="all", hash=name, needs=tuple(sources)) for name, sources in needs.items())
    return Graph(WorkflowDefinition(name="drawn", phases=("all",), steps=steps))


@pytest.mark.parametrize(
    ("needs", "layers"),
    [
        ({}, ()),
        ({"a": []}, (("a",),)),
        (DIAMOND, (("a",), ("b", "c"), ("d",))),
        (LONG, (("a",), ("b",), ("c",), ("d",))),
        (CROSSED, (("a", "b"), ("d", "c"))),
    ],
    ids=["nothing", "one", "diamond", "the longest path counts", "lines do not cross"],
)
def test_every_step_stands_after_what_it_consumes(needs: dict[str, list[str]], layers: tuple[tuple[str, ...], ...]) -> None:
    layout = lay_out(graph(needs))

    assert layout.layers == layers
    assert set(layout.edges) == {(source, name) for name, sources in needs.items() for source in sources}
    assert layout.height == max(map(len, layers), default=0)


def test_a_chain_of_many_steps_is_laid_out_in_its_order() -> None:
    names = [f"s{number}" for number in range(2_000)]

    layout = lay_out(graph({name: names[place - 1 : place] if place else [] for place, name in enumerate(names)}))

    assert [name for (name,) in layout.layers] == names


def far(above: Point, below: Point) -> float:
    del above, below
    return 10


def test_a_long_line_has_a_place_in_every_layer_it_passes_through() -> None:
    layout = lay_out(graph(LONG))
    places = stand(layout, distance=far)

    assert layout.columns == ((("a", 0),), (("b", 1), ("a", 1)), (("c", 2), ("a", 2)), (("d", 3),))
    assert route(layout, ("a", "d"), places) == [("a", 0), ("a", 1), ("a", 2), ("d", 3)]
    assert route(layout, ("a", "b"), places) == [("a", 0), ("b", 1)]
    assert layout.layers == (("a",), ("b",), ("c",), ("d",))


def test_steps_of_a_chain_stand_in_line_and_the_line_leads_around_them() -> None:
    layout = lay_out(graph(LONG))

    places = stand(layout, distance=far)

    chain = {round(places[name, layer]) for layer, name in enumerate("abcd")}
    assert len(chain) == 1
    assert {round(places["a", layer]) for layer in (1, 2)} == {chain.pop() + 10}


def test_lines_of_one_step_share_their_way() -> None:
    fan = {"a": [], "b": ["a"], "c": ["b", "a"], "d": ["c", "a"], "e": ["d", "a"]}

    layout = lay_out(graph(fan))

    assert [column.count(("a", layer)) for layer, column in enumerate(layout.columns)] == [1, 1, 1, 1, 0]


@pytest.mark.parametrize("needs", [DIAMOND, LONG, CROSSED], ids=["diamond", "long", "crossed"])
def test_what_stands_in_one_layer_keeps_its_distance_and_its_order(needs: dict[str, list[str]]) -> None:
    layout = lay_out(graph(needs))

    places = stand(layout, distance=far)

    for column in layout.columns:
        rows = [places[point] for point in column]
        assert all(below - above > 9.99 for above, below in pairwise(rows))


def test_too_many_lines_lead_straight_to_where_they_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layering, "MAX_BENDS", 1)

    layout = lay_out(graph(LONG))
    places = stand(layout, distance=far)

    assert route(layout, ("a", "d"), places) == [("a", 0), ("d", 3)]
    assert set(places) == {("a", 0), ("b", 1), ("c", 2), ("d", 3)}
