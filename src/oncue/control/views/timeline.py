"""The attempts of a run over time, as plain numbers: every step in a lane of its own, to the end of the last one.

A fan-out with many attempts is drawn as how many of them executed at once: the lane is cut into slices of equal width, and the
height of a slice is the mean of their number. What an attempt waited for answers is no work: it is drawn hollow, and once the
answer is there it is in no slice.

::

    gather   ▇▇▇
    finding     ▁▃▇▇▇▇▇▇▅▂      2,000 instances, at most 32 at once
    report                ▇▇
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, groupby

from oncue.control.workspace import Workspace, load_job
from oncue.core.model import Attempt, AttemptState, JobId, step_name
from oncue.core.questions import Question, by_attempt
from oncue.errors import UnknownRun

MARGIN = 8
LINE = 26
LABEL_WIDTH = 190
TIME_WIDTH = 900
MAX_EACH = 50
"""A lane with more attempts is drawn in slices."""
SLICES = 300
LEVELS = 8
_WORST_FIRST = (AttemptState.FAILED, AttemptState.CANCELLED, AttemptState.WAITING, AttemptState.RUNNING, AttemptState.SUCCEEDED)
_ROUND_SECONDS = (
    0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200,
    1800, 3600, 7200, 14_400, 28_800, 43_200, 86_400,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of one attempt, or a slice of many: ``x`` and ``width`` along the time, ``level`` of ``LEVELS`` in height.

    ``is_wait`` says that the attempt waited for an answer all that time.
    """

    state: str
    x: float
    width: float
    title: str
    level: int = LEVELS
    is_wait: bool = False

    @property
    def height(self) -> int:
        """In the same units as the height of a lane."""
        return self.level * (LINE - 10) // LEVELS


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One step with its attempts; all instances of a fan-out share a lane.

    ``instances`` is how many of them there are, ``at_once`` how many executed at the same moment at most. ``is_sliced`` says
    that the spans are slices of many attempts.
    """

    name: str
    y: int
    spans: tuple[Span, ...]
    instances: int
    at_once: int
    is_sliced: bool

    @property
    def label(self) -> str:
        """Its name, as far as it fits; of several instances how many they are."""
        many = f" × {self.instances:,}" if self.instances > 1 else ""
        room = 26 - len(many)
        return (self.name if len(self.name) <= room else f"{self.name[: room - 1]}…") + many

    @property
    def title(self) -> str:
        """Its name, and how much of it there is."""
        many = f": {self.instances:,} instances, at most {self.at_once:,} at once" if self.instances > 1 else ""
        return f"{self.name}{many}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The attempts of a run over time; ``ticks`` are places along it with the seconds since its start, ``tick`` apart."""

    run: int
    lanes: tuple[Lane, ...]
    ticks: tuple[tuple[float, float], ...]
    tick: float
    seconds: float
    width: int = LABEL_WIDTH + TIME_WIDTH + 2 * MARGIN
    left: int = LABEL_WIDTH
    lane_height: int = LINE

    @property
    def height(self) -> int:
        """Of the whole drawing."""
        return (len(self.lanes) + 1) * LINE + 2 * MARGIN


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    """From instants to places along the time."""

    start: datetime
    now: datetime
    seconds: float

    def part(self, at: datetime) -> float:
        """Where an instant stands, from 0 to 1."""
        return (at - self.start).total_seconds() / self.seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stretch:
    """A time in which an attempt worked, or waited for an answer (``is_wait``)."""

    state: AttemptState
    begin: datetime
    end: datetime
    is_wait: bool = False

    @property
    def seconds(self) -> float:
        return (self.end - self.begin).total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawn:
    """An attempt with its time cut into stretches, in their order."""

    attempt: Attempt
    stretches: tuple[_Stretch, ...]

    @property
    def waited(self) -> float:
        return sum(one.seconds for one in self.stretches if one.is_wait)


def draw_timeline(workspace: Workspace, job_id: JobId, number: int, *, names: Sequence[str]) -> Timeline:
    """The attempts of a run over time, the steps in the order of ``names``.

    Raises:
        UnknownRun: the job has no run of this number.
    """
    now = workspace.clock.now()
    with workspace.store.read() as reader:
        if reader.load_run(job_id, number) is None:
            raise UnknownRun(number, load_job(reader, job_id).runs)
        attempts = reader.list_attempts(job_id, run=number)
        asked = by_attempt(reader.list_questions(job_id=job_id, run=number))
    start = min((attempt.started_at for attempt in attempts), default=now)
    end = max((attempt.ended_at or now for attempt in attempts), default=now)
    scale = _Scale(start=start, now=now, seconds=max((end - start).total_seconds(), 0.001))
    by_name: dict[str, list[_Drawn]] = {name: [] for name in names}
    for attempt in attempts:
        stretches = tuple(_stretches(attempt, asked.get(attempt.key, ()), now))
        by_name.setdefault(step_name(attempt.key.step), []).append(_Drawn(attempt=attempt, stretches=stretches))
    made = [(name, of_step) for name, of_step in by_name.items() if of_step]
    tick = next((one for one in _ROUND_SECONDS if scale.seconds / one <= 7), 86_400 * max(1, round(scale.seconds / 604_800)))
    return Timeline(
        run=number,
        lanes=tuple(_lane(name, of_step, y=MARGIN + row * LINE, scale=scale) for row, (name, of_step) in enumerate(made)),
        ticks=tuple((_place(n * tick / scale.seconds), n * tick) for n in range(int(scale.seconds / tick) + 1)),
        tick=tick,
        seconds=scale.seconds,
    )


