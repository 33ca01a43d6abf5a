"""Ctrl-C, termination, crashes, single steps, and two processes at one job."""

import json
import os
import signal
import subprocess
from contextlib import suppress

import pytest

from tests.acceptance.shipped import Answer, Shell, runs_of, states

GATED = """\
name: gated
steps:
  - {id: first, run: "echo first >> calls.log; echo 1"}
  - {id: held, run: "echo held >> calls.log; echo $$ > started; read line < go; echo $line"}
  - {id: last, run: "echo last >> calls.log; cat $ONCUE_INPUTS/held/stdout"}
"""


@pytest.fixture
def gated(shell: Shell) -> str:
    """A job whose second step says that it began (``started``) and goes on when it is let (``go``)."""
    shell.write("gated.yaml", GATED)
    shell.pipe("started")
    shell.pipe("go")
    return shell.create("gated.yaml")


def wait_until_held(shell: Shell) -> int:
    """The process of the step."""
    return int((shell.folder / "started").read_text(encoding="utf-8"))


def let_go(shell: Shell) -> None:
    (shell.folder / "go").write_text("on\n", encoding="utf-8")


def end(process: subprocess.Popen[str]) -> Answer:
    out, err = process.communicate(timeout=60)
    return Answer(code=process.returncode, out=out, err=err)


@pytest.mark.proves("S2-37", "S4-19")
def test_ctrl_c_cancels_the_run_and_the_job_can_go_on(shell: Shell, gated: str) -> None:
    process = shell.start("job", "run", gated)
    wait_until_held(shell)

    process.send_signal(signal.SIGINT)
    answer = end(process)

    assert answer.code == 130
    assert "cancelling run 1" in answer.err
    assert "run 1" in answer.out
    shown = shell.get("job", "show", gated)
    assert shown["status"] == "cancelled"
    assert states(shown) == {"first": "fresh", "held": "missing", "last": "missing"}
    assert shown["steps"][1]["last_attempt"]["status"] == "cancelled"


def test_a_second_ctrl_c_leaves_at_once_even_when_a_step_will_not_end(shell: Shell) -> None:
    shell.pipe("started")
    shell.pipe("go")
    shell.write("deaf.yaml", "steps:\n  - {id: deaf, run: \"trap '' TERM INT; echo $$ > started; read line < go\"}\n")
    job = shell.create("deaf.yaml")
    process = shell.start("job", "run", job)
    wait_until_held(shell)

    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    said = next(line for line in process.stderr if line.startswith("cancelling"))
    process.send_signal(signal.SIGINT)
    answer = end(process)

    assert "Ctrl-C again leaves at once" in said
    assert (answer.code, "left at once" in answer.err) == (130, True)
    assert f"oncue job run {job}" in answer.err


@pytest.mark.proves("S4-11", "S4-19", "S2-35")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["terminated", "killed"])
def test_an_interrupted_run_is_continued_and_no_other_is_started(shell: Shell, gated: str, number: signal.Signals) -> None:
    process = shell.start("job", "run", gated)
    step = wait_until_held(shell)

    process.send_signal(number)
    answer = end(process)
    with suppress(ProcessLookupError):
        os.kill(step, signal.SIGKILL)  # nobody is left to end it when the command was killed

    assert answer.code == (143 if number is signal.SIGTERM else -9)
    assert (f"oncue job run {gated} continues it" in answer.err) == (number is signal.SIGTERM)
    assert shell.get("job", "show", gated)["status"] == "interrupted"
    assert shell.calls() == ["first", "held"]

    process = shell.start("job", "run", gated, "--json")
    wait_until_held(shell)
    let_go(shell)
    continued = end(process)

    assert continued.code == 0
    run = json.loads(continued.out)["run"]
    assert (run["number"], run["status"], run["executed"]) == (1, "succeeded", ["first", "held", "last"])
    assert shell.calls() == ["held", "last"]
    assert [run["number"] for run in shell.get("job", "history", gated)["runs"]] == [1]


@pytest.mark.proves("S2-37")
def test_another_process_can_cancel_a_run(shell: Shell, gated: str) -> None:
    process = shell.start("job", "run", gated, "--json")
    wait_until_held(shell)

    cancelled = shell.get("job", "cancel", gated)
    answer = end(process)

    assert cancelled["cancelled"] == [1]
    assert (answer.code, answer.json["run"]["status"]) == (130, "cancelled")


