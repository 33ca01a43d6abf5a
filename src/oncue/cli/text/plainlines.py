"""Progress as plain lines: ``12:01:03 finding[solar] succeeded 1.2 s``."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from oncue.cli.text.printing import coloured, fold, say, show_seconds
from oncue.control.amounts import show_dollars
from oncue.core.events import Event, EventType
from oncue.core.model import StepId, step_key

_QUIET = frozenset(
    {
        EventType.STEP_PROGRESS,
        EventType.STEPS_EXPANDED,
        EventType.JOB_CREATED,
        EventType.COMMENT_GIVEN,
        EventType.MODEL_ANSWERED,
    }
)
_DETAILS = frozenset({EventType.STEP_STARTED, EventType.MODEL_CALLED})
_WORDS = {
    EventType.JOB_CREATED: "created",
    EventType.JOB_STOPPED: "stopped",
    EventType.PARAMS_CHANGED: "parameters changed",
    EventType.DEFINITION_CHANGED: "definition changed",
    EventType.OUTPUT_ACCEPTED: "accepted",
    EventType.RUN_QUEUED: "queued",
    EventType.RUN_STARTED: "started",
    EventType.RUN_PAUSED: "paused",
    EventType.RUN_CONTINUED: "continued",
    EventType.RUN_CANCEL_REQUESTED: "cancel requested",
    EventType.RUN_ENDED: "ended",
    EventType.STEP_STARTED: "started",
    EventType.STEP_SUCCEEDED: "succeeded",
    EventType.STEP_FAILED: "failed",
    EventType.STEP_CANCELLED: "cancelled",
    EventType.STEP_CUT_OFF: "not needed: its inputs did not change",
    EventType.STEPS_EXPANDED: "expanded",
    EventType.STEP_WAITING: "waits for an answer",
    EventType.STEP_CONTINUED: "goes on",
    EventType.QUESTION_ASKED: "asked",
    EventType.QUESTION_DECIDED: "decided",
    EventType.QUESTION_ANSWERED_LATE: "answered late",
    EventType.RUN_WAITING: "waiting for a person",
    EventType.COMMENT_GIVEN: "commented on",
    EventType.RECOMMENDATION_GIVEN: "was recommended a run",
    EventType.MODEL_CALLED: "calls a model",
    EventType.MODEL_ANSWERED: "has an answer of the model:",
    EventType.MODEL_FAILED: "got no answer of the model:",
    EventType.STEP_PROGRESS: "progress",
}


def describe_event(event: Event, *, seconds: float | None = None) -> str:
    """One event on one line; ``seconds`` is how long the step took."""
    who = event.step or (f"run {event.run}" if event.run else "job")
    parts = [event.at.astimezone().strftime("%H:%M:%S"), who, _word(event), *_facts(event)]
    if seconds is not None:
        parts.append(show_seconds(seconds))
    return " ".join(part for part in parts if part)


def _word(event: Event) -> str:
    data = event.data or {}
    if event.type is EventType.RUN_ENDED:
        return coloured(str(data.get("state", "ended")))
    word = _WORDS[event.type]
    return coloured(word.partition(" ")[0], word)


def _facts(event: Event) -> list[str]:
    data = event.data or {}
    if event.type in _DESCRIBED_BY:
        return _DESCRIBED_BY[event.type](data)
    match event.type:
        case EventType.STEP_FAILED:
            retry = " (it is tried again)" if data.get("retry_at") else ""
            return [f"{data.get('message', '')}{retry}"]
        case EventType.STEP_SUCCEEDED | EventType.STEP_STARTED:
            number = [f"attempt {data['attempt']}"] if data.get("attempt") else []
            return [*number, "with the same output"] if data.get("unchanged") else number
        case EventType.PARAMS_CHANGED if isinstance(names := data.get("names"), list | tuple):
            return [", ".join(map(str, names))]
        case EventType.OUTPUT_ACCEPTED | EventType.JOB_STOPPED | EventType.RUN_CANCEL_REQUESTED:
            reason = f": {data['reason']}" if data.get("reason") else ""
            return [f"by {data.get('actor', '')}{reason}"]
        case EventType.STEPS_EXPANDED:
            return [f"into {data.get('count')} instances"]
        case _:
            return []


def _progress_facts(data: Mapping[str, object]) -> list[str]:
    total = f" of {data['total']:g}" if isinstance(data.get("total"), int | float) else ""
    done = f"{data['done']:g}" if isinstance(data.get("done"), int | float) else ""
    return [f"{done}{total} {data.get('message') or ''}".strip()]


def _comment_facts(data: Mapping[str, object]) -> list[str]:
    """For which steps a comment is."""
    steps = data.get("steps")
    return [f"for {fold([str(step) for step in steps])}" if isinstance(steps, list | tuple) and steps else "for every step"]


def _request_facts(data: Mapping[str, object]) -> list[str]:
    """Which model is asked, and what for."""
    from oncue.cli.text.questiontext import one_line

    facts = [one_line(str(data["model"]), cells=60)] if data.get("model") else []
    if data.get("purpose") not in (None, "generate"):
        facts.append(f"to {str(data['purpose']).replace('_', ' ')}")
    return [*facts, f"(try {data['tries']})"] if data.get("tries") not in (None, 1) else facts


def _answer_facts(data: Mapping[str, object]) -> list[str]:
    """What an answer used and cost, or why there is none."""
    from oncue.cli.text.questiontext import one_line

    said = [one_line(str(data["message"]), cells=60)] if data.get("message") else []
    said += [f"({one_line(str(data['code']), cells=60)})"] if data.get("code") else []
    tokens, usd = data.get("tokens"), data.get("usd")
    used = [f"{tokens:,} tokens"] if isinstance(tokens, int) else []
    used += [show_dollars(usd)] if isinstance(usd, int | float) else []
    return [*said, ", ".join(used) or ("" if said else "tokens unknown")]


def _question_facts(data: Mapping[str, object]) -> list[str]:
    """What was asked, and what was answered."""
    from oncue.cli.text.questiontext import one_line

    facts = [one_line(str(data.get("type", "")), cells=40)]
    if "response" in data:
        facts.append(f"as {one_line(json.dumps(data['response'], ensure_ascii=False), cells=60)}")
    if data.get("how"):
        facts.append(f"({str(data['how']).replace('_', ' ')})")
    return [*facts, one_line(f"by {data['actor']}", cells=60)] if data.get("actor") else facts


_DESCRIBED_BY: Mapping[EventType, Callable[[Mapping[str, object]], list[str]]] = {
    EventType.STEP_PROGRESS: _progress_facts,
    EventType.COMMENT_GIVEN: _comment_facts,
    EventType.MODEL_CALLED: _request_facts,
    EventType.MODEL_ANSWERED: _answer_facts,
    EventType.MODEL_FAILED: _answer_facts,
    EventType.QUESTION_ASKED: _question_facts,
    EventType.QUESTION_DECIDED: _question_facts,
    EventType.QUESTION_ANSWERED_LATE: _question_facts,
}


class PlainReporter:
    """Prints what happens as it happens; of fan-out instances only how they ended."""

    def __init__(self, write: Callable[[str], None] = say) -> None:
        self._write = write
        self._began: dict[StepId, datetime] = {}

    def catch_up(self, events: Sequence[Event]) -> None:
        """What happened before: nothing is printed, but durations count from there."""
        for event in events:
            self._seconds(event)

    def show(self, events: Sequence[Event]) -> None:
        """Print new events."""
        for event in events:
            seconds = self._seconds(event)
            is_detail = event.type in _DETAILS and event.step is not None and step_key(event.step) is not None
            if event.type not in _QUIET and not is_detail:
                self._write(describe_event(event, seconds=seconds))

    def tick(self, now: datetime) -> None:
        """Lines do not age."""

    def close(self) -> None:
        """Nothing is left on the screen."""

    def _seconds(self, event: Event) -> float | None:
        if event.step is None:
            return None
        if event.type is EventType.STEP_STARTED:
            self._began[event.step] = event.at
        elif event.type in (EventType.STEP_SUCCEEDED, EventType.STEP_FAILED, EventType.STEP_CANCELLED):
            began = self._began.pop(event.step, None)
            return (event.at - began).total_seconds() if began else None
        return None
