"""Prompt steps: what they ask a model for, and its answer as their output."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from oncue.control.steps.calls import AsyncBody, Composer, StepCall, StepFailed, StepOutput
from oncue.control.steps.drafts import DraftWish, join_context
from oncue.control.steps.outputs import Output
from oncue.core.definition import StepDefinition
from oncue.definitions.prompt_inputs import InputTexts, prompt_text
from oncue.definitions.templates import render

PROMPT = "prompt"
"""The kind of body of a prompt step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptStep:
    """What the body of a prompt step says; ``request`` and ``context`` are templates.

    ``given`` names the inputs that stand in the context, each under its name, after the text of ``context``. ``output`` is the
    JSON Schema of the answer; None asks for text. Persona and rules are part of the definition of the step, not of its body.
    """

    request: str
    context: str = ""
    given: tuple[str, ...] = ()
    output: Mapping[str, object] | None = None
    model: str = ""
    max_output_tokens: int | None = None
    temperature: float | None = None

    @classmethod
    def of(cls, definition: StepDefinition) -> PromptStep:
        """Read it back from a stored definition."""
        body: dict[str, Any] = {key: value for key, value in definition.body.items() if key != "kind"}
        return cls(**body | {"given": tuple(body["given"])})

    def as_body(self) -> dict[str, object]:
        """The plain JSON that a definition keeps."""
        return {
            "kind": PROMPT,
            "request": self.request,
            "context": self.context,
            "given": list(self.given),
            "output": dict(self.output) if self.output is not None else None,
            "model": self.model,
            "max_output_tokens": self.max_output_tokens,
            "temperature": self.temperature,
        }

    def identity(self) -> dict[str, object]:
        """What makes it another prompt step when it changes."""
        return self.as_body()


def make_composer(step: PromptStep) -> Composer:
    """Says what the step would ask for; nothing is sent."""

    def compose(inputs: Mapping[str, Output | Mapping[str, Output]], params: Mapping[str, object]) -> DraftWish:
        texts, values = InputTexts(inputs), dict(params)
        request = render(step.request, values, prompt_text, inputs=texts).strip("\n")
        if not request.strip():
            raise StepFailed("the prompt is empty with these parameters and inputs", code="empty_prompt")
        written = render(step.context, values, prompt_text, inputs=texts).strip("\n")
        parts = [written] if written.strip() else []
        if step.given:
            parts.append(join_context({name: prompt_text(texts[name]) for name in step.given}))
        return DraftWish(
            request=request,
            context="\n\n".join(parts),
            output=step.output,
            model=step.model,
            max_output_tokens=step.max_output_tokens,
            temperature=step.temperature,
        )

    return compose


def make_prompt_body(compose: Composer) -> AsyncBody:
    """A body that asks the model; its output is the answer: text, or the JSON value that was asked for."""

    async def run(call: StepCall) -> StepOutput:
        wish = await asyncio.to_thread(compose, call.inputs, call.params)
        wishes = {part.name: getattr(wish, part.name) for part in fields(wish) if part.name != "request"}
        answer = await call.context.generate_async(wish.request, **wishes)
        return StepOutput(value=answer)

    return AsyncBody(run=run)
