"""What an attempt consumed, what steered it, and the calls it made; read step by step, as far as it is asked for."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from oncue.control.commentrecords import comment_record
from oncue.control.generation.carried import Carried, Outputs, carried_over
from oncue.control.instants import show_instant
from oncue.control.promptrecords import decision_record
from oncue.control.steps.resuming import attempts_resumed
from oncue.control.views.callview import CallView, SectionView, latest_calls
from oncue.control.views.runview import failure_as_dict
from oncue.core.comments import GivenComment, comments_by_run
from oncue.core.model import Attempt, AttemptKey, AttemptState, Job, Run, StepId
from oncue.core.modelcalls import ModelCall, SectionRef
from oncue.core.ports import Store
from oncue.core.promptdelta import Change, compare_refs, pair_calls
from oncue.core.prompts import SectionName
from oncue.core.questions import Question
from oncue.core.readport import Reader
from oncue.errors import NoArtifact

LOG_LINES = 20


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

    @property
    def is_telling(self) -> bool:
        """Whether there is more to say of it than that it was made."""
        return bool(self.calls or self.comments or self.answers or self.log)

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


class _StepCalls:
    """The calls of one step, sorted out once."""

    def __init__(self, calls: Sequence[ModelCall]) -> None:
        self.by_attempt: dict[AttemptKey, list[ModelCall]] = {}
        for call in sorted(calls, key=lambda call: call.number):
            self.by_attempt.setdefault(call.key, []).append(call)
        self._latest = latest_calls(calls)
        self._runs = sorted(self._latest)

    def before(self, run: int) -> Sequence[ModelCall]:
        """The calls that count of the latest run before one that made any."""
        place = bisect_left(self._runs, run)
        return self._latest[self._runs[place - 1]] if place else ()


class TraceBook:
    """Describes attempts of one job within one view of the store; what it read of a step it keeps as long as it lives."""

    def __init__(self, store: Store, reader: Reader, job: Job) -> None:
        self._store = store
        self._reader = reader
        self._run_of: Callable[[int], Run | None] = cache(lambda number: reader.load_run(job.id, number))
        self._comments = comments_by_run(reader.list_comments(job.id))
        self._attempts_of: Callable[[StepId], Sequence[Attempt]] = cache(lambda step: reader.list_attempts(job.id, step=step))
        self._calls_of: Callable[[StepId], _StepCalls] = cache(lambda step: _StepCalls(reader.list_calls(job.id, step=step)))
        self._outputs = Outputs(self._attempts_of)

    def is_telling(self, attempt: Attempt) -> bool:
        """Whether it called a model, took over what another had called for, or read a comment."""
        return bool(self._calls(attempt.key) or (attempt.inputs and attempt.inputs.comments) or self._resumed(attempt))

    def describe(self, attempt: Attempt) -> AttemptTrace:
        """Everything about one attempt."""
        calls = self._calls(attempt.key)
        read = attempt.inputs.comments if attempt.inputs else tuple(run for call in calls for run in call.comments)
        comments = tuple(self._comments[run] for run in dict.fromkeys(read) if run in self._comments)
        log, left_out = self._log(attempt) if comments and not calls else ((), 0)
        return AttemptTrace(
            attempt=attempt,
            calls=tuple(self.describe_calls(attempt, calls)),
            carried=carried_over(attempt, self._outputs, calls=calls, comments=comments),
            comments=comments,
            answers=tuple(self._reader.questions_of_attempt(attempt.key)),
            resumes=self._resumed(attempt),
            params=self._params(attempt),
            log=log,
            log_left_out=left_out,
        )

    def describe_calls(self, attempt: Attempt, calls: Sequence[ModelCall]) -> Iterable[CallView]:
        """Some calls of an attempt, and what of their prompts is new since the run before."""
        before = self._paired(attempt.key)
        is_held = attempt.state is AttemptState.RUNNING and self._store.is_alive(attempt.worker)
        for call in calls:
            known = before.get(call.number)
            yield CallView(
                call=call,
                sections=_sections(call.sections, compare_refs(known.sections, call.sections) if known else None),
                is_open=is_held,
                against=known.key.run if known else None,
                removed=_removed(known, call),
                comments=tuple(self._comments[run] for run in call.comments if run in self._comments),
            )

    def _calls(self, key: AttemptKey) -> Sequence[ModelCall]:
        """The calls of an attempt by number."""
        return self._calls_of(key.step).by_attempt.get(key, ())

    def _paired(self, key: AttemptKey) -> Mapping[int, ModelCall]:
        """The number of each call of an attempt → the call that it stands for in the latest earlier run that made any."""
        pairs = pair_calls(self._calls_of(key.step).before(key.run), self._calls(key))
        return {pair.after.number: pair.before for pair in pairs if pair.after and pair.before}

    def _resumed(self, attempt: Attempt) -> tuple[AttemptKey, ...]:
        called = self._calls_of(attempt.key.step).by_attempt
        if not called:
            return ()
        found = attempts_resumed(attempt, self._attempts_of(attempt.key.step), lambda number: self._run(number).request)
        return tuple(one.key for one in found if one.key in called)

    def _run(self, number: int) -> Run:
        run = self._run_of(number)
        assert run is not None, "an attempt is one of a run"
        return run

    def _params(self, attempt: Attempt) -> Mapping[str, object] | None:
        if attempt.inputs is None:
            return None
        values = self._run(attempt.key.run).params
        return {name: values.get(name) for name in attempt.inputs.params}

    def _log(self, attempt: Attempt) -> tuple[tuple[str, ...], int]:
        if attempt.log is None:
            return (), 0
        try:
            with self._store.blobs.open(attempt.log) as stream:
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
