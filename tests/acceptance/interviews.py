"""Workflows that ask people, as files in a folder, and ways to talk with the command while it waits."""

import json
import os
import re
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.acceptance.shipped import Shell
from tests.support.processes import PATIENCE_SECONDS

FLOWS = '''\
"""Steps that ask people."""

import os
import signal
from pathlib import Path

from oncue import Params, StepContext, Workflow

LOG = Path("calls.log")


def note(name: str) -> None:
    with LOG.open("a", encoding="utf-8") as log:
        log.write(f"{name}\\n")


def read(name: str, default: str) -> str:
    return Path(name).read_text(encoding="utf-8").strip() if Path(name).exists() else default


survey = Workflow("survey", params={"region": "us"}, phases=["choose", "review", "report"])


@survey.step(phase="choose")
def select(ctx: StepContext) -> str:
    note("select")
    pillars = ["ALL", "DEEP", {"id": "P1", "label": "P1: Evidence", "help": "the weakest"}, "NONE"]
    options = [pillar for pillar in pillars if pillar != read("gone.txt", "")]
    return ctx.ask("pillar_selection", "Select which pillars to analyze", options=options, timeout_seconds=300)


@survey.step(phase="choose")
def mode(ctx: StepContext, select: str) -> str:
    note("mode")
    return ctx.ask(
        "run_mode", read("question.txt", "Select analysis mode"), options=["ONCE", "DEEP_LOOP"], default="ONCE",
        timeout_seconds=120,
    )


@survey.step(phase="review")
async def review(ctx: StepContext, mode: str) -> int:
    note("review")
    done = 0
    for iteration in range(1, int(read("rounds.txt", "3")) + 1):
        if not ctx.ask(
            "continue", f"Iteration {iteration} complete. Continue deep review loop?", kind="confirm",
            timeout_seconds=60, iteration=iteration, gap_count=5 - iteration,
        ):
            break
        done = iteration
    return done


@survey.step(phase="report")
def report(params: Params, select: str, mode: str, review: int) -> str:
    note("report")
    return f"{params.region} {select} {mode} {review}"


kinds = Workflow("kinds")


@kinds.step
def choose(ctx: StepContext) -> str:
    return ctx.ask("colour", "Which colour?", options=["red", {"id": "green", "label": "Grass green"}])


@kinds.step
def several(ctx: StepContext) -> list[str]:
    return ctx.ask("toppings", "Which toppings?", kind="choices", options=["olives", "cheese", "corn"])


@kinds.step
def write(ctx: StepContext) -> str:
    return ctx.ask("remark", "Any remark?")


@kinds.step
def count(ctx: StepContext) -> float:
    return ctx.ask("amount", "How many?", kind="number")


@kinds.step
def agree(ctx: StepContext) -> bool:
    return ctx.ask("agreed", "Agreed?", kind="confirm")


@kinds.step
def fill(ctx: StepContext) -> dict:
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 0}},
        "required": ["name"],
        "additionalProperties": False,
    }
    return ctx.ask("person", "Who are you?", schema=schema)


timed = Workflow("timed", params={"policy": "cancel", "seconds": 1.0})


@timed.step
def first(ctx: StepContext) -> str:
    note("first")
    return "done"


@timed.step
def ask(ctx: StepContext, params: Params, first: str) -> str:
    note("ask")
    return ctx.ask(
        "choice", "Left or right?", options=["left", "right"], default="left",
        timeout_seconds=params.seconds, on_timeout=params.policy,
    )


@timed.step
def last(ask: str) -> str:
    note("last")
    return ask


deadly = Workflow("deadly")


@deadly.step
def fatal(ctx: StepContext) -> str:
    note("fatal")
    try:
        return ctx.ask("run_mode", "Shall it live?", options=["yes", "no"])
    except BaseException:
        if not Path("died").exists():
            Path("died").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        raise


crowd = Workflow("crowd")


@crowd.step
def people() -> list[int]:
    return list(range(12))


@crowd.step(each="people", key=str)
def person(item: int, ctx: StepContext) -> str:
    return ctx.ask("opinion", f"What does number {item} think?")


configured = Workflow("configured", params={"run_mode": "DEEP_LOOP"})


@configured.step
def settle(ctx: StepContext, params: Params) -> str:
    return ctx.ask("run_mode", "Which?", options=["ONCE", "DEEP_LOOP"], configured=params.run_mode)


flaky = Workflow("flaky")


@flaky.step(retries=1)
def again(ctx: StepContext) -> str:
    note("again")
    answer = ctx.ask("once", "Only once?", options=["yes", "no"])
    if not Path("failed").exists():
        Path("failed").touch()
        raise RuntimeError("not yet")
    return answer


busy = Workflow("busy", max_parallel=2)


@busy.step
def hold(ctx: StepContext) -> str:
    import threading

    threading.Event().wait(60)
    return "held"


@busy.step
def demand(ctx: StepContext) -> str:
    note("demand")
    return ctx.ask("choice", "Left or right?", options=["left", "right"], timeout_seconds=1)


quiet = Workflow("quiet")


@quiet.step
def work() -> str:
    return "no questions"
'''


