"""Questions through the shipped command: the inbox, answers, decisions, and what is refused."""

import json
import sqlite3
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.interviews import decisions, interview, job_file, leave, reply, settle_in, waiting
from tests.acceptance.shipped import Shell, runs_of
from tests.support.firstrelease import put_back_to_first_release

FIELDS = [
    "question_id", "job_id", "run", "step", "type", "occurrence", "message", "options", "default", "response", "how", "actor",
    "asked_at", "deadline", "answered_at", "timeout_seconds", "timed_out", "reused_from",
]  # fmt: skip
PROMPT_FIELDS = ["prompt_id", "type", "response", "timestamp", "timeout_seconds", "timed_out", "prompt_data"]
ANSWERS = ("ALL", "DEEP_LOOP", "yes", "yes", "no")


@pytest.fixture(scope="module")
def surveyed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Shell, str]:
    """A survey that was run to its end, for tests that change nothing of it."""
    shell = Shell(tmp_path_factory.mktemp("surveyed"))
    job = settle_in(shell, "survey")
    assert interview(shell, job, *ANSWERS)["status"] == "succeeded"
    return shell, job


def test_a_question_waits_in_the_inbox_with_everything_about_it(shell: Shell) -> None:
    job = settle_in(shell, "survey")

    run = leave(shell, job)

    assert run["status"] == "waiting"
    (question,) = waiting(shell)
    assert run["questions"] == [question]
    assert list(question) == FIELDS
    assert (question["job_id"], question["run"], question["step"], question["occurrence"]) == (job, 1, "select", 1)
    assert (question["type"], question["message"]) == ("pillar_selection", "Select which pillars to analyze")
    assert question["options"][2] == {"id": "P1", "label": "P1: Evidence", "help": "the weakest"}
    assert (question["how"], question["response"], question["actor"], question["answered_at"]) == (None,) * 4
    assert (question["timeout_seconds"], question["timed_out"], question["default"]) == (300, False, None)
    text = shell.run("inbox").out
    assert question["question_id"] in text
    assert "4 min" in text or "5 min 0 s" in text
    shown = shell.run("job", "show", job)
    assert f"oncue answer {question['question_id']} VALUE" in shown.out
    assert shell.get("job", "show", job)["questions"] == [question]


def test_the_inbox_lists_the_earliest_deadline_of_all_jobs_first(shell: Shell) -> None:
    for policy, seconds in (("wait", "900"), ("wait", "30"), ("default", "300")):
        leave(shell, settle_in(shell, "timed", f"policy={policy}", f"seconds={seconds}"))
    leave(shell, settle_in(shell, "flaky"))

    assert [question["timeout_seconds"] for question in waiting(shell)] == [30, 300, 900, None]
    lines = shell.run("inbox").out.splitlines()
    assert "waits" in lines[4]


def test_an_empty_inbox_says_so(shell: Shell) -> None:
    shell.run("job", "run", settle_in(shell, "quiet"))

    assert shell.run("inbox").out == "nothing waits for an answer\n"
    assert waiting(shell) == []


