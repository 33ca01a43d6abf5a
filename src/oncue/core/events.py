"""What happened: append-only, numbered per job, written in the same transaction as what it reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from oncue.core.model import JobId, StepId


class EventType(StrEnum):
    """Every kind of event. The data each carries is described beside it."""

    JOB_CREATED = "job_created"  # {"workflow"}
    JOB_STOPPED = "job_stopped"  # {"actor", "reason"}
    PARAMS_CHANGED = "params_changed"  # {"names": [...]}
    DEFINITION_CHANGED = "definition_changed"  # {"steps": [...]}
    OUTPUT_ACCEPTED = "output_accepted"  # {"actor", "reason"}
    RUN_QUEUED = "run_queued"  # {"trigger_id", "scope", "position"}
    RUN_STARTED = "run_started"  # {"worker"}
    RUN_PAUSED = "run_paused"  # None: a single step was asked for, and is done
    RUN_CONTINUED = "run_continued"  # {"worker"}: after a pause, a crash, or by another worker
    RUN_CANCEL_REQUESTED = "run_cancel_requested"  # {"actor"}
    RUN_ENDED = "run_ended"  # {"state", "error"?}
    STEP_STARTED = "step_started"  # {"attempt"} where it is not the first
    STEP_SUCCEEDED = "step_succeeded"  # {"unchanged": true} where the same bytes came out as before
    STEP_FAILED = "step_failed"  # {"error": {...}, "attempt", "retry_at"?}
    STEP_CANCELLED = "step_cancelled"  # None
    STEP_CUT_OFF = "step_cut_off"  # None: its inputs did not change, its output stays
    STEPS_EXPANDED = "steps_expanded"  # {"count"}: a fan-out knows its instances
    STEP_WAITING = "step_waiting"  # None: it asked a person, and goes on when it has the answer
    STEP_CONTINUED = "step_continued"  # None: it is entered again from its top
    QUESTION_ASKED = "question_asked"  # {"question_id", "type", "occurrence"}
    QUESTION_DECIDED = "question_decided"  # {"question_id", "type", "how", "response", "actor"?}
    QUESTION_ANSWERED_LATE = "question_answered_late"  # {"question_id", "type", "response", "actor"}
    RUN_WAITING = "run_waiting"  # None: nothing goes on before a person answers
    COMMENT_GIVEN = "comment_given"  # {"steps"}: the text is with the run
    RECOMMENDATION_GIVEN = "recommendation_given"  # {"recommendation_id", "author"}: nothing was started
    MODEL_CALLED = "model_called"  # {"call", "purpose", "model", "tries"?}: stored, about to be sent
    MODEL_ANSWERED = "model_answered"  # {"call", "tokens"?, "usd"?}
    MODEL_FAILED = "model_failed"  # {"call", "code", "message"}
    STEP_PROGRESS = "step_progress"  # {"done", "total", "message"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One entry of a job's log; ``seq`` counts from 1 without gaps."""

    job_id: JobId
    seq: int
    at: datetime
    type: EventType
    run: int | None = None
    step: StepId | None = None
    data: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDraft:
    """An event before its transaction has given it a number and a time."""

    type: EventType
    run: int | None = None
    step: StepId | None = None
    data: Mapping[str, object] | None = None