def settle_in(shell: Shell, workflow: str, *params: str) -> str:
    """A new job of one of these workflows."""
    shell.write("interviews_flows.py", FLOWS)
    return shell.create(f"interviews_flows:{workflow}", *params)


def leave(shell: Shell, job: str) -> Any:
    """Run a job until it ends or waits for a person; the run."""
    answer = shell.run("job", "run", job, "--no-wait", "--json")
    assert answer.code in (0, 1, 130), answer
    return answer.json["run"]


def waiting(shell: Shell) -> list[Any]:
    """The inbox."""
    questions: list[Any] = shell.get("inbox")["questions"]
    return questions


def reply(shell: Shell, job: str, *values: str) -> Any:
    """Answer the one question that waits, and run the job on; the run."""
    (question,) = [question for question in waiting(shell) if question["job_id"] == job]
    assert shell.get("answer", question["question_id"], *values)["taken"] == "in_time"
    return leave(shell, job)


def interview(shell: Shell, job: str, *answers: str) -> Any:
    """Run a job and answer what it asks, one after the other; the run."""
    run = leave(shell, job)
    for answer in answers:
        assert run["status"] == "waiting", run
        run = reply(shell, job, answer)
    return run


def decisions(shell: Shell, job: str, *options: str) -> list[Any]:
    """The decisions of a job."""
    found: list[Any] = shell.get("job", "decisions", job, *options)["decisions"]
    return found


def job_file(shell: Shell, job: str) -> Any:
    """The job's own file."""
    return json.loads((shell.folder / ".oncue" / "jobs" / job / "job_data.json").read_text(encoding="utf-8"))


def read_until(process: "subprocess.Popen[str]", text: str) -> str:
    """What a process says on standard error up to the line with this text."""
    assert process.stderr is not None
    said = ""
    for line in process.stderr:
        said += line
        if text in line:
            return said
    raise AssertionError(f"it ended without saying {text!r}: {said}")


_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[78]")
_WITH_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "os.execv(sys.executable, [sys.executable, '-m', 'oncue', *sys.argv[1:]])"
)


@dataclass(slots=True)
class Terminal:
    """A terminal with the command in it."""

    process: "subprocess.Popen[bytes]"
    master: int
    seen: str = ""

    def until(self, text: str) -> str:
        """Everything shown up to this text, which is then forgotten."""
        while text not in self.seen:
            ready, _, _ = select.select([self.master], [], [], PATIENCE_SECONDS)
            assert ready, f"nothing more is shown: {self.seen!r}"
            try:
                data = os.read(self.master, 65_536)
            except OSError:
                data = b""
            assert data, f"it ended without showing {text!r}: {self.seen!r}"
            self.seen += _ANSI.sub("", data.decode(errors="replace"))
        shown, _, self.seen = self.seen.partition(text)
        return shown + text

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self.master, text.encode())

    def end(self) -> int:
        """Read the rest; the exit code."""
        while True:
            try:
                data = os.read(self.master, 65_536)
            except OSError:
                break
            if not data:
                break
            self.seen += _ANSI.sub("", data.decode(errors="replace"))
        return self.process.wait(PATIENCE_SECONDS)


@contextmanager
def terminal(shell: Shell, *arguments: str) -> Iterator[Terminal]:
    """Run the command in a terminal of its own."""
    master, slave = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", _WITH_TERMINAL, *arguments],
        cwd=shell.folder,
        env=shell.environment(TERM="xterm"),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    try:
        yield Terminal(process, master)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        os.close(master)