@pytest.mark.proves("S2-18", "S2-37")
def test_two_reruns_of_one_job_queue_and_execute_one_after_the_other(shell: Shell, gated: str) -> None:
    first = shell.start("job", "run", gated, "--json")
    wait_until_held(shell)
    refused = shell.run("job", "rerun", gated, "--step", "1", "--no-wait", "--json")
    second = shell.start("job", "rerun", gated, "--step", "last", "--only", "--json", "--param", "x=1")
    bad = end(second)  # a parameter that the workflow does not have: refused although another run executes
    second = shell.start("job", "rerun", gated, "--json")
    queued = wait_for_queued(shell, gated)

    assert (refused.code, refused.error["code"]) == (5, "job_busy")
    assert bad.code == 2
    assert [(run["number"], run["status"]) for run in queued] == [(1, "running"), (2, "queued")]

    let_go(shell)
    wait_until_held(shell)
    let_go(shell)
    answers = [end(first), end(second)]

    assert [answer.code for answer in answers] == [0, 0]
    one, two = shell.get("job", "history", gated)["runs"]
    assert (one["status"], two["status"]) == ("succeeded", "succeeded")
    assert one["ended_at"] <= two["started_at"]
    assert shell.calls() == ["first", "held", "last"] * 2


def wait_for_queued(shell: Shell, job: str) -> list[dict[str, object]]:
    """The history once the second run is in it; every look takes a process's time."""
    for _ in range(100):
        runs: list[dict[str, object]] = shell.get("job", "history", job)["runs"]
        if len(runs) > 1:
            return runs
    raise AssertionError("the second run was never queued")


def test_the_same_trigger_from_two_processes_at_once_starts_one_run(shell: Shell, done: str) -> None:
    processes = [shell.start("job", "rerun", done, "--trigger-id", "once", "--json") for _ in range(2)]

    answers = [end(process) for process in processes]

    assert [answer.code for answer in answers] == [0, 0], answers
    assert [answer.json["run"]["number"] for answer in answers] == [2, 2]
    assert shell.calls() == ["fetch", "clean", "count", "report"]
    assert len(shell.get("job", "history", done)["runs"]) == 2


def test_a_second_process_waits_for_the_one_that_executes(shell: Shell, gated: str) -> None:
    first = shell.start("job", "run", gated, "--json")
    wait_until_held(shell)
    second = shell.start("job", "run", gated)
    assert second.stderr is not None
    assert second.stderr.readline() == f"continuing run 1 of job {gated}\n"

    let_go(shell)
    answers = [end(first), end(second)]

    assert [answer.code for answer in answers] == [0, 0]
    assert f"run 1 of job {gated} succeeded" in answers[1].out
    assert shell.calls() == ["first", "held", "last"]


@pytest.mark.proves("S4-29", "S4-18", "S4-12")
def test_single_steps_advance_one_run_and_run_finishes_it(shell: Shell, chain: str) -> None:
    first = shell.get("job", "step", chain)["run"]
    second = shell.get("job", "step", chain)["run"]

    assert (first["status"], first["executed"]) == ("waiting", ["fetch"])
    assert (second["number"], second["status"], second["executed"]) == (1, "waiting", ["fetch", "clean"])
    assert shell.get("job", "show", chain)["status"] == "waiting"
    assert shell.calls() == ["fetch", "clean"]

    rest = shell.get("job", "run", chain)["run"]

    assert (rest["number"], rest["status"]) == (1, "succeeded")
    assert shell.calls() == ["count", "report"]


def test_the_last_single_step_ends_the_run(shell: Shell, chain: str) -> None:
    statuses = [shell.get("job", "step", chain)["run"]["status"] for _ in range(4)]

    assert statuses == ["waiting", "waiting", "waiting", "succeeded"]


@pytest.mark.proves("S4-29")
def test_a_paused_run_is_given_up_when_another_is_started(shell: Shell, chain: str) -> None:
    shell.get("job", "step", chain)
    shell.get("job", "step", chain)
    shell.calls()

    plan = shell.get("job", "rerun", chain, "--step", "3", "--plan")["plan"]
    rerun = shell.get("job", "rerun", chain, "--step", "3")["run"]

    assert [warning["code"] for warning in plan["warnings"]] == ["run_interrupted"]
    assert (rerun["number"], rerun["status"], rerun["executed"]) == (2, "succeeded", ["count", "report"])
    assert shell.calls() == ["count", "report"]
    assert [run["status"] for run in shell.get("job", "history", chain)["runs"]] == ["cancelled", "succeeded"]
    assert runs_of(shell.get("job", "show", chain)) == {"fetch": 1, "clean": 1, "count": 2, "report": 2}
