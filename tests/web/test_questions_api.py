"""Answers over HTTP: the first one wins, in the name of who gave it, and what does not fit changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.hosting import Host


@pytest.fixture
def question(host: Host, asking: str) -> Any:
    """A question that waits."""
    host.program.post(f"/api/v1/jobs/{asking}/runs", host.cue(asking))
    host.wait(asking, 1, "waiting")
    (waiting,) = host.program.api("/questions")["questions"]
    return waiting


def test_the_inbox_says_everything_that_is_needed_to_draw_a_question(question: Any, asking: str) -> None:
    assert (question["job_id"], question["step"], question["type"]) == (asking, "choose", "pillar_selection")
    assert (question["kind"], question["message"], question["how"]) == ("choice", "Which pillar?", None)
    assert [option["id"] for option in question["options"]] == ["water", "sun"]


def test_an_answer_continues_the_run_and_is_on_record_with_its_person(host: Host, asking: str, question: Any) -> None:
    path = f"/api/v1/questions/{question['question_id']}/response"

    answered = host.bearer("answerer-token").post(path, {"response": "sun"})
    run = host.wait(asking, 1)

    assert (answered.status, answered.json["taken"], answered.json["actor"]) == (200, "in_time", "anna")
    assert run["status"] == "succeeded"
    (decision,) = host.program.api(f"/jobs/{asking}/decisions")["decisions"]
    assert (decision["response"], decision["how"], decision["actor"]) == ("sun", "person", "anna")
    assert host.program.api("/questions")["questions"] == []


def test_the_first_answer_wins(host: Host, asking: str, question: Any) -> None:
    path = f"/api/v1/questions/{question['question_id']}/response"
    host.program.post(path, {"response": "sun"})

    late = host.program.post(path, {"response": "water"})

    assert (late.status, late.json["code"]) == (409, "already_answered")
    assert host.program.api(f"/questions/{question['question_id']}")["response"] == "sun"
    assert host.wait(asking, 1)["status"] == "succeeded"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"response": "fire"}, "invalid_answer"),
        ({"response": ["sun"]}, "invalid_answer"),
        ({"response": None}, "invalid_answer"),
        ({"response": "sk-ant-" + "a1" * 30}, "invalid_answer"),
        ({}, "invalid_fields"),
        ({"answer": "sun"}, "invalid_fields"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused_and_not_repeated(
    host: Host, question: Any, body: dict[str, object], code: str
) -> None:
    refused = host.program.post(f"/api/v1/questions/{question['question_id']}/response", body)

    assert (refused.status, refused.json["code"]) == (422, code)
    assert "sk-ant" not in refused.text
    assert host.program.api(f"/questions/{question['question_id']}")["how"] is None


@pytest.mark.proves("S3-14")
def test_decisions_are_narrowed_by_type_run_how_and_text(host: Host, asking: str, question: Any) -> None:
    host.program.post(f"/api/v1/questions/{question['question_id']}/response", {"response": "sun"})
    host.wait(asking, 1)

    found = {
        query: host.program.api(f"/jobs/{asking}/decisions?{query}")["found"]
        for query in (
            "type=pillar_selection",
            "type=run_mode",
            "run=1",
            "how=person",
            "how=default",
            "search=PILLAR",
            "search=x",
        )
    }

    assert list(found.values()) == [1, 0, 1, 1, 0, 1, 0]


def test_a_replay_makes_a_job_and_runs_nothing_before_a_person_starts_it(host: Host, asking: str, question: Any) -> None:
    host.program.post(f"/api/v1/questions/{question['question_id']}/response", {"response": "sun"})
    host.wait(asking, 1)

    made = host.program.post(f"/api/v1/jobs/{asking}/replay")
    job = made.json["job_id"]
    before = host.program.api(f"/jobs/{job}/runs")["runs"]
    run = host.run(job, answers="reuse")

    assert (made.status, made.json["replayed_from"], before) == (201, asking, [])
    assert (run["status"], run["kind"]) == ("succeeded", "replay_decisions")
    (decision,) = host.program.api(f"/jobs/{job}/decisions")["decisions"]
    assert (decision["response"], decision["how"], decision["reused_from"]) == ("sun", "reused", question["question_id"])


def test_a_job_without_decisions_cannot_be_replayed(host: Host, chain: str) -> None:
    refused = host.program.post(f"/api/v1/jobs/{chain}/replay")

    assert (refused.status, refused.json["code"]) == (409, "no_decisions")
    assert host.program.api("/jobs")["total"] == 1
