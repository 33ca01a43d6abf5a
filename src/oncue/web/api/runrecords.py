"""Runs and attempts as they go over the wire."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace

from oncue.control.instants import show_instant
from oncue.control.views.decisionview import waiting_questions
from oncue.control.views.runview import RunView, describe_runs, failure_as_dict, is_interrupted, view_run
from oncue.control.views.traceview import TracePlace
from oncue.control.workspace import Workspace
from oncue.core.counting import HIGHEST_NUMBER, RunSpan
from oncue.core.model import Attempt, Job, Run
from oncue.errors import UnknownCursor, UnknownRun


def read_run(workspace: Workspace, job: Job, number: int) -> dict[str, object]:
    """One run of a job.

    Raises:
        UnknownRun: the job has none of this number.
    """
    with workspace.store.read() as reader:
        run = reader.load_run(job.id, number)
        if run is None:
            raise UnknownRun(number, job.runs)
        view = view_run(reader, job, number)
        questions = waiting_questions(reader, job.id, number)
    view = replace(view, questions=questions, is_interrupted=is_interrupted(workspace, run))
    return run_record(run, view)


def read_runs(workspace: Workspace, job: Job, *, cursor: str | None, limit: int) -> dict[str, object]:
    """Some runs of a job, the newest first, that come after a cursor."""
    newest = job.runs if cursor is None else max(0, min(job.runs, read_number(cursor) - 1))
    with workspace.store.read() as reader:
        page = reader.list_runs(job.id, RunSpan(first=newest - limit + 1, last=newest))[::-1]
        views = describe_runs(workspace, reader, page)
    more = page and page[-1].number > 1
    records = [run_record(run, view) for run, view in zip(page, views, strict=True)]
    return {"job_id": job.id, "runs": records, "next_cursor": show_number(page[-1].number) if more else None}


def run_record(run: Run, view: RunView) -> dict[str, object]:
    """A run with its whole request, and its trigger also under the names of the edge."""
    trigger = view.trigger
    return {
        **view.as_dict(),
        "job_id": run.job_id,
        "request": dict(run.request),
        "ui_trigger_id": trigger.id if trigger else None,
        "ui_trigger_source": trigger.source if trigger else None,
        "ui_trigger_metadata": dict(trigger.metadata) if trigger else None,
        "recommended_message_id": trigger.recommendation_id if trigger else None,
        "recommended_config_snapshot": trigger.recommended if trigger else None,
        "ui_triggered_at": show_instant(trigger.triggered_at) if trigger else None,
    }


def attempt_record(attempt: Attempt) -> dict[str, object]:
    """One execution of one step."""
    ended = attempt.ended_at
    return {
        "run": attempt.key.run,
        "step": attempt.key.step,
        "number": attempt.key.number,
        "status": attempt.state.value,
        "context": attempt.context.value,
        "started_at": show_instant(attempt.started_at),
        "ended_at": show_instant(ended),
        "duration_seconds": (ended - attempt.started_at).total_seconds() if ended else None,
        "artifact": attempt.artifact,
        "has_log": attempt.log is not None,
        "losses": attempt.losses,
        "error": failure_as_dict(attempt.error),
    }


def show_number(number: int) -> str:
    """A cursor; what it holds is nobody's business."""
    return _pack(str(number))


def read_number(cursor: str) -> int:
    """The number in a cursor.

    Raises:
        UnknownCursor: it was not given out here.
    """
    text = _unpack(cursor)
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(HIGHEST_NUMBER)) or int(text) > HIGHEST_NUMBER:
        raise UnknownCursor
    return int(text)


def show_place(place: TracePlace | None) -> str | None:
    """A cursor that leads on from a place in a trace."""
    return None if place is None else _pack(f"{place.run} {place.number} {place.call} {place.step}")


def read_place(cursor: str | None) -> TracePlace | None:
    """The place in a cursor, if there is one.

    Raises:
        UnknownCursor: it was not given out here.
    """
    if cursor is None:
        return None
    try:
        *numbers, step = _unpack(cursor).split(" ", 3)
        run, number, call = map(int, numbers)
    except ValueError as error:
        raise UnknownCursor() from error
    if "\0" in step or not all(0 <= one <= HIGHEST_NUMBER for one in (run, number, call)):
        raise UnknownCursor()
    return TracePlace(run=run, step=step, number=number, call=call)


def _pack(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _unpack(cursor: str) -> str:
    try:
        return urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (ValueError, binascii.Error) as error:
        raise UnknownCursor() from error
