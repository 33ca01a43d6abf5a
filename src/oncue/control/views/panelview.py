"""What the run panel offers: the steps and phases to choose from, and every parameter with the value it has now."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from oncue.control.sources import follow_definition
from oncue.control.views.boardview import DONE
from oncue.control.views.jobview import look_at_job
from oncue.control.views.stepwords import Standing, read_standing
from oncue.control.workspace import Workspace, load_job
from oncue.core.definition import ParamDefinition, ParamType, WorkflowDefinition
from oncue.core.model import JobId, StepId, step_name
from oncue.core.parameters import explain_params, read_params
from oncue.core.request import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class ParamChoice:
    """A parameter, and the text of the value it has now."""

    param: ParamDefinition
    text: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StepChoice:
    """A step that may be chosen; ``takes_comment`` says whether a comment can change what it does."""

    id: StepId
    word: str
    takes_comment: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelView:
    """A job as the run panel offers it; ``scope`` is what a person most likely wants next."""

    job_id: JobId
    workflow: str
    scope: Scope
    phases: Mapping[str, tuple[StepChoice, ...]]
    params: tuple[ParamChoice, ...]
    has_sources: bool
    has_comments: bool
    is_replay: bool

    @property
    def takes_comments(self) -> bool:
        """Whether any step can read a comment."""
        return any(step.takes_comment for steps in self.phases.values() for step in steps)


def offer_params(definition: WorkflowDefinition, values: Mapping[str, object]) -> tuple[ParamChoice, ...]:
    """Every parameter of a workflow with the text of its value, or of its default."""
    return tuple(_choice(param, values) for param in definition.params)


def view_panel(workspace: Workspace, job_id: JobId, *, chosen: tuple[str, ...] = ()) -> PanelView:
    """Look at what can be asked for; ``chosen`` may name instances, which are then offered as well."""
    with workspace.store.read() as reader:
        job = load_job(reader, job_id)
        picture = look_at_job(workspace, reader, job)
        standing = read_standing(reader, picture)
    definition = picture.followed.graph.definition
    return PanelView(
        job_id=job_id,
        workflow=job.workflow,
        scope=_likely_scope(standing, job.runs),
        phases={phase: _offer(standing, definition, phase, chosen=chosen) for phase in definition.phases},
        params=offer_params(definition, job.params),
        has_sources=any(step.is_source for step in definition.steps),
        has_comments=bool(picture.assessment.snapshot.comments),
        is_replay=job.replayed_from is not None and not job.runs,
    )


def read_changes(
    workspace: Workspace, job_id: JobId, texts: Mapping[str, str], *, shown: Mapping[str, str]
) -> Mapping[str, object]:
    """The parameters whose text is another than the form showed at first, read by their types.

    ``shown`` is what the form showed; where it says nothing of a parameter, the value it has now. So a value that somebody else
    changed meanwhile is not taken back by a form that was opened before.

    Raises:
        InvalidParam: a value of the wrong type.
    """
    return read_params(*_changed_texts(workspace, job_id, texts, shown=shown))


def explain_changes(
    workspace: Workspace, job_id: JobId, texts: Mapping[str, str], *, shown: Mapping[str, str]
) -> Mapping[str, str]:
    """What is wrong with the parameters that were edited: name → why."""
    definition, changed = _changed_texts(workspace, job_id, texts, shown=shown)
    wrong = explain_params(definition, changed, from_text=True)
    return {name: why for name, why in wrong.items() if name in changed}


def _changed_texts(
    workspace: Workspace, job_id: JobId, texts: Mapping[str, str], *, shown: Mapping[str, str]
) -> tuple[WorkflowDefinition, Mapping[str, str]]:
    definition, values = _params_now(workspace, job_id)
    first = {choice.param.name: choice.text for choice in offer_params(definition, values)}
    first.update((name, text) for name, text in shown.items() if name in first)
    return definition, {name: text for name, text in texts.items() if name in first and text != first[name]}


def find_moved(workspace: Workspace, job_id: JobId, *, shown: Mapping[str, str]) -> tuple[ParamChoice, ...]:
    """The parameters that have another value by now than a form showed, with the value they have."""
    definition, values = _params_now(workspace, job_id)
    choices = offer_params(definition, values)
    return tuple(choice for choice in choices if shown.get(choice.param.name, choice.text) != choice.text)


def _params_now(workspace: Workspace, job_id: JobId) -> tuple[WorkflowDefinition, Mapping[str, object]]:
    with workspace.store.read() as reader:
        job = load_job(reader, job_id)
        return follow_definition(workspace, reader, job).graph.definition, job.params


def _likely_scope(standing: Standing, runs: int) -> Scope:
    assessment = standing.picture.assessment
    is_sound = all(standing.word(this) in DONE for members in assessment.members.values() for this in members or ())
    return Scope.ALL if not runs or is_sound else Scope.RESUME


def _offer(
    standing: Standing, definition: WorkflowDefinition, phase: str, *, chosen: tuple[str, ...]
) -> tuple[StepChoice, ...]:
    offered: list[StepChoice] = []
    for step in definition.steps:
        if step.phase != phase:
            continue
        members = standing.picture.assessment.members[step.name] or ()
        whole = StepId(step.name)
        counts = standing.count(members or (whole,)) or {"missing": 1}
        instances = [StepId(text) for text in chosen if text != step.name and step_name(text) == step.name]
        words = [(whole, next(iter(counts))), *((this, standing.word(this)) for this in instances)]
        offered.extend(StepChoice(id=this, word=word, takes_comment=step.takes_comment) for this, word in words)
    return tuple(offered)


def _choice(param: ParamDefinition, values: Mapping[str, object]) -> ParamChoice:
    options = tuple(spell(choice) for choice in param.choices)
    if param.type is ParamType.BOOLEAN and not options:
        options = ("true", "false")
    return ParamChoice(param=param, text=fold_breaks(spell(values.get(param.name, param.default))), options=options)


def fold_breaks(text: str) -> str:
    """A text with the one line break that a field of a form knows; browsers send another, and so do some programs."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def spell(value: object) -> str:
    """A value as it is written in a form; null is an empty field."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
