"""Prompts, traces and comments in words and lines for pages; what hides or reorders text is written out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from oncue.control.amounts import describe_assumed, describe_spending, show_cost, show_dollars
from oncue.control.generation.carried import Carried, CarriedKind
from oncue.control.views.commentsview import Reading
from oncue.control.views.planview import group_steps
from oncue.core.model import step_name
from oncue.core.visibletext import write_out

MAX_CHARS = 200_000
MAX_LINES = 2_000
NAMED = 6
OUTCOMES = {
    "answered": "answered",
    "failed": "failed",
    "under_way": "sent, the answer is awaited",
    "unknown": "sent, outcome unknown",
}
OUTCOME_STATES = {"answered": "succeeded", "failed": "failed", "under_way": "running", "unknown": "interrupted"}
_KINDS = {"+": "plus", "-": "minus"}
_LEFT_OUT = "…"


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffLine:
    """One line of a diff as people read it; ``kind`` is ``plus``, ``minus``, ``quiet`` (what is left out) or nothing."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingLine:
    """Attempts of one run of which the same is to be said; ``step`` is set where it is one alone."""

    run: int
    steps: str
    step: str | None
    before: str
    after: str
    facts: str


def show_visible(text: str) -> str:
    """A text as it is, with hidden characters written out; very long ones are cut, and ``count_cut`` says by how much."""
    return "\n".join(map(write_out, text[:MAX_CHARS].split("\n")))


def count_cut(text: str) -> int:
    """How many characters ``show_visible`` leaves out."""
    return max(0, len(text) - MAX_CHARS)


def split_diff(diff: str) -> list[DiffLine]:
    """The lines of a unified diff, the first of very many: without the names at its top, and with a mark between its parts.

    The names and places are for programs; the API and the commands have them.
    """
    lines = diff.split("\n", MAX_LINES)[:MAX_LINES] if diff else []
    return [
        DiffLine(kind="quiet", text=_LEFT_OUT)
        if line[:1] == "@"
        else DiffLine(kind=_KINDS.get(line[:1], ""), text=write_out(line))
        for number, line in enumerate(lines[2:])
        if number or line[:1] != "@"
    ]


def count_left_out(diff: str) -> int:
    """How many lines ``split_diff`` leaves out."""
    return max(0, diff.count("\n") + 1 - MAX_LINES)


def show_carried(one: Carried) -> str:
    """One thing that was carried over into an attempt."""
    run = f" of run {one.run}" if one.run is not None else ""
    match one.kind:
        case CarriedKind.PREVIOUS:
            shown = {None: "", True: " (shown to the model)", False: " (not shown to the model)"}[one.is_sent]
            return f"its own output{run}{shown}"
        case CarriedKind.COMMENT:
            return f"the comment{run}"
        case CarriedKind.UPSTREAM:
            return f"{one.step}{run}"


def fold_steps(steps: Iterable[str]) -> str:
    """Steps by name; of a fan-out with many instances how many there are."""
    instances: dict[str, list[str]] = {}
    for step in steps:
        instances.setdefault(step_name(step), []).append(step)
    named = [
        name
        for step, members in instances.items()
        for name in ([f"{len(members)} instances of {step}"] if len(members) > NAMED else members)
    ]
    return ", ".join(named[:NAMED]) + (f" and {len(named) - NAMED} more" if len(named) > NAMED else "")


def group_readings(readings: Iterable[Reading]) -> list[ReadingLine]:
    """Which attempts read a comment and what came of it; alike ones share a line."""
    alike: dict[tuple[int, str, str, str], list[str]] = {}
    for reading in readings:
        before = reading.before.value if reading.before else ""
        key = (reading.attempt.key.run, before, reading.attempt.state.value, _facts(reading))
        alike.setdefault(key, []).append(reading.attempt.key.step)
    return [
        ReadingLine(
            run=run,
            steps=fold_steps(steps),
            step=steps[0] if len(steps) == 1 else None,
            before=before,
            after=after,
            facts=facts,
        )
        for (run, before, after, facts), steps in alike.items()
    ]


def _facts(reading: Reading) -> str:
    changes = {"prompt": reading.prompt_changed, "definition": reading.definition_changed, "output": reading.output_changed}
    words = {True: "changed", False: "the same"}
    return ", ".join(f"{name} {words[change]}" for name, change in changes.items() if change is not None)


FILTERS: Mapping[str, Callable[..., object]] = {
    "visible": show_visible,
    "cut": count_cut,
    "diff_lines": split_diff,
    "diff_left_out": count_left_out,
    "carried": show_carried,
    "spending": describe_spending,
    "cost": show_cost,
    "dollars": show_dollars,
    "assumed": describe_assumed,
    "grouped": group_steps,
    "fold_steps": fold_steps,
    "reading_lines": group_readings,
}
