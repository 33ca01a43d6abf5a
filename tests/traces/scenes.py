"""Jobs with runs on record, and what their traces say."""

from __future__ import annotations

from typing import Any

from oncue.control.callview import CallView
from oncue.control.jobs import create_job
from oncue.control.traceview import TraceView, TraceWish, view_trace
from oncue.control.workspace import Workspace
from oncue.core.model import Job
from tests.support.repository import ROOT

DRAFTING = "tests.generating.flows:drafting"
MANY = "tests.generating.flows:many"


def new_job(workspace: Workspace, flow: str, **params: object) -> Job:
    """A job of one of the workflows for these tests, or of ``module:name``."""
    return create_job(workspace, flow if ":" in flow else f"tests.traces.flows:{flow}", params=params, folder=ROOT)


def trace_of(workspace: Workspace, job: Job, **wish: Any) -> TraceView:
    """The trace of a job, or the part of it that is wished for."""
    return view_trace(workspace, job.id, TraceWish(**wish))


def first_calls(view: TraceView) -> list[CallView]:
    """The first call of every attempt that is listed."""
    return [attempt.calls[0] for attempt in view.attempts]
