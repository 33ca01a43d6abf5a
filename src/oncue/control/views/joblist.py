"""The jobs of a workspace as a table for people: sorted, page by page, each with its progress by phase.

What a job's steps stand at is worked out for the jobs of one page alone, and kept until something happens in the job or its
workflow changes: the list says of a job what its own page says.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock

from oncue.control.sources import follow_definition
from oncue.control.views.boardview import RunLine, view_columns, view_line
from oncue.control.views.jobspage import STATE_WORDS, FoundJobs, JobEntry, JobFilter, find_jobs
from oncue.control.views.jobview import look_at_job
from oncue.control.workspace import Workspace, load_job
from oncue.core.jobhead import JobHead
from oncue.core.model import ContentHash, Job, JobId, WorkflowSource
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


@dataclass(frozen=True, slots=True)
class _Mark:
    """What a summary follows from: all that happened in a job, and the definition that it follows by now."""

    event: int
    definition: ContentHash


class JobSummaries:
    """What was worked out of jobs, kept until something happens in them or their workflow changes; safe for several threads."""

    def __init__(self) -> None:
        self._known: OrderedDict[JobId, tuple[_Mark, JobSummary | None]] = OrderedDict()
        self._lock = Lock()

    def load(self, workspace: Workspace, reader: Reader, job: Job, *, definition: ContentHash) -> JobSummary | None:
        """Where the steps of a job that follows this definition stand; None where its workflow cannot be read."""
        mark = _Mark(job.event_seq, definition)
        with self._lock:
            known = self._known.get(job.id)
        if known is None or known[0] != mark:
            known = (mark, _summarize(workspace, reader, job))
        with self._lock:
            self._known[job.id] = known
            self._known.move_to_end(job.id)
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
        rows = tuple(map(_Rows(workspace, reader, summaries).draw_up, entries))
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


class _Rows:
    """Draws up the rows of one page; sources that several of its jobs have are read once."""

    def __init__(self, workspace: Workspace, reader: Reader, summaries: JobSummaries) -> None:
        self._workspace = workspace
        self._reader = reader
        self._summaries = summaries
        self._definitions: dict[tuple[WorkflowSource, ContentHash], ContentHash | None] = {}

    def draw_up(self, entry: JobEntry) -> JobRow:
        """One job with its summary and its latest run."""
        job = load_job(self._reader, entry.job_id)
        definition = self._definition(job)
        run = self._reader.load_run(entry.job_id, entry.runs) if entry.runs else None
        return JobRow(
            entry=entry,
            summary=self._summaries.load(self._workspace, self._reader, job, definition=definition) if definition else None,
            latest=view_line(self._workspace, self._reader, run) if run else None,
        )

    def _definition(self, job: Job) -> ContentHash | None:
        """The definition that a job follows now; None where it is wrong."""
        key = (job.source, job.definition_hash)
        if key not in self._definitions:
            try:
                self._definitions[key] = follow_definition(self._workspace, self._reader, job).address
            except OncueError:  # a workflow that cannot be read is said on the page of its job
                self._definitions[key] = None
        return self._definitions[key]


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
