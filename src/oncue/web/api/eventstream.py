"""Streams of events for programs: of one job by its own numbers, for ever; or of the whole workspace by a cursor.

A job's events are numbered without gaps, so whoever reconnects with ``after`` gets exactly what is missing, from the store
where the feed has it no more. A cursor is good for as long as the server runs and remembers; else the stream says ``resync``,
and the client asks for what it shows, each job with the number it has.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence

from oncue.core.model import JobId
from oncue.web.eventnames import event_text
from oncue.web.feed import PAGE, Cursor, Feed
from oncue.web.site import Site

Texts = Sequence[str]
"""What a stream yields: everything that came at once, each event as JSON text."""
ALIVE: Texts = ()
"""What it yields when nothing happened for a while."""


async def stream_job(site: Site, job_id: JobId, after: int) -> AsyncIterator[Texts]:
    """Every event of a job with a number above ``after``, then those to come; each once, in order, as JSON text."""
    feed, seen = site.feed, after
    subscription = feed.subscribe(job_id)
    try:
        yield [json.dumps({"type": "ready", "job_id": job_id, "seq": after, "cursor": str(feed.cursor)})]
        while not subscription.is_over:
            subscription.has_gap = False
            while page := await asyncio.to_thread(_read_page, site, job_id, seen):
                seen = page[-1][0]
                yield [text for _, text in page]
            is_whole = True
            while is_whole and not subscription.is_over:
                if not await subscription.has_arrived():
                    yield ALIVE
                is_whole = not subscription.has_gap
                texts: list[str] = []
                for one in subscription.take():
                    if one.event.seq == seen + 1:
                        seen = one.event.seq
                        texts.append(one.text)
                    elif one.event.seq > seen:
                        is_whole = False  # it was too slow, and some of it was dropped: the store has it
                        break
                if texts:
                    yield texts
    finally:
        feed.unsubscribe(subscription)


async def stream_workspace(site: Site, after: str) -> AsyncIterator[Texts]:
    """Every event of every job after a cursor (from now on where there is none), as JSON text with the cursor after it."""
    feed = site.feed
    subscription = feed.subscribe()
    try:
        cursor = Cursor.parse(after) if after else feed.cursor
        missed = feed.since(cursor) if cursor else None
        if missed is None:
            yield [_notice(feed, "resync")]
        else:
            yield [json.dumps({"type": "ready", "cursor": str(cursor)})]
            yield [_with_cursor(feed, one.number, one.text) for one in missed]
        while not subscription.is_over:
            if not await subscription.has_arrived():
                yield ALIVE
            if subscription.has_gap:
                subscription.has_gap = False
                subscription.take()
                yield [_notice(feed, "resync")]
            if batch := subscription.take():
                yield [_with_cursor(feed, one.number, one.text) for one in batch]
    finally:
        feed.unsubscribe(subscription)


def _read_page(site: Site, job_id: JobId, after: int) -> list[tuple[int, str]]:
    with site.workspace.store.read() as reader:
        events = reader.list_events(job_id, after=after, limit=PAGE)
        phases = site.phases.phases(reader, job_id) if events else {}
    return [(event.seq, event_text(event, phases)) for event in events]


def _notice(feed: Feed, kind: str) -> str:
    return json.dumps({"type": kind, "cursor": str(feed.cursor)})


def _with_cursor(feed: Feed, number: int, text: str) -> str:
    return f'{{"cursor":"{Cursor(feed.epoch, number)}",{text[1:]}'
