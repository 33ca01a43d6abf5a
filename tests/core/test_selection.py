"""What a person's words for steps mean."""

from __future__ import annotations

import pytest

from oncue.core.selection import resolve_phase, resolve_step
from oncue.errors import InvalidInput, StepOutOfRange, UnknownPhase, UnknownStep
from tests.core.bench import Bench, step


@pytest.fixture
def bench() -> Bench:
    """Three phases; ``finding`` has the keys solar, 3 and wind; ``later`` has never been spread."""
    bench = Bench(
        step("gather", phase="collect"),
        step("finding", each="gather", phase="collect"),
        step("check", each="finding", phase="judge"),
        step("later", each="report", phase="judge"),
        step("report", "finding", phase="write"),
    )
    bench.listed("gather", {"solar": 1, "3": 2, "wind": 3})
    return bench


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("1", "gather"),
        ("5", "report"),
        ("gather", "gather"),
        (" report ", "report"),
        ("finding", "finding"),
        ("2", "finding"),
        ("finding[solar]", "finding[solar]"),
        ("finding[1]", "finding[solar]"),
        ("finding[2]", "finding[3]"),
        ("finding[3]", "finding[3]"),
        ("2[wind]", "finding[wind]"),
        ("2[1]", "finding[solar]"),
        ("check[wind]", "check[wind]"),
        ("check[1]", "check[solar]"),
        ("later", "later"),
    ],
)
def test_a_step_is_meant_by_number_name_key_or_number_of_the_instance(bench: Bench, text: str, meant: str) -> None:
    assert resolve_step(text, graph=bench.graph, members=bench.assess().members) == meant


@pytest.mark.parametrize(
    ("text", "given", "count"),
    [
        ("0", "0", 5),
        ("-1", "-1", 5),
        ("6", "6", 5),
        ("99", "99", 5),
        ("finding[0]", "finding[0]", 3),
        ("finding[-1]", "finding[-1]", 3),
        ("2[4]", "finding[4]", 3),
        ("6[1]", "6", 5),
    ],
)
def test_a_number_that_no_step_has_is_refused_with_the_range(bench: Bench, text: str, given: str, count: int) -> None:
    with pytest.raises(StepOutOfRange) as refused:
        resolve_step(text, graph=bench.graph, members=bench.assess().members)

    assert (refused.value.given, refused.value.count) == (given, count)
    assert f"1 to {count}" in refused.value.message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("reprot", "no step 'reprot' (did you mean report?)"),
        ("finding[soler]", "no step 'finding[soler]' (did you mean finding[solar]"),
        ("finding[]", "no step 'finding[]'"),
        ("finding[solar", "no step 'finding[solar' (did you mean finding[solar]"),
        ("gather[1]", "no step 'gather[1]'"),
        ("", "no step ''"),
        ("1.0", "no step '1.0'"),
    ],
)
def test_a_word_that_no_step_has_is_refused_with_the_nearest(bench: Bench, text: str, message: str) -> None:
    with pytest.raises(UnknownStep) as refused:
        resolve_step(text, graph=bench.graph, members=bench.assess().members)

    assert refused.value.message.startswith(message)


def test_an_instance_cannot_be_meant_before_the_list_is_there(bench: Bench) -> None:
    with pytest.raises(InvalidInput, match="the instances of 'later' are not known before 'report' has run") as refused:
        resolve_step("later[1]", graph=bench.graph, members=bench.assess().members)

    assert refused.value.hint == "name the whole step: --step later"


def test_a_fan_out_over_nothing_has_no_instance_to_mean(bench: Bench) -> None:
    bench.listed("gather", {})

    with pytest.raises(InvalidInput, match="'finding' has no instances: the list of 'gather' is empty"):
        resolve_step("finding[1]", graph=bench.graph, members=bench.assess().members)


@pytest.mark.parametrize(("text", "meant"), [("judge", "judge"), ("1", "collect"), ("3", "write")])
def test_a_phase_is_meant_by_name_or_number(bench: Bench, text: str, meant: str) -> None:
    assert resolve_phase(text, graph=bench.graph) == meant


@pytest.mark.parametrize("text", ["0", "4", "-1", "juge", "", "²", "1.0"])
def test_a_phase_that_does_not_exist_is_refused_with_the_phases(bench: Bench, text: str) -> None:
    with pytest.raises(UnknownPhase) as refused:
        resolve_phase(text, graph=bench.graph)

    assert refused.value.hint == "phases: collect, judge, write"
