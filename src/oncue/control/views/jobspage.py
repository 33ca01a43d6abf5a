"""The jobs of a workspace, page by page, narrowed by what is looked for; quick also for ten thousand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from oncue.control.instants import show_instant
from oncue.control.jobfile import STATUS_WORDS
from oncue.control.workspace import Workspace
from oncue.core.jobhead import JobHead, holds_text
from oncue.core.model import ENDED_RUNS, JobId, JobStatus, RunState
from oncue.core.readport import Reader
from oncue.errors import InvalidInput, UnknownCursor

STATE_WORDS = ("created", "running", "waiting", "completed", "failed", "cancelled", "halted", "interrupted", "stopped")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """Which jobs are wanted; what is empty narrows nothing.

    ``search`` is part of an id, of a workflow's name, or of a parameter's value.
    """

    state: str = ""
    workflow: str = ""
    search: str = ""

    @property
    def is_narrow(self) -> bool:
        """Whether anything is left out."""
        return bool(self.state or self.workflow or self.search)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEntry:
    """One job of a page: ``questions`` is how many wait for a person."""

    job_id: JobId
    workflow: str
    status: str
    runs: int
    latest: RunState | None
    created_at: datetime
    questions: int

    def as_dict(self) -> dict[str, object]:
        """The wire form."""
        return {
            "job_id": self.job_id,
            "workflow": self.workflow,
            "status": self.status,
            "runs": self.runs,
            "latest_run": {"number": self.runs, "status": self.latest.value} if self.latest else None,
            "created_at": show_instant(self.created_at),
            "questions": self.questions,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundJobs:
    """The jobs that are wanted, the newest first, each with one word for where it stands.

    ``states`` counts those that would be wanted in any state; ``waiting`` the questions of the jobs that have some.
    """

    jobs: Sequence[tuple[JobHead, str]]
    states: Mapping[str, int]
    waiting: Mapping[JobId, int]

    def describe(self, head: JobHead, status: str) -> JobEntry:
        """One of them as lists show it."""
        return JobEntry(
            job_id=head.id,
            workflow=head.workflow,
            status=status,
            runs=head.runs,
            latest=head.latest,
            created_at=head.created_at,
            questions=self.waiting.get(head.id, 0),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsPage:
    """Some jobs, the newest first, of ``total`` that are wanted; ``next_cursor`` leads to the next ones."""

    jobs: tuple[JobEntry, ...]
    total: int
    states: Mapping[str, int]
    next_cursor: str | None

    def as_dict(self) -> dict[str, object]:
        """The wire form."""
        return {
            "jobs": [job.as_dict() for job in self.jobs],
            "total": self.total,
            "states": dict(self.states),
            "next_cursor": self.next_cursor,
        }


def view_jobs_page(workspace: Workspace, wanted: JobFilter, *, cursor: str | None = None, limit: int = 50) -> JobsPage:
    """Look at the wanted jobs after a cursor; ``states`` counts the wanted ones of every state.

    Raises:
        InvalidInput: a state that no job has.
        UnknownCursor: it was not given out here.
    """
    with workspace.store.read() as reader:
        found = find_jobs(workspace, reader, wanted)
    rest = found.jobs if cursor is None else _after(found.jobs, cursor)
    page = rest[:limit]
    return JobsPage(
        jobs=tuple(found.describe(head, status) for head, status in page),
        total=len(found.jobs),
        states=found.states,
        next_cursor=_cursor_at(page[-1][0]) if len(rest) > limit else None,
    )


def find_jobs(workspace: Workspace, reader: Reader, wanted: JobFilter) -> FoundJobs:
    """The jobs that are wanted; quick also for ten thousand.

    Raises:
        InvalidInput: a state that no job has.
    """
    if wanted.state and wanted.state not in STATE_WORDS:
        raise InvalidInput(f"no job is ever {wanted.state!r}", hint=f"states: {', '.join(STATE_WORDS)}", code="unknown_state")
    found = list(_find_heads(workspace, reader, wanted))
    states = Counter(status for _, status in found)
    return FoundJobs(
        jobs=[one for one in found if one[1] == wanted.state] if wanted.state else found,
        states={word: states[word] for word in STATE_WORDS if states[word]},
        waiting=reader.count_waiting(),
    )


def _find_heads(workspace: Workspace, reader: Reader, wanted: JobFilter) -> Iterator[tuple[JobHead, str]]:
    """The jobs that are wanted, whatever their state, each with one word for where it stands.

    Parameters are read where a text is looked for, and then once.
    """
    sought = wanted.search.casefold()
    by_params = reader.search_params(partial(holds_text, sought=sought)) if sought else frozenset[JobId]()
    for head in reader.list_job_heads():
        if wanted.workflow and head.workflow != wanted.workflow:
            continue
        if sought and not (sought in head.id.casefold() or sought in head.workflow.casefold() or head.id in by_params):
            continue
        yield head, _describe_status(workspace, head)


def _describe_status(workspace: Workspace, head: JobHead) -> str:
    if head.status is JobStatus.STOPPED:
        return "stopped"
    if head.latest is None:
        return "created"
    is_moving = head.latest not in ENDED_RUNS and head.latest is not RunState.WAITING
    if is_moving and not (head.owner is not None and workspace.store.is_alive(head.owner)):
        return "interrupted"
    return STATUS_WORDS[head.latest]


def _cursor_at(head: JobHead) -> str:
    return f"{head.created_at.isoformat()}_{head.id}"


def _after(found: Sequence[tuple[JobHead, str]], cursor: str) -> list[tuple[JobHead, str]]:
    """What comes after the place that a cursor names, whether or not the job at that place is still wanted."""
    at, _, job_id = cursor.partition("_")
    try:
        place = (datetime.fromisoformat(at), job_id)
        return [(head, status) for head, status in found if (head.created_at, str(head.id)) < place]
    except (ValueError, TypeError) as error:
        raise UnknownCursor() from error
