"""From what an agent asks for to the one request object."""

from __future__ import annotations

import math
import os
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from oncue.core.comments import MAX_COMMENT_CHARS, CommentKind, read_comment
from oncue.core.model import ContextMode
from oncue.core.request import AnswersPolicy, Budget, DefinitionChoice, Downstream, RunRequest, Scope
from oncue.core.secrets import known_secrets


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise ValueError("a number is wanted that is one")
    return number


Amount = Annotated[float, Field(gt=0), AfterValidator(_finite)]
Count = Annotated[int, Field(gt=0)]


class BudgetWish(BaseModel):
    """Limits of the run; reaching one halts it and leaves it resumable."""

    model_config = ConfigDict(extra="forbid")

    seconds: Amount | None = None
    tokens: Count | None = None
    usd: Amount | None = None
    calls: Count | None = None


class RunWish(BaseModel):
    """What to run. ``from`` and ``only`` need steps, ``phase`` a phase; ``resume`` is what is missing, failed or stale."""

    model_config = ConfigDict(extra="forbid")

    scope: Scope = Scope.RESUME
    steps: list[str] = Field(default_factory=list, max_length=1000, description="Numbers from 1 as text, or ids.")
    phase: str | None = None
    context: ContextMode | None = None
    downstream: Downstream = Downstream.MARK_STALE
    params: dict[str, object] = Field(default_factory=dict, description="Parameters to change.")
    budget: BudgetWish = Field(default_factory=BudgetWish)
    refresh: bool = Field(default=False, description="Let sources fetch again.")
    definition: DefinitionChoice = DefinitionChoice.SOURCE
    answers: AnswersPolicy = AnswersPolicy.ASK
    comment: str | None = Field(
        default=None, description=f"For the prompts of the steps; at most {MAX_COMMENT_CHARS} characters."
    )
    comment_kind: CommentKind | None = None
    keep_comments: bool = False


def read_wish(wish: RunWish) -> RunRequest:
    """The request that is meant.

    Raises:
        InvalidComment: the comment cannot be taken.
    """
    kind = wish.comment_kind.value if wish.comment_kind else None
    given = wish.comment
    return RunRequest(
        scope=wish.scope,
        steps=tuple(wish.steps),
        phase=wish.phase,
        context=wish.context,
        downstream=wish.downstream,
        params=wish.params,
        budget=Budget(**wish.budget.model_dump()),
        refresh=wish.refresh,
        definition=wish.definition,
        answers=wish.answers,
        comment=None if given is None else read_comment(given, kind, known=known_secrets(os.environ)),
        keep_comments=wish.keep_comments,
    )
