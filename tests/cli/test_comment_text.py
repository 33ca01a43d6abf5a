"""Comments as lines of text: whole, harmless to a terminal, and short where a fan-out is large."""

from datetime import UTC, datetime

import pytest

from oncue.cli.commands.commentlist import render_comments
from oncue.cli.text.commenttext import fold_steps, for_steps, label, name_comments, quote
from oncue.control.commentrecords import RunGuidance
from oncue.control.views.commentsview import CommentEntry, CommentsView, Reading
from oncue.core.comments import CommentKind, GivenComment
from oncue.core.model import Attempt, AttemptKey, AttemptState, JobId, RunState, StepId, WorkerId
from oncue.core.staleness import StepState

JOB = JobId("abc")
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
INSTANCES = [StepId(f"part[{number}]") for number in range(20)]


def comment(text: str, *, run: int = 2, kind: CommentKind | None = None, steps: tuple[str, ...] = ()) -> GivenComment:
    return GivenComment(job_id=JOB, run=run, text=text, kind=kind, steps=steps, author="ada", given_at=NOW)


def reading(step: str, *, number: int = 1, prompt: bool | None = None, output: bool | None = None) -> Reading:
    key = AttemptKey(job_id=JOB, run=2, step=StepId(step), number=number)
    attempt = Attempt(key=key, state=AttemptState.SUCCEEDED, fence=1, worker=WorkerId("w"), started_at=NOW)
    return Reading(
        attempt=attempt, before=StepState.FRESH, prompt_changed=prompt, definition_changed=False, output_changed=output
    )


def lines_of(given: GivenComment, *readings: Reading, unread: bool = False, failed: tuple[StepId, ...] = ()) -> list[str]:
    entry = CommentEntry(
        comment=given,
        run_state=RunState.SUCCEEDED,
        guidance=RunGuidance(comment=given, failed=failed),
        readings=readings,
        is_unread=unread,
    )
    return render_comments(CommentsView(job_id=JOB, step=None, comments=(entry,)))


def test_a_text_stands_on_one_line_and_cannot_steer_a_terminal() -> None:
    assert quote(comment("first\nsecond\tthird")) == "“first second third”"
    assert quote(comment("a \u202e b \x9b c")) == "“a � b � c”"
    assert len(quote(comment("x" * 600))) == 602


def test_kinds_and_steps_are_named() -> None:
    assert (label(comment("x")), label(comment("x", kind=CommentKind.DATA))) == ("comment", "comment (data)")
    assert (for_steps([]), for_steps(["a", "b[1]"])) == ("for every step", "for a, b[1]")


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        ([2], "the comment of run 2"),
        ([2, 4], "the comments of runs 2 and 4"),
        ([2, 3, 5], "the comments of runs 2, 3 and 5"),
        ([2, 3, 4], "the comments of runs 2 to 4"),
        ([2, *range(5, 91), 93], "the comments of runs 2, 5 to 90 and 93"),
    ],
)
def test_earlier_comments_are_named_by_their_runs(runs: list[int], said: str) -> None:
    assert name_comments(runs) == said


def test_a_large_fan_out_is_counted_and_a_small_one_listed() -> None:
    assert fold_steps([*INSTANCES, "report"]) == "20 instances of part, report"
    assert fold_steps([*INSTANCES[:2], "report"]) == "part[0], part[1], report"


def test_attempts_of_which_the_same_is_to_be_said_share_a_line() -> None:
    readings = [reading(step, prompt=True, output=True) for step in INSTANCES]

    lines = lines_of(comment("shorter\nand better"), *readings, reading("report", number=2, output=False))

    assert lines[1:3] == ["  > shorter", "  > and better"]
    assert [line.replace("\x1b[32m", "").replace("\x1b[0m", "") for line in lines[3:]] == [
        "  read by 20 instances of part in run 2  fresh → succeeded: prompt and output changed, same definition",
        "  read by report in run 2, attempt 2  fresh → succeeded: same definition and output",
    ]


def test_a_comment_that_came_to_nothing_says_why() -> None:
    assert lines_of(comment("x"), unread=True)[-1] == "  no step read it"
    assert lines_of(comment("x"), unread=True, failed=(StepId("a"),))[-1] == ("  no output was made with it: a came to no end")
    assert lines_of(comment("x"))[-1] == "  not read so far"
