"""Comments as text for people: never cut, and without what could steer a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from oncue.cli.text.printing import FOLDED, fold
from oncue.cli.text.questiontext import plain
from oncue.core.model import step_name

if TYPE_CHECKING:
    from oncue.control.commentrecords import RunGuidance
    from oncue.control.views.planview import PlannedComment, PlanView
    from oncue.control.views.runview import RunView
    from oncue.core.comments import Comment, GivenComment


def quote(comment: Comment | GivenComment) -> str:
    """The whole text in quotation marks, on one line."""
    return f"“{' '.join(plain(comment.text).split())}”"


def label(comment: Comment | GivenComment) -> str:
    """``comment (data)``, or ``comment`` where no kind was given."""
    return f"comment ({comment.kind.value})" if comment.kind else "comment"


def for_steps(steps: Sequence[str]) -> str:
    """For which steps a comment was given."""
    return f"for {fold_steps(steps)}" if steps else "for every step"


def fold_steps(steps: Sequence[str]) -> str:
    """Steps by name; of a fan-out with many instances how many there are."""
    instances: dict[str, list[str]] = {}
    for step in steps:
        instances.setdefault(step_name(step), []).append(step)
    named = [
        [f"{len(members)} instances of {name}"] if len(members) > FOLDED else members for name, members in instances.items()
    ]
    return fold([name for names in named for name in names])


def render_run_comment(run: RunView) -> list[str]:
    """What a run was told, which steps read it, and which earlier comments they read besides."""
    guidance = run.guidance
    lines: list[str] = []
    if guidance.comment is not None:
        comment = guidance.comment
        lines.append(f"{label(comment)} {for_steps(comment.steps)}: {quote(comment)}{_readers(run)}")
    earlier = sorted({number for runs in guidance.read.values() for number in runs if number != run.number})
    if earlier:
        steps = [step for step, runs in guidance.read.items() if any(number in earlier for number in runs)]
        lines.append(f"with {name_comments(earlier)}: {fold_steps(steps)}")
    return lines


def _readers(run: RunView) -> str:
    readers = run.guidance.readers()
    if readers:
        return f", read by {fold_steps(readers)}"
    return f"; {explain_unread(run.guidance)}" if run.is_comment_unread else ""


def explain_unread(guidance: RunGuidance) -> str:
    """Why a comment of a run that is over came to nothing."""
    if guidance.failed:
        return f"no output was made with it: {fold_steps(guidance.failed)} came to no end"
    return "no step read it"


def name_comments(runs: Sequence[int]) -> str:
    """``the comment of run 2``, ``the comments of runs 2 and 3``, ``the comments of runs 2, 5 to 90 and 93``."""
    if len(runs) == 1:
        return f"the comment of run {runs[0]}"
    parts = _spans(runs)
    return f"the comments of runs {' and '.join([', '.join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)}"


def _spans(runs: Sequence[int]) -> list[str]:
    """Numbers in words, with three or more that follow one another said as one."""
    spans: list[list[int]] = []
    for number in runs:
        if spans and spans[-1][-1] == number - 1:
            spans[-1].append(number)
        else:
            spans.append([number])
    return [
        part for span in spans for part in ([f"{span[0]} to {span[-1]}"] if len(span) > 2 else [str(number) for number in span])
    ]


def render_planned_comments(view: PlanView) -> list[str]:
    """The comment of a plan and those that it carries along, with the steps that get them."""
    lines = [f"  {label(view.comment.comment)}{_gets(view.comment)}: {quote(view.comment.comment)}"] if view.comment else []
    return lines + [
        f"  kept from run {kept.run}, {label(kept.comment)}{_gets(kept)}: {quote(kept.comment)}" for kept in view.kept_comments
    ]


def _gets(planned: PlannedComment) -> str:
    return f" for {fold_steps(planned.steps)}" if planned.steps else " for no step that can read it"
