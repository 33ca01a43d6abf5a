"""The runs of a job, the newest first, page by page; and everything about one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from oncue.control.views.boardview import RunLine, view_line
from oncue.control.views.requestwords import Departure, describe_override
from oncue.control.views.runview import RunView, TriggerView, is_interrupted, view_executed
from oncue.control.workspace import Workspace, load_job
from oncue.core.counting import RunSpan
from oncue.core.model import Attempt, AttemptKey, JobId, Trigger
from oncue.core.modelcalls import Spending
from oncue.core.questions import Question
from oncue.core.readport import Reader
from oncue.core.recommendations import Recommendation, RecommendationId, find_overrides
from oncue.errors import UnknownRun

PAGE = 50
LISTED_ATTEMPTS = 200
LISTED_QUESTIONS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class RunList:
    """Some runs of a job; ``page`` counts from 1, ``total`` is how many there are.

    ``spent`` is what the model calls of each run cost, by its number; runs without a call are absent. ``advice`` is the
    recommendation that a run followed, by its number; the ``changed`` ones depart from it.
    """

    lines: tuple[RunLine, ...]
    total: int
    page: int
    pages: int
    spent: Mapping[int, Spending]
    advice: Mapping[int, Recommendation]
    changed: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPage:
    """One run: ``attempts`` are the first of ``attempt_count``, in the order in which they started.

    ``questions`` are the first ones that it asked; ``has_more_questions`` says that there are others.
    ``waits`` are the seconds that the attempts which asked waited for answers.
    ``advice`` is the recommendation that it followed, ``departures`` are where the person set something otherwise.
    """

    view: RunView
    request: Mapping[str, object]
    attempts: tuple[Attempt, ...]
    attempt_count: int
    waits: Mapping[AttemptKey, float]
    questions: tuple[Question, ...]
    has_more_questions: bool
    is_interrupted: bool
    now: datetime
    advice: Recommendation | None = None
    departures: tuple[Departure, ...] = ()

    @property
    def word(self) -> str:
        """How it stands."""
        return "interrupted" if self.is_interrupted else self.view.status.value

    def working_since(self, attempt: Attempt) -> datetime:
        """Since when an attempt works, as if what it waited for answers had come before."""
        return attempt.started_at + timedelta(seconds=self.waits.get(attempt.key, 0.0))

    def worked_seconds(self, attempt: Attempt) -> float:
        """How long an attempt worked, until now where it has not ended; waiting for answers does not count."""
        took = ((attempt.ended_at or self.now) - attempt.started_at).total_seconds()
        return max(0.0, took - self.waits.get(attempt.key, 0.0))


def view_run_list(workspace: Workspace, job_id: JobId, *, page: int = 1) -> RunList:
    """Look at some runs of a job; a page that does not exist is the last one."""
    with workspace.store.read() as reader:
        job = load_job(reader, job_id)
        pages = max(1, -(-job.runs // PAGE))
        page = min(max(1, page), pages)
        newest = job.runs - (page - 1) * PAGE
        span = RunSpan(first=newest - PAGE + 1, last=newest)
        spent = reader.spending_by_run(job_id, span)
        lines = tuple(view_line(workspace, reader, run) for run in reversed(reader.list_runs(job_id, span)))
        advice = {line.run.number: given for line in lines if (given := _advice(reader, line.trigger)) is not None}
    changed = frozenset(line.run.number for line in lines if _departs(line))
    return RunList(lines=lines, total=job.runs, page=page, pages=pages, spent=spent, advice=advice, changed=changed)


def _departs(line: RunLine) -> bool:
    """Whether a run was asked something else than was recommended."""
    recommended = line.trigger.recommended if line.trigger else None
    return recommended is not None and bool(find_overrides(recommended, line.run.request))


def _advice(reader: Reader, trigger: Trigger | TriggerView | None) -> Recommendation | None:
    """The recommendation that an action followed."""
    id_ = trigger.recommendation_id if trigger else None
    return None if id_ is None else reader.load_recommendation(RecommendationId(id_))


def view_run_page(workspace: Workspace, job_id: JobId, number: int) -> RunPage:
    """Look at one run with everything that it did.

    Raises:
        UnknownRun: the job has none of this number.
    """
    with workspace.store.read() as reader:
        return read_run_page(workspace, reader, job_id, number=number)


def read_run_page(workspace: Workspace, reader: Reader, job_id: JobId, *, number: int) -> RunPage:
    """One run, as an open reader sees it.

    Raises:
        UnknownRun: the job has none of this number.
    """
    run = reader.load_run(job_id, number)
    if run is None:
        raise UnknownRun(number, load_job(reader, job_id).runs)
    attempts = reader.list_attempts(job_id, run=number)
    questions = reader.list_questions(job_id=job_id, run=number, limit=LISTED_QUESTIONS + 1)
    view = view_executed(reader, run, attempts)
    return RunPage(
        view=view,
        request=run.request,
        attempts=tuple(attempts[:LISTED_ATTEMPTS]),
        attempt_count=len(attempts),
        waits=reader.waits_of_run(job_id, number),
        questions=tuple(questions[:LISTED_QUESTIONS]),
        has_more_questions=len(questions) > LISTED_QUESTIONS,
        is_interrupted=is_interrupted(workspace, run),
        now=workspace.clock.now(),
        advice=_advice(reader, view.trigger),
        departures=tuple(map(describe_override, view.trigger.overrides)) if view.trigger else (),
    )
