"""The prompts of a plan as text: which change, and how, before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from oncue.cli.text.deltatext import section_lines
from oncue.cli.text.printing import fold
from oncue.cli.text.questiontext import plain
from oncue.control.views.promptplan import Basis, PlannedPrompt
from oncue.core.model import step_name

if TYPE_CHECKING:
    from oncue.control.views.promptplan import PromptPlan

SECTION_LINES = 40


def render_prompts(plan: PromptPlan) -> list[str]:
    """Every prompt; instances of a fan-out whose prompts change in the same way share their lines."""
    if not plan.prompts:
        return []
    lines = ["  prompts:"]
    for name, group in groupby(plan.prompts, key=lambda prompt: step_name(prompt.step)):
        for _, alike in groupby(group, key=_likeness):
            lines += _prompt_lines(list(alike))
        if name in plan.left_out:
            lines.append(f"    … and {plan.left_out[name]} more instances of {name}")
    return lines


def _likeness(prompt: PlannedPrompt) -> tuple[object, ...]:
    deltas = tuple((section.name, section.change, section.diff) for section in prompt.sections)
    return prompt.basis, prompt.note, prompt.generation, prompt.context, prompt.against, deltas


def _prompt_lines(alike: list[PlannedPrompt]) -> Iterator[str]:
    first = alike[0]
    names = fold([prompt.step for prompt in alike])
    which = f", ctx.generate {first.generation}" if first.generation > 1 else ""
    if first.basis is Basis.UNKNOWN:
        yield f"    {names}: {plain(first.note)}"
        return
    said = "another prompt than in" if first.is_changed else "the same prompt as in"
    against = f"{said} run {first.against}" if first.against is not None else "the first prompt of this step"
    note = f", {first.note}" if first.note else ""
    yield f"    {names}{which} ({first.context.value} context): {against}{note}"
    if first.is_changed:
        yield from section_lines(first.sections, indent="      ", limit=SECTION_LINES)
