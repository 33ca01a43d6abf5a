"""Comments beside the runs they were given with: the wire form, and which steps of a run read which comments."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from oncue.control.instants import show_instant
from oncue.core.comments import GivenComment, comments_by_run
from oncue.core.counting import ALL_RUNS, RunSpan
from oncue.core.model import ENDED_RUNS, Attempt, AttemptKey, AttemptState, JobId, Run, StepId
from oncue.core.modelcalls import ModelCall
from oncue.core.readport import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class RunGuidance:
    """What guided a run: the comment it was given, and step → the runs whose comments it read in it.

    ``failed`` are the steps that came to no output, and may have read a comment before that.
    """

    comment: GivenComment | None = None
    read: Mapping[StepId, tuple[int, ...]] = field(default_factory=dict)
    failed: tuple[StepId, ...] = ()

    def readers(self) -> tuple[StepId, ...]:
        """The steps that read the comment of the run itself."""
        return tuple(step for step, runs in self.read.items() if self.comment is not None and self.comment.run in runs)

    def is_unread(self, run: Run) -> bool:
        """Whether the run is over and its comment reached nothing."""
        return self.comment is not None and run.state in ENDED_RUNS and not self.readers()


NO_GUIDANCE = RunGuidance()


def read_guidance(reader: Reader, job_id: JobId, runs: RunSpan = ALL_RUNS) -> Mapping[int, RunGuidance]:
    """Run → what guided it; without the runs that nothing guided. Costs one look where the job has no comments."""
    comments = comments_by_run(reader.list_comments(job_id))
    if not comments:
        return {}
    attempts: dict[int, list[Attempt]] = {run: [] for run in comments if runs.first <= run <= runs.last}
    guided = replace(runs, first=max(runs.first, min(comments)))
    for attempt in reader.list_guided_attempts(job_id, guided):
        attempts.setdefault(attempt.key.run, []).append(attempt)
    found = {run: guidance_of(made, comment=comments.get(run), read_by=reading_with(reader)) for run, made in attempts.items()}
    return {run: guidance for run, guidance in found.items() if guidance.comment is not None or guidance.read}


def guidance_of(
    attempts: Iterable[Attempt], *, comment: GivenComment | None, read_by: Callable[[Attempt], tuple[int, ...]]
) -> RunGuidance:
    """What guided a run of these attempts; ``read_by`` tells which comments an attempt read."""
    read: dict[StepId, tuple[int, ...]] = {}
    failed: dict[StepId, None] = {}
    for attempt in attempts:
        runs = read_by(attempt)
        if runs:
            read[attempt.key.step] = tuple(sorted({*read.get(attempt.key.step, ()), *runs}))
        if attempt.state in (AttemptState.FAILED, AttemptState.CANCELLED):
            failed[attempt.key.step] = None
        else:
            failed.pop(attempt.key.step, None)
    return RunGuidance(comment=comment, read=read, failed=tuple(failed))


def reading_with(reader: Reader) -> Callable[[Attempt], tuple[int, ...]]:
    """Tells which comments an attempt read."""
    return lambda attempt: comments_read_by(attempt, reader.calls_of_attempt)


def comments_read_by(attempt: Attempt, calls_of: Callable[[AttemptKey], Sequence[ModelCall]]) -> tuple[int, ...]:
    """The runs whose comments an attempt read; of one that made no output, those that it sent to a model."""
    if attempt.inputs is not None:
        return attempt.inputs.comments
    return tuple(sorted({run for call in calls_of(attempt.key) for run in call.comments}))


def comment_record(comment: GivenComment) -> dict[str, object]:
    """The wire form of a comment; ``steps`` is empty where it is for every step of its run."""
    return {
        "run": comment.run,
        "text": comment.text,
        "kind": comment.kind.value if comment.kind else None,
        "steps": list(comment.steps),
        "author": comment.author,
        "reason": comment.reason,
        "given_at": show_instant(comment.given_at),
    }


def pick_comments(comments: Iterable[GivenComment], runs: Collection[int]) -> tuple[GivenComment, ...]:
    """The comments of these runs, in order."""
    return tuple(comment for comment in comments if comment.run in runs)
