"""Why a step is as it is: every reason as a sentence, with the runs that made and changed what it consumed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from oncue.control.commentrecords import comment_record, pick_comments
from oncue.control.views.artifactview import load_body
from oncue.control.views.jobview import JobPicture, StepView, look_at_job, view_step
from oncue.control.workspace import Workspace, load_job
from oncue.core.comments import GivenComment
from oncue.core.definitionrecord import decode_definition
from oncue.core.model import (
    Acceptance,
    AttemptState,
    ContentHash,
    Current,
    JobId,
    Run,
    StepId,
    step_key,
    step_name,
)
from oncue.core.readport import Reader
from oncue.core.reasons import (
    DefinitionChanged,
    InputChanged,
    ParamsChanged,
    StaleReason,
    UpstreamStale,
    explain_reason,
    reason_as_dict,
)
from oncue.core.selection import resolve_step
from oncue.core.staleness import StepState, read_collection

LISTED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One reason in a sentence; ``changed_by_run`` is the run that brought the change, where a run did."""

    text: str
    reason: StaleReason | None = None
    changed_by_run: int | None = None

    def as_dict(self) -> dict[str, object]:
        """The wire form."""
        facts = reason_as_dict(self.reason) if self.reason else {"code": "state"}
        return {**facts, "text": self.text, "changed_by_run": self.changed_by_run}


