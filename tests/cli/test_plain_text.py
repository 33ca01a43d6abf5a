"""Plain lines, folded lists, durations and the errors' words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import click
import pytest

from oncue.cli.errorreport import describe_error, name_job
from oncue.cli.options import Invocation, read_pairs
from oncue.cli.text.plainlines import PlainReporter, describe_event
from oncue.cli.text.printing import fold, show_seconds, table
from oncue.config import read_actor, read_workspace
from oncue.control.amounts import show_dollars
from oncue.core.comments import InvalidComment
from oncue.core.events import Event, EventType
from oncue.core.model import JobId, StepId
from oncue.errors import InvalidInput

START = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


def event(kind: EventType, step: str | None, *, after: float = 0.0, **data: object) -> Event:
    at = START + timedelta(seconds=after)
    return Event(job_id=JobId("j"), seq=1, at=at, type=kind, run=1, step=StepId(step) if step else None, data=data or None)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (1.25, "1.2 s"), (42.4, "42 s"), (185, "3 min 5 s"), (7800, "2 h 10 min")],
)
def test_durations_are_said_as_people_say_them(seconds: float, text: str) -> None:
    assert show_seconds(seconds) == text


def test_long_lists_are_folded() -> None:
    assert fold(["a", "b"], limit=2) == "a, b"
    assert fold(["a", "b", "c", "d"], limit=2) == "a, b … and 2 more"


def test_columns_line_up_whatever_their_colours() -> None:
    assert table([["a", "\x1b[32mlong\x1b[0m", "x"], ["bb", "s", "y"]]) == ["  a   \x1b[32mlong\x1b[0m  x", "  bb  s     y"]


def test_a_line_says_when_which_step_how_and_how_long() -> None:
    lines: list[str] = []
    reporter = PlainReporter(lines.append)

    reporter.catch_up([event(EventType.STEP_STARTED, "finding[solar]")])
    reporter.show(
        [
            event(EventType.STEP_SUCCEEDED, "finding[solar]", after=1.2),
            event(EventType.STEP_STARTED, "finding[wind]", after=1.3),
            event(EventType.STEP_PROGRESS, "finding[wind]", after=1.4, done=1, total=2, message="read"),
            event(EventType.STEP_STARTED, "report", after=2),
            event(EventType.STEP_FAILED, "report", after=2.5, message="no ink"),
            event(EventType.RUN_ENDED, None, after=3, state="failed"),
        ]
    )

    said = [line.split(" ", 1)[1].replace("\x1b[32m", "").replace("\x1b[31m", "").replace("\x1b[0m", "") for line in lines]
    assert said == ["finding[solar] succeeded 1.2 s", "report started", "report failed no ink 0.5 s", "run 1 failed"]


@pytest.mark.parametrize("kind", list(EventType))
def test_every_kind_of_event_has_words(kind: EventType) -> None:
    assert describe_event(event(kind, None, state="succeeded"))


@pytest.mark.parametrize(
    ("kind", "data", "said"),
    [
        (EventType.COMMENT_GIVEN, {"steps": ["draft", "report"]}, "run 1 commented on for draft, report"),
        (EventType.COMMENT_GIVEN, {"steps": []}, "run 1 commented on for every step"),
        (EventType.MODEL_CALLED, {"call": 1, "purpose": "generate", "model": "openai:m"}, "run 1 calls a model openai:m"),
        (
            EventType.MODEL_CALLED,
            {"call": 2, "purpose": "fix_error", "model": "openai:m", "tries": 2},
            "run 1 calls a model openai:m to fix error (try 2)",
        ),
        (
            EventType.MODEL_ANSWERED,
            {"call": 1, "tokens": 1234, "usd": 0.0125},
            "run 1 has an answer of the model: 1,234 tokens, $0.013",
        ),
        (
            EventType.MODEL_ANSWERED,
            {"call": 1, "tokens": None, "usd": None},
            "run 1 has an answer of the model: tokens unknown",
        ),
        (
            EventType.MODEL_FAILED,
            {"call": 1, "code": "model_timed_out", "message": "no answer within 60 s"},
            "run 1 got no answer of the model: no answer within 60 s (model_timed_out)",
        ),
    ],
)
def test_calls_and_comments_are_told_in_a_line(kind: EventType, data: dict[str, object], said: str) -> None:
    assert describe_event(replace(event(kind, None), data=data)).partition(" ")[2] == said


def test_amounts_of_money_show_the_digits_that_count() -> None:
    shown = [show_dollars(usd) for usd in (0, 12.345, 0.1, 0.0125, 0.00042, 0.00001)]

    assert shown == ["$0.00", "$12.35", "$0.10", "$0.013", "$0.00042", "under $0.0001"]


def test_parameters_are_pairs_and_given_once() -> None:
    assert read_pairs(("a=1", "b=x=y", "c=")) == {"a": "1", "b": "x=y", "c": ""}
    for wrong in (("a",), ("=1",), ("a=1", "a=2")):
        with pytest.raises(InvalidInput, match="--param"):
            read_pairs(wrong)


def test_hints_name_the_real_job() -> None:
    assert name_job("oncue job show JOB lists the JOBS", "abc") == "oncue job show abc lists the JOBS"
    assert name_job("oncue job show JOB", "") == "oncue job show JOB"


def test_the_environment_is_asked_in_a_fixed_order() -> None:
    assert read_workspace({}) == ".oncue"
    assert read_workspace({"ONCUE_WORKSPACE": "elsewhere"}) == "elsewhere"
    assert read_actor({"ONCUE_ACTOR": "ada"}) == "ada"
    assert read_actor({"ONCUE_ACTOR": " "})


def test_a_defect_becomes_an_id_and_a_line_in_the_log(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("workspace")

    body, code = describe_error(ZeroDivisionError("secret detail"), Invocation(location=str(folder)))

    assert (code, body["code"]) == (1, "internal")
    assert "secret detail" not in body["message"] + body["hint"]
    name = body["message"].rsplit(" ", 1)[1].rstrip(")")
    assert str(folder / "oncue.log") in body["hint"]
    log = (folder / "oncue.log").read_text(encoding="utf-8")
    assert log.startswith(name)
    assert "ZeroDivisionError: secret detail" in log


def test_an_error_names_the_fields_that_are_at_fault() -> None:
    invocation = Invocation(location="nowhere")

    refused, code = describe_error(InvalidComment("the comment is empty"), invocation)
    unknown, _ = describe_error(click.BadParameter("not this", param=click.Option(["--kind"])), invocation)
    plain, _ = describe_error(InvalidInput("something else"), invocation)

    assert (code, refused["fields"]) == (2, {"comment": "the comment is empty"})
    assert unknown["fields"] == {"kind": "not this"}
    assert "fields" not in plain