def _stretches(attempt: Attempt, questions: Sequence[Question], now: datetime) -> Iterator[_Stretch]:
    """Work and waits in turn; it begins with work, and ends with work unless it still waits."""
    end = attempt.ended_at or now
    at = attempt.started_at
    for question in questions:
        begin = min(max(question.asked_at, at), end)
        yield _Stretch(state=attempt.state, begin=at, end=begin)
        answered_at = question.decision.answered_at if question.decision else end
        at = min(max(answered_at, begin), end)
        yield _Stretch(state=AttemptState.WAITING, begin=begin, end=at, is_wait=True)
    if attempt.state is not AttemptState.WAITING or not questions:
        yield _Stretch(state=attempt.state, begin=at, end=end)


def _lane(name: str, drawn: Sequence[_Drawn], *, y: int, scale: _Scale) -> Lane:
    steps = {one.attempt.key.step for one in drawn}
    is_sliced = len(drawn) > MAX_EACH
    spans = _slices(name, drawn, scale=scale) if is_sliced else _spans(drawn, scale=scale)
    shown = str(next(iter(steps))) if len(steps) == 1 else name
    at_once = _at_once([one for each in drawn for one in each.stretches if not one.is_wait])
    return Lane(name=shown, y=y, spans=tuple(spans), instances=len(steps), at_once=at_once, is_sliced=is_sliced)


def _spans(drawn: Sequence[_Drawn], *, scale: _Scale) -> Iterator[Span]:
    for one in drawn:
        attempt, waited = one.attempt, one.waited
        again = f", attempt {attempt.key.number}" if attempt.key.number > 1 else ""
        took = max(0.0, ((attempt.ended_at or scale.now) - attempt.started_at).total_seconds() - waited)
        aside = f", waited {waited:.2f} s" if waited else ""
        for stretch in one.stretches:
            about = f"waited {stretch.seconds:.2f} s" if stretch.is_wait else f"{attempt.state.value}, {took:.2f} s{aside}"
            yield Span(
                state=stretch.state.value,
                x=_place(scale.part(stretch.begin)),
                width=max(2.0, round(TIME_WIDTH * stretch.seconds / scale.seconds, 1)),
                title=f"{attempt.key.step}{again}: {about}",
                is_wait=stretch.is_wait,
            )


def _slices(name: str, drawn: Sequence[_Drawn], *, scale: _Scale) -> Iterator[Span]:
    """Neighbouring slices of the same height and state are one span; the state is the worst of the attempts in it."""
    shown = [
        stretch
        for one in drawn
        for stretch in one.stretches
        if not stretch.is_wait or (one.attempt.state is AttemptState.WAITING and stretch is one.stretches[-1])
    ]
    covers = {state: _cover([one for one in shown if one.state is state], scale) for state in _WORST_FIRST}
    means = [sum(parts) for parts in zip(*covers.values(), strict=True)]
    most = max(means)
    heights = [
        (next(state.value for state, cover in covers.items() if cover[place] > 0), max(1, round(LEVELS * mean / most)))
        if mean > 0
        else None
        for place, mean in enumerate(means)
    ]
    for what, places in groupby(range(SLICES), key=heights.__getitem__):
        if what is None:
            continue
        first, *others = places
        count = 1 + len(others)
        mean = sum(means[first : first + count]) / count
        yield Span(
            state=what[0],
            x=_place(first / SLICES),
            width=round(TIME_WIDTH * count / SLICES, 1),
            title=f"{name}: {mean:.1f} at once on average" + ("" if what[0] == "succeeded" else f", some {what[0]}"),
            level=what[1],
        )


def _cover(stretches: Sequence[_Stretch], scale: _Scale) -> list[float]:
    """How many of these attempts execute in each slice, on average over its time."""
    whole, part = [0] * (SLICES + 1), [0.0] * SLICES
    for stretch in stretches:
        begin, end = SLICES * scale.part(stretch.begin), SLICES * scale.part(stretch.end)
        end = max(end, begin + 1e-9)
        first, last = min(int(begin), SLICES - 1), min(int(end), SLICES - 1)
        if first == last:
            part[first] += end - begin
            continue
        part[first] += first + 1 - begin
        part[last] += end - last
        whole[first + 1] += 1
        whole[last] -= 1
    return [count + rest for count, rest in zip(accumulate(whole[:SLICES]), part, strict=True)]


def _at_once(stretches: Sequence[_Stretch]) -> int:
    """How many executed at the same moment at most; where one ends as another begins, they did not meet."""
    turns = sorted([(one.begin, 1) for one in stretches] + [(one.end, -1) for one in stretches])
    return max(accumulate(change for _, change in turns), default=0)


def _place(part: float) -> float:
    return round(LABEL_WIDTH + TIME_WIDTH * part, 1)
