"""The questions that somebody looks at: one that is settled meanwhile stays on their page, and says how, until it is dismissed.

A fragment carries the questions that it shows in its own address; what it shows next time follows from that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query, Request

from oncue.control.views.decisionview import view_seen
from oncue.core.questions import Question
from oncue.web.site import Site, get_identity

MAX_SEEN = 20
Seen = Annotated[list[Annotated[str, Query(max_length=100)]], Query(default_factory=list)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownQuestions:
    """The questions of a page: those that wait, and those that waited when it was drawn before."""

    questions: tuple[Question, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """What the fragment asks for next time."""
        return tuple(question.id for question in self.questions[:MAX_SEEN])

    @property
    def query(self) -> str:
        """The same as a query."""
        return _query(self.ids)

    def without(self, question: Question) -> str:
        """The query of a page from which one was dismissed."""
        return _query(one for one in self.ids if one != question.id)


def look_at_questions(request: Request, site: Site, *, seen: Sequence[str], waiting: Sequence[Question]) -> ShownQuestions:
    """What waits, and what of the ``seen`` was settled meanwhile by anybody but whoever looks; each stays in its place."""
    known: dict[str, Question] = {question.id: question for question in waiting}
    before = [one for one in dict.fromkeys(seen[:MAX_SEEN]) if one not in known]
    known |= {one.id: one for one in view_seen(site.workspace, before, reader_name=get_identity(request).actor)}
    order = [one for one in dict.fromkeys([*seen, *known]) if one in known]
    return ShownQuestions(questions=tuple(known[one] for one in order))


def _query(ids: Iterable[str]) -> str:
    return urlencode([("seen", one) for one in ids])
