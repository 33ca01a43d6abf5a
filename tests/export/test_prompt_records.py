"""The prompt records have the shape that their readers fixed, whatever was asked and however it ended."""

import pytest

from oncue.control.promptrecords import decision_record, prompt_record, prompt_status, render_prompt_history
from oncue.core.questions import Asking, Decision, How, QuestionKind
from tests.export.questions import CONTINUE, MODE, PILLARS, ask, decided


@pytest.mark.proves("S3-27")
def test_an_answered_question_is_the_record_of_the_documented_example() -> None:
    assert prompt_record(ask(1, PILLARS, decided(1, "ALL"))) == {
        "prompt_id": "prompt_1",
        "type": "pillar_selection",
        "response": "ALL",
        "timestamp": "2025-11-17T10:02:30Z",
        "timeout_seconds": 300,
        "timed_out": False,
        "prompt_data": {"message": "Select which pillars to analyze", "options": ["ALL", "NONE"]},
    }
    assert prompt_record(ask(2, MODE, decided(2, "DEEP_LOOP")))["prompt_data"] == {
        "message": "Select analysis mode",
        "options": ["ONCE", "DEEP_LOOP"],
        "default": "ONCE",
    }
    assert prompt_record(ask(3, CONTINUE, decided(3, False))) == {
        "prompt_id": "prompt_3",
        "type": "continue",
        "response": "No",
        "timestamp": "2025-11-17T10:04:30Z",
        "timeout_seconds": 60,
        "timed_out": False,
        "prompt_data": {
            "message": "Iteration 2 complete. Continue deep review loop?",
            "iteration": 2,
            "gap_count": 3,
        },
    }


FREE = Asking(type="note", message="Which?", kind=QuestionKind.CHOICES, extra={"message": "another", "weight": 0.5})


@pytest.mark.proves("S3-28")
@pytest.mark.parametrize(
    ("asking", "decision", "response", "timed_out", "status"),
    [
        (PILLARS, decided(1, None, How.TIMED_OUT, is_timed_out=True), None, True, "TIMED OUT"),
        (MODE, decided(1, "ONCE", How.DEFAULT, is_timed_out=True), "ONCE", True, "TIMED OUT"),
        (MODE, decided(1, "ONCE", How.CONFIGURED), "ONCE", False, "OK"),
        (MODE, decided(1, "ONCE", How.REUSED), "ONCE", False, "OK"),
        (PILLARS, decided(1, None, How.CANCELLED), None, False, "CANCELLED"),
        (PILLARS, None, None, False, "WAITING"),
        (CONTINUE, decided(1, True), "Yes", False, "OK"),
        (FREE, decided(1, ["a", "b"]), ["a", "b"], False, "OK"),
    ],
)
def test_response_and_status_say_how_a_question_ended(
    asking: Asking, decision: Decision | None, response: object, timed_out: bool, status: str
) -> None:
    question = ask(1, asking, decision)
    record = prompt_record(question)

    assert (record["response"], record["timed_out"], prompt_status(question)) == (response, timed_out, status)
    assert record["timestamp"] == ("2025-11-17T10:02:30Z" if decision else "2025-11-17T10:02:00Z")


def test_extra_data_cannot_replace_what_was_asked() -> None:
    assert prompt_record(ask(1, FREE))["prompt_data"] == {"message": "Which?", "weight": 0.5}


@pytest.mark.proves("S3-19")
def test_the_text_has_time_type_response_and_status_of_every_question() -> None:
    timed_out = decided(3, None, How.TIMED_OUT, is_timed_out=True)
    text = render_prompt_history([ask(1, PILLARS, decided(1, "ALL")), ask(3, CONTINUE, timed_out)])

    assert "[2025-11-17T10:02:30Z] pillar_selection\n" in text
    assert "  Response: ALL\n  Status: OK\n" in text
    assert "[2025-11-17T10:04:30Z] continue\n" in text
    assert "  Response: None\n  Status: TIMED OUT\n" in text


def test_a_decision_has_everything_that_is_promised() -> None:
    record = decision_record(ask(2, MODE, decided(2, "ONCE", How.DEFAULT, is_timed_out=True)))

    assert (
        list(record)
        == (
            "question_id job_id run step type occurrence message options default response how actor asked_at deadline "
            "answered_at timeout_seconds timed_out reused_from"
        ).split()
    )
    assert (record["how"], record["response"], record["timed_out"]) == ("default", "ONCE", True)
    assert record["options"] == [
        {"id": "ONCE", "label": "Once", "help": ""},
        {"id": "DEEP_LOOP", "label": "In a loop", "help": ""},
    ]
