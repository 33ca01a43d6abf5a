"""How long the command line takes to start, against an empty Python."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.driving import execute
from benchmarks.figure import Figure
from benchmarks.flows import write_manifest
from benchmarks.processes import time_command
from benchmarks.settings import Settings
from oncue import wiring
from oncue.control.jobs import create_job
from oncue.core.request import RunRequest

STEPS = 10
LIMITS = {"oncue --help": 8.0, f"oncue job show, {STEPS} steps": 20.0}


def measure_starts(settings: Settings) -> Iterator[Figure]:
    """An empty program, then each command, round after round; everything is on a warm disk and compiled."""
    program = Path(sys.executable).parent / "oncue"
    empty = [sys.executable, "-c", "pass"]
    with settings.scratch() as folder:
        job_id = asyncio.run(_run_manifest(folder))
        show = [str(program), "--workspace", str(folder / "workspace"), "job", "show", job_id]
        commands = dict(zip(LIMITS, ([str(program), "--help"], show), strict=True))
        bases: list[float] = []
        samples: dict[str, list[float]] = {name: [] for name in commands}
        problem = _warm_up(commands)
        for _ in range(settings.starts):
            bases.append(1000 * time_command(empty))
            for name in samples.keys() - problem.keys():
                samples[name].append(1000 * time_command(commands[name]))
    yield Figure(name="python -c pass", unit="ms", samples=tuple(bases))
    for name, limit in LIMITS.items():
        if name in problem:
            yield Figure(name=name, unit="ms", samples=(), limit=limit, is_ratio_bound=True, note=problem[name])
        else:
            yield Figure.against(name, unit="ms", samples=samples[name], bases=bases, base="python -c pass", limit=limit)


def _warm_up(commands: dict[str, list[str]]) -> dict[str, str]:
    """Run each command once; why one cannot be measured."""
    problem: dict[str, str] = {}
    for name, command in commands.items():
        try:
            time_command(command)
        except FileNotFoundError:
            problem[name] = "the command is not installed"
        except subprocess.CalledProcessError as error:
            last = error.stderr.decode(errors="replace").strip().splitlines()
            problem[name] = f"it failed: {last[-1] if last else error.returncode}"
    return problem


async def _run_manifest(folder: Path) -> str:
    workspace = wiring.open_workspace(folder / "workspace", create=True)
    job = create_job(workspace, write_manifest(folder, STEPS), params={}, folder=folder)
    async with wiring.executing(workspace) as executor:
        await execute(workspace, executor, job_id=job.id, request=RunRequest())
    workspace.store.close()
    return job.id
