"""The trace of a job: what each attempt of a step consumed and was given, and every call of a language model that it made.

::

    attempt ── carried over: outputs of earlier steps, its own last output (keep), earlier comments
       │    ── comments, answers, parameters: whatever steered it besides
       └─ calls ── sections · payload · reply · usage · cost · what changed since the run before

An attempt is listed when it called a model, took over answers to an earlier one, or read a comment; those of a step that is
asked for are listed in any case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from oncue.control.amounts import spending_as_dict
from oncue.control.commentrecords import comment_record
from oncue.control.generation.carried import Carried, Outputs, carried_over
from oncue.control.instants import show_instant
from oncue.control.promptrecords import decision_record
from oncue.control.steps.bodies import Bodies
from oncue.control.steps.resuming import attempts_resumed
from oncue.control.views.artifactview import find_step
from oncue.control.views.callview import CallView, SectionView
from oncue.control.views.jobview import look_at_job
from oncue.control.views.runview import failure_as_dict
from oncue.control.workspace import Workspace, load_job
from oncue.core.comments import GivenComment, comments_by_run
from oncue.core.model import Attempt, AttemptKey, AttemptState, ContentHash, Job, JobId, Run, StepId, step_name
from oncue.core.modelcalls import ModelCall, SectionRef, Spending, add_spending
from oncue.core.ports import Reader, Store
from oncue.core.promptdelta import Change, compare_refs, pair_calls
from oncue.core.prompts import SectionName
from oncue.core.questions import Question
from oncue.errors import NoArtifact, NotFound, UnknownRun

MAX_CALLS = 100_000
LOG_LINES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceWish:
    """What of a trace is wanted; ``step`` as a person writes it. ``call`` is a number within an attempt."""

    step: str | None = None
    run: int | None = None
    call: int | None = None
    has_texts: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptTrace:
    """One attempt: what it consumed, what steered it, and the calls it made.

    ``resumes`` are the attempts that it went on from, the latest first: it took over their answers to equal prompts.
    ``params`` are those it read, with their values. ``log`` holds the last lines of what it wrote, where it read a comment
    and called no model: they say what the comment did; ``log_left_out`` counts the lines before them.
    """

    attempt: Attempt
    calls: tuple[CallView, ...] = ()
    carried: tuple[Carried, ...] = ()
    comments: tuple[GivenComment, ...] = ()
    answers: tuple[Question, ...] = ()
    resumes: tuple[AttemptKey, ...] = ()
    params: Mapping[str, object] | None = None
    log: tuple[str, ...] = ()
    log_left_out: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The wire form."""
        attempt = self.attempt
        inputs = attempt.inputs
        return {
            "run": attempt.key.run,
            "step": attempt.key.step,
            "attempt": attempt.key.number,
            "status": attempt.state.value,
            "context": attempt.context.value,
            "started_at": show_instant(attempt.started_at),
            "ended_at": show_instant(attempt.ended_at),
            "error": failure_as_dict(attempt.error),
            "consumed": {
                "definition": inputs.definition,
                "steps": dict(inputs.steps),
                "params": dict(self.params or {}),
                "item": inputs.item,
                "comments": list(inputs.comments),
            }
            if inputs is not None
            else None,
            "carried": [one.as_dict() for one in self.carried],
            "comments": [comment_record(comment) for comment in self.comments],
            "answers": [decision_record(question) for question in self.answers],
            "resumes": [{"run": key.run, "attempt": key.number} for key in self.resumes],
            "calls": [call.as_dict() for call in self.calls],
            "log": list(self.log),
            "log_left_out": self.log_left_out,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceView:
    """What was asked for of a job's trace. ``is_cut``: there are more calls than are looked at, the latest are missing."""

    job_id: JobId
    workflow: str
    attempts: tuple[AttemptTrace, ...]
    is_cut: bool = False

    @property
    def spending(self) -> Spending:
        """What the listed calls cost together."""
        return add_spending(call.call for attempt in self.attempts for call in attempt.calls)

    def as_dict(self) -> dict[str, Any]:
        """The wire form."""
        return {
            "job_id": self.job_id,
            "workflow": self.workflow,
            "spending": spending_as_dict(self.spending),
            "complete": not self.is_cut,
            "attempts": [attempt.as_dict() for attempt in self.attempts],
        }


def view_trace(workspace: Workspace, job_id: JobId, wish: TraceWish) -> TraceView:
    """Look at the trace of a job, of one step, of one run, or of one call.

    Raises:
        UnknownStep, StepOutOfRange, UnknownRun: there is no such step or run.
        NotFound: the step has not been executed there (``no_attempt``), or no attempt made a call of this number
            (``unknown_call``).
    """
    with workspace.store.read() as reader:
        job = load_job(reader, job_id)
        if wish.run is not None and reader.load_run(job_id, wish.run) is None:
            raise UnknownRun(wish.run, job.runs)
        step = find_step(look_at_job(workspace, reader, job), wish.step) if wish.step else None
        trace = _Trace.read(workspace.store, reader, job)
    attempts = [attempt for attempt in trace.attempts if _is_wanted(attempt.key, step, wish.run)]
    if step is not None and not attempts:
        raise NotFound(
            f"step {step} has not been executed{_in_run(wish.run)}",
            hint=f"oncue job history {job_id} says which run executed what",
            code="no_attempt",
        )
    found = [trace.describe(attempt) for attempt in attempts if step is not None or trace.is_telling(attempt)]
    if wish.call is not None:
        found = _with_call(found, wish.call, job_id)
    if wish.has_texts:
        found = [replace(one, calls=tuple(with_texts(trace.bodies, call) for call in one.calls)) for one in found]
    return TraceView(job_id=job_id, workflow=job.workflow, attempts=tuple(found), is_cut=trace.is_cut)


def with_texts(bodies: Bodies, view: CallView) -> CallView:
    """The call with everything that was said."""
    call = view.call
    return replace(
        view,
        sections=tuple(replace(section, text=read_text(bodies, section.hash)) for section in view.sections),
        payload=read_text(bodies, call.payload),
        reply=read_text(bodies, call.reply) if call.reply else None,
        is_whole=True,
    )


def read_text(bodies: Bodies, address: ContentHash) -> str | None:
    """A text that went to a model or came from one; None where it is not stored any more."""
    try:
        return bodies.text(address)
    except NoArtifact:
        return None


def latest_calls(calls: Iterable[ModelCall]) -> dict[int, list[ModelCall]]:
    """Run → the calls that count, of the calls of one step: for each ``ctx.generate`` those of the last attempt that sent any.

    An attempt that goes on where another was interrupted takes over its answers, so its own calls are not all there are.
    """
    found: dict[int, dict[int, list[ModelCall]]] = {}
    for call in sorted(calls, key=lambda call: (call.key.run, call.key.number, call.number)):
        generations = found.setdefault(call.key.run, {})
        known = generations.get(call.generation)
        if known and known[0].key == call.key:
            known.append(call)
        else:
            generations[call.generation] = [call]
    return {run: [call for _, made in sorted(generations.items()) for call in made] for run, generations in found.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trace:
    """Everything a trace is made of, read in one view of the store."""

    store: Store
    bodies: Bodies
    attempts: Sequence[Attempt]
    of_step: Mapping[StepId, list[Attempt]]
    outputs: Outputs
    runs: Mapping[int, Run]
    calls: Mapping[AttemptKey, list[ModelCall]]
    by_step: Mapping[StepId, dict[int, list[ModelCall]]]
    answers: Mapping[AttemptKey, list[Question]]
    comments: Mapping[int, GivenComment]
    is_cut: bool

    @classmethod
    def read(cls, store: Store, reader: Reader, job: Job) -> _Trace:
        calls = reader.list_calls(job.id, limit=MAX_CALLS)
        of_attempt: dict[AttemptKey, list[ModelCall]] = {}
        of_step: dict[StepId, list[ModelCall]] = {}
        for call in calls:
            of_attempt.setdefault(call.key, []).append(call)
            of_step.setdefault(call.key.step, []).append(call)
        answers: dict[AttemptKey, list[Question]] = {}
        for question in reader.list_questions(job_id=job.id):
            answers.setdefault(question.key, []).append(question)
        attempts = reader.list_attempts(job.id)
        attempts_of: dict[StepId, list[Attempt]] = {}
        for attempt in attempts:
            attempts_of.setdefault(attempt.key.step, []).append(attempt)
        return cls(
            store=store,
            bodies=Bodies(store),
            attempts=attempts,
            of_step=attempts_of,
            outputs=Outputs(attempts),
            runs={run.number: run for run in reader.list_runs(job.id)},
            calls=of_attempt,
            by_step={step: latest_calls(found) for step, found in of_step.items()},
            answers=answers,
            comments=comments_by_run(reader.list_comments(job.id)),
            is_cut=len(calls) == MAX_CALLS,
        )

    def is_telling(self, attempt: Attempt) -> bool:
        """Whether it called a model, took over what another had called for, or read a comment."""
        return attempt.key in self.calls or bool(attempt.inputs and attempt.inputs.comments) or bool(self._resumed(attempt))

    def describe(self, attempt: Attempt) -> AttemptTrace:
        calls = sorted(self.calls.get(attempt.key, ()), key=lambda call: call.number)
        read = attempt.inputs.comments if attempt.inputs else tuple(run for call in calls for run in call.comments)
        comments = tuple(self.comments[run] for run in dict.fromkeys(read) if run in self.comments)
        log, left_out = self._log(attempt) if comments and not calls else ((), 0)
        return AttemptTrace(
            attempt=attempt,
            calls=tuple(self._describe_calls(attempt, calls)),
            carried=carried_over(attempt, self.outputs, calls=calls, comments=comments),
            comments=comments,
            answers=tuple(self.answers.get(attempt.key, ())),
            resumes=self._resumed(attempt),
            params=self._params(attempt),
            log=log,
            log_left_out=left_out,
        )

    def _describe_calls(self, attempt: Attempt, calls: Sequence[ModelCall]) -> Iterable[CallView]:
        earlier = {run: made for run, made in self.by_step.get(attempt.key.step, {}).items() if run < attempt.key.run}
        against = max(earlier, default=None)
        pairs = pair_calls(earlier[against] if against else (), calls)
        before = {pair.after.number: pair.before for pair in pairs if pair.after and pair.before}
        is_held = attempt.state is AttemptState.RUNNING and self.store.is_alive(attempt.worker)
        for call in calls:
            known = before.get(call.number)
            yield CallView(
                call=call,
                sections=_sections(call.sections, compare_refs(known.sections, call.sections) if known else None),
                is_open=is_held,
                against=known.key.run if known else None,
                removed=_removed(known, call),
                comments=tuple(self.comments[run] for run in call.comments if run in self.comments),
            )

    def _resumed(self, attempt: Attempt) -> tuple[AttemptKey, ...]:
        if attempt.key.step not in self.by_step:
            return ()
        found = attempts_resumed(attempt, self.of_step[attempt.key.step], lambda number: self.runs[number].request)
        return tuple(one.key for one in found if one.key in self.calls)

    def _params(self, attempt: Attempt) -> Mapping[str, object] | None:
        if attempt.inputs is None:
            return None
        values = self.runs[attempt.key.run].params
        return {name: values.get(name) for name in attempt.inputs.params}

    def _log(self, attempt: Attempt) -> tuple[tuple[str, ...], int]:
        if attempt.log is None:
            return (), 0
        try:
            with self.store.blobs.open(attempt.log) as stream:
                lines = stream.read().decode("utf-8", "replace").splitlines()
        except NoArtifact:
            return (), 0
        return tuple(lines[-LOG_LINES:]), max(0, len(lines) - LOG_LINES)


def _sections(refs: Sequence[SectionRef], changes: Mapping[SectionName, Change] | None) -> tuple[SectionView, ...]:
    return tuple(
        SectionView(name=ref.name, hash=ref.hash, redacted=ref.redacted, change=changes[ref.name] if changes else None)
        for ref in refs
    )


def _removed(before: ModelCall | None, after: ModelCall) -> tuple[SectionName, ...]:
    changes = compare_refs(before.sections, after.sections) if before else {}
    return tuple(name for name, change in changes.items() if change is Change.REMOVED)


def _is_wanted(key: AttemptKey, step: StepId | None, run: int | None) -> bool:
    return run in (None, key.run) and step in (None, key.step, StepId(step_name(key.step)))


def _with_call(found: Sequence[AttemptTrace], number: int, job_id: JobId) -> list[AttemptTrace]:
    kept = [
        replace(one, calls=calls) for one in found if (calls := tuple(call for call in one.calls if call.call.number == number))
    ]
    if not kept:
        most = max((call.call.number for one in found for call in one.calls), default=0)
        known = f"calls are numbered from 1 to {most} there" if most else "no model was called there"
        raise NotFound(f"no call {number}: {known}", hint=f"oncue job trace {job_id} lists the calls", code="unknown_call")
    return kept


def _in_run(run: int | None) -> str:
    return f" in run {run}" if run is not None else ""
