"""The drawing of a graph: no line runs across a step that it has nothing to do with."""

import re
from pathlib import Path

from oncue.control.views.boardview import view_board
from oncue.control.views.drawings import NODE_HEIGHT, NODE_WIDTH, draw_graph
from oncue.control.workspace import Workspace
from tests.export.jobs import make_job

KNOT = """
    from oncue import Workflow

    knot = Workflow("knot", phases=["one"])

    @knot.step(phase="one")
    def first(): return 1

    @knot.step(phase="one")
    def second(first): return 1

    @knot.step(phase="one")
    def other(first): return 1

    @knot.step(phase="one")
    def third(second, first): return 1

    @knot.step(phase="one")
    def fourth(third, other, first): return 1

    @knot.step(phase="one")
    def last(fourth, second, first): return 1
"""


def points(path: str) -> list[tuple[float, float]]:
    """Points along a path of curves and horizontal lines, near to each other."""
    found: list[tuple[float, float]] = []
    x = y = 0.0
    for kind, given in re.findall(r"([MCH])([^MCH]*)", path):
        numbers = [float(one) for one in given.split()]
        if kind == "M":
            x, y = numbers
        elif kind == "H":
            found += [(x + (numbers[0] - x) * n / 40, y) for n in range(41)]
            x = numbers[0]
        else:
            (x1, y1, x2, y2, x3, y3), start = numbers, (x, y)
            for n in range(41):
                t = n / 40
                parts = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
                found.append(
                    (
                        sum(part * at for part, at in zip(parts, (start[0], x1, x2, x3), strict=True)),
                        sum(part * at for part, at in zip(parts, (start[1], y1, y2, y3), strict=True)),
                    )
                )
            x, y = x3, y3
    return found


def test_no_line_runs_across_a_step(workspace: Workspace, tmp_path: Path) -> None:
    drawing = draw_graph(view_board(workspace, make_job(workspace, tmp_path, KNOT).id))

    assert len(drawing.edges) == 10
    crossed = [
        (path, node.card.name)
        for path in drawing.edges
        for x, y in points(path)
        for node in drawing.nodes
        if node.x < x < node.x + NODE_WIDTH and node.y < y < node.y + NODE_HEIGHT
    ]
    assert crossed == []
    for node in drawing.nodes:
        assert 0 <= node.x <= drawing.width - NODE_WIDTH
        assert 0 <= node.y <= drawing.height - NODE_HEIGHT
    assert all(0 <= x <= drawing.width and 0 <= y <= drawing.height for path in drawing.edges for x, y in points(path))
