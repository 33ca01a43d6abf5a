"""The steps of a job as a drawing of its graph, in plain numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from oncue.control.views.boardview import BoardView, StepCard
from oncue.core.layering import Layout, Point, lay_out, route, stand

NODE_WIDTH, NODE_HEIGHT = 168, 46
GAP_X, GAP_Y = 64, 22
MARGIN = 8
LINE_GAP = 13
ARROW = 6
"""How long the head of an arrow is: the line ends before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A step in a drawing of the graph; ``x`` and ``y`` are its upper left corner."""

    card: StepCard
    x: int
    y: int

    @property
    def label(self) -> str:
        """Its name, as far as it fits."""
        return self.card.name if len(self.card.name) <= 21 else f"{self.card.name[:20]}…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """The graph of a job: ``edges`` are paths in the notation of SVG."""

    nodes: tuple[Node, ...]
    edges: tuple[str, ...]
    width: int
    height: int
    node_width: int = NODE_WIDTH
    node_height: int = NODE_HEIGHT


def draw_graph(board: BoardView) -> Drawing:
    """The graph of a job with the state of every step."""
    layout = lay_out(board.standing.picture.assessment.snapshot.graph)

    def distance(above: Point, below: Point) -> float:
        steps = layout.is_step(above) + layout.is_step(below)
        return steps * NODE_HEIGHT / 2 + (GAP_Y if steps == 2 else LINE_GAP)

    middles = stand(layout, distance=distance)
    top = min((middle - _half(layout, point) for point, middle in middles.items()), default=0)
    rows = {point: round(MARGIN + middle - top) for point, middle in middles.items()}
    nodes = [
        Node(card=card, x=_left(layout.depth[card.name]), y=rows[card.name, layout.depth[card.name]] - NODE_HEIGHT // 2)
        for card in board.cards
    ]
    return Drawing(
        nodes=tuple(nodes),
        edges=tuple(_line(route(layout, edge, rows), rows) for edge in layout.edges),
        width=2 * MARGIN + len(layout.columns) * (NODE_WIDTH + GAP_X) - GAP_X,
        height=MARGIN + max((round(_half(layout, point)) + row for point, row in rows.items()), default=NODE_HEIGHT),
    )


def _half(layout: Layout, point: Point) -> float:
    return NODE_HEIGHT / 2 if layout.is_step(point) else 1


def _left(column: int) -> int:
    return MARGIN + column * (NODE_WIDTH + GAP_X)


def _line(way: Sequence[Point], rows: Mapping[Point, int]) -> str:
    """A line that bends between the layers only, and passes through each of them on its own height."""
    y = rows[way[0]]
    parts = [f"M{_left(way[0][1]) + NODE_WIDTH} {y}"]
    for place, point in enumerate(way[1:], start=1):
        is_end = place == len(way) - 1
        x, below = _left(point[1]) - (ARROW if is_end else 0), rows[point]
        begin = _left(way[place - 1][1]) + NODE_WIDTH
        parts.append(f"C{begin + GAP_X // 2} {y} {x - GAP_X // 2} {below} {x} {below}")
        if not is_end:
            parts.append(f"H{x + NODE_WIDTH}")
        y = below
    return "".join(parts)
