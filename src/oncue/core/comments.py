"""Rerun comments: a person's short text for the model prompts of chosen steps in one run.

A comment is kept as it was written. It is refused when it is empty, too long, or shaped like a secret; nothing is ever cut. The
run it was given with names it: a run carries at most one, and any number of earlier ones may be carried along.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from unicodedata import category

from oncue.core.model import JobId, StepId, step_name
from oncue.core.secrets import KnownSecret, find_secrets
from oncue.core.visibletext import is_blank, strip_hidden
from oncue.errors import InvalidInput, nearest

MAX_COMMENT_CHARS = 600
_WHITE_CONTROLS = frozenset("\n\t\r")


class CommentKind(StrEnum):
    """What kind of constraint a comment adds."""

    DATA = "data"
    METHOD = "method"
    PERSONA = "persona"
    FORMAT = "format"
    OTHER = "other"


class InvalidComment(InvalidInput):
    """A comment that cannot be taken; says which field and why, and never repeats a secret."""

    code = "invalid_comment"

    def __init__(self, message: str, *, field: str = "comment", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.field = field

    @property
    def fields(self) -> Mapping[str, str]:
        """The field of the request that is at fault."""
        return {self.field: self.message}


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """What a person writes, and (optionally) what kind of constraint it adds."""

    text: str
    kind: CommentKind | None = None

    def as_dict(self) -> dict[str, object]:
        """The stored form."""
        return {"text": self.text, **({"kind": self.kind.value} if self.kind else {})}


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenComment:
    """A comment on record: who gave it to which steps, when and why.

    ``run`` names it within its job. ``steps`` are ids of steps or names of definitions; none means every step of the job.
    """

    job_id: JobId
    run: int
    text: str
    kind: CommentKind | None = None
    steps: tuple[str, ...] = ()
    author: str = ""
    reason: str = ""
    given_at: datetime

    def is_for(self, step: StepId) -> bool:
        """Whether it was meant for a step."""
        return not self.steps or step in self.steps or step_name(step) in self.steps


def read_comment(text: str, kind: str | None, *, known: Iterable[KnownSecret] = ()) -> Comment:
    """What a person wrote as a comment; ``known`` are values that are secret in this process.

    Raises:
        InvalidComment: it is empty, too long, holds control characters or something shaped like a secret; or no such kind.
    """
    check_comment_text(text, known=known)
    if kind is not None and kind not in set(CommentKind):
        raise InvalidComment(
            f"kind {kind!r} is none of {', '.join(CommentKind)}{nearest(kind, list(CommentKind))}", field="comment_kind"
        )
    return Comment(text=text, kind=CommentKind(kind) if kind else None)


def check_comment_text(text: str, *, known: Iterable[KnownSecret] = ()) -> None:
    """Refuse a text that cannot be a comment.

    Raises:
        InvalidComment: see ``read_comment``.
    """
    if is_blank(text):
        raise InvalidComment("the comment is empty", hint="--comment TEXT says what to change; leave it out to say nothing")
    if len(text) > MAX_COMMENT_CHARS:
        raise InvalidComment(
            f"the comment has {len(text)} characters, and at most {MAX_COMMENT_CHARS} are taken",
            hint="say it in fewer words, or change the workflow's own text",
        )
    if any(sign not in _WHITE_CONTROLS and category(sign) in ("Cc", "Cs") for sign in text):
        raise InvalidComment("the comment holds control characters", hint="write it as plain text")
    kinds = kinds_of_secrets(text, tuple(known))
    if kinds:
        raise InvalidComment(
            f"the comment looks as if it held a secret ({', '.join(kinds)}); it was not stored",
            hint="leave the secret out: comments go into prompts, logs and exports",
        )


def kinds_of_secrets(text: str, known: tuple[KnownSecret, ...]) -> list[str]:
    """What kinds of secrets are in a text, seen as it is and as somebody would read it."""
    found = [*find_secrets(text, known), *find_secrets(strip_hidden(text), known)]
    return list(dict.fromkeys(secret.kind for secret in found))


def comments_by_run(given: Iterable[GivenComment]) -> Mapping[int, GivenComment]:
    """Run → its comment."""
    return {comment.run: comment for comment in given}
