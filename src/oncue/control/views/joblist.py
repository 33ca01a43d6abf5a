"""The jobs of a workspace as a table for people: sorted, page by page, each with its progress by phase.

What a job's steps stand at is worked out for the jobs of one page alone, and kept until something happens in the job.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock

from oncue.control.views.boardview import RunLine, view_columns, view_line
from oncue.control.views.jobspage import STATE_WORDS, FoundJobs, JobEntry, JobFilter, find_jobs
from oncue.control.views.jobview import look_at_job
from oncue.control.workspace import Workspace, load_job
from oncue.core.jobhead import JobHead
from oncue.core.model import Job, JobId
from oncue.core.modelcalls import Spending
from oncue.core.readport import Reader
from oncue.errors import OncueError

PAGE = 25
KEPT = 500


class JobOrder(StrEnum):
    """What the table is sorted by."""

    NEWEST = "newest"
    OLDEST = "oldest"
    WORKFLOW = "workflow"
    STATE = "state"
    RUNS = "runs"
    QUESTIONS = "questions"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSummary:
    """Where the steps of a job stand, and what its model calls cost.

    ``phases`` are (name, word, done, total), where a fan-out counts as one step. ``own_params`` tell the job from
    others of its workflow.
    """

    phases: tuple[tuple[str, str, int, int], ...]
    stale: int
    spent: Spending
    own_params: Mapping[str, object]

    @property
    def done(self) -> int:
        """How many steps are sound."""
        return sum(done for _, _, done, _ in self.phases)

    @property
    def total(self) -> int:
        """How many steps there are."""
        return sum(total for _, _, _, total in self.phases)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRow:
    """One job of the table; ``summary`` is None where its workflow cannot be read."""

    entry: JobEntry
    summary: JobSummary | None
    latest: RunLine | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobTable:
    """One page of the jobs that are wanted; ``page`` counts from 1."""

    rows: tuple[JobRow, ...]
    total: int
    states: Mapping[str, int]
    page: int
    pages: int


class JobSummaries:
    """What was worked out of jobs, by the number of their last event; safe for several threads."""

    def __init__(self) -> None:
        self._known: OrderedDict[JobId, tuple[int, JobSummary | None]] = OrderedDict()
        self._lock = Lock()

    def load(self, workspace: Workspace, reader: Reader, job_id: JobId) -> JobSummary | None:
        """Where the steps of a job stand; None where its workflow cannot be read."""
        job = load_job(reader, job_id)
        with self._lock:
            known = self._known.get(job_id)
        if known is None or known[0] != job.event_seq:
            known = (job.event_seq, _summarize(workspace, reader, job))
        with self._lock:
            self._known[job_id] = known
            self._known.move_to_end(job_id)
            if len(self._known) > KEPT:
                self._known.popitem(last=False)
        return known[1]


def view_job_table(
    workspace: Workspace, wanted: JobFilter, *, summaries: JobSummaries, order: JobOrder = JobOrder.NEWEST, page: int = 1
) -> JobTable:
    """Look at one page of the wanted jobs; a page that does not exist is the last one.

    Raises:
        InvalidInput: a state that no job has.
    """
    with workspace.store.read() as reader:
        found = find_jobs(workspace, reader, wanted)
        shown = _sort(found, order)
        pages = max(1, -(-len(shown) // PAGE))
        page = min(max(1, page), pages)
        entries = [found.describe(head, status) for head, status in shown[(page - 1) * PAGE : page * PAGE]]
        rows = tuple(_row(workspace, reader, summaries, entry=entry) for entry in entries)
    return JobTable(rows=rows, total=len(shown), states=found.states, page=page, pages=pages)


def _sort(found: FoundJobs, order: JobOrder) -> Sequence[tuple[JobHead, str]]:
    """The newest come first already; sorting keeps that among equals."""
    match order:
        case JobOrder.NEWEST:
            return found.jobs
        case JobOrder.OLDEST:
            return found.jobs[::-1]
        case JobOrder.WORKFLOW:
            return sorted(found.jobs, key=lambda one: one[0].workflow)
        case JobOrder.STATE:
            return sorted(found.jobs, key=lambda one: STATE_WORDS.index(one[1]))
        case JobOrder.RUNS:
            return sorted(found.jobs, key=lambda one: one[0].runs, reverse=True)
        case JobOrder.QUESTIONS:
            return sorted(found.jobs, key=lambda one: found.waiting.get(one[0].id, 0), reverse=True)


def _row(workspace: Workspace, reader: Reader, summaries: JobSummaries, *, entry: JobEntry) -> JobRow:
    run = reader.load_run(entry.job_id, entry.runs) if entry.runs else None
    return JobRow(
        entry=entry,
        summary=summaries.load(workspace, reader, entry.job_id),
        latest=view_line(workspace, reader, run) if run else None,
    )


def _summarize(workspace: Workspace, reader: Reader, job: Job) -> JobSummary | None:
    try:
        picture = look_at_job(workspace, reader, job)
    except OncueError:  # a workflow that cannot be read is said on the page of its job
        return None
    columns = view_columns(reader, picture)
    return JobSummary(
        phases=tuple((column.name, column.word, column.done, column.total) for column in columns),
        stale=sum(card.stale for column in columns for card in column.cards),
        spent=reader.spending(job.id),
        own_params=picture.own_params,
    )
