"""The steps of a job as a drawing of its graph, in plain numbers."""

from __future__ import annotations

from dataclasses import dataclass

from oncue.control.views.boardview import BoardView, StepCard
from oncue.core.layering import lay_out

NODE_WIDTH, NODE_HEIGHT = 168, 46
GAP_X, GAP_Y = 64, 22
MARGIN = 8
SAG, SAG_A_LAYER = 52, 14


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
    cards = {card.name: card for card in board.cards}
    height = layout.height * (NODE_HEIGHT + GAP_Y) - GAP_Y
    nodes: dict[str, Node] = {}
    for column, layer in enumerate(layout.layers):
        top = (height - (len(layer) * (NODE_HEIGHT + GAP_Y) - GAP_Y)) // 2
        for row, name in enumerate(layer):
            x = MARGIN + column * (NODE_WIDTH + GAP_X)
            nodes[name] = Node(card=cards[name], x=x, y=MARGIN + top + row * (NODE_HEIGHT + GAP_Y))
    deepest = max((_sag(nodes[source], nodes[name]) for source, name in layout.edges), default=0)
    return Drawing(
        nodes=tuple(nodes[card.name] for card in board.cards),
        edges=tuple(_curve(nodes[source], nodes[name]) for source, name in layout.edges),
        width=2 * MARGIN + len(layout.layers) * (NODE_WIDTH + GAP_X) - GAP_X,
        height=2 * MARGIN + max(height, NODE_HEIGHT) + deepest * 3 // 4,
    )


def _curve(source: Node, target: Node) -> str:
    x1, y1 = source.x + NODE_WIDTH, source.y + NODE_HEIGHT // 2
    x2, y2 = target.x, target.y + NODE_HEIGHT // 2
    bend = max(GAP_X // 2, (x2 - x1) // 3)
    sag = _sag(source, target)
    return f"M{x1} {y1}C{x1 + bend} {y1 + sag} {x2 - bend} {y2 + sag} {x2} {y2}"


def _sag(source: Node, target: Node) -> int:
    """How far a line hangs down, so that one which passes over layers does not run behind their steps."""
    layers = (target.x - source.x) // (NODE_WIDTH + GAP_X)
    return 0 if layers < 2 else SAG + SAG_A_LAYER * (layers - 2)
