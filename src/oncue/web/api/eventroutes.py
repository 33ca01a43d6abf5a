"""The API of events: pages of them, a WebSocket, server-sent events; and the export of a whole job."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import IO, Annotated

from fastapi import APIRouter, Header, Query, Request, WebSocket
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from oncue.control.exports.export import export_to_send
from oncue.control.workspace import find_job
from oncue.core.model import JobId
from oncue.core.people import Permission
from oncue.errors import InvalidInput
from oncue.web.api.eventstream import stream_job, stream_workspace
from oncue.web.api.jobroutes import MAX_PAGE
from oncue.web.counters import EventNumber
from oncue.web.eventnames import event_record
from oncue.web.schemas import eventshapes as shapes
from oncue.web.schemas.wire import Responses, raw_answer
from oncue.web.site import Reading, Site, TheJob, TheSite, get_identity, get_site, still_reading
from oncue.web.sockets import Batches, send_stream, while_allowed

SENT_EVENTS: Responses = {200: raw_answer("The events.", "text/event-stream", is_text=True)}
ARCHIVE: Responses = {200: raw_answer("The archive.", "application/zip")}
PIECE_BYTES = 1 << 18
router = APIRouter(tags=["events"])


@router.get("/jobs/{job}/events", response_model=shapes.EventsPage)
def list_events(
    *,
    site: TheSite,
    _: Reading,
    job: TheJob,
    after: EventNumber = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = MAX_PAGE,
) -> object:
    """The events of a job with a number above ``after``."""
    with site.workspace.store.read() as reader:
        events = reader.list_events(job.id, after=after, limit=limit + 1)
        phases = site.phases.phases(reader, job.id)
    page = events[:limit]
    return {
        "job_id": job.id,
        "events": [event_record(event, phases) for event in page],
        "last_seq": page[-1].seq if page else after,
        "has_more": len(events) > limit,
    }


@router.websocket("/events")
async def event_socket(socket: WebSocket, job: str = "", after: str = "") -> None:
    """Every event of a job after a number, or of the workspace after a cursor, each as one message."""
    get_identity(socket).check(Permission.READ)
    stream = await open_stream(get_site(socket), job=job, after=after)
    await socket.accept()
    await send_stream(socket, while_allowed(stream, still_reading(socket)))


@router.get("/events", response_class=StreamingResponse, responses=SENT_EVENTS)
async def event_stream(
    *,
    request: Request,
    site: TheSite,
    _: Reading,
    job: Annotated[str, Query(max_length=100)] = "",
    after: Annotated[str, Query(max_length=100)] = "",
    last_event_id: Annotated[str, Header(max_length=100)] = "",
) -> StreamingResponse:
    """The same as server-sent events, for programs; ``Last-Event-ID`` goes before ``after``."""
    stream = await open_stream(site, job=job, after=last_event_id or after)
    stream = while_allowed(stream, still_reading(request))
    return StreamingResponse(_as_sent_events(stream, is_job=bool(job)), media_type="text/event-stream")


async def open_stream(site: Site, *, job: str, after: str) -> Batches:
    """The stream that is asked for.

    Raises:
        UnknownJob, AmbiguousJob: there is no such job.
        InvalidInput: ``after`` is no number.
    """
    if not job:
        return stream_workspace(site, after)
    if after and not (after.isascii() and after.isdigit() and len(after) < 19):
        raise InvalidInput("after is the number of an event of the job", hint="after=0 is from the beginning", code="bad_after")
    job_id = await run_in_threadpool(_find, site, job)
    return stream_job(site, job_id, int(after or 0))


def _find(site: Site, job: str) -> JobId:
    with site.workspace.store.read() as reader:
        return find_job(reader, job).id


async def _as_sent_events(batches: Batches, *, is_job: bool) -> AsyncIterator[str]:
    place = "seq" if is_job else "cursor"
    async for batch in batches:
        sent = "".join(f"id: {json.loads(text)[place]}\ndata: {text}\n\n" for text in batch)
        yield sent or ": alive\n\n"


@router.get("/jobs/{job}/export", response_class=StreamingResponse, responses=ARCHIVE)
def export(*, site: TheSite, _: Reading, job: TheJob) -> StreamingResponse:
    """Everything about a job as one ZIP."""
    file = export_to_send(site.workspace, job.id)
    headers = {"Content-Length": str(file.tell()), "Content-Disposition": f'attachment; filename="oncue-{job.id}.zip"'}
    return StreamingResponse(_read_out(file), media_type="application/zip", headers=headers)


def _read_out(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while piece := file.read(PIECE_BYTES):
            yield piece
