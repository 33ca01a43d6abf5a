"""The trace of a job: what each attempt of a step consumed and was given, and every call of a language model that it made.

::

    attempt ── carried over: outputs of earlier steps, its own last output (keep), earlier comments
       │    ── comments, answers, parameters: whatever steered it besides
       └─ calls ── sections · payload · reply · usage · cost · what changed since the run before

An attempt is listed when it called a model, took over answers to an earlier one, or read a comment; those of a step that is
asked for are listed in any case. A page holds some of them, or some calls alone, and says after which one the next begins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from typing import Any, TypeVar

from oncue.control.amounts import spending_as_dict
from oncue.control.steps.bodies import Bodies
from oncue.control.views.artifactview import find_step
from oncue.control.views.attempttrace import AttemptTrace, TraceBook
from oncue.control.views.callview import CallView
from oncue.control.views.jobview import look_at_job
from oncue.control.workspace import Workspace, load_job
from oncue.core.model import Attempt, AttemptKey, ContentHash, Job, JobId, StepId, step_key
from oncue.core.modelcalls import ModelCall, Spending, add_spending
from oncue.core.readport import Reader
from oncue.core.traceports import TracePart
from oncue.errors import NoArtifact, NotFound, UnknownCursor, UnknownRun

T = TypeVar("T")
CHUNK = 200
"""So many attempts or calls are looked for at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceWish:
    """What of a trace is wanted; ``step`` as a person writes it. ``call`` is a number within an attempt."""

    step: str | None = None
    run: int | None = None
    call: int | None = None
    has_texts: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TracePlace:
    """A place in a trace: an attempt, or with ``call`` one of its calls."""

    run: int
    step: str
    number: int
    call: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceRange:
    """Which page: what comes after a place, so much at most; None is all of it."""

    after: TracePlace | None = None
    limit: int | None = None

    @property
    def chunk(self) -> int:
        """How many to look for at once: the page, and one that tells that there are more."""
        return CHUNK if self.limit is None else min(CHUNK, self.limit + 1)


