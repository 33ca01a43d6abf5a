"""Comments of runs that crash, wait, queue, or are asked for twice."""

import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from tests.acceptance.guided import comments
from tests.acceptance.shipped import Shell

HELD = """\
name: held
steps:
  - {id: first, run: echo 1}
  - id: held
    comment: true
    run: 'echo "$ONCUE_COMMENT" >> seen.log; test -e open || { echo $$ > started; read line < go; }; echo "$ONCUE_COMMENT"'
"""
ASKING = """
from oncue import StepContext, Workflow

asking = Workflow("asking")

@asking.step
def ask(ctx: StepContext) -> str:
    before = ctx.comment
    answer = ctx.ask("go_on", "Go on?", kind="text") if before else "nothing"
    return f"{before} / {answer} / {ctx.comment}"
"""


@pytest.fixture
def job(shell: Shell) -> str:
    """A job whose second step writes what it was told; it was run once, and is held the next time."""
    shell.write("held.yaml", HELD)
    shell.write("open", "")
    job = shell.create("held.yaml")
    shell.get("job", "run", job)
    (shell.folder / "open").unlink()
    (shell.folder / "seen.log").unlink()
    shell.pipe("started")
    shell.pipe("go")
    return job


def wait_until_held(shell: Shell) -> int:
    """The process of the step."""
    return int((shell.folder / "started").read_text(encoding="utf-8"))


def seen(shell: Shell) -> list[str]:
    return (shell.folder / "seen.log").read_text(encoding="utf-8").splitlines()


@pytest.mark.proves("S0-13")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["terminated", "killed"])
def test_a_run_that_was_interrupted_goes_on_with_its_comment(shell: Shell, job: str, number: signal.Signals) -> None:
    process = shell.start("job", "rerun", job, "--step", "held", "--comment", "use 2024", "--kind", "data", "--reason", "why")
    step = wait_until_held(shell)
    during = comments(shell, job)

    process.send_signal(number)
    process.communicate(timeout=60)
    with suppress(ProcessLookupError):
        os.kill(step, signal.SIGKILL)  # nobody is left to end it when the command was killed
    Path(shell.folder / "open").touch()
    run = shell.get("job", "run", job)["run"]

    assert (run["number"], run["status"], run["comments_read"]) == (2, "succeeded", {"held": [2]})
    assert set(seen(shell)) == {"use 2024"}
    assert shell.run("job", "artifact", job, "held").out.strip() == "use 2024"
    (after,) = comments(shell, job)
    assert [one | {"read_by": None, "run_status": None} for one in during] == [after | {"read_by": None, "run_status": None}]
    assert (after["kind"], after["author"], after["reason"], after["unread"]) == ("data", "ada", "why", False)


def test_a_comment_that_nobody_read_yet_is_listed_as_such(shell: Shell, job: str) -> None:
    process = shell.start("job", "rerun", job, "--step", "held", "--comment", "use 2024")
    wait_until_held(shell)

    listed = shell.run("job", "comments", job).out
    shown = shell.run("job", "show", job).out
    (shell.folder / "go").write_text("on\n", encoding="utf-8")
    process.communicate(timeout=60)

    assert "not read so far" in listed
    assert "comment for held: “use 2024”\n" in shown
    assert "read by held in run 2" in shell.run("job", "comments", job).out


def test_a_run_that_queues_keeps_its_own_comment(shell: Shell, job: str) -> None:
    ahead = shell.start("job", "rerun", job, "--step", "held", "--comment", "first wish")
    wait_until_held(shell)
    behind = shell.start("job", "rerun", job, "--step", "held", "--comment", "second wish")
    assert behind.stderr is not None
    next(line for line in behind.stderr if "queued" in line)

    Path(shell.folder / "open").touch()
    (shell.folder / "go").write_text("on\n", encoding="utf-8")
    for process in (ahead, behind):
        process.communicate(timeout=60)

    assert (ahead.returncode, behind.returncode) == (0, 0)
    assert seen(shell) == ["first wish", "second wish"]
    assert [(one["text"], [reading["run"] for reading in one["read_by"]]) for one in comments(shell, job)] == [
        ("first wish", [2]),
        ("second wish", [3]),
    ]


def test_a_step_that_asked_a_person_still_has_its_comment_when_it_goes_on(shell: Shell) -> None:
    shell.write("flows.py", ASKING)
    job = shell.create("flows:asking")
    shell.get("job", "run", job)

    waiting = shell.run("job", "rerun", job, "--comment", "be brief", "--no-wait")
    (question,) = shell.get("inbox")["questions"]
    shell.get("answer", question["question_id"], "yes")
    run = shell.get("job", "run", job)["run"]

    assert waiting.code == 0
    assert (run["number"], run["comments_read"]) == (2, {"ask": [2]})
    assert shell.run("job", "artifact", job, "ask").out.strip() == "be brief / yes / be brief"


def test_the_same_action_twice_gives_the_comment_once(shell: Shell, job: str) -> None:
    Path(shell.folder / "open").touch()
    words = ("job", "rerun", job, "--step", "held", "--comment", "use 2024", "--trigger-id", "click-1")

    first, second = shell.get(*words)["run"], shell.get(*words)["run"]

    assert (first["number"], second["number"]) == (2, 2)
    assert [one["run"] for one in comments(shell, job)] == [2]
    assert seen(shell) == ["use 2024"]


def test_a_plan_is_started_only_with_the_comment_it_was_made_with(shell: Shell, job: str) -> None:
    Path(shell.folder / "open").touch()
    words = ("job", "rerun", job, "--step", "held")
    digest = shell.get(*words, "--comment", "use 2024", "--kind", "data", "--plan")["plan"]["digest"]

    others = [
        shell.run(*words, *options, "--digest", digest, "--json")
        for options in ((), ("--comment", "use 2023", "--kind", "data"), ("--comment", "use 2024"), ("--keep-comments",))
    ]
    same = shell.run(*words, "--comment", "use 2024", "--kind", "data", "--digest", digest, "--json")

    assert [answer.error["code"] for answer in others] == ["plan_changed"] * 4
    assert (same.code, len(comments(shell, job))) == (0, 1)
