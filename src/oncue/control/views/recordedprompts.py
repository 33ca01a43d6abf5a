"""What the steps of a job sent to models for the outputs they have now, and for their latest runs."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from oncue.control.generation.carried import Outputs
from oncue.control.generation.composing import previous_text
from oncue.control.steps.bodies import Bodies
from oncue.control.views.callview import latest_calls
from oncue.core.canonical import content_hash
from oncue.core.model import AttemptKey, ContextMode, Current, JobId, StepId
from oncue.core.modelcalls import ModelCall
from oncue.core.ports import Store
from oncue.core.prompts import SectionName
from oncue.core.questions import Question
from oncue.core.secrets import KnownSecret, redact_keys
from oncue.errors import NoArtifact

FEW_STEPS = 50
"""Up to so many steps are looked up one by one."""


class PreviousUse(StrEnum):
    """What a step shows the model of its own last output, judged by what it sent."""

    WHOLE = "whole"
    PART = "part"
    """Something else than all of it, which only the step can tell."""
    NONE = "none"
    UNSEEN = "unseen"
    """There was none to show, or the context was clean."""


class RecordedPrompts:
    """Looks at the record step by step; where many steps are asked about, once at all of it."""

    def __init__(self, store: Store, job_id: JobId, *, steps: int, bodies: Bodies, secrets: Sequence[KnownSecret]) -> None:
        self._store = store
        self._job_id = job_id
        self._bodies = bodies
        self._secrets = secrets
        self._calls: dict[StepId, dict[int, list[ModelCall]]] = {}
        self._is_whole = steps > FEW_STEPS
        if self._is_whole:
            self._read_all()

    def latest(self, step: StepId) -> Sequence[ModelCall]:
        """The calls of the latest run in which a step called a model; none where it never did."""
        runs = self._runs(step)
        return runs[max(runs)] if runs else ()

    def calls_of(self, current: Current) -> Sequence[ModelCall]:
        """The calls that led to an output."""
        return self._runs(current.step).get(current.run, ())

    def previous_use(self, current: Current) -> PreviousUse:
        """What the step showed the model of the output before this one."""
        with self._store.read() as reader:
            attempts = reader.list_attempts(self._job_id, step=current.step)
        made = next(one for one in attempts if (one.key.run, one.key.number) == (current.run, current.number))
        before = Outputs(lambda _: attempts).before(made)
        if made.context is not ContextMode.KEEP or before is None or before.artifact is None:
            return PreviousUse.UNSEEN
        calls = self.calls_of(current)
        shown = {ref.hash for call in calls for ref in call.sections if ref.name is SectionName.PREVIOUS}
        if not shown:
            return PreviousUse.NONE
        try:
            text = previous_text(self._bodies.output(before.artifact).value) or ""
        except NoArtifact:
            return PreviousUse.PART
        whole = content_hash(redact_keys(text, self._secrets)[0].encode())
        return PreviousUse.WHOLE if shown == {whole} else PreviousUse.PART

    def questions_of(self, current: Current) -> Sequence[Question]:
        """What was asked on the way to an output."""
        key = AttemptKey(job_id=self._job_id, run=current.run, step=current.step, number=current.number)
        with self._store.read() as reader:
            return reader.questions_of_attempt(key)

    def _runs(self, step: StepId) -> dict[int, list[ModelCall]]:
        if step not in self._calls and not self._is_whole:
            with self._store.read() as reader:
                self._calls[step] = latest_calls(reader.list_calls(self._job_id, step=step))
        return self._calls.get(step, {})

    def _read_all(self) -> None:
        by_step: dict[StepId, list[ModelCall]] = {}
        with self._store.read() as reader:
            for call in reader.list_calls(self._job_id):
                by_step.setdefault(call.key.step, []).append(call)
        self._calls = {step: latest_calls(calls) for step, calls in by_step.items()}