EVERYTHING = TraceRange()


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceView:
    """What was asked for of a job's trace; ``end`` is its last place where more comes after it."""

    job_id: JobId
    workflow: str
    attempts: tuple[AttemptTrace, ...]
    end: TracePlace | None = None

    @property
    def spending(self) -> Spending:
        """What the listed calls cost together."""
        return add_spending(call.call for attempt in self.attempts for call in attempt.calls)

    def as_dict(self) -> dict[str, Any]:
        """The wire form."""
        return {
            "job_id": self.job_id,
            "workflow": self.workflow,
            "spending": spending_as_dict(self.spending),
            "complete": self.end is None,
            "attempts": [attempt.as_dict() for attempt in self.attempts],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class LatestAttempts:
    """The last attempts of a step, the newest first; ``left_out`` counts those before, ``spent`` is what all of them cost."""

    attempts: tuple[AttemptTrace, ...]
    left_out: int
    spent: Spending

    @property
    def is_telling(self) -> bool:
        """Whether there is more to say of them than that they were made."""
        return self.spent.calls > 0 or any(attempt.is_telling for attempt in self.attempts)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallsView:
    """Some calls in the order in which they were sent; ``end`` is the place of the last one where more come after it."""

    job_id: JobId
    workflow: str
    calls: tuple[CallView, ...]
    end: TracePlace | None = None

    def as_dict(self) -> dict[str, Any]:
        """The wire form."""
        return {
            "job_id": self.job_id,
            "workflow": self.workflow,
            "spending": spending_as_dict(add_spending(view.call for view in self.calls)),
            "complete": self.end is None,
            "calls": [view.as_dict() for view in self.calls],
        }


def view_trace(workspace: Workspace, job_id: JobId, wish: TraceWish, *, page: TraceRange = EVERYTHING) -> TraceView:
    """Look at the trace of a job, of one step, of one run, or of one call; a page of calls may list fewer than its limit.

    Raises:
        UnknownStep, StepOutOfRange, UnknownRun: there is no such step or run.
        NotFound: the step has not been executed there (``no_attempt``), or no attempt made a call of this number
            (``unknown_call``).
        UnknownCursor: the page is to begin after an attempt that is not there.
    """
    with workspace.store.read() as reader:
        job = load_job(reader, job_id)
        part = _find_part(workspace, reader, job, wish=wish)
        book = TraceBook(workspace.store, reader, job)
        attempts, has_more = _attempts(reader, job_id, part, page=page, is_wanted=book.is_telling)
        if part.step is not None and not attempts and page.after is None:
            raise NotFound(
                f"step {part.step} has not been executed{_in_run(wish.run)}",
                hint=f"oncue job history {job_id} says which run executed what",
                code="no_attempt",
            )
        found = [book.describe(attempt) for attempt in attempts]
    is_part = has_more or page.after is not None
    if wish.call is not None:
        found = _with_call(found, wish.call, job_id, is_part=is_part)
    if wish.has_texts:
        bodies = Bodies(workspace.store)
        found = [replace(one, calls=tuple(with_texts(bodies, call) for call in one.calls)) for one in found]
    end = _place(attempts[-1].key) if has_more else None
    return TraceView(job_id=job_id, workflow=job.workflow, attempts=tuple(found), end=end)


def view_latest_attempts(workspace: Workspace, job_id: JobId, step: str, *, run: int | None, count: int) -> LatestAttempts:
    """Look at the last attempts of a step, so many at most; of one run, if it is given. There may be none.

    Raises:
        UnknownStep, StepOutOfRange, UnknownRun: there is no such step or run.
    """
    with workspace.store.read() as reader:
        job = load_job(reader, job_id)
        part = _find_part(workspace, reader, job, wish=TraceWish(step=step, run=run))
        attempts, _ = _attempts(reader, job_id, part, page=EVERYTHING, is_wanted=lambda _: True)
        book = TraceBook(workspace.store, reader, job)
        return LatestAttempts(
            attempts=tuple(book.describe(attempt) for attempt in attempts[: -count - 1 : -1]),
            left_out=max(0, len(attempts) - count),
            spent=reader.trace_spending(job_id, part),
        )


def view_calls(workspace: Workspace, job_id: JobId, wish: TraceWish, *, page: TraceRange = EVERYTHING) -> CallsView:
    """Look at the calls of a job, of a step or of a run.

    Raises:
        UnknownStep, StepOutOfRange, UnknownRun: there is no such step or run.
        UnknownCursor: the page is to begin after a call that is not there.
    """
    with workspace.store.read() as reader:
        job = load_job(reader, job_id)
        part = _find_part(workspace, reader, job, wish=wish)
        book = TraceBook(workspace.store, reader, job)
        calls, has_more = _calls(reader, job_id, part, page=page)
        attempt_of: Callable[[AttemptKey], Attempt | None] = cache(reader.load_attempt)
        views = [
            view
            for call in calls
            if (attempt := attempt_of(call.key)) is not None
            for view in book.describe_calls(attempt, (call,))
        ]
    end = _place(calls[-1].key, calls[-1].number) if has_more else None
    return CallsView(job_id=job_id, workflow=job.workflow, calls=tuple(views), end=end)


def _find_part(workspace: Workspace, reader: Reader, job: Job, *, wish: TraceWish) -> TracePart:
    if wish.run is not None and reader.load_run(job.id, wish.run) is None:
        raise UnknownRun(wish.run, job.runs)
    if not wish.step:
        return TracePart(run=wish.run)
    picture = look_at_job(workspace, reader, job)
    step = find_step(picture, wish.step)
    is_known = step in picture.assessment.statuses and not any(this.startswith(f"{step}[") for this in picture.records)
    return TracePart(step=step, is_whole=step_key(step) is None and not is_known, run=wish.run)


def _attempts(
    reader: Reader, job_id: JobId, part: TracePart, *, page: TraceRange, is_wanted: Callable[[Attempt], bool]
) -> tuple[list[Attempt], bool]:
    """The attempts of a page, and whether there are others after it."""
    after = None if page.after is None else _attempt_at(reader, job_id, page.after)

    def every(after: Attempt | None) -> Iterator[Attempt]:
        while found := reader.trace_attempts(job_id, part, after=after, limit=page.chunk):
            yield from (attempt for attempt in found if part.step is not None or is_wanted(attempt))
            after = found[-1]

    return _take(every(after), page.limit)


def _calls(reader: Reader, job_id: JobId, part: TracePart, *, page: TraceRange) -> tuple[list[ModelCall], bool]:
    """The calls of a page, and whether there are others after it."""
    after = None if page.after is None else _call_at(reader, job_id, page.after)

    def every(after: ModelCall | None) -> Iterator[ModelCall]:
        while found := reader.trace_calls(job_id, part, after=after, limit=page.chunk):
            yield from found
            after = found[-1]

    return _take(every(after), page.limit)


def _take(found: Iterator[T], limit: int | None) -> tuple[list[T], bool]:
    """So many, and whether there are more."""
    taken = list(islice(found, limit))
    return taken, next(found, None) is not None


def _attempt_at(reader: Reader, job_id: JobId, place: TracePlace) -> Attempt:
    found = reader.load_attempt(AttemptKey(job_id=job_id, run=place.run, step=StepId(place.step), number=place.number))
    if found is None:
        raise UnknownCursor()
    return found


def _call_at(reader: Reader, job_id: JobId, place: TracePlace) -> ModelCall:
    key = AttemptKey(job_id=job_id, run=place.run, step=StepId(place.step), number=place.number)
    found = next((call for call in reader.calls_of_attempt(key) if call.number == place.call), None)
    if found is None:
        raise UnknownCursor()
    return found


def _place(key: AttemptKey, call: int = 0) -> TracePlace:
    return TracePlace(run=key.run, step=key.step, number=key.number, call=call)


def with_texts(bodies: Bodies, view: CallView) -> CallView:
    """The call with everything that was said."""
    call = view.call
    return replace(
        view,
        sections=tuple(replace(section, text=read_text(bodies, section.hash)) for section in view.sections),
        payload=read_text(bodies, call.payload),
        reply=read_text(bodies, call.reply) if call.reply else None,
        is_whole=True,
    )


def read_text(bodies: Bodies, address: ContentHash) -> str | None:
    """A text that went to a model or came from one; None where it is not stored any more."""
    try:
        return bodies.text(address)
    except NoArtifact:
        return None


def _with_call(found: Sequence[AttemptTrace], number: int, job_id: JobId, *, is_part: bool) -> list[AttemptTrace]:
    """The attempts that made a call of this number, with that call alone; of a part there may be none."""
    kept = [
        replace(one, calls=calls) for one in found if (calls := tuple(call for call in one.calls if call.call.number == number))
    ]
    if not kept and not is_part:
        most = max((call.call.number for one in found for call in one.calls), default=0)
        known = f"calls are numbered from 1 to {most} there" if most else "no model was called there"
        raise NotFound(f"no call {number}: {known}", hint=f"oncue job trace {job_id} lists the calls", code="unknown_call")
    return kept


def _in_run(run: int | None) -> str:
    return f" in run {run}" if run is not None else ""
