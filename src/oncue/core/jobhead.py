"""A job as it stands in a long list, where keeping every parameter of every job would be too slow; and how it is found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from oncue.core.model import JobId, JobStatus, RunState, WorkerId


@dataclass(frozen=True, slots=True, kw_only=True)
class JobHead:
    """A job in a long list: no parameters, and of its latest run only the state and who executes it."""

    id: JobId
    workflow: str
    status: JobStatus
    runs: int
    created_at: datetime
    latest: RunState | None = None
    owner: WorkerId | None = None


def holds_text(params: Mapping[str, object], sought: str) -> bool:
    """Whether a value among parameters, at any depth, holds a case-folded text; names are not looked at."""
    return any(sought in text.casefold() for text in _texts(params.values()))


def _texts(values: Iterable[object]) -> Iterable[str]:
    for value in values:
        match value:
            case str():
                yield value
            case Mapping():
                yield from _texts(value.values())
            case list() | tuple():
                yield from _texts(value)
            case bool():
                yield "true" if value else "false"
            case int() | float():
                yield str(value)
            case _:
                continue
