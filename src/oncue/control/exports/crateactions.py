"""The actions of a crate: who authorized each run, what it executed, from what, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from oncue.control.exports.crateids import Entities, Entity, Ref, file_ref, local, refs
from oncue.control.exports.exportfacts import JobFacts, RunFacts
from oncue.control.exports.exportrecord import PlacedContent
from oncue.control.instants import show_instant
from oncue.core.comments import GivenComment
from oncue.core.model import Attempt, AttemptState, Failure, RunState, Trigger, step_name

_MAIN = {"@id": "workflow.json"}
_ENGINE = {"@id": local("engine", "oncue")}
_STATUSES: dict[RunState | AttemptState, str] = {
    RunState.QUEUED: "PotentialActionStatus",
    RunState.RUNNING: "ActiveActionStatus",
    RunState.WAITING: "ActiveActionStatus",
    RunState.SUCCEEDED: "CompletedActionStatus",
    RunState.FAILED: "FailedActionStatus",
    RunState.CANCELLED: "FailedActionStatus",
    RunState.HALTED: "FailedActionStatus",
}


def describe_runs(entities: Entities, facts: JobFacts, placed: Sequence[PlacedContent]) -> list[Ref]:
    """Describe every run of a job; returns what the crate mentions."""
    bodies = Bodies(entities, placed)
    return [ref for run in facts.runs for ref in _describe_run(entities, run, bodies)]


class Bodies:
    """Artifacts as a crate refers to them: by their files where those are in it, by their address where they are not."""

    def __init__(self, entities: Entities, placed: Sequence[PlacedContent]) -> None:
        self._entities = entities
        self._files: dict[str, list[Ref]] = {}
        for one in placed:
            files = [file_ref(file.path) for file in one.content.files]
            if files and not one.content.pruned:
                self._files.setdefault(one.placement.artifact, files)

    def refer(self, address: str, about: str) -> list[Ref]:
        """The files of an artifact."""
        known = self._files.get(address)
        if known is not None:
            return known
        absent = {"@id": local("artifact", address), "@type": "CreativeWork", "name": about, "identifier": address}
        return [self._entities.add(absent | {"description": "Not in this crate; named by the SHA-256 of its content"})]


def _describe_run(entities: Entities, facts: RunFacts, bodies: Bodies) -> list[Ref]:
    run = facts.run
    trigger = facts.trigger
    params = [_describe_param(entities, name, value, number=run.number) for name, value in run.params.items()]
    results = [
        ref
        for attempt in facts.attempts
        if attempt.artifact is not None
        for ref in bodies.refer(attempt.artifact, f"Output of {attempt.key.step} in run {run.number}")
    ]
    action: Entity = {
        "@id": local("run", run.number),
        "@type": "CreateAction",
        "name": f"Run {run.number} ({facts.view.kind.value}, {facts.view.scope})",
        "instrument": _MAIN,
        "identifier": run.plan_digest,
        **_times(run.started_at, run.ended_at),
        **_outcome(run.state, run.error),
    }
    if trigger is not None:
        action["agent"] = _describe_person(entities, trigger.actor)
    comment = facts.view.guidance.comment
    consumed = [*params, *([_describe_comment(entities, comment)] if comment is not None else [])]
    if consumed:
        action["object"] = refs(consumed)
    if results:
        action["result"] = refs(results)
    mentioned = [entities.add(action)]
    if facts.attempts:
        mentioned.append(_describe_organizing(entities, facts, bodies))
    if trigger is not None:
        mentioned.append(_describe_trigger(entities, trigger, run.number))
    return mentioned


def _describe_organizing(entities: Entities, facts: RunFacts, bodies: Bodies) -> Ref:
    """The engine's part of a run: one control action for each attempt."""
    number = facts.run.number
    controls = [_describe_attempt(entities, attempt, bodies) for attempt in facts.attempts]
    organizing: Entity = {
        "@id": local("run", number, "organizing"),
        "@type": "OrganizeAction",
        "name": f"Execution of run {number}",
        "instrument": _ENGINE,
        "object": refs(controls),
        "result": {"@id": local("run", number)},
        **_times(facts.run.started_at, facts.run.ended_at),
    }
    if facts.trigger is not None:
        organizing["agent"] = _describe_person(entities, facts.trigger.actor)
    return entities.add(organizing)


