"""How soon a run goes on after its process was killed."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import probe
from benchmarks.figure import Figure
from benchmarks.processes import run_child, run_doomed_child
from benchmarks.settings import Settings

LIMIT = 50.0


def measure_resume(settings: Settings) -> Iterator[Figure]:
    """A chain whose process is killed inside its last step but one; new processes take over copies of what it left."""
    inside: list[float] = []
    whole: list[float] = []
    with settings.scratch() as folder:
        code = run_doomed_child("run", str(folder), "interrupted", str(settings.steps), **{probe.KILL: "1"})
        if code != -signal.SIGKILL:
            raise RuntimeError(f"the process to be killed ended by itself with {code}")
        for number in range(settings.rounds + 1):
            copy = folder / f"copy{number}"
            shutil.copytree(folder / "workspace", copy)
            found, spawned = _resume(copy)
            if number:  # the first one compiles the workflow's module
                inside.append(1000 * found["seconds"])
                whole.append(1000 * (found["entered"] - spawned))
    name = f"resume after kill -9 at step {settings.steps - 1:,} of {settings.steps:,}"
    yield Figure(name=f"{name}: store open to step running", unit="ms", samples=tuple(inside), limit=LIMIT)
    yield Figure(name=f"{name}: process start to step running", unit="ms", samples=tuple(whole))


def _resume(workspace: Path) -> tuple[dict[str, float], float]:
    spawned = time.perf_counter()  # one counter for all processes of a machine, where it is the monotonic clock
    found = run_child("resume", str(workspace))
    if not found["succeeded"]:
        raise RuntimeError("the resumed run did not succeed")
    return found, spawned
