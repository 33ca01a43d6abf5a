"""What a step wants of a model: a draft, checked, and mended a bounded number of times."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from oncue.core.prompts import Purpose

CORRECTIONS = 2
"""How often a draft is mended, unless the step says otherwise."""
Check = Callable[[Any], object]
"""Looks at a draft. It raises where the draft is an error, and returns what is wrong as text where it is poor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftWish:
    """What ``ctx.generate`` was asked for.

    ``output`` None asks for text; a type asks for JSON that pydantic validates as that type. ``draft`` and ``problem`` begin
    with a correction. ``persona`` empty and ``rules`` add to what the workflow and the step declare. ``previous`` stands for
    the step's own last output where there is one to be seen, in place of all of it.
    """

    request: str
    context: str = ""
    output: Any = None
    persona: str = ""
    rules: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    corrections: int = CORRECTIONS
    purpose: Purpose = Purpose.GENERATE
    draft: str | None = None
    problem: str | None = None
    sees_previous: bool = True
    previous: str | None = None
    model: str = ""
    max_output_tokens: int | None = None
    temperature: float | None = None


def join_context(context: object) -> str:
    """A context as one text; the parts of a mapping each stand under their name."""
    if not isinstance(context, Mapping):
        return show_value(context)
    return "\n\n".join(f"[{name}]\n{show_value(part)}" for name, part in context.items())


def show_value(value: object) -> str:
    """A value within a prompt: text as it is, nothing for None, else JSON with a line for each part.

    Raises:
        ValueError: JSON cannot hold it.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    from pydantic_core import to_json  # noqa: PLC0415 - most parts are texts, and the command line does without it

    return to_json(value, indent=2).decode()
