"""``job.json``: all that is on record about a job, as one value, and the small files beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from oncue.control.amounts import spending_as_dict
from oncue.control.commentrecords import comment_record
from oncue.control.exports.exportcontent import Content
from oncue.control.exports.exportfacts import JobFacts, Placement, RunFacts
from oncue.control.instants import show_instant
from oncue.control.promptrecords import decision_record
from oncue.control.views.runview import failure_as_dict
from oncue.core.model import Acceptance, Attempt, StepId
from oncue.core.modelcalls import add_spending
from oncue.core.questions import Question
from oncue.core.staleness import StepState

FORMAT = "oncue-export/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedContent:
    """An output, the folder it went to (with a slash at its end), and the files it became there."""

    placement: Placement
    folder: str
    content: Content


def describe_job(facts: JobFacts, placed: Sequence[PlacedContent]) -> dict[str, Any]:
    """The record of a job, of facts that are redacted already."""
    job = facts.job
    return {
        "format": FORMAT,
        "job": {
            "job_id": job.id,
            "workflow": job.workflow,
            "status": facts.status,
            "source": {"kind": job.source.kind.value, "ref": job.source.ref},
            "definition_hash": job.definition_hash,
            "created_at": show_instant(job.created_at),
            "stopped_at": show_instant(job.stopped_at),
            "replayed_from": job.replayed_from,
            "revision": job.revision,
            "event_seq": job.event_seq,
            "as_of": show_instant(facts.at),
        },
        "params": dict(job.params),
        "steps": _describe_steps(facts, placed),
        "stale": [step.id for step in facts.stale],
        "note": facts.note,
        "runs": [_describe_run(run) for run in facts.runs],
        "acceptances": [_describe_acceptance(acceptance) for acceptance in facts.acceptances],
        "comments": [comment_record(comment) for comment in facts.comments],
        "model_calls": spending_as_dict(add_spending(facts.calls)),
        "decisions": [describe_decision(question) for question in facts.questions],
    }


def describe_decision(question: Question) -> dict[str, object]:
    """A decision, with the answer that came after its deadline where there is one."""
    record = decision_record(question)
    if question.late is not None:
        late = question.late
        record["late"] = {"response": late.response, "actor": late.actor, "answered_at": show_instant(late.answered_at)}
    return record


def _describe_steps(facts: JobFacts, placed: Sequence[PlacedContent]) -> list[dict[str, object]]:
    found: dict[StepId, list[PlacedContent]] = {}
    for one in placed:
        found.setdefault(one.placement.step, []).append(one)
    gone = [
        {"id": record.step, "state": "gone", "run": current.run, "artifact": current.artifact}
        for record in facts.gone
        if (current := record.current) is not None
    ]
    steps: list[dict[str, object]] = [*(step.as_dict() for step in facts.steps), *gone]
    return [step | {"outputs": [_describe_output(one) for one in found.get(StepId(str(step["id"])), [])]} for step in steps]


def _describe_output(one: PlacedContent) -> dict[str, object]:
    return {
        "folder": one.folder,
        "run": one.placement.run,
        "current": one.placement.is_current,
        "artifact": one.placement.artifact,
        "files": [{"path": file.path, "size": file.size, "sha256": file.sha256} for file in one.content.files],
        "pruned": list(one.content.pruned),
    }


def _describe_run(facts: RunFacts) -> dict[str, object]:
    run = facts.run
    trigger = facts.view.trigger
    return {
        **facts.view.as_dict(),
        "request": dict(run.request),
        "definition_hash": run.definition_hash,
        "cancel_requested_at": show_instant(run.cancel_requested_at),
        "trigger": trigger.as_dict() if trigger is not None else None,
        "plan": {
            "digest": run.plan_digest,
            "execute": [step.id for step in facts.plan.executing],
            "reuse": dict(sorted(facts.plan.reused.items())),
            "cut_off": list(run.cut_off),
        },
        "attempts": [_describe_attempt(attempt) for attempt in facts.attempts],
    }


def _describe_attempt(attempt: Attempt) -> dict[str, object]:
    return {
        "step": attempt.key.step,
        "number": attempt.key.number,
        "status": attempt.state.value,
        "started_at": show_instant(attempt.started_at),
        "ended_at": show_instant(attempt.ended_at),
        "context": attempt.context.value,
        "inputs": _describe_inputs(attempt),
        "artifact": attempt.artifact,
        "error": failure_as_dict(attempt.error),
        "losses": attempt.losses,
    }


def _describe_inputs(attempt: Attempt) -> Mapping[str, object] | None:
    inputs = attempt.inputs
    if inputs is None:
        return None
    return {
        "definition": inputs.definition,
        "steps": dict(inputs.steps),
        "params": dict(inputs.params),
        "item": inputs.item,
        "comments": list(inputs.comments),
    }


def _describe_acceptance(acceptance: Acceptance) -> dict[str, object]:
    return {
        "step": acceptance.step,
        "run": acceptance.run,
        "number": acceptance.number,
        "actor": acceptance.actor,
        "reason": acceptance.reason,
        "accepted_at": show_instant(acceptance.accepted_at),
        "basis": acceptance.basis,
    }


def list_pruned(placed: Sequence[PlacedContent]) -> list[str]:
    """What is missing from the archive because its body is not stored any more: folder and name."""
    return [f"{one.folder}: {name}" for one in placed for name in one.content.pruned]


def count_states(facts: JobFacts) -> Mapping[StepState, int]:
    """How many steps are in each state; states that none is in are absent."""
    counts = {state: sum(step.state is state for step in facts.steps) for state in StepState}
    return {state: count for state, count in counts.items() if count}
