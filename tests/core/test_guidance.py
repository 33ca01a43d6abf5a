"""Which steps a comment reaches, and what preflight says of comments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from oncue.core.comments import Comment, GivenComment
from oncue.core.findings import Finding, FindingCode
from oncue.core.guidance import comment_targets, comments_left_behind, find_comment_blockers, shorten
from oncue.core.model import JobId, StepId
from oncue.core.plan import Plan, plan_digest, plan_run
from oncue.core.request import Downstream, RunRequest, Scope
from oncue.core.snapshot import JobSnapshot
from tests.core.bench import NOW, Bench, step, weekly

COMMENT = Comment(text="Use 2024.")
CODES = {FindingCode.COMMENT_WITHOUT_EFFECT, FindingCode.COMMENT_UNREAD, FindingCode.COMMENT_DROPPED}


def given(run: int, *steps: str, text: str = "Use 2024.") -> GivenComment:
    return GivenComment(job_id=JobId("job"), run=run, text=text, steps=steps, given_at=NOW)


def with_comments(bench: Bench, *comments: GivenComment) -> JobSnapshot:
    return replace(bench.snapshot(), comments=comments)


def steered(bench: Bench, this: str, *runs: int) -> None:
    """The current output of a step was made with the comments of these runs."""
    record = bench.records[StepId(this)]
    assert record.current is not None
    inputs = replace(record.current.inputs, comments=runs)
    bench.records[StepId(this)] = replace(record, current=replace(record.current, inputs=inputs, run=max(runs)))


def deaf(bench: Bench, *names: str) -> Bench:
    """Steps that neither call a model nor read comments."""
    for name in names:
        bench.redefined(replace(bench.graph.steps[name], takes_comment=False))
    return bench


def planned(
    snapshot: JobSnapshot, scope: Scope, *steps: str, comment: Comment | None = COMMENT, keep: bool = False, **options: object
) -> Plan:
    request = RunRequest(scope=scope, steps=steps, comment=comment, keep_comments=keep)
    return plan_run(snapshot, replace(request, **options))  # type: ignore[arg-type]


def told(findings: Sequence[Finding]) -> list[str]:
    return [finding.code.value for finding in findings if finding.code in CODES]


# -------------------------------------------------------------------------------------------------------------- targets


@pytest.mark.parametrize(
    ("scope", "steps", "phase", "targets"),
    [
        (Scope.ALL, (), None, ()),
        (Scope.RESUME, (), None, ("plan", "report")),
        (Scope.FROM, ("plan",), None, ("plan",)),
        (Scope.FROM, ("4",), None, ("plan",)),
        (Scope.FROM, ("summary[x]", "plan"), None, ("summary[x]", "plan")),
        (Scope.ONLY, ("summary",), None, ("summary",)),
        (Scope.PHASE, (), "write", ("plan", "report")),
    ],
)
def test_a_comment_is_for_the_steps_that_were_named(
    scope: Scope, steps: tuple[str, ...], phase: str | None, targets: tuple[str, ...]
) -> None:
    bench = weekly()
    bench.edited("plan")
    snapshot = bench.snapshot()

    plan = planned(snapshot, scope, *steps, phase=phase)

    assert comment_targets(plan.request, snapshot, [each.id for each in plan.executing]) == targets


def test_a_comment_is_not_for_what_merely_follows() -> None:
    snapshot = with_comments(deaf(weekly(), "plan"))

    for scope, downstream in ((Scope.FROM, Downstream.MARK_STALE), (Scope.ONLY, Downstream.RERUN)):
        plan = planned(snapshot, scope, "plan", downstream=downstream)

        assert [each.id for each in plan.executing] == ["plan", "report"]
        assert told(plan.blockers) == ["comment_without_effect"]


# ------------------------------------------------------------------------------------------------------------- blockers


def test_a_comment_that_some_step_can_read_blocks_nothing() -> None:
    plan = planned(deaf(weekly(), "report", "check").snapshot(), Scope.ALL)

    assert told(plan.blockers) == []


def test_a_comment_that_no_step_can_read_is_a_blocker() -> None:
    plan = planned(deaf(weekly(), "plan").snapshot(), Scope.ONLY, "plan")

    (finding,) = [one for one in plan.blockers if one.code in CODES]
    assert finding.code is FindingCode.COMMENT_WITHOUT_EFFECT
    assert "no step that would get the comment can read one" in finding.message
    assert "--reason" in finding.hint


def test_a_comment_for_steps_that_do_not_run_is_a_blocker() -> None:
    request = RunRequest(scope=Scope.ONLY, steps=("plan",), comment=COMMENT)

    (finding,) = find_comment_blockers(request, weekly().snapshot(), [StepId("report"), StepId("summary[x]")])

    assert finding.code is FindingCode.COMMENT_WITHOUT_EFFECT
    assert finding.message == "the comment is for no step that runs"


def test_a_comment_in_a_run_of_nothing_is_not_told_twice() -> None:
    plan = planned(weekly().snapshot(), Scope.RESUME)

    assert [finding.code.value for finding in plan.blockers] == ["nothing_to_run"]


def test_a_comment_reaches_instances_that_are_not_known_yet() -> None:
    bench = deaf(weekly(), "pages")

    plan = planned(bench.snapshot(), Scope.FROM, "pages", "summary[x]", refresh=True)

    assert [each.id for each in plan.executing if each.is_expanding] == ["summary", "check"]
    assert told(plan.blockers) == []
    assert told(plan.warnings) == ["comment_unread"]


# ------------------------------------------------------------------------------------------------------------- warnings


def test_the_steps_that_a_comment_cannot_change_are_named_once_each() -> None:
    plan = planned(deaf(weekly(), "summary", "plan").snapshot(), Scope.FROM, "summary", "plan", "report")

    (finding,) = [one for one in plan.warnings if one.code in CODES]
    assert finding.message.startswith("the comment changes nothing in plan, summary:")


def test_without_a_comment_nothing_is_said_of_deaf_steps() -> None:
    plan = planned(deaf(weekly(), "plan").snapshot(), Scope.ONLY, "plan", comment=None)

    assert (told(plan.blockers), told(plan.warnings)) == ([], [])


def test_an_earlier_comment_that_would_be_left_behind_is_a_warning() -> None:
    bench = weekly()
    for this in ("plan", "report"):
        steered(bench, this, 2)
    snapshot = with_comments(bench, given(2, text="Use\n2024. " + "x" * 100))

    (finding,) = [one for one in planned(snapshot, Scope.FROM, "plan", comment=None).warnings if one.code in CODES]

    assert finding.code is FindingCode.COMMENT_DROPPED
    assert finding.message.startswith("plan, report would run without the comment of run 2 ('Use 2024. xxx")
    assert "…" in finding.message
    assert "--keep-comments" in finding.hint


@pytest.mark.parametrize("comment", [None, COMMENT])
def test_a_comment_that_is_carried_is_no_warning(comment: Comment | None) -> None:
    bench = weekly()
    steered(bench, "plan", 2)
    snapshot = with_comments(bench, given(2, text="Use metres."))

    assert told(planned(snapshot, Scope.ONLY, "plan", comment=comment, keep=True).warnings) == []
    assert told(planned(snapshot, Scope.ONLY, "plan", comment=comment).warnings) == ["comment_dropped"]


def test_a_comment_that_is_given_again_in_the_same_words_is_left_behind_by_the_other_steps_alone() -> None:
    bench = weekly()
    for this in ("plan", "report"):
        steered(bench, this, 2)
    snapshot = with_comments(bench, given(2))

    again = planned(snapshot, Scope.ONLY, "plan")
    (finding,) = [one for one in planned(snapshot, Scope.FROM, "plan").warnings if one.code in CODES]

    assert told(again.warnings) == []
    assert finding.message.startswith("report would run without the comment of run 2")


def test_a_step_that_reads_no_comment_leaves_none_behind() -> None:
    snapshot = with_comments(deaf(weekly(), "plan"), given(2))

    assert told(planned(snapshot, Scope.ONLY, "plan", comment=None).warnings) == []


def test_of_many_steps_a_few_are_named() -> None:
    bench = Bench(step("list", source=True), step("find", each="list"))
    bench.listed("list", {str(number): number for number in range(9)})
    for number in range(9):
        bench.done(f"find[{number}]", number)
    snapshot = with_comments(bench, given(2))

    (finding,) = [one for one in planned(snapshot, Scope.ONLY, "find", comment=None).warnings if one.code in CODES]

    assert finding.message.startswith("find[0], find[1], find[2] and 6 more would run without")


# ---------------------------------------------------------------------------------------------------------- left behind


@pytest.mark.parametrize(
    ("comments", "steered_by", "left"),
    [
        ((), (), []),
        ((given(2),), (2,), [2]),
        ((given(2), given(3, "plan")), (2,), [2, 3]),
        ((given(2), given(3, "report")), (2,), [2]),
        ((given(2), given(3)), (3,), [3]),
        ((given(2), given(3)), (2, 3), [2, 3]),
        ((given(2, "report"), given(3, "plan")), (2,), [2, 3]),
    ],
)
def test_what_steered_a_step_and_what_came_later_for_it_is_left_behind(
    comments: tuple[GivenComment, ...], steered_by: tuple[int, ...], left: list[int]
) -> None:
    bench = weekly()
    if steered_by:
        steered(bench, "plan", *steered_by)

    found = comments_left_behind(with_comments(bench, *comments), StepId("plan"))

    assert [comment.run for comment in found] == left


def test_a_comment_that_the_current_output_was_made_without_is_not_left_behind_again() -> None:
    bench = weekly()
    bench.done("plan", "made in run 2, by code that read no comment", run=2)

    assert comments_left_behind(with_comments(bench, given(1), given(2)), StepId("plan")) == ()


def test_a_comment_whose_run_failed_is_left_behind() -> None:
    bench = weekly()
    bench.failed("plan", run=2)

    found = comments_left_behind(with_comments(bench, given(2, "plan")), StepId("plan"))

    assert [comment.run for comment in found] == [2]


def test_a_step_without_an_output_is_left_every_comment_for_it() -> None:
    bench = Bench(step("a"), step("b", "a"))
    bench.failed("a", run=1)

    found = comments_left_behind(with_comments(bench, given(1), given(2, "b"), given(3, "a")), StepId("a"))

    assert [comment.run for comment in found] == [1, 3]


# ------------------------------------------------------------------------------------------------------------- the plan


def test_a_comment_makes_nothing_stale() -> None:
    bench = weekly()
    before = bench.assess()

    snapshot = with_comments(bench, given(2), given(3, "plan"))

    assert planned(snapshot, Scope.RESUME, comment=None).executing == ()
    assert bench.assess().statuses == before.statuses


def test_another_comment_is_another_plan() -> None:
    snapshot = weekly().snapshot()
    plans = [
        planned(snapshot, Scope.ONLY, "plan", comment=comment, keep=keep)
        for comment in (None, COMMENT, Comment(text="Use 2023."))
        for keep in (False, True)
    ]

    assert len({plan.digest for plan in plans}) == len(plans)
    assert {plan.digest for plan in plans} == {plan_digest(snapshot, plan.request, plan.steps) for plan in plans}


@pytest.mark.parametrize(
    ("text", "shown"),
    [("Use 2024.", "Use 2024."), (" a \n\t b\u2028c ", "a b c"), ("x" * 60, "x" * 60), ("x" * 61, "x" * 59 + "…")],
)
def test_a_comment_in_a_sentence_is_one_short_line(text: str, shown: str) -> None:
    assert shorten(text) == shown
