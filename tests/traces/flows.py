"""Workflows of these tests."""

from __future__ import annotations

from oncue import Params, StepContext, Workflow

yearly = Workflow(
    "yearly",
    phases=["read", "write"],
    params={"year": 2023, "unread": "nobody reads this"},
    persona="You are a careful clerk.",
    rules=["Never invent a number."],
)


@yearly.step(phase="read")
def table(params: Params) -> dict[str, int]:
    """The numbers."""
    return {"2023": 11, "2024": 12, "asked": params.year}


@yearly.step(phase="read")
def guide() -> str:
    """How it is to be written."""
    return "short sentences"


@yearly.step(phase="write")
def draft(table: dict[str, int], guide: str, ctx: StepContext) -> str:
    """Write it, after asking for the tone."""
    tone = ctx.ask("tone", "Which tone?", options=["dry", "warm"], configured="dry")
    written: str = ctx.generate(f"Write in a {tone} tone.", context={"table": str(table), "guide": guide})
    return written


@yearly.step(phase="write")
def report(draft: str) -> str:
    """What leaves the house."""
    return f"Report. {draft}"


steered = Workflow("steered", phases=["search"], params={"words": "rain"})


@steered.step(phase="search")
def search(params: Params, ctx: StepContext) -> list[str]:
    """Search without a model; a comment adds words."""
    for number in range(30 if ctx.comment else 0):
        ctx.log.info("looked at page %d", number)
    if ctx.comment:
        ctx.log.info("added the words of the comment: %s", ctx.comment)
    return [params.words, *(ctx.comment or "").split()]


@steered.step(phase="search")
def count(search: list[str]) -> int:
    """How many words there are."""
    return len(search)


spread = Workflow("spread", phases=["all"], params={"count": 2})


@spread.step(phase="all")
def names(params: Params) -> list[str]:
    """What is spread over."""
    return ["ash", "elm", *(f"tree {number}" for number in range(3, params.count + 1))]


@spread.step(phase="all", each="names")
def line(item: str, ctx: StepContext) -> str:
    """A line about each."""
    written: str = ctx.generate(f"A line about {item}.")
    return written


unsure = Workflow("unsure", phases=["all"], params={"topic": "rain"})


@unsure.step(phase="all", source=True)
def fetched(ctx: StepContext) -> str:
    """Fetch from outside, with a model's help."""
    written: str = ctx.generate("What is new?")
    return written


@unsure.step(phase="all")
def asking(params: Params, ctx: StepContext) -> str:
    """Ask a person, then a model."""
    answer: str = ctx.ask("sure", "Sure?", options=["yes", "no"])
    written: str = ctx.generate(f"Write about {params.topic}, {answer}.")
    return written


@unsure.step(phase="all")
def twice(params: Params, ctx: StepContext) -> str:
    """Two calls, the second after the first."""
    first: str = ctx.generate(f"A word about {params.topic}.")
    second: str = ctx.generate(f"A sentence with {first}.")
    return second


@unsure.step(phase="all")
def secretive(ctx: StepContext) -> str:
    """Show a part of the last output alone, and never all of it."""
    last = ctx.previous
    written: str = ctx.generate("Write.", previous="its first word" if last else None)
    return written