@pytest.mark.proves("S3-1", "S3-2", "S3-3", "S3-5", "S3-7", "S3-8", "S3-10", "S3-11", "S3-16", "S3-17", "S3-27")
def test_every_answer_is_in_the_job_file_in_its_fixed_shape(shell: Shell) -> None:
    job = settle_in(shell, "survey")
    before = job_file(shell, job)
    assert "prompts" not in before
    leave(shell, job)

    sizes = []
    for answer in ANSWERS:
        reply(shell, job, answer)
        sizes.append(len(job_file(shell, job)["prompts"]))

    assert sizes == [1, 2, 3, 4, 5]
    file = job_file(shell, job)
    assert list(file) == ["job_id", "status", "created_at", "completed_at", "prompts", "results"]
    assert (file["job_id"], file["status"], file["created_at"]) == (job, "completed", before["created_at"])
    assert file["completed_at"].endswith("Z")
    prompts = file["prompts"]
    assert all(list(prompt) == PROMPT_FIELDS for prompt in prompts)
    assert [(prompt["type"], prompt["response"], prompt["timeout_seconds"], prompt["timed_out"]) for prompt in prompts] == [
        ("pillar_selection", "ALL", 300, False),
        ("run_mode", "DEEP_LOOP", 120, False),
        ("continue", "Yes", 60, False),
        ("continue", "Yes", 60, False),
        ("continue", "No", 60, False),
    ]
    assert all(prompt["timestamp"].endswith("Z") for prompt in prompts)
    assert prompts[0]["prompt_data"]["options"] == ["ALL", "DEEP", "P1", "NONE"]
    mode = {"message": "Select analysis mode", "options": ["ONCE", "DEEP_LOOP"], "default": "ONCE"}
    assert prompts[1]["prompt_data"] == mode
    assert prompts[3]["prompt_data"] == {
        "message": "Iteration 2 complete. Continue deep review loop?", "iteration": 2, "gap_count": 3,
    }  # fmt: skip
    assert [decision["question_id"] for decision in decisions(shell, job)] == [prompt["prompt_id"] for prompt in prompts]
    assert waiting(shell) == []


@pytest.mark.proves("S3-14", "S3-16", "S3-17")
def test_decisions_are_listed_filtered_and_searched(surveyed: tuple[Shell, str]) -> None:
    shell, job = surveyed

    every = decisions(shell, job)
    assert all(list(decision) == FIELDS for decision in every)
    assert {(decision["how"], decision["actor"]) for decision in every} == {("person", "ada")}
    assert [decision["occurrence"] for decision in every] == [1, 1, 1, 2, 3]
    assert [d["response"] for d in decisions(shell, job, "--type", "run_mode")] == ["DEEP_LOOP"]
    assert [d["response"] for d in decisions(shell, job, "--type", "continue")] == [True, True, False]
    assert [d["type"] for d in decisions(shell, job, "--search", "ANALYSIS")] == ["run_mode"]
    assert [d["type"] for d in decisions(shell, job, "--search", "p1: evid")] == ["pillar_selection"]
    assert decisions(shell, job, "--how", "reused") == []
    assert decisions(shell, job, "--how", "person", "--run", "1") == every
    text = shell.run("job", "decisions", job).out
    assert "DEEP_LOOP" in text
    assert "Select analysis mode" in text
    assert "by ada" in text
    assert "none of the 5 decisions" in shell.run("job", "decisions", job, "--type", "other").out
    assert shell.run("job", "decisions", job, "--run", "7", "--json").error["code"] == "unknown_run"


@pytest.mark.proves("S3-32")
def test_what_analytics_would_need_is_on_record(surveyed: tuple[Shell, str]) -> None:
    shell, job = surveyed

    assert all(decision["answered_at"] > decision["asked_at"] for decision in decisions(shell, job))
    assert {decision["timed_out"] for decision in decisions(shell, job)} == {False}


@pytest.mark.proves("S3-10")
def test_every_kind_of_question_is_answered_at_the_command_line(shell: Shell) -> None:
    job = settle_in(shell, "kinds")
    leave(shell, job)
    ids = {question["type"]: question["question_id"] for question in waiting(shell)}
    form = {"name": "Zoë", "age": 4}
    shell.write("answer.json", json.dumps(form))

    for kind, *values in (
        ("colour", "grass", "green"), ("toppings", "corn", "olives"), ("remark", "--", "-- all is", "well  now"),
        ("amount", "-2.5"), ("agreed", "no"), ("person", "--form", "answer.json"),
    ):  # fmt: skip
        assert shell.run("answer", "--json", ids[kind], *values).json["taken"] == "in_time"
    run = leave(shell, job)

    assert run["status"] == "succeeded"
    assert {decision["type"]: decision["response"] for decision in decisions(shell, job)} == {
        "colour": "green", "toppings": ["olives", "corn"], "remark": "-- all is well  now", "amount": -2.5, "agreed": False,
        "person": form,
    }  # fmt: skip
    responses = {prompt["type"]: prompt["response"] for prompt in job_file(shell, job)["prompts"]}
    assert responses["toppings"] == ["olives", "corn"]
    assert responses["person"] == form
    assert shell.get("job", "artifact", job, "several")["value"] == ["olives", "corn"]


