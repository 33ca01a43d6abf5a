"""``ro-crate-metadata.json``: an export as a Provenance Run Crate 0.5 on RO-Crate 1.1.

::

    ./ ── mainEntity ──▶ workflow.json ── step ──▶ HowToStep ── workExample ──▶ tool (SoftwareApplication)
    │                        ▲ instrument              ▲ instrument                ▲ instrument
    └── mentions ──▶ CreateAction (run) ◀─ result ─ OrganizeAction ─ object ─▶ ControlAction ─ object ─▶ CreateAction (attempt)
                     ▲ object
                AuthorizeAction (trigger): who allowed it

A crate claims the profiles that it can meet: a job without runs is a workflow, one without attempts has no steps to show.
Formats: https://w3id.org/ro/crate/1.1 and https://w3id.org/ro/wfrun/provenance/0.5.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from oncue.control.exports.crateactions import describe_runs
from oncue.control.exports.crateids import Entities, Entity, Ref, file_ref, local, refs
from oncue.control.exports.exportcontent import media_type
from oncue.control.exports.exportfacts import JobFacts
from oncue.control.exports.exportrecord import PlacedContent
from oncue.control.exports.exporttraces import CALLS, TEXTS
from oncue.control.exports.exportzip import Written
from oncue.control.instants import show_instant
from oncue.core.definition import ParamType
from oncue.core.model import StepId, step_name

CONTEXT = ["https://w3id.org/ro/crate/1.1/context", "https://w3id.org/ro/terms/workflow-run/context"]
METADATA = "ro-crate-metadata.json"
MAIN = "workflow.json"
_WORKFLOW_PROFILE = ("https://w3id.org/workflowhub/workflow-ro-crate/1.0", "Workflow RO-Crate", "1.0")
_PROCESS_RUN = ("https://w3id.org/ro/wfrun/process/0.5", "Process Run Crate", "0.5")
_WORKFLOW_RUN = ("https://w3id.org/ro/wfrun/workflow/0.5", "Workflow Run Crate", "0.5")
_PROVENANCE_RUN = ("https://w3id.org/ro/wfrun/provenance/0.5", "Provenance Run Crate", "0.5")
_LICENSE = "No licence is stated: ask the people who ran this job before you use it."
_PARAM_TYPES = {
    ParamType.STRING: "Text",
    ParamType.INTEGER: "Integer",
    ParamType.NUMBER: "Float",
    ParamType.BOOLEAN: "Boolean",
}
_PURPOSES = {
    "job.json": "The job with its parameters, steps, runs, triggers, plans, attempts, acceptances, comments and decisions",
    "events.jsonl": "Everything that happened in the job, one event a line",
    CALLS: "Every call of a language model, one a line: sections, payload and reply by hash, tokens and cost",
    "prompt_history.json": "The questions that were asked, and their answers",
    "prompt_history.txt": "The questions that were asked, and their answers, for people",
    "README.md": "What this export is, and which outputs are stale",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CrateParts:
    """The files of the archive: those of outputs, and the others (all but the metadata itself).

    ``has_texts``: what was said to language models is there too, in a folder that is described as a whole.
    """

    placed: Sequence[PlacedContent]
    others: Sequence[Written]
    has_texts: bool = False


def render_crate(facts: JobFacts, parts: CrateParts) -> bytes:
    """The metadata of the crate as JSON, of facts that are redacted already."""
    entities = Entities()
    files = _describe_files(entities, facts, parts)
    mentions = describe_runs(entities, facts, parts.placed)
    _describe_workflow(entities, facts, parts)
    root = _describe_root(entities, facts, files=files, mentions=mentions)
    crate = {"@context": CONTEXT, "@graph": [*root, *entities]}
    return json.dumps(crate, indent=2, ensure_ascii=False).encode() + b"\n"


def _describe_root(entities: Entities, facts: JobFacts, *, files: Sequence[Ref], mentions: Sequence[Ref]) -> list[Entity]:
    profiles = [_WORKFLOW_PROFILE]
    if facts.runs:
        profiles = [_PROCESS_RUN, _WORKFLOW_RUN, _WORKFLOW_PROFILE]
    if any(run.attempts for run in facts.runs):
        profiles = [_PROCESS_RUN, _WORKFLOW_RUN, _PROVENANCE_RUN, _WORKFLOW_PROFILE]
    for address, name, number in profiles:
        entities.add({"@id": address, "@type": "CreativeWork", "name": name, "version": number})
    stale = f" {len(facts.stale)} outputs are stale: see README.md." if facts.stale else ""
    descriptor: Entity = {
        "@id": METADATA,
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": [{"@id": "https://w3id.org/ro/crate/1.1"}, {"@id": _WORKFLOW_PROFILE[0]}],
    }
    root: Entity = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"Job {facts.job.id}: {facts.job.workflow}",
        "description": f"One job of the workflow {facts.job.workflow}: what it was asked, did, decided and made.{stale}",
        "datePublished": show_instant(facts.at),
        "license": _LICENSE,
        "conformsTo": refs({"@id": address} for address, _, _ in profiles),
        "mainEntity": {"@id": MAIN},
        "hasPart": refs(files),
    }
    if mentions:
        root["mentions"] = refs(mentions)
    return [descriptor, root]


def _describe_files(entities: Entities, facts: JobFacts, parts: CrateParts) -> list[Ref]:
    """Every file of the archive as an entity."""
    found: list[Ref] = []
    for written in parts.others:
        entity = _file(written)
        if written.path == "README.md":
            entity["about"] = {"@id": "./"}
        if written.path != MAIN:
            entities.add(entity | {"description": _PURPOSES[written.path]})
        found.append(file_ref(written.path))
    for one in parts.placed:
        current = "current output" if one.placement.is_current else "output"
        for written in one.content.files:
            entity = _file(written) | {"description": f"The {current} of {one.placement.step}, made by run {one.placement.run}"}
            if one.placement.is_current and step_name(one.placement.step) in facts.deliverables:
                entity["exampleOfWork"] = {"@id": local("output", one.placement.step)}
            entities.add(entity)
            found.append(file_ref(written.path))
    if parts.has_texts:
        about = "What was said to language models and what they answered, each text in a file named by its SHA-256"
        found.append(entities.add({"@id": TEXTS, "@type": "Dataset", "name": TEXTS, "description": about}))
    return found


def _file(written: Written) -> Entity:
    return {
        **file_ref(written.path),
        "@type": "File",
        "name": written.path,
        "encodingFormat": media_type(written.path),
        "contentSize": str(written.size),
        "sha256": written.sha256,
    }


def _describe_workflow(entities: Entities, facts: JobFacts, parts: CrateParts) -> None:
    """The definition that is stored with the job; a step that it no longer has is listed while an attempt speaks of it."""
    definition = facts.stored
    summaries = {step.name: step.summary for step in definition.steps}
    executed = dict.fromkeys(step_name(attempt.key.step) for run in facts.runs for attempt in run.attempts)
    names = list(dict.fromkeys([*summaries, *executed]))
    for position, name in enumerate(names, start=1):
        tool: Entity = {"@id": local("tool", name), "@type": "SoftwareApplication", "name": name}
        about = summaries.get(name, "This step is no longer part of the workflow.")
        step: Entity = {
            "@id": local("step", name),
            "@type": "HowToStep",
            "name": name,
            "position": str(position),
            "workExample": {"@id": local("tool", name)},
        }
        entities.add(tool | ({"description": about} if about else {}))
        entities.add(step)
    written = next(file for file in parts.others if file.path == MAIN)
    workflow = _file(written) | {
        "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
        "name": facts.job.workflow,
        "description": definition.summary or f"The workflow {facts.job.workflow}",
        "version": facts.job.definition_hash,
        "programmingLanguage": {"@id": local("language", "oncue")},
    }
    workflow |= {
        "step": refs({"@id": local("step", name)} for name in names),
        "hasPart": refs({"@id": local("tool", name)} for name in executed),
        "input": refs(_describe_inputs(entities, facts)),
        "output": refs(_describe_outputs(entities, facts, parts)),
    }
    entities.add({key: value for key, value in workflow.items() if value != []})
    about = "The stored form of workflows of Oncue: phases, steps, and what each step consumes"
    entities.add(
        {
            "@id": local("language", "oncue"),
            "@type": "ComputerLanguage",
            "name": "Oncue workflow definition",
            "description": about,
        }
    )
    entities.add(
        {
            "@id": local("engine", "oncue"),
            "@type": "SoftwareApplication",
            "name": "Oncue",
            "version": version("oncue"),
            "description": "Runs jobs of many steps on a person's cue",
        }
    )


def _describe_inputs(entities: Entities, facts: JobFacts) -> list[Ref]:
    """The parameters of the workflow, and those that former definitions had and runs were given."""
    declared = {param.name: param for param in facts.stored.params}
    names = dict.fromkeys([*declared, *facts.job.params, *(name for run in facts.runs for name in run.run.params)])
    found: list[Ref] = []
    for name in names:
        param = declared.get(name)
        entity: dict[str, Any] = {
            "@id": local("param", name),
            "@type": "FormalParameter",
            "additionalType": _PARAM_TYPES.get(param.type, "PropertyValue") if param else "PropertyValue",
            "name": name,
            "valueRequired": param.is_required if param else False,
        }
        if param and param.help:
            entity["description"] = param.help
        examples = entities.examples(local("param", name))
        if examples:
            entity["workExample"] = refs(examples)
        entities.add(entity)
        found.append({"@id": entity["@id"]})
    return found


def _describe_outputs(entities: Entities, facts: JobFacts, parts: CrateParts) -> list[Ref]:
    """The deliverables that are there."""
    files: dict[StepId, list[Ref]] = {}
    for one in parts.placed:
        if one.placement.is_current and step_name(one.placement.step) in facts.deliverables:
            files.setdefault(one.placement.step, []).extend(file_ref(file.path) for file in one.content.files)
    found: list[Ref] = []
    for this, examples in files.items():
        if examples:
            found.append({"@id": local("output", this)})
            entity: Entity = {"@id": local("output", this), "@type": "FormalParameter", "additionalType": "File", "name": this}
            entities.add(entity | {"workExample": refs(examples)})
    return found