@dataclass(frozen=True, slots=True, kw_only=True)
class StepWhy:
    """One step with its explanations, and the command that comes next (empty where none is needed).

    ``steered_by`` are the comments that its current output was made with.
    """

    step: StepView
    explanations: tuple[Explanation, ...]
    next_command: str
    steered_by: tuple[GivenComment, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """The wire form."""
        return {
            **self.step.as_dict(),
            "explanations": [explanation.as_dict() for explanation in self.explanations],
            "steered_by": [comment_record(comment) for comment in self.steered_by],
            "next": self.next_command,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyView:
    """The steps a person asked about: one, or every instance of a fan-out."""

    job_id: JobId
    asked: StepId
    steps: tuple[StepWhy, ...]

    def as_dict(self) -> dict[str, object]:
        """The wire form; where one step was asked about, its facts stand at the top."""
        steps = [step.as_dict() for step in self.steps]
        only = steps[0] if len(steps) == 1 else {}
        return {**only, "job_id": self.job_id, "step": self.asked, "steps": steps}


def view_why(workspace: Workspace, job_id: JobId, step: str) -> WhyView:
    """Explain a step of a job.

    Raises:
        UnknownStep, StepOutOfRange: there is no such step.
    """
    with workspace.store.read() as reader:
        picture = look_at_job(workspace, reader, load_job(reader, job_id))
        assessment = picture.assessment
        asked = resolve_step(step, graph=assessment.snapshot.graph, members=assessment.members)
        members = assessment.members[step_name(asked)] or ()
        wanted = members if asked not in assessment.statuses and members else (asked,)
        inquiry = _Inquiry(workspace, reader, picture)
        steps = tuple(inquiry.explain(this) for this in wanted)
    return WhyView(job_id=job_id, asked=asked, steps=steps)


class _Inquiry:
    """Finds out what changed what; reads the job's runs once."""

    def __init__(self, workspace: Workspace, reader: Reader, picture: JobPicture) -> None:
        self._workspace = workspace
        self._reader = reader
        self._picture = picture
        self._assessment = picture.assessment
        self._runs: Sequence[Run] = reader.list_runs(picture.job.id)
        self._hashes: dict[ContentHash, Mapping[str, str]] = {}

    def explain(self, this: StepId) -> StepWhy:
        step = view_step(self._reader, self._picture, this)
        current = self._assessment.currents.get(this)
        found = [*self._explain_attempt(step)]
        if current is None:
            found.append(self._explain_missing(this))
        elif step.state is StepState.FRESH:
            found.append(Explanation(text=f"the output that run {current.run} made follows from its inputs as they are now"))
        else:
            if step.state is StepState.ACCEPTED:
                found.append(self._explain_acceptance(this, current))
            found.extend(self._explain_reason(this, current, reason) for reason in self._assessment.statuses[this].reasons)
        comments = pick_comments(self._assessment.snapshot.comments, step.comments)
        return StepWhy(step=step, explanations=tuple(found), next_command=self._next_command(step), steered_by=comments)

    def _explain_attempt(self, step: StepView) -> list[Explanation]:
        last = step.last_attempt
        if last is None or last.status is AttemptState.SUCCEEDED:
            return []
        why = f": {last.error.message}" if last.error else ""
        words = "is under way" if last.status in (AttemptState.RUNNING, AttemptState.WAITING) else last.status.value
        return [Explanation(text=f"its latest attempt, in run {last.run}, {words}{why}")]

    def _explain_missing(self, this: StepId) -> Explanation:
        name = step_name(this)
        if self._assessment.members[name] is None:
            each = self._assessment.snapshot.graph.steps[name].each
            return Explanation(text=f"it has one instance for each element of {each}, and none is known before {each} has run")
        return Explanation(text="it has no output yet")

    def _explain_acceptance(self, this: StepId, current: Current) -> Explanation:
        given: Acceptance = self._assessment.snapshot.acceptances[this]
        when = given.accepted_at.strftime("%Y-%m-%d")
        accepted = f"{given.actor} accepted the output of run {current.run} on {when}: {given.reason.strip().rstrip('.;')}"
        return Explanation(text=f"{accepted}; without that it would be stale")

    def _explain_reason(self, this: StepId, current: Current, reason: StaleReason) -> Explanation:
        match reason:
            case InputChanged(step=source):
                return self._explain_input(this, current, StepId(source))
            case ParamsChanged():
                return self._explain_params(current, reason)
            case DefinitionChanged():
                return self._explain_definition(this, current)
            case UpstreamStale(step=source):
                return self._explain_upstream(source)
            case _:
                assert_never(reason)

    def _explain_input(self, this: StepId, current: Current, source: StepId) -> Explanation:
        reason = InputChanged(source)
        consumed = current.inputs.steps.get(source)
        if consumed is None and current.inputs.item is not None and source not in self._assessment.members:
            consumed = current.inputs.item
        if self._assessment.snapshot.graph.steps[step_name(source)].each is not None and step_key(source) is None:
            return self._explain_collection(current, source, consumed)
        now = self._assessment.currents.get(source)
        if now is None:
            return Explanation(text=f"{source} has no output any more", reason=reason)
        if consumed is None:
            text = f"run {now.run} made a list of {source} in which the element of {this} is another, or gone"
            return Explanation(text=text, reason=reason, changed_by_run=now.run)
        made_by = self._made_by(source, consumed, until=current.run)
        before = f"the one of run {made_by}" if made_by else "another one"
        text = f"run {now.run} changed the output of {source}; run {current.run} consumed {before}"
        return Explanation(text=text, reason=reason, changed_by_run=now.run)

    def _explain_collection(self, current: Current, source: StepId, consumed: str | None) -> Explanation:
        reason = InputChanged(source)
        before = self._collection(consumed)
        members = self._assessment.members[source] or ()
        now = {this: output for this in members if (output := self._assessment.currents.get(this)) is not None}
        changed = {this: output.run for this, output in now.items() if before.get(step_key(this) or "") != output.artifact}
        gone = [key for key in before if StepId(f"{source}[{key}]") not in now]
        if not changed:
            text = f"{source} has other instances now than run {current.run} consumed" + (
                f"; gone: {_list(gone)}" if gone else ""
            )
            return Explanation(text=text, reason=reason)
        latest = max(changed.values())
        names = _list([f"{this} (run {run})" for this, run in changed.items()])
        text = f"the outputs of {source} changed since run {current.run} consumed them: {names}"
        return Explanation(text=text, reason=reason, changed_by_run=latest)

    def _collection(self, address: str | None) -> Mapping[str, str]:
        body = load_body(self._reader, self._workspace.store, ContentHash(address)) if address else None
        return read_collection(body) if body else {}

    def _made_by(self, source: StepId, artifact: str, *, until: int) -> int | None:
        attempts = self._reader.list_attempts(self._picture.job.id, step=source, states=(AttemptState.SUCCEEDED,))
        runs = [attempt.key.run for attempt in attempts if attempt.artifact == artifact and attempt.key.run <= until]
        return runs[-1] if runs else None

    def _explain_params(self, current: Current, reason: ParamsChanged) -> Explanation:
        used = next(run.params for run in self._runs if run.number == current.run)
        now = self._picture.job.params
        changed_by = next(
            (run.number for run in self._runs
             if run.number > current.run and any(run.params.get(name) != used.get(name) for name in reason.names)),
            None,
        )  # fmt: skip
        values = "; ".join(f"{name} was {_show(used.get(name))} and is {_show(now.get(name))}" for name in reason.names)
        since = f" since run {changed_by}" if changed_by else ""
        text = f"run {current.run} read other parameters than there are{since}: {values}"
        return Explanation(text=text, reason=reason, changed_by_run=changed_by)

    def _explain_definition(self, this: StepId, current: Current) -> Explanation:
        name = step_name(this)
        now = self._assessment.snapshot.graph.steps[name].hash
        for run in self._runs:
            if run.number > current.run and self._step_hashes(run.definition_hash).get(name) == now:
                text = f"its definition changed after run {current.run}; run {run.number} was the first with the new one"
                return Explanation(text=text, reason=DefinitionChanged(), changed_by_run=run.number)
        text = f"its definition changed since run {current.run} made the output; no run has used the new one yet"
        return Explanation(text=text, reason=DefinitionChanged())

    def _step_hashes(self, address: ContentHash) -> Mapping[str, str]:
        if address not in self._hashes:
            definition = decode_definition(self._reader.load_definition(address))
            self._hashes[address] = {step.name: step.hash for step in definition.steps}
        return self._hashes[address]

    def _explain_upstream(self, source: str) -> Explanation:
        reason = UpstreamStale(source)
        members = (StepId(source),) if source in self._assessment.statuses else self._assessment.members.get(source) or ()
        unsound = [this for this in members if not self._assessment.statuses[this].is_sound]
        if not unsound:
            return Explanation(text=f"{source}, which it consumes, has no output", reason=reason)
        first = self._assessment.statuses[unsound[0]]
        because = "; ".join(explain_reason(part) for part in first.reasons)
        text = f"{_list(unsound)}, which it consumes, {'is' if len(unsound) == 1 else 'are'} {first.state.value}"
        return Explanation(text=f"{text} ({because})" if because else text, reason=reason)

    def _next_command(self, step: StepView) -> str:
        job = self._picture.job.id
        if step.last_attempt is not None and step.last_attempt.status in (AttemptState.RUNNING, AttemptState.WAITING):
            return f"oncue job run {job}"
        if step.state is StepState.STALE or (step.last_attempt and step.last_attempt.status is not AttemptState.SUCCEEDED):
            return f"oncue job rerun {job} --failed"
        return f"oncue job run {job}" if step.state is StepState.MISSING else ""


def _list(names: Sequence[str]) -> str:
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more


def _show(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:59]}…"
