"""The one request object: what a person wants a run to cover, carried intact from any surface to the executor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from oncue.core.comments import Comment
from oncue.core.model import ContextMode


class Scope(StrEnum):
    """What a run covers."""

    ALL = "all"
    RESUME = "resume"
    FROM = "from"
    ONLY = "only"
    PHASE = "phase"


class Downstream(StrEnum):
    """What happens to steps that depend on the ones an ``only`` or ``phase`` run executes."""

    MARK_STALE = "mark_stale"
    RERUN = "rerun"
    ASK = "ask"


class AnswersPolicy(StrEnum):
    """Whether recorded answers to the same questions are used again, or people are asked anew."""

    ASK = "ask"
    REUSE = "reuse"


class DefinitionChoice(StrEnum):
    """Which definition a plan follows: the source as it is now, or the job's snapshot."""

    SOURCE = "source"
    ORIGINAL = "original"


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Limits of one run; reaching one halts it before the next step or model call and leaves it resumable.

    ``tokens`` count both directions, ``usd`` is in US dollars, ``calls`` counts requests to models.
    """

    seconds: float | None = None
    tokens: int | None = None
    usd: float | None = None
    calls: int | None = None

    def as_dict(self) -> dict[str, float]:
        """The stored form; what is not bounded is left out."""
        given = {"seconds": self.seconds, "tokens": self.tokens, "usd": self.usd, "calls": self.calls}
        return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """What to run. ``steps`` are ids, or ordinals as text, as a person wrote them; planning resolves them.

    ``context`` None means the default: clean where the step's own definition changed since its last success, else keep.
    ``params`` replaces parameters of the job from this run on. ``refresh`` lets source steps fetch again. ``comment`` is for
    the named steps; where the scope names none, for every step of the run. ``keep_comments`` carries the earlier ones too.
    """

    scope: Scope = Scope.ALL
    steps: tuple[str, ...] = ()
    phase: str | None = None
    context: ContextMode | None = None
    downstream: Downstream = Downstream.MARK_STALE
    params: Mapping[str, object] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)
    refresh: bool = False
    definition: DefinitionChoice = DefinitionChoice.SOURCE
    answers: AnswersPolicy = AnswersPolicy.ASK
    comment: Comment | None = None
    keep_comments: bool = False
