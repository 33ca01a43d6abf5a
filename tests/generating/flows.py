"""Workflows of these tests."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from oncue import Params, StepContext, StepFailed, Workflow

drafting = Workflow(
    "drafting",
    phases=["write"],
    params={"topic": "rivers", "wanted": ""},
    persona="You are a careful clerk.",
    rules=["Never invent a number."],
)


@drafting.step(phase="write")
def facts(params: Params) -> str:
    """What the draft is about."""
    return f"facts about {params.topic}"


@drafting.step(phase="write")
def draft(facts: str, params: Params, ctx: StepContext) -> str:
    """Write a draft that holds the wanted word."""

    def holds_the_word(text: str) -> str | None:
        return None if params.wanted in text else f"it must hold {params.wanted!r}"

    def is_no_shout(text: str) -> None:
        if text.isupper():
            raise ValueError("shouting")

    written: str = ctx.generate("Write a draft.", context=facts, checks=[is_no_shout, holds_the_word])
    return written


@drafting.step(phase="write")
def title(draft: str, ctx: StepContext) -> str:
    """Name the draft."""
    named: str = ctx.generate("Name it.", context={"draft": draft})
    return named


typed = Workflow("typed", phases=["count"], params={})


@dataclass
class Tally:
    """What is counted."""

    total: int


@typed.step(phase="count")
async def tally(ctx: StepContext) -> Tally:
    """Count, in the shape of a type."""
    counted: Tally = await ctx.generate_async("Count.", output=Tally)
    return counted


@typed.step(phase="count")
async def blocking(ctx: StepContext) -> str:
    """Call the plain form where the awaited one belongs."""
    text: str = ctx.generate("Block everybody.")
    return text


excerpting = Workflow("excerpting", phases=["count"], params={})


@excerpting.step(phase="count")
def ledger(ctx: StepContext) -> dict[str, str]:
    """Keep more than the model needs to see again."""
    before = ctx.previous
    shown = str(before["sum"]) if isinstance(before, dict) else ""
    return {"sum": ctx.generate("Add up.", previous=shown), "rest": "a long list"}


asking = Workflow("asking", phases=["ask"], params={})


@asking.step(phase="ask")
def asked(ctx: StepContext) -> str:
    """Pay for a draft, then ask a person about it."""
    written = ctx.generate("Write.")
    answer: str = ctx.ask("approval", f"Is {written!r} right?", options=["yes", "no"])
    return f"{written}: {answer}"


many = Workflow("many", phases=["all"], params={"count": 5})


@many.step(phase="all")
def each(params: Params, ctx: StepContext) -> list[str]:
    """One call after the other."""
    return [ctx.generate(f"Number {number}.") for number in range(params.count)]


@many.step(phase="all")
async def at_once(params: Params, ctx: StepContext) -> list[str]:
    """All calls at once."""
    texts: list[str] = await asyncio.gather(*(ctx.generate_async(f"Letter {number}.") for number in range(params.count)))
    return texts


deaf = Workflow("deaf", phases=["all"], params={})


@deaf.step(phase="all")
def reader(ctx: StepContext) -> list[str]:
    """Read comments without a model."""
    if ctx.has_model:
        raise StepFailed("there is no model in this test", code="unexpected")
    return [comment.text for comment in ctx.comments]


lone = Workflow("lone", phases=["all"], params={"count": 3})


@lone.step(phase="all")
def numbers(params: Params, ctx: StepContext) -> list[str]:
    """One call after the other, and nothing beside it."""
    return [ctx.generate(f"Number {number}.") for number in range(params.count)]
