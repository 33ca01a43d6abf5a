"""From the options of a command to the one request object: what to run, with which comment, and within which limits."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from oncue.core.comments import Comment
    from oncue.core.request import Budget, RunRequest, Scope

Function = Callable[..., Any]
KINDS = ("data", "method", "persona", "format", "other")


class Amount(click.FloatRange):
    """A number above zero that is one: ``nan`` and ``inf`` would be limits that nothing ever reaches."""

    def __init__(self) -> None:
        super().__init__(min=0, min_open=True)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read the number."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is no limit.", param, ctx)
        return number


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The budget of a run as it was given; None is no limit."""

    max_seconds: float | None = None
    max_tokens: int | None = None
    max_usd: float | None = None
    max_calls: int | None = None

    def given(self) -> list[str]:
        """The options that were given."""
        options = {
            "--max-seconds": self.max_seconds,
            "--max-tokens": self.max_tokens,
            "--max-usd": self.max_usd,
            "--max-calls": self.max_calls,
        }
        return [name for name, value in options.items() if value is not None]

    def as_budget(self) -> Budget:
        """What the request says of it."""
        from oncue.core.request import Budget

        return Budget(seconds=self.max_seconds, tokens=self.max_tokens, usd=self.max_usd, calls=self.max_calls)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """The options of a rerun as they were given."""

    steps: tuple[str, ...]
    only: bool
    phase: str | None
    failed: bool
    downstream: str | None
    context: str | None
    params: Mapping[str, str]
    refresh: bool
    definition: str
    comment: str | None
    kind: str | None
    keep_comments: bool
    limits: Limits
    is_plan: bool
    digest: str | None
    reason: str
    trigger_id: str | None
    no_wait: bool
    answers: str


def budget_options(function: Function) -> Function:
    """``--max-seconds`` and the like; they arrive together, as ``limits``."""
    options = (
        click.option(
            "--max-seconds",
            type=Amount(),
            default=None,
            metavar="N",
            help="Begin no step and no call of a model after N seconds; the run halts and can be resumed.",
        ),
        click.option("--max-tokens", type=click.IntRange(min=1), default=None, metavar="N", help="The same after N tokens."),
        click.option(
            "--max-usd",
            type=Amount(),
            default=None,
            metavar="X",
            help="The same after X US dollars. A model whose price is unknown needs --max-tokens, too.",
        ),
        click.option(
            "--max-calls", type=click.IntRange(min=1), default=None, metavar="N", help="The same after N calls of a model."
        ),
    )

    @wraps(function)
    def called(*args: Any, **given: Any) -> Any:
        limits = Limits(**{name: given.pop(name) for name in Limits.__dataclass_fields__})
        return function(*args, limits=limits, **given)

    return _add(options, called)


def comment_options(function: Function) -> Function:
    """``--comment``, its kind, and whether earlier ones are carried along."""
    options = (
        click.option(
            "--comment",
            default=None,
            metavar="TEXT",
            help="What to change, in at most 600 characters: it goes into the prompts of the steps named by --step or --phase, "
            "else of every step, and stays on record. No secrets.",
        ),
        click.option(
            "--kind",
            type=click.Choice(KINDS),
            default=None,
            help="What the comment adds: which data, method, persona or format.",
        ),
        click.option("--keep-comments", is_flag=True, default=False, help="Carry the earlier comments of the steps, too."),
    )
    return _add(options, function)


def _add(options: Sequence[Callable[[Function], Function]], function: Function) -> Function:
    """The function with options, in the order in which help shows them."""
    for option in reversed(options):
        function = option(function)
    return function


def check_options(wishes: Wishes) -> None:
    """Refuse options that contradict each other.

    Raises:
        UsageError: names both.
    """
    scopes = [
        name
        for name, is_given in (("--step", wishes.steps), ("--phase", wishes.phase is not None), ("--failed", wishes.failed))
        if is_given
    ]
    if len(scopes) > 1:
        raise click.UsageError(f"{scopes[0]} and {scopes[1]} exclude each other: each says what to run")
    if wishes.only and not wishes.steps:
        raise click.UsageError(f"--only needs --step{f', and excludes {scopes[0]}' if scopes else ''}")
    if wishes.downstream and not (wishes.only or wishes.phase):
        other = "--failed" if wishes.failed else "--step without --only" if wishes.steps else "a rerun of everything"
        raise click.UsageError(
            f"--downstream goes with --only or --phase, not with {other}: that runs what depends on it anyway"
        )
    if wishes.kind is not None and wishes.comment is None:
        raise click.UsageError("--kind needs --comment: it says what kind of comment that is")
    if wishes.is_plan and wishes.digest is not None:
        raise click.UsageError("--plan and --digest exclude each other: one starts nothing, the other starts a plan")


def make_request(wishes: Wishes) -> RunRequest:
    """What to run."""
    from oncue.core.model import ContextMode
    from oncue.core.request import AnswersPolicy, DefinitionChoice, Downstream, RunRequest

    return RunRequest(
        scope=_scope(wishes),
        steps=wishes.steps,
        phase=wishes.phase,
        context=ContextMode(wishes.context) if wishes.context else None,
        downstream=Downstream(wishes.downstream) if wishes.downstream else Downstream.MARK_STALE,
        params=wishes.params,
        budget=wishes.limits.as_budget(),
        refresh=wishes.refresh,
        definition=DefinitionChoice(wishes.definition),
        answers=AnswersPolicy(wishes.answers),
        comment=_comment(wishes),
        keep_comments=wishes.keep_comments,
    )


def _comment(wishes: Wishes) -> Comment | None:
    """The comment as it was written; preflight looks at it, whatever surface it comes from."""
    from oncue.core.comments import Comment, CommentKind

    if wishes.comment is None:
        return None
    return Comment(text=wishes.comment, kind=CommentKind(wishes.kind) if wishes.kind else None)


def _scope(wishes: Wishes) -> Scope:
    from oncue.core.request import Scope

    if wishes.steps:
        return Scope.ONLY if wishes.only else Scope.FROM
    if wishes.phase is not None:
        return Scope.PHASE
    return Scope.RESUME if wishes.failed else Scope.ALL