REFUSED: list[tuple[str, list[str], str]] = [
    ("colour", ["blue"], "invalid_answer"),
    ("colour", ["red", "green"], "invalid_answer"),
    ("toppings", ["olives", "ham"], "invalid_answer"),
    ("amount", ["many"], "invalid_answer"),
    ("amount", ["nan"], "invalid_answer"),
    ("agreed", ["perhaps"], "invalid_answer"),
    ("remark", ["x" * 10_001], "invalid_answer"),
    ("person", ["Ada"], "invalid_answer"),
    ("person", ["--form", "old.json"], "invalid_answer"),
    ("person", ["--form", "list.json"], "invalid_answer"),
    ("person", ["--form", "broken.json"], "invalid_input"),
    ("person", ["--form", "absent.json"], "invalid_input"),
    ("colour", [], "usage"),
    ("colour", ["red", "--form", "old.json"], "usage"),
    ("colour", ["--rde"], "usage"),
]


@pytest.mark.proves("S3-6")
def test_what_is_no_answer_is_refused_and_writes_nothing(shell: Shell) -> None:
    job = settle_in(shell, "kinds")
    leave(shell, job)
    ids = {question["type"]: question["question_id"] for question in waiting(shell)}
    shell.write("old.json", '{"name": "Ada", "age": -1}')
    shell.write("list.json", "[1]")
    shell.write("broken.json", '{"name": ')
    before, file = shell.rows(), job_file(shell, job)

    for kind, values, code in REFUSED:
        refused = shell.run("answer", ids[kind], *values, "--json")
        assert (refused.code, refused.error["code"]) == (2, code), (kind, values, refused)

    unknown = shell.run("answer", "nobody", "red", "--json")
    assert (unknown.code, unknown.error["code"]) == (4, "unknown_question")
    assert "inbox" in unknown.error["hint"]
    empty = shell.run("answer", "", "red", "--json")
    assert (empty.code, empty.error["code"]) == (4, "unknown_question")
    assert (shell.rows(), job_file(shell, job)) == (before, file)


@pytest.mark.proves("S3-6")
def test_a_closed_question_is_refused_and_names_the_first_answer(shell: Shell) -> None:
    job = settle_in(shell, "flaky")
    leave(shell, job)
    (question,) = waiting(shell)
    name = question["question_id"]
    assert shell.run("answer", name[:6], "yes", "--actor", "bob").code == 0
    before = shell.rows()

    again = shell.run("answer", name, "no", "--json")

    assert (again.code, again.error["code"]) == (5, "already_answered")
    assert "bob" in again.error["message"]
    assert "'yes'" in again.error["message"]
    assert shell.rows() == before


@pytest.mark.proves("S3-6")
def test_the_question_of_another_workspace_is_unknown(shell: Shell, tmp_path: Path) -> None:
    job = settle_in(shell, "flaky")
    leave(shell, job)
    (question,) = waiting(shell)
    (tmp_path / "other").mkdir()
    other = Shell(tmp_path / "other")
    settle_in(other, "quiet")

    foreign = other.run("answer", question["question_id"], "yes", "--json")

    assert (foreign.code, foreign.error["code"]) == (4, "unknown_question")
    assert waiting(shell) == [question]


def test_a_question_of_a_cancelled_run_is_closed(shell: Shell) -> None:
    job = settle_in(shell, "flaky")
    leave(shell, job)
    (question,) = waiting(shell)

    shell.get("job", "cancel", job)

    assert waiting(shell) == []
    (decision,) = decisions(shell, job)
    assert (decision["how"], decision["response"], decision["timed_out"]) == ("cancelled", None, False)
    refused = shell.run("answer", question["question_id"], "yes", "--json")
    assert (refused.code, refused.error["code"]) == (5, "already_answered")


