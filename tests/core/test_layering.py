"""Where steps stand in a drawing."""

import pytest

from oncue.core.definition import StepDefinition, WorkflowDefinition
from oncue.core.graph import Graph
from oncue.core.layering import lay_out

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
