"""The live table: what it says of a run, and that it never outgrows the screen."""

import os
import pty
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from oncue.cli.terminal.livetable import draw
from oncue.control.views.progressview import LineState, RunTracker
from oncue.core.definition import StepDefinition, WorkflowDefinition
from oncue.core.events import Event, EventType
from oncue.core.graph import Graph
from oncue.core.model import ContentHash, JobId, Run, RunKind, RunState, StepId, TriggerId
from oncue.core.plan import Action, PlannedStep
from oncue.core.planrecord import RecordedPlan
from tests.acceptance.shipped import COMMAND, Shell

START = datetime(2026, 1, 1, tzinfo=UTC)
JOB = JobId("job")


def tracker_of(phases: int, steps: int) -> RunTracker:
    """A run of a chain in several phases whose second step is a fan-out; the first step is reused."""
    names = [f"step{index}" for index in range(phases * steps)]
    definition = WorkflowDefinition(
        name="many",
        phases=tuple(f"phase{index}" for index in range(phases)),
        steps=tuple(
            StepDefinition(name=name, phase=f"phase{index // steps}", hash="h", each="step0" if index == 1 else None)
            for index, name in enumerate(names)
        ),
    )
    executing = [PlannedStep(StepId("step1"), Action.EXECUTE, is_expanding=True)]
    executing += [PlannedStep(StepId(name), Action.EXECUTE) for name in names[2:]]
    plan = RecordedPlan(executing=tuple(executing), reused={StepId("step0"): 1})
    run = Run(
        job_id=JOB,
        number=2,
        state=RunState.QUEUED,
        kind=RunKind.RERUN,
        request={"scope": "all"},
        trigger_id=TriggerId("t"),
        plan_digest="d",
        definition_hash=ContentHash("h"),
        params={},
        queued_at=START,
    )
    return RunTracker(run, Graph(definition), plan, durations={"step2": (1.0, 3.0)})


def events(*happened: tuple[EventType, str | None]) -> Iterator[Event]:
    for seq, (kind, step) in enumerate(happened, start=1):
        at = START + timedelta(seconds=seq)
        yield Event(job_id=JOB, seq=seq, at=at, type=kind, run=2, step=StepId(step) if step else None)


def text_of(tracker: RunTracker, *, height: int = 40, width: int = 100) -> str:
    console = Console(file=StringIO(), width=width, height=height)
    with console.capture() as capture:
        console.print(draw(tracker, START + timedelta(seconds=9), height=height))
    return capture.get()


def test_lines_follow_the_events() -> None:
    tracker = tracker_of(phases=2, steps=2)
    tracker.apply(
        events(
            (EventType.RUN_STARTED, None),
            (EventType.STEP_STARTED, "step1[a]"),
            (EventType.STEP_STARTED, "step1[b]"),
            (EventType.STEP_SUCCEEDED, "step1[a]"),
        )
    )

    assert tracker.unknown == ["step1"]
    tracker.learn_totals(lambda name: 4 if name == "step1" else None)

    assert {name: line.state for name, line in tracker.lines.items()} == {
        "step0": LineState.REUSED,
        "step1": LineState.RUNNING,
        "step2": LineState.WAITING,
        "step3": LineState.WAITING,
    }
    text = text_of(tracker)
    assert "1/4" in text
    assert "reused" in text
    assert "usually 3.0 s" in text
    assert "run 2  running" in text


def test_a_line_says_which_model_is_asked_and_what_it_came_to() -> None:
    tracker = tracker_of(phases=2, steps=2)
    said: list[str] = []
    for kind, data in (
        (EventType.STEP_STARTED, None),
        (EventType.MODEL_CALLED, {"call": 1, "purpose": "generate", "model": "openai:m"}),
        (EventType.MODEL_FAILED, {"call": 1, "code": "model_rate_limited", "message": "\x1b[31mwait"}),
        (EventType.STEP_PROGRESS, {"done": 3, "total": None, "message": "Once upon"}),
    ):
        tracker.apply([replace(event, data=data) for event in events((kind, "step2"))])
        said.append(tracker.lines["step2"].message)

    assert said == ["", "asks openai:m", "model rate limited", "Once upon"]


def test_an_attempt_that_is_repeated_counts_once() -> None:
    tracker = tracker_of(phases=1, steps=3)
    retried = {"retry_at": START.isoformat(), "message": "busy"}
    tracker.apply(events((EventType.RUN_STARTED, None), (EventType.STEP_STARTED, "step2")))
    tracker.apply([Event(job_id=JOB, seq=9, at=START, type=EventType.STEP_FAILED, run=2, step=StepId("step2"), data=retried)])
    tracker.apply(events((EventType.STEP_STARTED, "step2"), (EventType.STEP_SUCCEEDED, "step2")))
    tracker.apply(events((EventType.STEP_SUCCEEDED, "step2")))

    assert (tracker.lines["step2"].succeeded, tracker.lines["step2"].failed) == (1, 0)
    assert tracker.lines["step2"].state is LineState.SUCCEEDED


@pytest.mark.parametrize("height", [1, 4, 5, 8, 12, 24, 80])
@pytest.mark.parametrize(("phases", "steps"), [(1, 3), (5, 2), (12, 4), (40, 3)])
def test_the_table_never_outgrows_the_screen(height: int, phases: int, steps: int) -> None:
    tracker = tracker_of(phases, steps)
    tracker.apply(events((EventType.RUN_STARTED, None), (EventType.STEP_STARTED, "step1[a]")))

    lines = text_of(tracker, height=height, width=60).splitlines()

    assert len(lines) <= max(height, 3)
    assert all(len(line) <= 60 for line in lines)


def test_the_phase_that_is_busy_is_folded_last() -> None:
    tracker = tracker_of(phases=6, steps=4)
    tracker.apply(events((EventType.RUN_STARTED, None), (EventType.STEP_STARTED, "step13")))

    text = text_of(tracker, height=16)

    assert "step13" in text
    assert "step5" not in text
    assert "0 of 4 steps" in text


def test_on_a_terminal_a_run_is_drawn_and_summed_up(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    shell.write("two.yaml", "phases: [one, two]\nsteps:\n  - {id: a, run: echo 1}\n  - {id: b, phase: two, run: echo 2}\n")
    job = shell.create("two.yaml")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "job", "run", job],
        cwd=tmp_path,
        env=shell.environment(TERM="xterm-256color", LINES="24"),
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)

    written = b"".join(iter(lambda: _read(ours), b"")).decode()

    assert process.wait(timeout=60) == 0
    os.close(ours)
    assert "\x1b[" in written
    assert "✓" in written
    assert f"run 1 of job {job}" in written


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other side is closed
        return b""
