"""Two drawings of a job, as plain numbers: its steps as a graph, and the attempts of a run over time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from oncue.control.views.boardview import BoardView, StepCard
from oncue.control.workspace import Workspace, load_job
from oncue.core.layering import lay_out
from oncue.core.model import Attempt, JobId, step_name
from oncue.errors import UnknownRun

NODE_WIDTH, NODE_HEIGHT = 168, 46
GAP_X, GAP_Y = 64, 22
MARGIN = 8
SAG, SAG_A_LAYER = 52, 14
LINE = 26
LABEL_WIDTH = 190
TIME_WIDTH = 900
MAX_SPANS = 1000
_ROUND_SECONDS = (0.001, 0.01, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600, 86_400)


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


# ---------------------------------------------------------------------------------------------------------------- timeline


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One attempt in the timeline: ``x`` and ``width`` along the time, ``title`` in words."""

    state: str
    step: str
    x: float
    width: float
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One step with its attempts; all instances of a fan-out share a lane."""

    name: str
    y: int
    spans: tuple[Span, ...]

    @property
    def label(self) -> str:
        """Its name, as far as it fits."""
        return self.name if len(self.name) <= 26 else f"{self.name[:25]}…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The attempts of a run over time; ``ticks`` are places along it with the seconds since its start.

    ``left_out`` is how many attempts are not drawn.
    """

    run: int
    lanes: tuple[Lane, ...]
    ticks: tuple[tuple[float, float], ...]
    seconds: float
    left_out: int
    width: int = LABEL_WIDTH + TIME_WIDTH + 2 * MARGIN
    left: int = LABEL_WIDTH
    lane_height: int = LINE

    @property
    def height(self) -> int:
        """Of the whole drawing."""
        return (len(self.lanes) + 1) * LINE + 2 * MARGIN


def draw_timeline(workspace: Workspace, job_id: JobId, number: int, *, names: Sequence[str]) -> Timeline:
    """The attempts of a run over time, the steps in the order of ``names``.

    Raises:
        UnknownRun: the job has no run of this number.
    """
    now = workspace.clock.now()
    with workspace.store.read() as reader:
        if reader.load_run(job_id, number) is None:
            raise UnknownRun(number, load_job(reader, job_id).runs)
        attempts = list(reader.list_attempts(job_id, run=number))
    drawn = attempts[:MAX_SPANS]
    start = min((attempt.started_at for attempt in drawn), default=now)
    end = max((attempt.ended_at or now for attempt in drawn), default=now)
    seconds = max((end - start).total_seconds(), 0.001)
    by_name: dict[str, list[Attempt]] = {name: [] for name in names}
    for attempt in drawn:
        by_name.setdefault(step_name(attempt.key.step), []).append(attempt)
    lanes = [
        Lane(name=name, y=MARGIN + row * LINE, spans=tuple(_spans(made, start=start, now=now, seconds=seconds)))
        for row, (name, made) in enumerate((name, made) for name, made in by_name.items() if made)
    ]
    return Timeline(
        run=number,
        lanes=tuple(lanes),
        ticks=tuple(_ticks(seconds)),
        seconds=seconds,
        left_out=len(attempts) - len(drawn),
    )


def _spans(attempts: Iterable[Attempt], *, start: datetime, now: datetime, seconds: float) -> Iterable[Span]:
    for attempt in attempts:
        took = ((attempt.ended_at or now) - attempt.started_at).total_seconds()
        again = f", attempt {attempt.key.number}" if attempt.key.number > 1 else ""
        yield Span(
            state=attempt.state.value,
            step=attempt.key.step,
            x=round(LABEL_WIDTH + TIME_WIDTH * (attempt.started_at - start).total_seconds() / seconds, 1),
            width=max(2.0, round(TIME_WIDTH * took / seconds, 1)),
            title=f"{attempt.key.step}{again}: {attempt.state.value}, {took:.2f} s",
        )


def _ticks(seconds: float) -> Iterable[tuple[float, float]]:
    """About six round places along the time."""
    step = next((one for one in _ROUND_SECONDS if seconds / one <= 7), 86_400 * max(1, round(seconds / 604_800)))
    for number in range(int(seconds / step) + 1):
        yield round(LABEL_WIDTH + TIME_WIDTH * number * step / seconds, 1), number * step
