"""Prompt deltas as text for people: what changed as a unified diff, what did not by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from oncue.cli.text.questiontext import plain
from oncue.cli.text.tracetext import describe_comment
from oncue.core.promptdelta import Change

if TYPE_CHECKING:
    from oncue.control.views.deltaview import CallDelta, DeltaView, StepDelta
    from oncue.core.promptdelta import SectionDelta

OUTPUT_LINES = 40
FOLDED = 5
"""More prompts that are the same are counted, not listed."""
_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def render_delta(view: DeltaView) -> list[str]:
    """The delta of one step, or of every instance of a fan-out."""
    lines: list[str] = []
    for step in view.steps:
        lines += ["", *_step_lines(step, job=view.job_id)] if lines else list(_step_lines(step, job=view.job_id))
    return lines


def _step_lines(step: StepDelta, *, job: str) -> Iterator[str]:
    after, before = step.after, step.before
    if before is None:
        yield f"{step.step}: the prompts of run {after.key.run}, its first run with a model ({after.context.value} context)"
    else:
        contexts = f"{before.context.value} context then, {after.context.value} now"
        yield f"{step.step}: the prompts of run {after.key.run} against those of run {before.key.run} ({contexts})"
    yield from (f"  came: comment {describe_comment(comment)}" for comment in step.came)
    yield from (f"  went: comment {describe_comment(comment)}" for comment in step.went)
    if before is not None and step.is_resumed:
        yield f"  run {after.key.run} went on from run {before.key.run}: prompts that were answered there were not sent again"
    same = [call for call in step.calls if call.change is Change.SAME and not call.has_other_settings]
    for call in step.calls:
        if call not in same or len(same) <= FOLDED:
            yield from _call_lines(call)
    if len(same) > FOLDED:
        yield f"  {len(same)} further prompts are the same"
    yield from _output_lines(step, job=job)


def _call_lines(call: CallDelta) -> Iterator[str]:
    slot, pair = call.pair.slot, call.pair
    name = slot.purpose.value + (f" {slot.place}" if slot.place > 1 else "")
    where = f" of the {_nth(slot.generation)} ctx.generate" if slot.generation > 1 else ""
    yield f"  {name}{where}: {_said(call)}"
    if pair.before is not None and pair.after is not None and pair.before.model != pair.after.model:
        yield f"    another model: {plain(pair.before.model)} then, {plain(pair.after.model)} now"
    if call.change is not Change.SAME:
        yield from section_lines(call.sections)


def _said(call: CallDelta) -> str:
    if call.pair.after is None and call.pair.before is not None:
        return f"sent in run {call.pair.before.key.run} only"
    if call.has_other_settings:
        return "the same prompt, asked for in another shape, length or temperature"
    return {Change.SAME: "the same prompt", Change.ADDED: "not sent before"}.get(call.change, "another prompt")


def section_lines(sections: Sequence[SectionDelta], *, indent: str = "    ", limit: int | None = None) -> Iterator[str]:
    """The diffs of the sections that changed, and the names of those that did not; ``limit`` bounds the lines of each."""
    same = [section.name.value for section in sections if section.change is Change.SAME]
    if same:
        yield f"{indent}same: {', '.join(same)}"
    for section in sections:
        if section.change is not Change.SAME:
            yield f"{indent}{section.change.value}: {section.name.value}"
            lines = list(diff_lines(section.diff, indent=indent + "  "))
            yield from lines[:limit]
            if limit is not None and len(lines) > limit:
                yield f"{indent}  … {len(lines) - limit} more lines; --json has all of them"


def diff_lines(diff: str | None, *, indent: str) -> Iterator[str]:
    """A unified diff in colours; its lines cannot steer a terminal."""
    if diff is None:
        yield f"{indent}(a text is not stored any more)"
        return
    for line in diff.split("\n") if diff else ():
        shown = plain(line)
        colour = _COLOURS.get(line[:1])
        yield indent + (click.style(shown, fg=colour) if colour else shown)


def _output_lines(step: StepDelta, *, job: str) -> Iterator[str]:
    output, run = step.output, step.after.key.run
    match output.change:
        case None:
            yield f"  output: none{' in either run' if step.before else ''}"
        case Change.SAME:
            yield "  output: the same bytes"
        case Change.REMOVED:
            yield f"  output: none came of run {run}"
        case change:
            yield f"  output: {change.value}{f'; {output.note}' if output.note else ''}"
            lines = list(diff_lines(output.diff, indent="    ")) if output.diff else []
            yield from lines[:OUTPUT_LINES]
            if len(lines) > OUTPUT_LINES:
                yield f"    … {len(lines) - OUTPUT_LINES} more lines: oncue job artifact {job} '{step.step}' --run {run}"
            yield from (f"    file {plain(name)}: {what.value}" for name, what in (output.files or {}).items())


def _nth(number: int) -> str:
    return {2: "second", 3: "third"}.get(number, f"{number}th")
