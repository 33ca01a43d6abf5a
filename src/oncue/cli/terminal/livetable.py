"""Progress on a terminal: a table by phase that keeps itself up to date and never outgrows the screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from oncue.cli.text.printing import show_seconds
from oncue.control.views.progressview import LineState, RunTracker, StepLine
from oncue.core.events import Event
from oncue.core.model import ENDED_RUNS

GLYPHS = {
    LineState.WAITING: ("·", "dim"),
    LineState.RUNNING: ("▸", "cyan"),
    LineState.SUCCEEDED: ("✓", "green"),
    LineState.FAILED: ("✗", "red"),
    LineState.CANCELLED: ("✗", "yellow"),
    LineState.REUSED: ("=", "dim"),
}
FRAME_LINES = 3
BAR_WIDTH = 20


class LiveReporter:
    """Draws a run; ``ask_totals`` is called when a fan-out has begun whose number of instances is unknown."""

    def __init__(self, tracker: RunTracker, ask_totals: Callable[[RunTracker], None]) -> None:
        self._tracker = tracker
        self._ask_totals = ask_totals
        self._console = Console(stderr=True)
        self._live = Live(console=self._console, auto_refresh=False, vertical_overflow="crop")
        self._live.start()

    def catch_up(self, events: Sequence[Event]) -> None:
        """What happened before this process began to look."""
        self._tracker.apply(events)

    def show(self, events: Sequence[Event]) -> None:
        """Take note of new events; they are drawn with the next tick."""
        self._tracker.apply(events)

    def tick(self, now: datetime) -> None:
        """Draw the table as of now."""
        if self._tracker.unknown:
            self._ask_totals(self._tracker)
        self._live.update(draw(self._tracker, now, height=self._console.size.height - 1), refresh=True)

    def close(self) -> None:
        """Leave the last picture on the screen."""
        self._live.stop()


def draw(tracker: RunTracker, now: datetime, *, height: int) -> Table:
    """The table of a run, in at most so many lines."""
    table = Table(box=None, padding=(0, 1), show_header=False, title_justify="left", title=_title(tracker, now))
    for is_right in (True, False, False, True, True):
        table.add_column(justify="right" if is_right else "left", no_wrap=True, overflow="ellipsis")
    rows = _rows(tracker, now, room=max(1, height - FRAME_LINES))
    for row in rows:
        table.add_row(*row)
    return table


_Row = tuple["Text | str", "Text | str", "ProgressBar | Text | str", str, str]


@dataclass(slots=True)
class _Block:
    """Some phases in a row: one in full, or one or more folded into a single line."""

    phases: list[str]
    lines: list[StepLine]
    is_folded: bool = False

    @property
    def height(self) -> int:
        return 1 if self.is_folded else 1 + len(self.lines)


def _rows(tracker: RunTracker, now: datetime, *, room: int) -> list[_Row]:
    """All lines where there is room; else phases that wait or have ended are folded, then neighbours among them joined."""
    blocks = [_Block([phase], list(lines)) for phase, lines in groupby(tracker.lines.values(), key=lambda line: line.phase)]
    for block in sorted(blocks, key=lambda block: _is_busy(block.lines)):
        if sum(other.height for other in blocks) <= room or _is_busy(block.lines):
            break
        block.is_folded = True
    if sum(block.height for block in blocks) > room:
        blocks = _join(blocks)
    rows: list[_Row] = []
    for block in blocks:
        rows.append(_phase_row(block))
        if not block.is_folded:
            rows.extend(_line_row(line, now) for line in block.lines)
    return rows if len(rows) <= room else [*rows[: room - 1], ("", Text(f"… and {len(rows) - room + 1} more"), "", "", "")]


def _join(blocks: Sequence[_Block]) -> list[_Block]:
    joined: list[_Block] = []
    for block in blocks:
        if block.is_folded and joined and joined[-1].is_folded:
            joined[-1] = _Block(joined[-1].phases + block.phases, joined[-1].lines + block.lines, is_folded=True)
        else:
            joined.append(block)
    return joined


def _is_busy(lines: Sequence[StepLine]) -> int:
    states = {line.state for line in lines}
    return 2 if LineState.RUNNING in states else int(LineState.FAILED in states)


def _phase_row(block: _Block) -> _Row:
    first, last = block.phases[0], block.phases[-1]
    name = Text(first if first == last else f"{first} … {last}", style="bold")
    if not block.is_folded:
        return ("", name, "", "", "")
    ended = sum(line.state in (LineState.SUCCEEDED, LineState.REUSED) for line in block.lines)
    return ("", name, f"{ended} of {len(block.lines)} steps", "", "")


def _line_row(line: StepLine, now: datetime) -> _Row:
    glyph, style = GLYPHS[line.state]
    name = Text.assemble((f"{glyph} ", style), (line.name, "" if style == "dim" else style))
    return (Text(str(line.ordinal), style="dim"), name, _middle(line), _elapsed(line, now), _left(line))


def _middle(line: StepLine) -> ProgressBar | Text | str:
    if line.state is LineState.REUSED:
        return Text("not needed" if line.cut_off else "reused" if line.reused else "", style="dim")
    if line.is_fan_out and line.total:
        return ProgressBar(total=line.total, completed=line.done, width=BAR_WIDTH)
    return Text(line.message if line.message else "", style="dim")


def _elapsed(line: StepLine, now: datetime) -> str:
    count = f"{line.done}/{line.total if line.total is not None else '?'}  " if line.is_fan_out and line.began_at else ""
    if line.began_at is None:
        return count
    end = line.ended_at if not line.running and line.ended_at else now
    return f"{count}{show_seconds(max(0.0, (end - line.began_at).total_seconds()))}"


def _left(line: StepLine) -> str:
    if line.state not in (LineState.WAITING, LineState.RUNNING) or (left := line.seconds_left) is None:
        return ""
    return f"{show_seconds(left[1])} of work" if line.is_fan_out else f"usually {show_seconds(left[1])}"


def _title(tracker: RunTracker, now: datetime) -> Text:
    elapsed = ""
    if tracker.started_at is not None:
        end = tracker.ended_at if tracker.state in ENDED_RUNS and tracker.ended_at else now
        elapsed = f"  {show_seconds(max(0.0, (end - tracker.started_at).total_seconds()))}"
    return Text(f"run {tracker.number}  {tracker.state.value}{elapsed}")
