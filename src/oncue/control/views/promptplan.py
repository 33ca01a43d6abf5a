"""The prompts of a plan: what would be sent, and how it differs from what was sent before, shown before anything is.

::

    the step's prompt can be composed       everything it consumes is reused ──▶ composed, by the functions that compose it then
    beforehand (prompt steps of manifests)
    it called a model before                nothing it consumes changes      ──▶ recorded: as it was sent, with the new comment
    (ctx.generate)                                                                and with or without its own last output
    otherwise                                                                ──▶ unknown, and why

Only whoever looks at a plan asks for this; a start never does. A step without a composer that never called a model is left out.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from oncue.control.generation.composing import compose_clean, effective_context, previous_text, prompt_parts
from oncue.control.preflight import Prepared
from oncue.control.sources import executable
from oncue.control.steps.bodies import Bodies
from oncue.control.steps.calls import Composer, StepFailed
from oncue.control.steps.outputs import Output
from oncue.control.views.recordedprompts import PreviousUse, RecordedPrompts
from oncue.control.views.traceview import read_text
from oncue.control.workspace import Workspace
from oncue.core.comments import Comment, GivenComment
from oncue.core.guidance import comment_targets, comments_left_behind, reached_steps
from oncue.core.model import ContentHash, ContextMode, SourceKind, StepId, step_id, step_key, step_name
from oncue.core.modelcalls import ModelCall, SectionRef
from oncue.core.plan import PlannedStep
from oncue.core.promptdelta import Change, SectionDelta, Slot, compare_sections, slots_of
from oncue.core.prompts import Prompt, Purpose, Section, SectionName, quote_comments
from oncue.core.questions import How, Question
from oncue.core.reasons import UpstreamStale, explain_reason
from oncue.core.request import AnswersPolicy
from oncue.core.secrets import KnownSecret, known_secrets, redact_keys
from oncue.core.staleness import Assessment, assess
from oncue.errors import NoArtifact, OncueError

SHOWN_INSTANCES = 20
"""Of a fan-out the prompts of so many instances are worked out; how many more there are is said."""
_REPLACED = (SectionName.PREVIOUS, SectionName.COMMENT)
FIRST = Slot(generation=1, purpose=Purpose.GENERATE)


class Basis(StrEnum):
    """How a prompt is known before the run."""

    COMPOSED = "composed"
    """Composed of the inputs, exactly as the run will."""
    RECORDED = "recorded"
    """As the step sent it last time; it will be this one if the step asks for the same again."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPrompt:
    """One prompt that a plan would send; ``note`` says why it is not known, or what it depends on.

    ``against`` is the run whose prompt it is compared with: the step's latest that called a model; None where there is none.
    """

    step: StepId
    basis: Basis
    context: ContextMode
    generation: int = 1
    sections: tuple[SectionDelta, ...] = ()
    against: int | None = None
    note: str = ""

    @property
    def is_changed(self) -> bool:
        """Whether it is another than before."""
        return any(section.change is not Change.SAME for section in self.sections)

    def as_dict(self) -> dict[str, Any]:
        """The wire form."""
        return {
            "step": self.step,
            "basis": self.basis.value,
            "context": self.context.value,
            "generation": self.generation,
            "purpose": Purpose.GENERATE.value,
            "against_run": self.against,
            "changed": self.is_changed if self.basis is not Basis.UNKNOWN else None,
            "sections": [section.as_dict() for section in self.sections],
            "note": self.note,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptPlan:
    """The prompts of a plan in the order of its steps; ``left_out`` counts further instances by the step they are of."""

    prompts: tuple[PlannedPrompt, ...]
    left_out: Mapping[str, int]

    def as_dict(self) -> dict[str, Any]:
        """The wire form."""
        return {"prompts": [prompt.as_dict() for prompt in self.prompts], "prompts_left_out": dict(self.left_out)}


def plan_prompts(workspace: Workspace, prepared: Prepared) -> PromptPlan:
    """Work out the prompts that a plan would send. Nothing is executed and nothing is stored."""
    steps: list[PlannedStep] = []
    counts: dict[str, int] = {}
    for step in prepared.plan.executing:
        name = step_name(step.id)
        counts[name] = counts.get(name, 0) + 1
        if counts[name] <= SHOWN_INSTANCES:
            steps.append(step)
    foresight = _Foresight.of(workspace, prepared)
    prompts = [prompt for step in steps for prompt in foresight.foresee(step)]
    seen = {step_name(prompt.step) for prompt in prompts}
    left_out = {name: count - SHOWN_INSTANCES for name, count in counts.items() if count > SHOWN_INSTANCES and name in seen}
    return PromptPlan(prompts=tuple(prompts), left_out=left_out)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Foresight:
    """What prompts are worked out from."""

    prepared: Prepared
    bodies: Bodies
    recorded: RecordedPrompts
    assessment: Assessment
    composers: Mapping[str, Composer]
    executing: frozenset[StepId]
    secrets: tuple[KnownSecret, ...]

    @classmethod
    def of(cls, workspace: Workspace, prepared: Prepared) -> _Foresight:
        bodies, secrets = Bodies(workspace.store), known_secrets(os.environ)
        job_id = prepared.snapshot.job.id
        return cls(
            prepared=prepared,
            bodies=bodies,
            recorded=RecordedPrompts(
                workspace.store, job_id, steps=len(prepared.plan.executing), bodies=bodies, secrets=secrets
            ),
            assessment=assess(prepared.snapshot),
            composers=_find_composers(workspace, prepared),
            executing=frozenset(step.id for step in prepared.plan.executing),
            secrets=secrets,
        )

    def foresee(self, step: PlannedStep) -> Iterator[PlannedPrompt]:
        """The prompts of one step, as far as they are known."""
        composer = self.composers.get(step_name(step.id))
        instances = self.assessment.members.get(step_name(step.id)) or ()
        latest = self.recorded.latest(instances[0] if step.is_expanding and instances else step.id)
        if composer is None and not latest:
            return
        upstream = self._changing(step.id)
        if upstream:
            yield self._unknown(step.id, f"not known before the run: {upstream}, which it consumes, executes first")
        elif step.is_expanding:
            yield self._unknown(step.id, "not known before the run: its instances are decided then")
        elif composer is not None:
            yield self._compose(step.id, composer, latest)
        else:
            yield from self._repeat(step.id, latest)

    def _changing(self, this: StepId) -> str:
        """The first step that it consumes and whose output may be another by then."""
        graph = self.prepared.snapshot.graph
        definition = graph.steps[step_name(this)]
        for name in definition.upstream:
            is_own = name == definition.each and name not in definition.needs and graph.is_elementwise(definition.name)
            source = step_id(name, step_key(this)) if is_own else StepId(name)
            if source in self.executing or (not is_own and name in map(step_name, self.executing)):
                return source
        return ""

    def _compose(self, this: StepId, composer: Composer, latest: Sequence[ModelCall]) -> PlannedPrompt:
        snapshot = self.prepared.snapshot
        definition = snapshot.graph.steps[step_name(this)]
        context = self._context(this)
        try:
            wish = composer(self._inputs(definition.needs), self.prepared.plan.params)
            previous = self._previous(this) if context is ContextMode.KEEP and wish.sees_previous else None
            previous = wish.previous if previous is not None and wish.previous is not None else previous
            parts = prompt_parts(wish, definition, self._comments(this), previous=previous)
        except (StepFailed, NoArtifact) as error:
            return self._unknown(this, f"it cannot be composed: {error}")
        prompt, redacted = compose_clean(parts, self.secrets)
        before = slots_of(latest).get(FIRST)
        return PlannedPrompt(
            step=this,
            basis=Basis.COMPOSED,
            context=context,
            sections=self._compare(before, _refs(prompt, redacted), prompt.sections),
            against=before.key.run if before else None,
        )

    def _repeat(self, this: StepId, latest: Sequence[ModelCall]) -> Iterator[PlannedPrompt]:
        """What was sent for the current output, with what this plan changes of it."""
        doubt = self._doubt(this)
        if doubt:
            yield self._unknown(this, doubt)
            return
        current = self.assessment.currents[this]
        context = self._context(this)
        use = self.recorded.previous_use(current) if context is ContextMode.KEEP else PreviousUse.NONE
        given = self._changed_sections(this, use)
        hidden = {SectionName.PREVIOUS} if use is PreviousUse.PART else set()
        against = slots_of(latest)
        for slot, call in slots_of(self.recorded.calls_of(current)).items():
            if slot.purpose is not Purpose.GENERATE or slot.place > 1:
                continue
            before = against.get(slot)
            kept = [ref for ref in call.sections if ref.name not in _REPLACED]
            refs = (*kept, *(SectionRef(name=part.name, hash=part.hash) for part in given))
            sections = self._compare(before, refs, given)
            yield PlannedPrompt(
                step=this,
                basis=Basis.RECORDED,
                context=context,
                generation=slot.generation,
                sections=tuple(section for section in sections if section.name not in hidden),
                against=before.key.run if before else None,
                note=_condition(slot, use, given),
            )

    def _changed_sections(self, this: StepId, use: PreviousUse) -> tuple[Section, ...]:
        """The sections that a rerun replaces, as they would be now."""
        shows = use in (PreviousUse.WHOLE, PreviousUse.UNSEEN)
        texts = {
            SectionName.PREVIOUS: self._previous(this) if shows else None,
            SectionName.COMMENT: quote_comments(self._comments(this)),
        }
        return tuple(Section(name=name, text=redact_keys(text, self.secrets)[0]) for name, text in texts.items() if text)

    def _doubt(self, this: StepId) -> str:
        """Why what a step sent before says nothing of what it would send now."""
        current = self.assessment.currents.get(this)
        if current is None:
            return "not known before the run: it has no output yet, so what it consumed is not on record"
        reasons = [reason for reason in self.assessment.statuses[this].reasons if not isinstance(reason, UpstreamStale)]
        if reasons:
            return f"not known before the run: {explain_reason(reasons[0])}"
        if self.prepared.snapshot.graph.steps[step_name(this)].is_source:
            return "not known before the run: it fetches from outside"
        asked = [question for question in self.recorded.questions_of(current) if not _is_settled_by_code(question)]
        if asked and self.prepared.plan.request.answers is not AnswersPolicy.REUSE:
            return f"not known before the run: it asks a person first ({asked[0].asking.type})"
        return ""

    def _context(self, this: StepId) -> ContextMode:
        definition = self.prepared.snapshot.graph.steps[step_name(this)]
        return effective_context(self.prepared.plan.request.context, self.assessment.currents.get(this), definition.hash)

    def _previous(self, this: StepId) -> str | None:
        current = self.assessment.currents.get(this)
        return previous_text(self.bodies.output(current.artifact).value) if current else None

    def _comments(self, this: StepId) -> tuple[Comment | GivenComment, ...]:
        """The comments that the step would be given, in the order in which it would be."""
        request, snapshot = self.prepared.plan.request, self.prepared.snapshot
        kept = comments_left_behind(snapshot, this) if request.keep_comments else ()
        is_meant = this in reached_steps(comment_targets(request, snapshot, self.executing), [this])
        return (*kept, request.comment) if request.comment is not None and is_meant else kept

    def _inputs(self, needs: Sequence[str]) -> dict[str, Output | Mapping[str, Output]]:
        """What the step would consume: the outputs as they are."""
        found: dict[str, Output | Mapping[str, Output]] = {}
        for name in needs:
            members = self.assessment.members[name] or ()
            outputs = {this: self._output(this) for this in members}
            found[name] = outputs[StepId(name)] if StepId(name) in outputs else {
                step_key(this) or "": output for this, output in outputs.items()
            }  # fmt: skip
        return found

    def _output(self, this: StepId) -> Output:
        current = self.assessment.currents.get(this)
        if current is None:
            raise NoArtifact(f"{this} has no output")
        return self.bodies.output(current.artifact)

    def _compare(
        self, before: ModelCall | None, after: Sequence[SectionRef], texts: Sequence[Section]
    ) -> tuple[SectionDelta, ...]:
        """The delta to what was sent; the texts of what is new are at hand, all others are stored."""
        known = {section.hash: section.text for section in texts}

        def text_of(address: ContentHash) -> str | None:
            return known[address] if address in known else read_text(self.bodies, address)

        return compare_sections(before.sections if before else (), after, text_of)

    def _unknown(self, this: StepId, why: str) -> PlannedPrompt:
        return PlannedPrompt(step=this, basis=Basis.UNKNOWN, context=self._context(this), note=why)


def _condition(slot: Slot, use: PreviousUse, given: Sequence[Section]) -> str:
    """What must hold for a recorded prompt to be sent with these changes."""
    parts = ["if it asks for the same again"]
    if use is PreviousUse.UNSEEN and any(section.name is SectionName.PREVIOUS for section in given):
        parts.append("and shows its whole last output")
    if slot != FIRST:
        parts.append("and gets the same answers before")
    hidden = "; what it shows of its last output is decided then" if use is PreviousUse.PART else ""
    return " ".join(parts) + hidden


def _is_settled_by_code(question: Question) -> bool:
    return question.decision is not None and question.decision.how is How.CONFIGURED


def _refs(prompt: Prompt, redacted: Sequence[int]) -> tuple[SectionRef, ...]:
    return tuple(
        SectionRef(name=section.name, hash=section.hash, redacted=count)
        for section, count in zip(prompt.sections, redacted, strict=True)
    )


def _find_composers(workspace: Workspace, prepared: Prepared) -> Mapping[str, Composer]:
    """What composes prompts beforehand. Only manifests have that, so no code is imported for a look at a plan."""
    if prepared.snapshot.job.source.kind is not SourceKind.MANIFEST:
        return {}
    try:
        return executable(workspace, prepared.snapshot.job, prepared.followed).composers
    except OncueError:
        return {}
