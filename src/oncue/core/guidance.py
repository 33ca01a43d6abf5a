"""What a comment in a request means: which steps it reaches, and what a person should know before giving it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from oncue.core.comments import GivenComment
from oncue.core.findings import Finding, FindingCode
from oncue.core.model import StepId, step_name
from oncue.core.request import RunRequest, Scope
from oncue.core.snapshot import JobSnapshot

_SHOWN_CHARS = 60


def comment_targets(request: RunRequest, snapshot: JobSnapshot, executing: Collection[StepId] = ()) -> tuple[str, ...]:
    """The steps a request's comment is for, as ids or names of definitions; empty for every step of the job.

    ``request`` is a resolved one, and ``executing`` what it would execute. A rerun from a step comments that step, not what
    follows from it; a resumed run comments what it still executes, not what was done before.
    """
    names = snapshot.graph.names
    match request.scope:
        case Scope.FROM | Scope.ONLY:
            return request.steps
        case Scope.PHASE:
            return tuple(name for name in names if snapshot.graph.steps[name].phase == request.phase)
        case Scope.RESUME:
            wanted = {step_name(this) for this in executing}
            return tuple(name for name in names if name in wanted)
        case Scope.ALL:
            return ()


def reached_steps(targets: Collection[str], executing: Collection[StepId]) -> list[StepId]:
    """The steps a comment for these targets reaches; a fan-out whose instances are not known yet may have those it is for."""
    fan_outs = {step_name(target) for target in targets}
    return [this for this in executing if not targets or this in targets or step_name(this) in targets or this in fan_outs]


def find_comment_blockers(request: RunRequest, snapshot: JobSnapshot, executing: Collection[StepId]) -> list[Finding]:
    """A comment that cannot reach anything must not be given: the person would wait for an effect that cannot come."""
    if request.comment is None:
        return []
    reached = reached_steps(comment_targets(request, snapshot, executing), executing)
    if any(_takes_comment(this, snapshot) for this in reached):
        return []
    return [
        Finding(
            code=FindingCode.COMMENT_WITHOUT_EFFECT,
            message="no step that would get the comment can read one" if reached else "the comment is for no step that runs",
            hint="leave --comment out (--reason keeps a note with the run), or name a step that calls a model",
        )
    ]


def find_comment_warnings(request: RunRequest, snapshot: JobSnapshot, executing: Collection[StepId]) -> list[Finding]:
    """Steps the comment cannot change, and earlier comments that this run would leave behind."""
    found: list[Finding] = []
    reached: list[StepId] = []
    if request.comment is not None:
        reached = reached_steps(comment_targets(request, snapshot, executing), executing)
        deaf = sorted({step_name(this) for this in reached if not _takes_comment(this, snapshot)})
        if deaf:
            why = "it neither calls a model nor reads" if len(deaf) == 1 else "they neither call a model nor read"
            found.append(
                Finding(
                    code=FindingCode.COMMENT_UNREAD,
                    message=f"the comment changes nothing in {', '.join(deaf)}: {why} comments",
                    hint="--only --step STEP names the steps it is for",
                )
            )
    if not request.keep_comments:
        repeated = request.comment.text if request.comment else ""
        found.extend(_dropped(snapshot, executing, told_again=reached, repeated=repeated))
    return found


def comments_left_behind(snapshot: JobSnapshot, this: StepId) -> tuple[GivenComment, ...]:
    """The comments that steered a step's current output, and later ones meant for it."""
    if not snapshot.comments:
        return ()
    current = snapshot.current(this)
    steered_by = current.inputs.comments if current else ()
    since = current.run if current else 0
    return tuple(
        comment for comment in snapshot.comments if comment.run in steered_by or (comment.run > since and comment.is_for(this))
    )


def _dropped(
    snapshot: JobSnapshot, executing: Collection[StepId], *, told_again: Collection[StepId], repeated: str
) -> list[Finding]:
    """The comments that steps would run without. One that is given again, in the same words, is not left behind."""
    found: list[Finding] = []
    if not snapshot.comments:
        return found
    by_comment: dict[int, list[StepId]] = {}
    told = set(told_again)
    for this in sorted(executing):
        if _takes_comment(this, snapshot):
            for comment in comments_left_behind(snapshot, this):
                if comment.text != repeated or this not in told:
                    by_comment.setdefault(comment.run, []).append(this)
    for comment in snapshot.comments:
        steps = by_comment.get(comment.run)
        if steps:
            found.append(
                Finding(
                    code=FindingCode.COMMENT_DROPPED,
                    message=f"{_listed(steps)} would run without the comment of run {comment.run} ({shorten(comment.text)!r})",
                    hint="--keep-comments carries the earlier comments",
                )
            )
    return found


def shorten(text: str) -> str:
    """A comment in a sentence: its beginning, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN_CHARS else f"{line[: _SHOWN_CHARS - 1]}…"


def _listed(steps: Sequence[StepId]) -> str:
    return ", ".join(steps[:3]) + (f" and {len(steps) - 3} more" if len(steps) > 3 else "")


def _takes_comment(this: StepId, snapshot: JobSnapshot) -> bool:
    return snapshot.graph.steps[step_name(this)].takes_comment
