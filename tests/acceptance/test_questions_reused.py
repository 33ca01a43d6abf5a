"""The same decisions again: reruns with recorded answers, replays in a new job, and what is asked all the same."""

import pytest

from tests.acceptance.interviews import decisions, interview, leave, reply, settle_in, waiting
from tests.acceptance.shipped import Shell, states

ANSWERS = ("P1", "DEEP_LOOP", "yes", "yes", "yes")


@pytest.fixture
def surveyed(shell: Shell) -> str:
    """A survey with three times ``continue``, run to its end."""
    job = settle_in(shell, "survey")
    assert interview(shell, job, *ANSWERS)["status"] == "succeeded"
    return job


@pytest.mark.proves("S3-25")
def test_three_occurrences_are_reused_and_a_fourth_is_asked(shell: Shell, surveyed: str) -> None:
    again = shell.run("job", "rerun", surveyed, "--answers", "reuse", "--no-wait", "--json")
    assert again.json["run"]["status"] == "succeeded"
    first, second = decisions(shell, surveyed, "--run", "1"), decisions(shell, surveyed, "--run", "2")
    assert [decision["how"] for decision in second] == ["reused"] * 5
    assert [decision["response"] for decision in second] == ["P1", "DEEP_LOOP", True, True, True]
    assert [decision["reused_from"] for decision in second] == [decision["question_id"] for decision in first]
    assert [decision["occurrence"] for decision in second] == [1, 1, 1, 2, 3]

    shell.write("rounds.txt", "4")
    longer = shell.run("job", "rerun", surveyed, "--step", "review", "--answers", "reuse", "--no-wait", "--json")

    assert longer.json["run"]["status"] == "waiting"
    (question,) = waiting(shell)
    assert (question["type"], question["occurrence"]) == ("continue", 4)
    assert "Iteration 4" in question["message"]
    assert reply(shell, surveyed, "no")["status"] == "succeeded"
    assert [decision["how"] for decision in decisions(shell, surveyed, "--run", "3")] == ["reused"] * 3 + ["person"]


def test_without_reuse_people_are_asked_anew(shell: Shell, surveyed: str) -> None:
    again = shell.run("job", "rerun", surveyed, "--step", "review", "--no-wait", "--json")

    assert again.json["run"]["status"] == "waiting"
    assert [question["type"] for question in waiting(shell)] == ["continue"]


def test_an_option_that_is_gone_is_asked_again(shell: Shell, surveyed: str) -> None:
    shell.write("gone.txt", "ALL")

    again = shell.run("job", "rerun", surveyed, "--answers", "reuse", "--no-wait", "--json")

    assert again.json["run"]["status"] == "waiting"
    (question,) = waiting(shell)
    assert question["type"] == "pillar_selection"
    assert [option["id"] for option in question["options"]] == ["DEEP", "P1", "NONE"]
    assert shell.run("answer", question["question_id"], "ALL", "--json").error["code"] == "invalid_answer"
    assert reply(shell, surveyed, "DEEP")["status"] == "succeeded"


def test_a_changed_question_is_asked_again(shell: Shell, surveyed: str) -> None:
    shell.write("question.txt", "How shall it be analysed?")

    again = shell.run("job", "rerun", surveyed, "--answers", "reuse", "--no-wait", "--json")

    assert again.json["run"]["status"] == "waiting"
    assert [question["message"] for question in waiting(shell)] == ["How shall it be analysed?"]
    assert [decision["type"] for decision in decisions(shell, surveyed, "--run", "2")] == ["pillar_selection"]


@pytest.mark.proves("S3-23", "S3-25", "S3-29")
def test_a_replay_shows_what_is_answered_then_runs_a_new_job_with_the_same_decisions(shell: Shell, surveyed: str) -> None:
    shell.calls()
    plan = shell.run("job", "replay", surveyed, "--plan")
    planned = shell.get("job", "replay", surveyed, "--plan")
    assert len(shell.get("job", "list")["jobs"]) == 1
    assert (plan.code, "5 questions" in plan.out, "P1: Evidence" in plan.out) == (0, True, True)
    original = decisions(shell, surveyed)
    assert planned == {"replayed_from": surveyed, "decisions": original}

    replay = shell.run("job", "replay", surveyed, "--reason", "once more")

    assert replay.code == 0
    assert replay.err.index("5 questions are answered as before") < replay.err.index("plan for run 1")
    new = next(job["job_id"] for job in shell.get("job", "list")["jobs"] if job["job_id"] != surveyed)
    shown = shell.get("job", "show", new)
    assert (shown["replayed_from"], shown["status"]) == (surveyed, "completed")
    assert shown["params"] == shell.get("job", "show", surveyed)["params"]
    assert shown["latest_run"]["kind"] == "replay_decisions"
    assert shown["latest_run"]["trigger"]["action"] == "replay_decisions"
    repeated = decisions(shell, new)
    assert [(decision["type"], decision["occurrence"], decision["response"]) for decision in repeated] == [
        (decision["type"], decision["occurrence"], decision["response"]) for decision in original
    ]
    assert {decision["how"] for decision in repeated} == {"reused"}
    assert [decision["reused_from"] for decision in repeated] == [decision["question_id"] for decision in original]
    assert shell.get("job", "artifact", new, "report")["value"] == shell.get("job", "artifact", surveyed, "report")["value"]
    assert f"replayed from {surveyed}" in replay.err
    assert shell.calls() == ["select", "mode", "review", "report"]


def test_a_replay_asks_what_changed(shell: Shell, surveyed: str) -> None:
    shell.write("rounds.txt", "4")

    replay = shell.run("job", "replay", surveyed, "--no-wait", "--json")

    assert (replay.code, replay.json["run"]["status"]) == (0, "waiting")
    assert replay.json["replayed_from"] == surveyed
    (question,) = waiting(shell)
    assert (question["job_id"], question["occurrence"]) == (replay.json["job_id"], 4)


@pytest.mark.proves("S2-27")
@pytest.mark.parametrize(("answer", "report"), [("yes", "fresh"), ("no", "stale")])
def test_at_the_end_of_a_rerun_a_person_says_whether_the_report_is_regenerated(shell: Shell, answer: str, report: str) -> None:
    shell.write("rounds.txt", "0")
    job = settle_in(shell, "survey")
    assert interview(shell, job, "ALL", "ONCE")["status"] == "succeeded"
    shell.calls()
    shell.write("rounds.txt", "1")

    asked = shell.run("job", "rerun", job, "--step", "review", "--only", "--downstream", "ask", "--no-wait", "--json")
    assert asked.json["run"]["status"] == "waiting"
    assert reply(shell, job, "yes")["status"] == "waiting"
    (question,) = waiting(shell)
    assert "report" in question["message"]
    run = reply(shell, job, answer)

    assert run["status"] == "succeeded"
    assert states(shell.get("job", "show", job))["report"] == report
    assert shell.calls() == ["review", "review", *(["report"] if answer == "yes" else [])]
    assert leave(shell, job)["status"] == "succeeded"
