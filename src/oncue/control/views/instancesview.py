"""The instances of a fan-out, page by page, narrowed by what is looked for; quick also for thousands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from oncue.control.views.stepwords import Standing
from oncue.core.model import StepId, step_key

PAGE = 50
FIRST = ("failed", "cancelled")
"""What needs attention stands before all others, which keep their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceRow:
    """One instance: where it stands, and why it is stale."""

    id: StepId
    key: str
    word: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InstancesPage:
    """Some instances of a fan-out, of ``total`` that are wanted and ``all`` there are; ``page`` counts from 1.

    ``counts`` says how many of all stand where, whatever is wanted.
    """

    name: str
    rows: tuple[InstanceRow, ...]
    total: int
    all: int
    counts: Mapping[str, int]
    page: int
    pages: int
    search: str = ""
    word: str = ""


def view_instances(
    standing: Standing, name: str, *, search: str = "", word: str = "", page: int = 1, size: int = PAGE
) -> InstancesPage | None:
    """One page of the instances of a step whose key has this text in it; None where there are none, or they are unknown.

    A page that does not exist is the last one.
    """
    members = standing.picture.assessment.members.get(name)
    if not members or step_key(members[0]) is None:
        return None
    sought = search.strip().casefold()
    found = [this for this in members if not sought or sought in (step_key(this) or "").casefold()]
    words = {this: standing.word(this) for this in found}
    if word:
        found = [this for this in found if words[this] == word]
    found.sort(key=lambda this: FIRST.index(words[this]) if words[this] in FIRST else len(FIRST))
    pages = max(1, -(-len(found) // size))
    page = min(max(1, page), pages)
    return InstancesPage(
        name=name,
        rows=tuple(_row(standing, this) for this in found[(page - 1) * size : page * size]),
        total=len(found),
        all=len(members),
        counts=standing.count(members),
        page=page,
        pages=pages,
        search=search,
        word=word,
    )


def _row(standing: Standing, this: StepId) -> InstanceRow:
    return InstanceRow(
        id=this,
        key=step_key(this) or "",
        word=standing.word(this),
        reasons=standing.reasons((this,)),
    )