def test_an_answer_by_configuration_is_recorded_and_not_asked(shell: Shell) -> None:
    job = settle_in(shell, "configured")

    assert leave(shell, job)["status"] == "succeeded"

    (decision,) = decisions(shell, job)
    assert (decision["how"], decision["response"], decision["actor"]) == ("configured", "DEEP_LOOP", "")
    assert job_file(shell, job)["prompts"][0]["response"] == "DEEP_LOOP"


def test_a_retried_step_asks_nobody_twice(shell: Shell) -> None:
    job = settle_in(shell, "flaky")

    run = interview(shell, job, "yes")

    assert run["status"] == "succeeded"
    assert shell.calls() == ["again", "again", "again"]  # it asks, fails, and succeeds
    assert len(decisions(shell, job)) == 1


@pytest.mark.proves("S3-15", "S3-20", "S3-24", "S3-26")
def test_a_job_without_questions_says_so_everywhere(shell: Shell) -> None:
    job = settle_in(shell, "quiet")
    assert leave(shell, job)["status"] == "succeeded"
    jobs = shell.get("job", "list")["jobs"]

    noted, replayed = shell.run("job", "decisions", job), shell.run("job", "replay", job)
    shell.get("job", "export", job, "out.zip")

    assert (noted.code, decisions(shell, job)) == (0, [])
    assert "none of its steps has asked anything" in noted.out
    assert replayed.code == 3
    assert "no recorded decisions" in replayed.err
    assert shell.run("job", "replay", job, "--plan", "--json").error["code"] == "no_decisions"
    assert shell.get("job", "list")["jobs"] == jobs
    assert "prompts" not in job_file(shell, job)
    with zipfile.ZipFile(shell.folder / "out.zip") as archive:
        assert not [name for name in archive.namelist() if "prompt_history" in name]


@pytest.mark.proves("S3-26")
def test_a_job_from_before_there_were_questions_loads_shows_exports_and_runs(shell: Shell) -> None:
    job = settle_in(shell, "quiet")
    leave(shell, job)
    database = sqlite3.connect(shell.folder / ".oncue" / "oncue.db")
    with database:  # as the first release left it
        put_back_to_first_release(database)
    database.close()

    assert shell.get("job", "show", job)["status"] == "completed"
    assert decisions(shell, job) == []
    assert shell.get("job", "export", job, "out.zip")["questions"] == 0
    assert shell.get("job", "rerun", job)["run"]["status"] == "succeeded"
    assert runs_of(shell.get("job", "show", job)) == {"work": 2}


@pytest.mark.proves("S3-18", "S3-19", "S3-21", "S3-29", "S3-30", "S3-31", "S3-33")
def test_questions_file_table_export_and_replay_work_together(shell: Shell) -> None:
    job = settle_in(shell, "survey", "region=eu")
    assert interview(shell, job, *ANSWERS)["status"] == "succeeded"
    prompts = job_file(shell, job)["prompts"]

    table = shell.run("job", "decisions", job)
    shell.get("job", "export", job, "out.zip")
    replay = shell.get("job", "replay", job)

    assert next(line.split()[4:6] for line in table.out.splitlines() if " by ada" in line) == ["pillar_selection", "ALL"]
    with zipfile.ZipFile(shell.folder / "out.zip") as archive:
        assert json.loads(archive.read("prompt_history.json")) == prompts
        text = archive.read("prompt_history.txt").decode()
        record: Any = json.loads(archive.read("job.json"))
    for prompt in prompts:
        assert f"[{prompt['timestamp']}] {prompt['type']}" in text
    assert text.count("Status: OK") == 5
    assert json.dumps(record).count('"person"') >= 5
    assert replay["run"]["status"] == "succeeded"
    assert shell.get("job", "artifact", replay["job_id"], "report")["value"] == "eu ALL DEEP_LOOP 2"
