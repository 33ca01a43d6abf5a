"""What surrounds every page: the workspace, who is here, and how many questions wait; and how pages are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fastapi import Request

from oncue.core.people import Permission
from oncue.core.questions import Question
from oncue.web.rendering import render_page
from oncue.web.site import Site, get_identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The header of a page; ``waiting`` is how many questions wait, ``first`` the one with the earliest deadline."""

    workspace: str
    waiting: int
    first: Question | None
    now: datetime
    may_answer: bool
    may_operate: bool


def look_around(request: Request, site: Site) -> Frame:
    """What the header of a page shows to whoever asks."""
    workspace = site.workspace
    with workspace.store.read() as reader:
        waiting = sum(reader.count_waiting().values())
        first = next(iter(reader.list_questions(is_waiting=True, limit=1)), None) if waiting else None
    identity = get_identity(request)
    return Frame(
        workspace=workspace.store.url,
        waiting=waiting,
        first=first,
        now=workspace.clock.now(),
        may_answer=identity.may(Permission.ANSWER),
        may_operate=identity.may(Permission.OPERATE),
    )


def draw(template: str, request: Request, site: Site, **values: object) -> str:
    """A page or a fragment; templates find ``frame``, and the ``cursor`` of the feed from before anything was read.

    Callers that read before they draw pass the cursor they took first.
    """
    values.setdefault("cursor", str(site.feed.cursor))
    return render_page(template, scope=request.scope, frame=look_around(request, site), **values)
