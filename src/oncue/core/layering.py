"""Where the steps of a workflow stand in a drawing: each in the layer after the last one that it consumes.

::

    layer 0    layer 1    layer 2        a layer is the longest path from a step that consumes nothing; a line that passes
    gather ──▶ plan   ──▶ report         through a layer has a place there, as a step has, so that it leads around the
       └─────────────────────▲           others; within a layer, all of them are ordered by the middle of what they
                                         come from, so that lines cross less, and otherwise as they are declared

All lines of a step share their way: there is one place for a step in every layer up to the last that consumes it.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from oncue.core.graph import Graph

SWEEPS = 4
MAX_BENDS = 5_000
"""Where lines pass through more layers than this altogether, they lead straight to where they end."""
STEP_WEIGHT = 1_000.0
"""How much more a step stays where it wants to be than a line does."""

Point = tuple[str, int]
"""A step in its own layer, or its line in a later one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The layers of a graph from left to right, each from top to bottom; ``edges`` lead from what is consumed to who does.

    ``columns`` are the layers with the places of lines, ``depth`` says in which layer each step is.
    """

    columns: tuple[tuple[Point, ...], ...]
    edges: tuple[tuple[str, str], ...]
    depth: Mapping[str, int]

    @property
    def layers(self) -> tuple[tuple[str, ...], ...]:
        """The steps alone."""
        return tuple(tuple(name for name, layer in column if self.depth[name] == layer) for column in self.columns)

    @property
    def height(self) -> int:
        """The most steps in one layer."""
        return max(map(len, self.layers), default=0)

    def is_step(self, point: Point) -> bool:
        """Whether a step stands there, and not a line."""
        return self.depth[point[0]] == point[1]


def lay_out(graph: Graph) -> Layout:
    """Put every step in its layer; O(steps + edges + places of lines), but for the sorting within layers."""
    depth: dict[str, int] = {}
    for name in graph.order:
        depth[name] = 1 + max((depth[source] for source in graph.upstream[name]), default=-1)
    columns: list[list[Point]] = [[] for _ in range(1 + max(depth.values(), default=-1))]
    for name in graph.names:
        columns[depth[name]].append((name, depth[name]))
    if sum(depth[name] - depth[source] - 1 for name in graph.names for source in graph.upstream[name]) <= MAX_BENDS:
        for name in graph.names:
            last = max((depth[one] for one in graph.downstream[name]), default=0)
            for layer in range(depth[name] + 1, last):
                columns[layer].append((name, layer))
    before, after = _neighbours(columns, graph, depth)
    for sweep in range(SWEEPS):
        if sweep % 2 == 0:
            _sort(columns, range(1, len(columns)), before)
        else:
            _sort(columns, range(len(columns) - 2, -1, -1), after)
    edges = tuple((source, name) for name in graph.names for source in graph.upstream[name])
    return Layout(columns=tuple(map(tuple, columns)), edges=edges, depth=depth)


def stand(layout: Layout, *, distance: Callable[[Point, Point], float]) -> dict[Point, float]:
    """How far down each place is, neighbours at least ``distance`` apart: steps in line with steps, lines out of their way."""
    places: dict[Point, float] = {}
    for column in layout.columns:
        places |= zip(column, _offsets(column, distance), strict=True)
    before: dict[Point, list[Point]] = {point: [] for point in places}
    after: dict[Point, list[Point]] = {point: [] for point in places}
    for edge in layout.edges:
        way = route(layout, edge, places)
        for one, other in pairwise(way):
            before[other].append(one)
            after[one].append(other)
    columns = layout.columns
    for neighbours, order in ((before, columns[1:]), (after, columns[-2::-1]), (before, columns[1:])):
        for column in order:
            wanted = [_wish(layout, point, neighbours=neighbours[point], places=places) for point in column]
            weights = [STEP_WEIGHT if layout.is_step(point) else 1.0 for point in column]
            offsets = _offsets(column, distance)
            fitted = _fit([one - offset for one, offset in zip(wanted, offsets, strict=True)], weights)
            places |= {point: one + offset for point, one, offset in zip(column, fitted, offsets, strict=True)}
    return places


def route(layout: Layout, edge: tuple[str, str], places: Container[Point]) -> list[Point]:
    """The places that a line leads through, its ends included; ``places`` are those there are."""
    source, target = edge
    begin, end = layout.depth[source], layout.depth[target]
    has_way = end - begin > 1 and (source, begin + 1) in places  # else it leads straight there
    between = [(source, layer) for layer in range(begin + 1, end)] if has_way else []
    return [(source, begin), *between, (target, end)]


def _neighbours(
    columns: Sequence[Sequence[Point]], graph: Graph, depth: Mapping[str, int]
) -> tuple[dict[Point, list[Point]], dict[Point, list[Point]]]:
    """What each place comes from in the layer before it, and leads to in the layer after it."""
    known = {point for column in columns for point in column}
    before: dict[Point, list[Point]] = {}
    for name, layer in (point for column in columns for point in column):
        sources = graph.upstream[name] if depth[name] == layer else (name,)
        near = ((source, layer - 1) for source in sources)
        before[name, layer] = [
            point if point in known else (source, depth[source]) for source, point in zip(sources, near, strict=True)
        ]
    after: dict[Point, list[Point]] = {point: [] for point in known}
    for point, origins in before.items():
        for origin in origins:
            after[origin].append(point)
    return before, after


def _sort(columns: list[list[Point]], order: range, neighbours: Mapping[Point, Sequence[Point]]) -> None:
    """Order each of these layers by where the neighbours of its places are; those without any stay where they are."""
    at = {point: where for column in columns for point, where in _parts(column)}
    for place in order:
        columns[place].sort(key=lambda point: _middle([at[one] for one in neighbours[point]], at[point]))
        at.update(_parts(columns[place]))


def _parts(column: Sequence[Point]) -> list[tuple[Point, float]]:
    """Where each place of a layer is, from 0 to 1."""
    return [(point, (row + 0.5) / len(column)) for row, point in enumerate(column)]


def _middle(places: list[float], own: float) -> float:
    return sum(places) / len(places) if places else own


def _wish(layout: Layout, point: Point, *, neighbours: Sequence[Point], places: Mapping[Point, float]) -> float:
    """Where a place wants to be: a step beside steps, if it has any next to it."""
    steps = [places[one] for one in neighbours if layout.is_step(one)]
    near = steps if steps and layout.is_step(point) else [places[one] for one in neighbours]
    return _middle(near, places[point])


def _offsets(column: Sequence[Point], distance: Callable[[Point, Point], float]) -> list[float]:
    """How far below the first place of a layer each of them is at least."""
    offsets = [0.0] * len(column)
    for row in range(1, len(column)):
        offsets[row] = offsets[row - 1] + distance(column[row - 1], column[row])
    return offsets


def _fit(wanted: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The rising numbers that are nearest to the wanted ones (pool adjacent violators)."""
    pools: list[tuple[float, float, int]] = []
    for value, weight in zip(wanted, weights, strict=True):
        mean, total, count = value, weight, 1
        while pools and pools[-1][0] > mean:
            other, more, others = pools.pop()
            mean, total, count = (mean * total + other * more) / (total + more), total + more, count + others
        pools.append((mean, total, count))
    return [mean for mean, _, count in pools for _ in range(count)]
