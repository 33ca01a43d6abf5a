"""Where a comment can have an effect is known before a run, and where it cannot be known, the answer is yes."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import pytest

from oncue import StepContext, Workflow
from oncue.definitions.comment_reach import can_take_comment


def consult(ctx: Any) -> Any:
    return ctx.generate("Write")


def generates(ctx: StepContext) -> Any:
    return ctx.generate("Write")


async def generates_later(ctx: StepContext) -> Any:
    return await ctx.generate_async("Write")


def reads(ctx: StepContext) -> str | None:
    return ctx.comment


def lists(ctx: StepContext) -> list[str]:
    return [comment.text for comment in ctx.comments]


def hands_on(ctx: StepContext) -> Any:
    return consult(ctx)


def renames(ctx: StepContext) -> Any:
    other = ctx
    return other.comment


def looks_up(ctx: StepContext) -> Any:
    return getattr(ctx, "comment")  # noqa: B009 - what people write


def hands_on_a_method(ctx: StepContext) -> Any:
    return ctx.progress.__self__  # type: ignore[attr-defined]


def remembers_a_draft(ctx: StepContext) -> Any:
    return ctx.remember("draft", lambda: ctx.generate("Write"))


def evaluates(ctx: StepContext) -> Any:  # noqa: ARG001 - used by the text
    return eval("ctx.comment")


def looks_at_itself(ctx: StepContext) -> Any:
    return locals()["ctx"].comment


def around(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def wrapper(ctx: StepContext) -> Any:
        return function(ctx)

    return wrapper


@around
def is_wrapped(ctx: StepContext) -> str:
    return ctx.step


SOMETHING = [
    generates,
    generates_later,
    reads,
    lists,
    hands_on,
    renames,
    looks_up,
    hands_on_a_method,
    remembers_a_draft,
    evaluates,
    looks_at_itself,
    is_wrapped,
    lambda ctx: ctx.step,
    print,
]


@pytest.mark.parametrize("function", SOMETHING, ids=lambda function: function.__name__)
def test_a_step_that_may_call_a_model_or_read_a_comment_takes_one(function: Callable[..., Any]) -> None:
    assert can_take_comment(function)


def nothing(ctx: StepContext) -> None:
    """Takes it, and does not use it."""


def uses_the_rest(ctx: StepContext) -> Any:
    """Says ctx.generate and ctx.comment in words only."""
    ctx.log.info("at %s, run %d, attempt %d, %s, %s", ctx.step, ctx.run, ctx.attempt, ctx.mode, ctx.key)
    ctx.progress(1, 2)
    kept = ctx.remember("kept", lambda: [ctx.job, ctx.previous])
    (ctx.files / "a.txt").write_text("ctx.comment")
    if ctx.is_cancelled or ctx.has_model or ctx.has_files:
        return ctx.folder
    return ctx.ask("go", "Go on?", kind="confirm") and kept


async def uses_the_rest_later(ctx: StepContext) -> Any:
    return ctx.ask("go", "Go on?")


@pytest.mark.parametrize("function", [nothing, uses_the_rest, uses_the_rest_later], ids=lambda function: function.__name__)
def test_a_step_that_does_neither_takes_none(function: Callable[..., Any]) -> None:
    assert not can_take_comment(function)


def test_a_step_in_a_function_is_read_whatever_its_indentation() -> None:
    def inner(ctx: StepContext) -> str:
        return f"""
{ctx.step}
"""

    def telling(
    ctx: StepContext) -> Any:  # fmt: skip
        return (
  ctx.comment)  # fmt: skip

    assert not can_take_comment(inner)
    assert can_take_comment(telling)


def test_a_step_without_a_text_may_do_anything() -> None:
    namespace: dict[str, Any] = {}
    exec(compile("def f(ctx):\n    return ctx.step", "<typed>", "exec"), namespace)

    assert can_take_comment(namespace["f"])


def test_a_workflow_knows_which_of_its_steps_take_comments() -> None:
    flow = Workflow("w")

    @flow.step
    def figures() -> int:
        return 1

    @flow.step
    def asks(figures: int, ctx: StepContext) -> Any:
        return ctx.ask("go", str(figures))

    @flow.step
    def writes(asks: Any, ctx: StepContext) -> Any:
        return ctx.generate(str(asks))

    assert [step.takes_comment for step in flow.definition.steps] == [False, False, True]