def _describe_attempt(entities: Entities, attempt: Attempt, bodies: Bodies) -> Ref:
    key = attempt.key
    name = step_name(key.step)
    consumed = [
        ref
        for upstream, address in (attempt.inputs.steps.items() if attempt.inputs else ())
        for ref in bodies.refer(address, f"Output of {upstream}, consumed by {key.step} in run {key.run}")
    ]
    action: Entity = {
        "@id": local("run", key.run, key.step, key.number),
        "@type": "CreateAction",
        "name": f"{key.step}: attempt {key.number} of run {key.run}",
        "instrument": {"@id": local("tool", name)},
        **_times(attempt.started_at, attempt.ended_at),
        **_outcome(attempt.state, attempt.error),
    }
    if consumed:
        action["object"] = refs(consumed)
    if attempt.artifact is not None:
        action["result"] = refs(bodies.refer(attempt.artifact, f"Output of {key.step} in run {key.run}"))
    control: Entity = {
        "@id": local("run", key.run, key.step, key.number, "control"),
        "@type": "ControlAction",
        "name": f"Orchestration of {key.step} in run {key.run}",
        "instrument": {"@id": local("step", name)},
        "object": entities.add(action),
    }
    return entities.add(control)


def _describe_trigger(entities: Entities, trigger: Trigger, number: int) -> Ref:
    """The recorded action of a person without which there would be no run."""
    action: Entity = {
        "@id": local("trigger", trigger.id),
        "@type": "AuthorizeAction",
        "name": f"Authorization of run {number}",
        "agent": _describe_person(entities, trigger.actor),
        "identifier": trigger.id,
        "object": {"@id": local("run", number)},
        "instrument": _describe_surface(entities, trigger),
        "startTime": show_instant(trigger.triggered_at),
        "endTime": show_instant(trigger.triggered_at),
        "actionStatus": _status("CompletedActionStatus"),
    }
    return entities.add(action | ({"description": trigger.reason} if trigger.reason else {}))


def _describe_comment(entities: Entities, comment: GivenComment) -> Ref:
    """What a person wrote for the prompts of a run."""
    entity: Entity = {
        "@id": local("run", comment.run, "comment"),
        "@type": "Comment",
        "name": f"Comment of run {comment.run} for {', '.join(comment.steps) or 'every step'}",
        "text": comment.text,
        "author": _describe_person(entities, comment.author),
        "dateCreated": show_instant(comment.given_at),
    }
    return entities.add(entity | ({"keywords": comment.kind.value} if comment.kind else {}))


def _describe_surface(entities: Entities, trigger: Trigger) -> Ref:
    """Through what the person acted."""
    name = trigger.source.value
    return entities.add({"@id": local("surface", name), "@type": "SoftwareApplication", "name": f"Oncue: {name}"})


def _describe_person(entities: Entities, actor: str) -> Ref:
    return entities.add({"@id": local("person", actor), "@type": "Person", "name": actor})


def _describe_param(entities: Entities, name: str, value: object, *, number: int) -> Ref:
    """The value of a parameter in one run."""
    is_plain = isinstance(value, str | int | float)
    return entities.add(
        {
            "@id": local("run", number, "param", name),
            "@type": "PropertyValue",
            "name": name,
            "value": value if is_plain else json.dumps(value, ensure_ascii=False, sort_keys=True),
            "exampleOfWork": {"@id": local("param", name)},
        }
    )


def _times(started: datetime | None, ended: datetime | None) -> dict[str, str | None]:
    times = {"startTime": show_instant(started), "endTime": show_instant(ended)}
    return {name: time for name, time in times.items() if time}


def _outcome(state: RunState | AttemptState, error: Failure | None) -> Entity:
    outcome: Entity = {"actionStatus": _status(_STATUSES[RunState(state.value)])}
    return outcome | ({"error": f"{error.code}: {error.message}"} if error else {})


def _status(name: str) -> Ref:
    return {"@id": f"http://schema.org/{name}"}
