"""Questions while time passes and processes die: deadlines, late answers, kills, restarts, and many who answer at once."""

import signal
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack

import pytest

from tests.acceptance.interviews import decisions, interview, job_file, leave, read_until, settle_in, waiting
from tests.acceptance.shipped import Shell, states

_AT_THE_GATE = (
    "import sys, oncue.wiring, oncue.control.answers, oncue.cli.commands.inbox; from oncue.cli.main import run_command; "
    "print('ready', flush=True); open('gate', 'rb', buffering=0).read(1); sys.exit(run_command(sys.argv[1:]))"
)
CROWD = 50


def together(shell: Shell, commands: list[list[str]]) -> list[tuple[int, str]]:
    """Run commands in processes of their own that begin at the same moment; exit code and standard error of each."""
    gate = shell.pipe("gate")
    with ExitStack() as stack:
        hold = stack.enter_context(gate.open("r+b", buffering=0))
        crowd = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", _AT_THE_GATE, *command],
                    cwd=shell.folder,
                    env=shell.environment(),
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
            for command in commands
        ]
        for process in crowd:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        hold.write(b"g" * len(crowd))
        said = [process.communicate(timeout=100)[1] for process in crowd]
    return [(process.returncode, err) for process, err in zip(crowd, said, strict=True)]


@pytest.mark.proves("S3-9")
def test_of_fifty_processes_that_answer_at_once_one_decides(shell: Shell) -> None:
    job = settle_in(shell, "flaky")
    leave(shell, job)
    (question,) = waiting(shell)
    answers = ["yes" if number % 2 else "no" for number in range(CROWD)]

    ends = together(
        shell,
        [["answer", question["question_id"], value, "--actor", f"p{index}"] for index, value in enumerate(answers)],
    )

    assert Counter(code for code, _ in ends) == {0: 1, 5: CROWD - 1}
    winner = next(index for index, (code, _) in enumerate(ends) if code == 0)
    assert all(f"by p{winner}: '{answers[winner]}'" in err for code, err in ends if code == 5)
    (decision,) = decisions(shell, job)
    assert (decision["actor"], decision["response"]) == (f"p{winner}", answers[winner])
    events = shell.get("job", "events", job)["events"]
    assert sum(event["type"] == "question_decided" for event in events) == 1
    assert [prompt["response"] for prompt in job_file(shell, job)["prompts"]] == [answers[winner]]


@pytest.mark.proves("S3-9", "S3-8")
def test_answers_to_many_questions_at_once_are_all_in_the_file(shell: Shell) -> None:
    job = settle_in(shell, "crowd")
    leave(shell, job)
    questions = waiting(shell)
    assert len(questions) == 12

    ends = together(shell, [["answer", question["question_id"], question["step"]] for question in questions])

    assert [code for code, _ in ends] == [0] * 12
    file = job_file(shell, job)
    assert {prompt["prompt_id"]: prompt["response"] for prompt in file["prompts"]} == {
        question["question_id"]: question["step"] for question in questions
    }
    stamps = [prompt["timestamp"] for prompt in file["prompts"]]
    assert stamps == sorted(stamps)
    assert leave(shell, job)["status"] == "succeeded"


@pytest.mark.proves("S3-8")
def test_a_kill_between_asking_and_showing_loses_nothing(shell: Shell) -> None:
    job = settle_in(shell, "deadly")

    killed = shell.run("job", "run", job)

    assert killed.code == -signal.SIGKILL
    assert "Shall it live?" not in killed.out + killed.err
    (question,) = waiting(shell)
    assert (question["message"], question["how"]) == ("Shall it live?", None)
    answered = shell.run("answer", question["question_id"], "yes")
    assert f"next: oncue job run {job}" in answered.out
    assert leave(shell, job)["status"] == "succeeded"
    assert [decision["question_id"] for decision in decisions(shell, job)] == [question["question_id"]]


@pytest.mark.proves("S3-5")
def test_a_waiting_run_survives_kills_and_is_answered_from_any_process(shell: Shell) -> None:
    job = settle_in(shell, "flaky")
    for _ in range(3):
        with shell.start("job", "run", job) as process:
            said = read_until(process, "answer it from anywhere")
            process.send_signal(signal.SIGKILL)
        assert "Only once?" in said
    (question,) = waiting(shell)

    assert shell.get("answer", question["question_id"], "yes")["next"] == f"oncue job run {job}"

    assert leave(shell, job)["status"] == "succeeded"
    assert len(decisions(shell, job)) == 1


@pytest.mark.proves("S3-5")
def test_a_process_that_waits_goes_on_when_the_answer_comes_from_elsewhere(shell: Shell) -> None:
    job = settle_in(shell, "timed", "policy=wait", "seconds=600")
    with shell.start("job", "run", job) as process:
        said = read_until(process, "answer it from anywhere")
        (question,) = waiting(shell)
        assert f"oncue answer {question['question_id']} VALUE" in said
        assert "Left or right?" in said

        answered = shell.get("answer", question["question_id"], "right")

        out, err = process.communicate(timeout=60)
    assert (answered["taken"], answered["next"]) == ("in_time", None)
    assert process.returncode == 0
    assert "succeeded" in out
    assert "last succeeded" in err
    assert shell.calls() == ["first", "ask", "ask", "last"]


