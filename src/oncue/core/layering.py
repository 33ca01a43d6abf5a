"""Where the steps of a workflow stand in a drawing: each in the layer after the last one that it consumes.

::

    layer 0    layer 1    layer 2        a layer is the longest path from a step that consumes nothing;
    gather ──▶ plan   ──▶ report         within a layer, steps are ordered by the middle of what they consume, so that
       └──────────────────▲              lines cross less, and otherwise as they are declared
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from oncue.core.graph import Graph

SWEEPS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The layers of a graph from left to right, each from top to bottom; ``edges`` lead from what is consumed to who does."""

    layers: tuple[tuple[str, ...], ...]
    edges: tuple[tuple[str, str], ...]

    @property
    def height(self) -> int:
        """The most steps in one layer."""
        return max((len(layer) for layer in self.layers), default=0)


def lay_out(graph: Graph) -> Layout:
    """Put every step in its layer; O(steps + edges), but for the sorting within layers."""
    depth: dict[str, int] = {}
    for name in graph.order:
        depth[name] = 1 + max((depth[source] for source in graph.upstream[name]), default=-1)
    layers: list[list[str]] = [[] for _ in range(1 + max(depth.values(), default=-1))]
    for name in graph.names:
        layers[depth[name]].append(name)
    for sweep in range(SWEEPS):
        if sweep % 2 == 0:
            _sort(layers, range(1, len(layers)), graph.upstream)
        else:
            _sort(layers, range(len(layers) - 2, -1, -1), graph.downstream)
    edges = tuple((source, name) for name in graph.names for source in graph.upstream[name])
    return Layout(layers=tuple(map(tuple, layers)), edges=edges)


def _sort(layers: list[list[str]], places: range, neighbours: Mapping[str, Sequence[str]]) -> None:
    """Order each of these layers by where the neighbours of its steps stand; those without any stay where they are."""
    at = {name: where for layer in layers for name, where in _stand(layer)}
    for place in places:
        layers[place].sort(key=lambda name: _middle([at[one] for one in neighbours[name]], at[name]))
        at.update(_stand(layers[place]))


def _stand(layer: Sequence[str]) -> list[tuple[str, float]]:
    """Where each step of a layer stands, from 0 to 1."""
    return [(name, (row + 0.5) / len(layer)) for row, name in enumerate(layer)]


def _middle(places: list[float], own: float) -> float:
    return sum(places) / len(places) if places else own
