"""What happened, as it goes over sockets and streams."""

from __future__ import annotations

from datetime import datetime

from oncue.web.schemas.wire import Answer


class EventRecord(Answer):
    """One event: ``seq`` numbers it within its job, ``name`` says it as ``phase3:step_complete`` does."""

    job_id: str
    seq: int
    at: datetime
    type: str
    name: str
    run: int | None
    step: str | None
    phase: str | None
    data: dict[str, object]


class EventsPage(Answer):
    """Events of a job with a number above ``after``; ``last_seq`` is where to go on."""

    job_id: str
    events: list[EventRecord]
    last_seq: int
    has_more: bool