def test_two_processes_that_wait_for_one_run_execute_it_once(shell: Shell) -> None:
    job = settle_in(shell, "timed", "policy=wait", "seconds=600")
    with shell.start("job", "run", job) as one:
        read_until(one, "answer it from anywhere")
        with shell.start("job", "run", job) as other:
            read_until(other, "answer it from anywhere")
            shell.get("answer", waiting(shell)[0]["question_id"], "right")
            other.communicate(timeout=60)
        one.communicate(timeout=60)

    assert (one.returncode, other.returncode) == (0, 0)
    assert shell.calls() == ["first", "ask", "ask", "last"]
    assert len(shell.get("job", "history", job)["runs"]) == 1


def test_with_json_a_waiting_process_names_the_question_on_standard_error(shell: Shell) -> None:
    import json

    job = settle_in(shell, "flaky")
    with shell.start("job", "run", job, "--json") as process:
        record = json.loads(read_until(process, "question_id"))
        shell.get("answer", record["question"]["question_id"], "yes")
        out, _ = process.communicate(timeout=60)

    assert json.loads(out)["run"]["status"] == "succeeded"


def test_ctrl_c_leaves_the_run_waiting(shell: Shell) -> None:
    job = settle_in(shell, "flaky")
    with shell.start("job", "run", job) as process:
        read_until(process, "answer it from anywhere")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)

    assert process.returncode == 130
    assert f"oncue job run {job} goes on with it" in err
    assert shell.get("job", "show", job)["status"] == "waiting"
    assert interview(shell, job, "yes")["status"] == "succeeded"


def test_a_run_that_is_cancelled_elsewhere_ends_the_waiting(shell: Shell) -> None:
    job = settle_in(shell, "flaky")
    with shell.start("job", "run", job) as process:
        read_until(process, "answer it from anywhere")
        shell.get("job", "cancel", job)
        out, _ = process.communicate(timeout=60)

    assert process.returncode == 130
    assert "cancelled" in out


@pytest.mark.proves("S3-4", "S3-28")
def test_an_unanswered_question_ends_the_run_and_not_the_job(shell: Shell) -> None:
    job = settle_in(shell, "timed")

    ended = shell.run("job", "run", job, "--json")

    assert (ended.code, ended.json["run"]["status"]) == (130, "cancelled")
    assert ended.json["run"]["error"]["code"] == "question_timed_out"
    (decision,) = decisions(shell, job)
    assert (decision["how"], decision["response"], decision["timed_out"]) == ("timed_out", None, True)
    (prompt,) = job_file(shell, job)["prompts"]
    assert (prompt["response"], prompt["timed_out"], prompt["timeout_seconds"]) == (None, True, 1)
    assert job_file(shell, job)["status"] == "cancelled"
    text = shell.run("job", "decisions", job).out
    assert "timed out after 1.0 s" in text
    assert states(shell.get("job", "show", job)) == {"first": "fresh", "ask": "missing", "last": "missing"}
    again = shell.run("job", "run", job)
    assert again.code == 130
    assert f"oncue job run {job}" in again.out
    assert shell.calls() == ["first", "ask", "ask"]


@pytest.mark.proves("S3-4")
def test_a_deadline_ends_a_run_whose_other_steps_still_execute(shell: Shell) -> None:
    job = settle_in(shell, "busy")

    ended = shell.run("job", "run", job, "--json")

    assert (ended.code, ended.json["run"]["status"]) == (130, "cancelled")
    assert ended.json["run"]["error"]["code"] == "question_timed_out"
    assert shell.calls() == ["demand"]


def test_at_the_deadline_a_default_is_taken_and_marked(shell: Shell) -> None:
    job = settle_in(shell, "timed", "policy=default")

    assert shell.get("job", "run", job)["run"]["status"] == "succeeded"

    (decision,) = decisions(shell, job)
    assert (decision["how"], decision["response"], decision["timed_out"], decision["actor"]) == ("default", "left", True, "")
    assert "default taken" in shell.run("job", "decisions", job).out
    (prompt,) = job_file(shell, job)["prompts"]
    assert (prompt["response"], prompt["timed_out"]) == ("left", True)


def test_a_late_answer_is_kept_and_used_by_the_offered_rerun(shell: Shell) -> None:
    job = settle_in(shell, "timed")
    assert shell.run("job", "run", job).code == 130
    (decision,) = decisions(shell, job)
    name = decision["question_id"]

    late = shell.run("answer", name, "right")

    assert late.code == 0
    assert "too late, but kept: right" in late.out
    offer = f"oncue job rerun {job} --step ask --answers reuse"
    assert offer in late.out
    assert offer in shell.run("job", "show", job).out
    (shown,) = shell.get("job", "show", job)["late_answers"]
    assert (shown["question_id"], shown["response"], shown["actor"], shown["command"]) == (name, "right", "ada", offer)
    twice = shell.run("answer", name, "left", "--json")
    assert (twice.code, twice.error["code"]) == (5, "already_answered")
    assert decisions(shell, job) == [decision]

    rerun = shell.get(*offer.split()[1:])["run"]

    assert rerun["status"] == "succeeded"
    assert shell.get("job", "artifact", job, "last")["value"] == "right"
    assert decisions(shell, job, "--run", "2")[0]["reused_from"] == name
    assert shell.get("job", "show", job)["late_answers"] == []
