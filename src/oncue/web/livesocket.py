"""The socket of a page: it only notifies. What changed is fetched by an authorized GET, so a lost message shows nothing wrong.

A message is ``{"seq": "<cursor>", "topic": "<topic>"}``; the first one has no topic and says where the page stands. Topics are
``jobs`` (anything in any job), ``inbox`` (a question was asked or settled), ``job:ID`` (anything in that job).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence

from fastapi import APIRouter, Query, WebSocket, WebSocketDisconnect

from oncue.core.events import EventType
from oncue.core.model import JobId
from oncue.web.access import Permission
from oncue.web.feed import Cursor, Feed, Numbered, Subscription
from oncue.web.site import get_identity, get_site

GOING_AWAY = 1001
MAX_TOPICS = 20
JOBS, INBOX, JOB = "jobs", "inbox", "job:"
ABOUT_QUESTIONS = frozenset({
    EventType.QUESTION_ASKED,
    EventType.QUESTION_DECIDED,
    EventType.QUESTION_ANSWERED_LATE,
})  # fmt: skip
router = APIRouter()
Tell = Callable[[Sequence[Numbered]], Awaitable[None]]


@router.websocket("/live")
async def live(socket: WebSocket, topic: list[str] = Query(default=[]), after: str = "") -> None:
    """Notify a page of what happens in its topics; ``after`` is the last ``seq`` it saw."""
    get_identity(socket).check(Permission.READ)
    feed = get_site(socket).feed
    topics = topic[:MAX_TOPICS]
    subscription = feed.subscribe(_only_job(topics))
    try:
        await socket.accept()
        missed = topics if after and _has_missed(feed, after, topics) else []
        await _notify(socket, str(feed.cursor), missed)
        await follow(socket, subscription, lambda batch: _tell(socket, feed, topics=topics, batch=batch))
    except WebSocketDisconnect:
        pass
    finally:
        feed.unsubscribe(subscription)


def topics_of(batch: Iterable[Numbered]) -> set[str]:
    """What a page that shows these events has to look at again."""
    found: set[str] = set()
    for one in batch:
        found |= {JOBS, f"{JOB}{one.event.job_id}"}
        if one.event.type in ABOUT_QUESTIONS:
            found.add(INBOX)
    return found


def _only_job(topics: Sequence[str]) -> JobId | None:
    """The one job that a page is about: then nothing else needs to be collected for it."""
    (only,) = topics if len(topics) == 1 else ("",)
    return JobId(only.removeprefix(JOB)) if only.startswith(JOB) else None


def _has_missed(feed: Feed, after: str, topics: Sequence[str]) -> bool:
    cursor = Cursor.parse(after)
    missed = feed.since(cursor) if cursor else None
    return missed is None or not topics_of(missed).isdisjoint(topics)


async def _tell(socket: WebSocket, feed: Feed, *, topics: Sequence[str], batch: Sequence[Numbered]) -> None:
    touched = topics_of(batch)
    await _notify(socket, str(Cursor(feed.epoch, batch[-1].number)), [topic for topic in topics if topic in touched])


async def _notify(socket: WebSocket, seq: str, topics: Sequence[str]) -> None:
    if not topics:
        await socket.send_json({"seq": seq})
    for topic in topics:
        await socket.send_json({"seq": seq, "topic": topic})


async def follow(socket: WebSocket, subscription: Subscription, tell: Tell) -> None:
    """Hand on what a subscription collects until the client leaves or the server ends."""
    leaving = asyncio.ensure_future(_until_left(socket))
    try:
        while not leaving.done():
            arrived = asyncio.ensure_future(subscription.arrived.wait())
            await asyncio.wait((arrived, leaving), return_when=asyncio.FIRST_COMPLETED)
            arrived.cancel()
            batch = subscription.take()
            if batch and not leaving.done():
                await tell(batch)
            if subscription.is_over:
                await socket.close(GOING_AWAY)
                return
    finally:
        leaving.cancel()


async def _until_left(socket: WebSocket) -> None:
    """Clients have nothing to say here; what they send is read so that their leaving is noticed."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass
