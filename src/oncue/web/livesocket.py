"""The socket of a page: it only notifies. What changed is fetched by an authorized GET, so a lost message shows nothing wrong.

A message is ``{"seq": "<cursor>", "topic": "<topic>"}``; the first one has no topic and says where the page stands. Topics are
``jobs`` (anything in any job), ``inbox`` (a question was asked or settled), ``job:ID`` (anything in that job).
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Annotated

from fastapi import APIRouter, Query, WebSocket

from oncue.core.events import EventType
from oncue.core.people import Permission
from oncue.web.feed import Cursor, Feed, Numbered
from oncue.web.site import get_identity, get_site, still_reading
from oncue.web.sockets import send_stream, while_allowed

MAX_TOPICS = 20
JOBS, INBOX, JOB = "jobs", "inbox", "job:"
ABOUT_QUESTIONS = frozenset(
    {EventType.QUESTION_ASKED, EventType.QUESTION_DECIDED, EventType.QUESTION_ANSWERED_LATE}
)  # fmt: skip
router = APIRouter()


@router.websocket("/live")
async def live(socket: WebSocket, topic: Annotated[list[str], Query(default_factory=list)], after: str = "") -> None:
    """Notify a page of what happens in its topics; ``after`` is the last ``seq`` it saw."""
    get_identity(socket).check(Permission.READ)
    await socket.accept()
    stream = stream_topics(get_site(socket).feed, topic[:MAX_TOPICS], after)
    await send_stream(socket, while_allowed(stream, still_reading(socket)))


async def stream_topics(feed: Feed, topics: Sequence[str], after: str) -> AsyncIterator[Sequence[str]]:
    """Where the feed stands, what was missed since ``after``, then every touch of a topic; as JSON text."""
    subscription = feed.subscribe()
    try:
        yield [json.dumps({"seq": str(feed.cursor)})]
        yield [_notice(feed, topic) for topic in (_missed_topics(feed, after, topics) if after else ())]
        while not subscription.is_over:
            await subscription.has_arrived()  # and look from time to time whether whoever listens still may
            batch = subscription.take()
            touched = set(topics) if subscription.has_gap else topics_of(batch)
            subscription.has_gap = False
            yield [_notice(feed, topic) for topic in topics if topic in touched]
    finally:
        feed.unsubscribe(subscription)


def _notice(feed: Feed, topic: str) -> str:
    return json.dumps({"seq": str(feed.cursor), "topic": topic})


def topics_of(batch: Iterable[Numbered]) -> set[str]:
    """What a page that shows these events has to look at again."""
    found: set[str] = set()
    for one in batch:
        found |= {JOBS, f"{JOB}{one.event.job_id}"}
        if one.event.type in ABOUT_QUESTIONS:
            found.add(INBOX)
    return found


def _missed_topics(feed: Feed, after: str, topics: Sequence[str]) -> list[str]:
    """The topics that were touched after a cursor; all of them where that is not known any more."""
    cursor = Cursor.parse(after)
    missed = feed.since(cursor) if cursor else None
    touched = set(topics) if missed is None else topics_of(missed)
    return [topic for topic in topics if topic in touched]
