"""What happened in a job, as people see it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from oncue.control.instants import show_instant
from oncue.core.events import Event
from oncue.core.model import JobId
from oncue.core.readport import Reader

PAGE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsView:
    """Events of one job, in order."""

    job_id: JobId
    events: tuple[Event, ...]

    def as_dict(self) -> dict[str, object]:
        """The wire form."""
        return {"job_id": self.job_id, "events": [event_as_dict(event) for event in self.events]}


def view_events(reader: Reader, job_id: JobId, *, after: int = 0) -> EventsView:
    """Every event of a job with a number above ``after``."""
    return EventsView(job_id=job_id, events=tuple(read_events(reader, job_id, after=after)))


def read_events(reader: Reader, job_id: JobId, *, after: int = 0, run: int | None = None) -> Iterator[Event]:
    """The events of a job (or of one of its runs), page by page."""
    while page := reader.list_events(job_id, after=after, limit=PAGE, run=run):
        yield from page
        after = page[-1].seq
        if len(page) < PAGE:
            return


def event_as_dict(event: Event) -> dict[str, object]:
    """The wire form of one event."""
    return {
        "seq": event.seq,
        "at": show_instant(event.at),
        "type": event.type.value,
        "run": event.run,
        "step": event.step,
        "data": dict(event.data) if event.data else {},
    }
