"""What is typed at a terminal, and what a step's text may do there."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from oncue.cli.terminal.lineeditor import Key, LineEditor
from oncue.cli.terminal.prompting import read_typed
from oncue.cli.text.questiontext import one_line, plain, show_left
from oncue.core.model import AttemptKey, JobId, StepId
from oncue.core.questions import Asking, InvalidAnswer, Option, Question, QuestionId, QuestionKind, check_answer

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CHOICE = Asking(
    type="mode",
    message="Which?",
    kind=QuestionKind.CHOICE,
    options=(Option(id="ONCE", label="Only once"), Option(id="3", label="Three times"), Option(id="DEEP", label="Deep")),
)


def ask(asking: Asking) -> Question:
    key = AttemptKey(job_id=JobId("job"), run=1, step=StepId("step"))
    return Question(id=QuestionId("q"), key=key, occurrence=1, asking=asking, asked_at=NOON)


def several() -> Asking:
    return Asking(type="mode", message="Which?", kind=QuestionKind.CHOICES, options=CHOICE.options)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("1", "ONCE"), ("2", "3"), ("3", "3"), ("deep", "DEEP"), (" only ONCE ", "ONCE"), ("Three times", "3")],
)
def test_a_number_stands_for_the_option_at_its_place_unless_it_is_one_itself(typed: str, meant: str) -> None:
    assert read_typed(ask(CHOICE), typed) == meant


@pytest.mark.parametrize("typed", ["0", "4", "-1", "ONCE, DEEP", "²"])
def test_what_is_no_option_is_refused(typed: str) -> None:
    with pytest.raises(InvalidAnswer):
        read_typed(ask(CHOICE), typed)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("1 2", ["ONCE", "3"]), ("deep,1", ["ONCE", "DEEP"]), ("only once", ["ONCE"]), ("only once, deep", ["ONCE", "DEEP"])],
)
def test_several_options_are_told_apart_by_commas_or_spaces(typed: str, meant: list[str]) -> None:
    assert read_typed(ask(several()), typed) == meant


def test_nothing_means_the_default_and_is_refused_without_one() -> None:
    text = Asking(type="t", message="?", kind=QuestionKind.TEXT)

    with pytest.raises(InvalidAnswer, match="nothing was typed"):
        read_typed(ask(text), " ")
    assert read_typed(ask(Asking(type="t", message="?", kind=QuestionKind.TEXT, default="so", has_default=True)), "") == "so"


@pytest.mark.parametrize(
    ("keys", "lines"),
    [
        ("abc\r", ["abc"]),
        ("abd\x7fc\r", ["abc"]),
        ("wrong\x15right\r", ["right"]),
        ("two words\x17end\r", ["twoend"]),
        ("a\x1b[Db\x1bOCc\r", ["abc"]),
        ("one\rtwo\r", ["one", "two"]),
        ("\x04", [Key.LEAVE]),
        ("a\x04b\r", ["ab"]),
        ("é–\r", ["é–"]),
    ],
)
def test_keys_become_lines_also_when_they_come_byte_by_byte(keys: str, lines: list[str | Key]) -> None:
    whole, single = LineEditor(), LineEditor()

    assert whole.feed(keys.encode()) == lines
    if "\x1b" not in keys:
        assert [line for byte in keys.encode() for line in single.feed(bytes([byte]))] == lines


def test_a_terminal_that_is_gone_leaves() -> None:
    assert LineEditor().feed(b"") == [Key.LEAVE]


def test_what_a_step_wrote_cannot_steer_the_terminal() -> None:
    assert plain("a\x1b[2Jb\u202ec\x07\td\ne") == "a�[2Jb�c�    d\ne"
    assert one_line("a\n\n" + "c" * 50, cells=8) == "a ccccc…"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-1, "time is up"),
        (0, "time is up"),
        (59, "59 s"),
        (61, "1 min 1 s"),
        (7_300, "2 h 1 min"),
        (12 * 86_400, "12 days 0 h"),
    ],
)
def test_the_time_left_is_said_as_people_say_it(seconds: float, shown: str) -> None:
    assert show_left(NOON + timedelta(seconds=seconds), NOON) == shown


def test_an_option_that_stands_for_all_goes_with_no_other() -> None:
    everything = Option(id="ALL", label="All of them", is_alone=True)
    asking = Asking(type="mode", message="?", kind=QuestionKind.CHOICES, options=(everything, *CHOICE.options))

    assert check_answer(asking, ["ALL"]) == ["ALL"]
    assert check_answer(asking, ["DEEP", "ONCE"]) == ["ONCE", "DEEP"]
    with pytest.raises(InvalidAnswer, match="“All of them” goes with no other choice, and Only once was chosen too") as refused:
        read_typed(ask(asking), "1, 2")
    assert refused.value.hint == "choose “All of them” alone, or leave it out"
    assert asking.fingerprint == replace(asking, options=(replace(everything, is_alone=False), *CHOICE.options)).fingerprint
