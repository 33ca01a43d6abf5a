"""What a run would do: every scope, with and without what follows, with and without a refresh."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from oncue.core.findings import Finding, FindingCode, OpenRun
from oncue.core.model import JobStatus, RunState, StepId
from oncue.core.plan import Action, Plan, plan_run
from oncue.core.reasons import explain_reason
from oncue.core.request import Downstream, RunRequest, Scope
from oncue.errors import InvalidInput, StepOutOfRange, UnknownPhase, UnknownStep
from tests.core.bench import PAGES, Bench, step, weekly

MARK, RERUN = Downstream.MARK_STALE, Downstream.RERUN
ALL_SUMMARIES = "summary[x] summary[y] check[x] check[y]"


def words(plan: Plan) -> dict[str, str]:
    """What a plan says, in a form that fits a table."""
    executes = [each for each in plan.steps if each.action is Action.EXECUTE and not each.is_conditional]
    conditional = [each for each in plan.steps if each.is_conditional]
    reused = [f"{each.id}@{each.reused_from_run}" for each in plan.steps if each.action is Action.REUSE]
    return {
        "executes": " ".join(each.id + "*" * each.is_expanding for each in executes),
        "if stale": " ".join(each.id + "*" * each.is_expanding for each in conditional),
        "reuses": " ".join(reused),
        "becomes stale": " ".join(plan.becomes_stale),
        "blockers": " ".join(finding.code for finding in plan.blockers),
        "warnings": " ".join(finding.code for finding in plan.warnings),
    }


def expected(
    executes: str = "", conditional: str = "", reuses: str = "", stale: str = "", *, blockers: str = "", warnings: str = ""
) -> dict[str, str]:
    return {
        "executes": executes,
        "if stale": conditional,
        "reuses": reuses,
        "becomes stale": stale,
        "blockers": blockers,
        "warnings": warnings,
    }


def plan(bench: Bench, scope: Scope, *steps: str, phase: str | None = None, **options: object) -> Plan:
    request = replace(RunRequest(scope=scope, steps=steps, phase=phase), **options)  # type: ignore[arg-type]
    return plan_run(bench.snapshot(), request)


def at(run: int, text: str) -> str:
    """The steps with the run that made them."""
    return " ".join(f"{this}@{run}" for this in text.split())


ALL_FRESH = f"pages {ALL_SUMMARIES} plan report"


@pytest.mark.parametrize("refresh", [False, True])
@pytest.mark.parametrize("downstream", [MARK, RERUN])
@pytest.mark.parametrize(
    ("scope", "steps", "row"),
    [
        (Scope.ALL, (), expected("pages summary* check* plan report")),
        (Scope.RESUME, (), expected(reuses=at(1, ALL_FRESH), blockers="nothing_to_run")),
        (
            Scope.FROM,
            ("summary[x]",),
            expected("summary[x] check[x] report", reuses=at(1, "pages summary[y] check[y] plan")),
        ),
        (Scope.FROM, ("summary",), expected(f"{ALL_SUMMARIES} report", reuses=at(1, "pages plan"))),
        (Scope.FROM, ("plan",), expected("plan report", reuses=at(1, f"pages {ALL_SUMMARIES}"))),
        (Scope.FROM, ("4",), expected("plan report", reuses=at(1, f"pages {ALL_SUMMARIES}"))),
        (
            Scope.FROM,
            ("check[2]", "plan"),
            expected("check[y] plan report", reuses=at(1, "pages summary[x] summary[y] check[x]")),
        ),
    ],
)
def test_what_downstream_and_refresh_say_nothing_about(
    scope: Scope, steps: tuple[str, ...], row: dict[str, str], downstream: Downstream, *, refresh: bool
) -> None:
    assert words(plan(weekly(), scope, *steps, downstream=downstream, refresh=refresh)) == row


@pytest.mark.parametrize(
    ("refresh", "row"),
    [
        (False, expected(f"{ALL_SUMMARIES} plan report", reuses="pages@1", warnings="source_reused")),
        (True, expected("pages summary* check* plan report")),
    ],
)
def test_a_run_from_a_source_reuses_it_unless_it_is_refreshed(row: dict[str, str], *, refresh: bool) -> None:
    assert words(plan(weekly(), Scope.FROM, "pages", refresh=refresh)) == row


@pytest.mark.parametrize("refresh", [False, True])
@pytest.mark.parametrize(
    ("steps", "downstream", "row"),
    [
        (("pages",), MARK, expected("pages", "", at(1, f"{ALL_SUMMARIES} plan report"), f"{ALL_SUMMARIES} plan report")),
        (("pages",), RERUN, expected("pages", "summary* check* plan report")),
        (
            ("summary[x]",),
            MARK,
            expected("summary[x]", "", at(1, "pages summary[y] check[x] check[y] plan report"), "check[x] report"),
        ),
        (
            ("summary[x]",),
            RERUN,
            expected("summary[x]", "check[x] report", at(1, "pages summary[y] check[y] plan")),
        ),
        (
            ("plan", "check[y]"),
            MARK,
            expected("check[y] plan", "", at(1, "pages summary[x] summary[y] check[x] report"), "report"),
        ),
        (
            ("plan", "check[y]"),
            RERUN,
            expected("check[y] plan", "report", at(1, "pages summary[x] summary[y] check[x]")),
        ),
        (
            ("summary[y]", "summary"),
            MARK,
            expected("summary[x] summary[y]", "", at(1, "pages check[x] check[y] plan report"), "check[x] check[y] report"),
        ),
        (
            ("summary", "summary[y]"),
            RERUN,
            expected("summary[x] summary[y]", "check[x] check[y] report", at(1, "pages plan")),
        ),
        (("report",), MARK, expected("report", "", at(1, f"pages {ALL_SUMMARIES} plan"))),
        (("report",), RERUN, expected("report", "", at(1, f"pages {ALL_SUMMARIES} plan"))),
    ],
)
def test_only_the_named_steps_execute(
    steps: tuple[str, ...], downstream: Downstream, row: dict[str, str], *, refresh: bool
) -> None:
    assert words(plan(weekly(), Scope.ONLY, *steps, downstream=downstream, refresh=refresh)) == row


KEPT = at(1, "plan report")


@pytest.mark.parametrize(
    ("phase", "downstream", "refresh", "row"),
    [
        ("gather", MARK, False, expected(ALL_SUMMARIES, "", f"pages@1 {KEPT}", "report", warnings="source_reused")),
        ("gather", RERUN, False, expected(ALL_SUMMARIES, "report", at(1, "pages plan"), warnings="source_reused")),
        ("gather", MARK, True, expected("pages summary* check*", "", KEPT, "plan report")),
        ("gather", RERUN, True, expected("pages summary* check*", "plan report")),
        ("write", MARK, False, expected("plan report", "", at(1, f"pages {ALL_SUMMARIES}"))),
        ("2", RERUN, True, expected("plan report", "", at(1, f"pages {ALL_SUMMARIES}"))),
    ],
)  # fmt: skip
def test_the_steps_of_a_phase_execute(phase: str, downstream: Downstream, row: dict[str, str], *, refresh: bool) -> None:
    assert words(plan(weekly(), Scope.PHASE, phase=phase, downstream=downstream, refresh=refresh)) == row


@pytest.mark.parametrize(
    ("edit", "row"),
    [
        pytest.param(
            lambda bench: bench.edited("plan"),
            expected("plan", "report", at(1, f"pages {ALL_SUMMARIES}")),
            id="stale",
        ),
        pytest.param(
            lambda bench: bench.failed("plan"),
            expected("plan", "report", at(1, f"pages {ALL_SUMMARIES}")),
            id="failed, though its output is fresh",
        ),
        pytest.param(
            lambda bench: bench.records.pop(StepId("summary[x]")),
            expected("summary[x]", "check[x] check[y] report", at(1, "pages summary[y] plan")),
            id="missing",
        ),
        pytest.param(
            lambda bench: bench.done("summary[x]", "new", run=2),
            expected("check[x] report", "", f"pages@1 summary[x]@2 {at(1, 'summary[y] check[y] plan')}"),
            id="an element changed",
        ),
        pytest.param(
            lambda bench: bench.edited("pages"),
            expected("pages", "summary* check* plan report"),
            id="a stale source",
        ),
        pytest.param(
            lambda bench: bench.listed("pages", {**PAGES, "z": {"text": "three"}}, run=2),
            expected(
                "summary[z] check[z] plan",
                "check[x] check[y] report",
                "pages@2 summary[x]@1 summary[y]@1",
            ),
            id="a new element",
        ),
        pytest.param(
            lambda bench: bench.edited("summary"),
            expected("", "summary* check* report", at(1, "pages plan")),
            id="a fan-out that may name its elements anew",
        ),
        pytest.param(
            lambda bench: bench.params.update(tone="warm"),
            expected("summary[x] summary[y]", "check[x] check[y] report", at(1, "pages plan")),
            id="a parameter",
        ),
    ],
)
def test_a_resume_executes_what_is_missing_failed_or_stale(edit: Callable[[Bench], object], row: dict[str, str]) -> None:
    bench = weekly()
    edit(bench)

    found = words(plan(bench, Scope.RESUME))

    assert found | {"reuses": set(found["reuses"].split())} == row | {"reuses": set(row["reuses"].split())}


def test_an_accepted_output_is_not_resumed() -> None:
    bench = weekly()
    bench.edited("plan")
    bench.accepted("plan")

    assert words(plan(bench, Scope.RESUME)) == expected(reuses=at(1, ALL_FRESH), blockers="nothing_to_run")


def test_the_first_run_executes_everything() -> None:
    bench = weekly()
    bench.records.clear()
    bench.expansions.clear()

    assert words(plan(bench, Scope.ALL)) == expected("pages summary* check* plan report")
    assert words(plan(bench, Scope.RESUME)) == expected("pages plan report", "summary* check*")


def test_an_empty_fan_out_has_nothing_to_plan() -> None:
    bench = weekly()
    bench.listed("pages", {}, run=2)

    assert words(plan(bench, Scope.FROM, "summary"))["executes"] == "report"
    assert words(plan(bench, Scope.ONLY, "summary"))["blockers"] == "nothing_to_run"


# ------------------------------------------------------------------------------------------------------ reasons


def why(made: Plan) -> dict[str, str]:
    return {each.id: "; ".join(explain_reason(reason) for reason in each.reasons) for each in made.executing}


@pytest.mark.parametrize(
    ("edit", "scope", "steps", "reasons"),
    [
        pytest.param(
            lambda bench: bench.records.pop(StepId("plan")),
            Scope.FROM,
            ("plan",),
            {"plan": "asked for; no output yet", "report": "asked for"},
        ),
        pytest.param(
            lambda bench: (bench.edited("plan"), bench.failed("plan")),
            Scope.RESUME,
            (),
            {"plan": "its latest attempt did not succeed; its definition changed", "report": "plan is stale"},
        ),
        pytest.param(
            lambda bench: (bench.failed("summary[x]"), bench.records.pop(StepId("check[y]"))),
            Scope.RESUME,
            (),
            {
                "summary[x]": "its latest attempt did not succeed",
                "check[x]": "summary runs again",
                "check[y]": "no output yet",
                "report": "summary runs again",
            },
        ),
        pytest.param(
            lambda bench: bench.edited("summary"),
            Scope.RESUME,
            (),
            {"summary": "its definition changed", "check": "summary runs again", "report": "summary is stale"},
        ),
        pytest.param(
            lambda bench: bench.done("pages", ["not worked out"], run=2),
            Scope.ONLY,
            ("summary",),
            {"summary": "the output of pages changed"},
        ),
        pytest.param(
            lambda bench: bench.expansions.clear(),
            Scope.ONLY,
            ("summary",),
            {"summary": "no output yet"},
        ),
    ],
)
def test_a_plan_says_why_each_step_executes(
    edit: Callable[[Bench], object], scope: Scope, steps: tuple[str, ...], reasons: dict[str, str]
) -> None:
    bench = weekly()
    edit(bench)

    assert why(plan(bench, scope, *steps)) == reasons


# ------------------------------------------------------------------------------------------------------ findings


@pytest.mark.parametrize(
    ("edit", "steps", "blocked"),
    [
        pytest.param(lambda bench: bench.records.pop(StepId("plan")), ("report",), ["report needs plan"], id="a step"),
        pytest.param(lambda bench: bench.records.pop(StepId("plan")), ("plan", "report"), [], id="that executes"),
        pytest.param(
            lambda bench: bench.records.pop(StepId("summary[y]")), ("report",), ["report needs summary[y]"], id="an instance"
        ),
        pytest.param(lambda bench: bench.records.pop(StepId("summary[y]")), ("check[x]",), [], id="another instance"),
        pytest.param(
            lambda bench: bench.records.pop(StepId("summary[y]")), ("check",), ["check[y] needs summary[y]"], id="its own"
        ),
        pytest.param(
            lambda bench: bench.expansions.pop("summary"), ("report",), ["report needs summary"], id="unknown instances"
        ),
        pytest.param(
            lambda bench: (bench.expansions.pop("summary"), bench.records.pop(StepId("pages"))),
            ("summary",),
            ["summary needs pages"],
            id="the list",
        ),
        pytest.param(lambda bench: bench.edited("plan"), ("report",), [], id="stale is no blocker"),
    ],
)
def test_a_step_whose_input_is_missing_and_stays_so_is_blocked(
    edit: Callable[[Bench], object], steps: tuple[str, ...], blocked: list[str]
) -> None:
    bench = weekly()
    edit(bench)

    made = plan(bench, Scope.ONLY, *steps)

    assert [finding.code for finding in made.blockers] == [FindingCode.MISSING_INPUT] * len(blocked)
    assert [f"step {words}, which has no output and would not run" for words in blocked] == [
        finding.message for finding in made.blockers
    ]
    assert made.is_ready is not bool(blocked)


def test_an_instance_that_also_needs_all_others_is_blocked_while_one_is_missing() -> None:
    bench = Bench(step("pages"), step("summary", each="pages"), step("rank", "summary", each="summary"))
    bench.listed("pages", PAGES)
    bench.done("summary[x]", "one")

    made = plan(bench, Scope.ONLY, "rank[x]")

    assert [finding.message for finding in made.blockers] == [
        "step rank[x] needs summary[y], which has no output and would not run"
    ]


def test_a_stale_input_that_is_reused_is_warned_of() -> None:
    bench = weekly()
    bench.edited("plan")
    bench.params["tone"] = "warm"

    made = plan(bench, Scope.ONLY, "report")

    assert [(finding.code, finding.message.split()[3]) for finding in made.warnings] == [
        (FindingCode.STALE_INPUT, "summary[x]"),
        (FindingCode.STALE_INPUT, "summary[y]"),
        (FindingCode.STALE_INPUT, "plan"),
    ]


def test_a_stopped_job_takes_no_run() -> None:
    bench = weekly()
    bench.status = JobStatus.STOPPED

    assert words(plan(bench, Scope.ALL))["blockers"] == "job_stopped"


@pytest.mark.parametrize(
    ("is_owned", "code"), [(True, FindingCode.RUN_AHEAD), (False, FindingCode.RUN_INTERRUPTED)]
)  # fmt: skip
def test_an_unfinished_run_is_warned_of(code: FindingCode, *, is_owned: bool) -> None:
    ahead = OpenRun(3, RunState.RUNNING, is_owned)
    told = Finding(code=FindingCode.DEFINITION_CHANGED, message="told by the caller")

    made = plan_run(weekly().snapshot(), RunRequest(), open_runs=[ahead], warnings=[told], blockers=[told])

    assert [finding.code for finding in made.warnings] == [FindingCode.DEFINITION_CHANGED, code]
    assert made.blockers == (told,)
    assert "run 3" in made.warnings[1].message


@pytest.mark.parametrize("code", list(FindingCode))
def test_a_finding_travels_as_code_message_and_hint(code: FindingCode) -> None:
    finding = Finding(code=code, message="what", hint="how")

    assert finding.as_dict() == {"code": str(code.value), "message": "what", "hint": "how"}


# ------------------------------------------------------------------------------------------------- becomes stale


def test_a_parameter_that_the_run_changes_makes_what_read_it_stale() -> None:
    bench = weekly()
    snapshot = bench.snapshot()
    bench.params["limit"] = 11
    changed = replace(bench.snapshot(), job=snapshot.job)

    made = plan_run(changed, RunRequest(scope=Scope.ONLY, steps=("check[x]",), params={"limit": 11}))

    assert made.becomes_stale == ("plan", "report")


def test_what_is_stale_already_does_not_become_so() -> None:
    bench = weekly()
    bench.edited("plan")
    bench.accepted("plan")
    bench.edited("report")

    assert plan(bench, Scope.ONLY, "pages").becomes_stale == (*ALL_SUMMARIES.split(), "plan")


# ---------------------------------------------------------------------------------------- requests without sense


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (RunRequest(scope=Scope.ONLY), InvalidInput),
        (RunRequest(scope=Scope.FROM), InvalidInput),
        (RunRequest(scope=Scope.PHASE), InvalidInput),
        (RunRequest(scope=Scope.PHASE, phase="nowhere"), UnknownPhase),
        (RunRequest(scope=Scope.ONLY, steps=("report", "nothing")), UnknownStep),
        (RunRequest(scope=Scope.FROM, steps=("0",)), StepOutOfRange),
        (RunRequest(scope=Scope.FROM, steps=("6",)), StepOutOfRange),
    ],
)
def test_a_request_that_cannot_be_meant_is_refused(request_: RunRequest, error: type[Exception]) -> None:
    with pytest.raises(error):
        plan_run(weekly().snapshot(), request_)
