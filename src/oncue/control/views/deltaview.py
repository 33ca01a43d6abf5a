"""How the prompts of a step changed between two of its runs, which comments came and went, and what came out.

Calls are matched by what they are for (``core/promptdelta.py``). Where a step was tried several times in a run, its last try
counts, with the answers it took over from those before. Against a first run everything was added.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import islice
from typing import Any

from oncue.control.commentrecords import comment_record
from oncue.control.steps.bodies import Bodies
from oncue.control.steps.resuming import attempts_resumed
from oncue.control.views.artifactview import find_step
from oncue.control.views.callview import latest_calls
from oncue.control.views.jobview import JobPicture, look_at_job
from oncue.control.views.outputdelta import OutputDelta, compare_outputs
from oncue.control.views.traceview import read_text
from oncue.control.workspace import Workspace, load_job
from oncue.core.comments import GivenComment, comments_by_run
from oncue.core.model import Attempt, JobId, StepId, step_name
from oncue.core.modelcalls import ModelCall
from oncue.core.promptdelta import CallPair, Change, SectionDelta, compare_sections, pair_calls
from oncue.core.readport import Reader
from oncue.errors import InvalidInput, NotFound, UnknownRun


@dataclass(frozen=True, slots=True, kw_only=True)
class DeltaWish:
    """What is compared: ``run`` [the step's latest] with ``against`` [the run before it that called a model].

    ``limit``: of a fan-out so many instances at most.
    """

    step: str
    run: int | None = None
    against: int | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDelta:
    """One call then and now."""

    pair: CallPair
    sections: tuple[SectionDelta, ...]

    @property
    def change(self) -> Change:
        """Whether the prompts are the same."""
        return self.pair.change

    @property
    def has_other_settings(self) -> bool:
        """Whether the same model was sent the same sections, and asked for another shape, length or temperature."""
        before, after = self.pair.before, self.pair.after
        if before is None or after is None or self.change is not Change.SAME:
            return False
        return before.model == after.model and before.prompt != after.prompt

    def as_dict(self) -> dict[str, Any]:
        """The wire form."""
        slot, before, after = self.pair.slot, self.pair.before, self.pair.after
        return {
            "purpose": slot.purpose.value,
            "generation": slot.generation,
            "place": slot.place,
            "change": self.change.value,
            "settings_changed": self.has_other_settings,
            "before": _call_as_dict(before),
            "after": _call_as_dict(after),
            "sections": [section.as_dict() for section in self.sections],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDelta:
    """One step in two of its runs; ``before`` None: no earlier run of it called a model.

    ``came`` and ``went`` are the comments that only one of both carried. ``is_resumed``: the later run went on from the
    earlier, so that prompts that were answered there were not sent again.
    """

    step: StepId
    after: Attempt
    before: Attempt | None
    calls: tuple[CallDelta, ...]
    came: tuple[GivenComment, ...]
    went: tuple[GivenComment, ...]
    output: OutputDelta
    is_resumed: bool = False

    @property
    def is_changed(self) -> bool:
        """Whether any prompt is another."""
        return any(call.change is not Change.SAME for call in self.calls)

    def as_dict(self) -> dict[str, Any]:
        """The wire form."""
        return {
            "step": self.step,
            "run": self.after.key.run,
            "attempt": self.after.key.number,
            "context": self.after.context.value,
            "against_run": self.before.key.run if self.before else None,
            "against_attempt": self.before.key.number if self.before else None,
            "against_context": self.before.context.value if self.before else None,
            "changed": self.is_changed,
            "resumed": self.is_resumed,
            "calls": [call.as_dict() for call in self.calls],
            "comments_came": [comment_record(comment) for comment in self.came],
            "comments_went": [comment_record(comment) for comment in self.went],
            "output": self.output.as_dict(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class DeltaView:
    """The steps that were asked about: one, or every instance of a fan-out that called a model."""

    job_id: JobId
    asked: StepId
    steps: tuple[StepDelta, ...]

    def as_dict(self) -> dict[str, Any]:
        """The wire form."""
        return {"job_id": self.job_id, "step": self.asked, "steps": [step.as_dict() for step in self.steps]}


def view_delta(workspace: Workspace, job_id: JobId, wish: DeltaWish) -> DeltaView:
    """Compare the prompts of a step in two of its runs.

    Raises:
        UnknownStep, StepOutOfRange, UnknownRun: there is no such step or run.
        InvalidInput: a run cannot be compared with itself (``same_run``).
        NotFound: the step called no model (``no_model_call``), or not in a run that was named.
    """
    with workspace.store.read() as reader:
        job = load_job(reader, job_id)
        for number in (wish.run, wish.against):
            if number is not None and reader.load_run(job_id, number) is None:
                raise UnknownRun(number, job.runs)
        picture = look_at_job(workspace, reader, job)
        asked = find_step(picture, wish.step)
        by_step = _calls_by_step(reader, picture, asked, wish=wish)
        chosen = {step: runs for step, calls in by_step.items() if (runs := _choose(calls, wish)) is not None}
        if not chosen:
            raise _nothing_to_compare(
                asked, _calls_by_step(reader, picture, asked, wish=DeltaWish(step=asked)), wish, job_id=job_id
            )
        comparison = _Comparison(
            reader=reader,
            bodies=Bodies(workspace.store),
            comments=comments_by_run(reader.list_comments(job_id)),
            request_of=cache(partial(_request, reader, job_id)),
        )
        steps = tuple(comparison.compare(step, *runs) for step, runs in islice(chosen.items(), wish.limit))
    return DeltaView(job_id=job_id, asked=asked, steps=steps)


_Runs = tuple[Sequence[ModelCall], Sequence[ModelCall]]
"""The calls of the later run, and those of the one it is compared with."""


def _calls_by_step(
    reader: Reader, picture: JobPicture, asked: StepId, *, wish: DeltaWish
) -> dict[StepId, dict[int, list[ModelCall]]]:
    """Step → run → calls, where both runs are named only theirs; the instances of a fan-out in their order."""
    is_whole = asked not in picture.assessment.statuses and asked not in picture.records
    step = None if is_whole else asked
    runs = (None,) if wish.run is None or wish.against is None else {wish.run, wish.against}
    calls = [call for run in runs for call in reader.list_calls(picture.job.id, run=run, step=step)]
    found: dict[StepId, list[ModelCall]] = {this: [] for this in picture.assessment.members.get(step_name(asked)) or ()}
    for call in calls:
        if asked in (call.key.step, step_name(call.key.step)):
            found.setdefault(call.key.step, []).append(call)
    return {step: latest_calls(made) for step, made in found.items() if made}


def _choose(calls: Mapping[int, Sequence[ModelCall]], wish: DeltaWish) -> _Runs | None:
    """The runs of a step that are compared; None where it called no model in one that was named."""
    run = wish.run if wish.run is not None else max((one for one in calls if one != wish.against), default=None)
    if run is None or run not in calls:
        return None
    if wish.against is None:
        earlier = max((one for one in calls if one < run), default=None)
        return calls[run], calls[earlier] if earlier is not None else ()
    if wish.against == run:
        raise InvalidInput(f"run {run} cannot be compared with itself", hint="--against names another run", code="same_run")
    return (calls[run], calls[wish.against]) if wish.against in calls else None


def _nothing_to_compare(
    asked: StepId, by_step: Mapping[StepId, Mapping[int, Sequence[ModelCall]]], wish: DeltaWish, *, job_id: JobId
) -> NotFound:
    runs = sorted({run for calls in by_step.values() for run in calls})
    if not runs:
        return NotFound(
            f"step {asked} has called no model", hint=f"oncue job trace {job_id} lists what did", code="no_model_call"
        )
    missing = next((run for run in (wish.run, wish.against) if run is not None and run not in runs), None)
    where = f"in run {missing}" if missing is not None else "in both of these runs"
    known = ", ".join(map(str, runs))
    return NotFound(f"step {asked} called no model {where}", hint=f"it did in these runs: {known}", code="no_model_call")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Comparison:
    """Compares the calls of steps within one view of the store."""

    reader: Reader
    bodies: Bodies
    comments: Mapping[int, GivenComment]
    request_of: Callable[[int], Mapping[str, object]]

    def compare(self, step: StepId, after: Sequence[ModelCall], before: Sequence[ModelCall]) -> StepDelta:
        now, then = self._attempt(after), self._attempt(before) if before else None
        read_now, read_then = _comments_of(now, after), _comments_of(then, before)
        return StepDelta(
            step=step,
            after=now,
            before=then,
            calls=tuple(CallDelta(pair=pair, sections=self._sections(pair)) for pair in pair_calls(before, after)),
            came=self._named([run for run in read_now if run not in read_then]),
            went=self._named([run for run in read_then if run not in read_now]),
            output=compare_outputs(self.bodies, then, now),
            is_resumed=then is not None and self._goes_on_from(now, then),
        )

    def _attempt(self, calls: Sequence[ModelCall]) -> Attempt:
        """The step's last attempt in the run of these calls: its output is what came of the run."""
        key = calls[0].key
        return self.reader.list_attempts(key.job_id, run=key.run, step=key.step)[-1]

    def _goes_on_from(self, now: Attempt, then: Attempt) -> bool:
        attempts = self.reader.list_attempts(now.key.job_id, step=now.key.step)
        return then in attempts_resumed(now, attempts, self.request_of)

    def _sections(self, pair: CallPair) -> tuple[SectionDelta, ...]:
        before, after = (call.sections if call else () for call in (pair.before, pair.after))
        return compare_sections(before, after, lambda address: read_text(self.bodies, address))

    def _named(self, runs: Sequence[int]) -> tuple[GivenComment, ...]:
        return tuple(self.comments[run] for run in runs if run in self.comments)


def _request(reader: Reader, job_id: JobId, number: int) -> Mapping[str, object]:
    run = reader.load_run(job_id, number)
    assert run is not None, "an attempt is one of a run"
    return run.request


def _comments_of(attempt: Attempt | None, calls: Sequence[ModelCall]) -> tuple[int, ...]:
    """The runs whose comments a step was given: those that its prompts carried, and what it read itself."""
    read = attempt.inputs.comments if attempt and attempt.inputs else ()
    return tuple(sorted({*read, *(run for call in calls for run in call.comments)}))


def _call_as_dict(call: ModelCall | None) -> dict[str, object] | None:
    if call is None:
        return None
    return {"run": call.key.run, "attempt": call.key.number, "call": call.number, "model": call.model, "prompt": call.prompt}
