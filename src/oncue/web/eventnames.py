"""What an event is called on the wire, and in which phase it happened.

``type`` is one of the closed list in ``core/events.py``. ``name`` says the same in the style ``phase3:step_complete``: phases
are numbered from 1 in the order of the workflow, other events begin with ``run``, ``question`` or ``job``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from oncue.control.views.eventsview import event_as_dict
from oncue.core.definitionrecord import decode_definition
from oncue.core.events import Event, EventType
from oncue.core.model import ContentHash, JobId, step_name
from oncue.core.readport import Reader

STEP_WORDS = {
    EventType.STEP_STARTED: "step_start",
    EventType.STEP_SUCCEEDED: "step_complete",
    EventType.STEP_FAILED: "step_error",
}
RUN_WORDS = {"succeeded": "complete"}
_RUN, _QUESTION, _JOB = "run_", "question_", "job_"
UNKNOWN_PHASE = 0


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase of a workflow: its number from 1, and its name."""

    number: int
    name: str


@dataclass(slots=True)
class PhaseBook:
    """In which phase each step of a job is; what a definition says is read once."""

    _known: dict[ContentHash, Mapping[str, Phase]] = field(default_factory=dict)

    def phases(self, reader: Reader, job_id: JobId) -> Mapping[str, Phase]:
        """The phase of every step of a job, as of its stored definition."""
        job = reader.load_job(job_id)
        if job is None:
            return {}
        if job.definition_hash not in self._known:
            definition = decode_definition(reader.load_definition(job.definition_hash))
            numbers = {name: number for number, name in enumerate(definition.phases, start=1)}
            self._known[job.definition_hash] = {
                step.name: Phase(numbers.get(step.phase, UNKNOWN_PHASE), step.phase) for step in definition.steps
            }
        return self._known[job.definition_hash]


def event_name(event: Event, phase: Phase | None) -> str:
    """What an event is called in the style of phases."""
    kind = event.type.value
    if kind.startswith(_RUN):
        word = kind.removeprefix(_RUN)
        if event.type is EventType.RUN_ENDED:
            state = str((event.data or {}).get("state", ""))
            word = RUN_WORDS.get(state, state)
        return f"run:{word}"
    if kind.startswith(_QUESTION):
        return f"question:{kind.removeprefix(_QUESTION)}"
    if event.step is not None:
        return f"phase{phase.number if phase else UNKNOWN_PHASE}:{STEP_WORDS.get(event.type, kind)}"
    return f"job:{kind.removeprefix(_JOB)}"


def event_record(event: Event, phases: Mapping[str, Phase]) -> dict[str, object]:
    """The wire form of an event."""
    phase = phases.get(step_name(event.step)) if event.step is not None else None
    return {
        "job_id": event.job_id,
        **event_as_dict(event),
        "name": event_name(event, phase),
        "phase": phase.name if phase else None,
    }


def event_text(event: Event, phases: Mapping[str, Phase]) -> str:
    """The wire form as JSON text, made once for all who get it."""
    return json.dumps(event_record(event, phases), ensure_ascii=False, separators=(",", ":"))
