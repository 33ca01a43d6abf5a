"""From what a step asks for to the prompt that is sent. A plan composes the same prompt beforehand, by the same functions."""

from __future__ import annotations

import json
from collections.abc import Sequence

from oncue.control.steps.drafts import DraftWish
from oncue.core.comments import Comment, GivenComment
from oncue.core.definition import StepDefinition
from oncue.core.model import ContextMode, Current
from oncue.core.prompts import Prompt, PromptParts, Section, compose_prompt
from oncue.core.secrets import KnownSecret, redact_keys


def effective_context(asked: object, current: Current | None, definition_hash: str) -> ContextMode:
    """As asked; else clean where there is nothing to keep, or the step's own definition changed since its last success."""
    if asked is not None:
        return ContextMode(str(asked))
    is_same = current is not None and current.inputs.definition == definition_hash
    return ContextMode.KEEP if is_same else ContextMode.CLEAN


def prompt_parts(
    wish: DraftWish,
    step: StepDefinition,
    comments: Sequence[Comment | GivenComment],
    *,
    previous: str | None,
    draft: str | None = None,
    problem: str | None = None,
) -> PromptParts:
    """What the prompt of a wish is composed of: the step's own persona and rules stand first, the wish's beside them."""
    return PromptParts(
        request=wish.request,
        context=wish.context,
        persona="\n\n".join(part for part in (step.persona, wish.persona) if part.strip()),
        rules=(*step.rules, *wish.rules),
        previous=previous,
        draft=draft,
        problem=problem,
        comments=tuple(comments),
    )


def previous_text(value: object) -> str | None:
    """The step's own last output as a prompt shows it: text as it is, anything else as JSON; None where there is nothing."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, indent=1)


def compose_clean(parts: PromptParts, secrets: Sequence[KnownSecret]) -> tuple[Prompt, tuple[int, ...]]:
    """The prompt without secrets, and how many were replaced in each of its sections."""
    prompt = compose_prompt(parts)
    cleaned = [redact_keys(section.text, secrets) for section in prompt.sections]
    sections = tuple(Section(name=section.name, text=text) for section, (text, _) in zip(prompt.sections, cleaned, strict=True))
    return Prompt(sections=sections), tuple(count for _, count in cleaned)
