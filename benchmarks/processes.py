"""Starts processes with the interpreter of this one, and the environment that users have."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def environment(**more: str) -> dict[str, str]:
    """This environment, with byte code: without it every start would compile everything anew."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    path = os.pathsep.join(part for part in (str(ROOT), kept.get("PYTHONPATH", "")) if part)
    return kept | {"PYTHONPATH": path} | more


def run_child(*arguments: str) -> dict[str, float]:
    """Run ``benchmarks.child`` and return what it printed."""
    command = [sys.executable, "-m", "benchmarks.child", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment(), check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def run_doomed_child(*arguments: str, **more: str) -> int:
    """Run ``benchmarks.child`` in an environment in which it kills itself; its exit code."""
    command = [sys.executable, "-m", "benchmarks.child", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment(**more), check=False, capture_output=True).returncode


def time_command(command: Sequence[str]) -> float:
    """Seconds from start to end of a program.

    Raises:
        CalledProcessError: it failed.
    """
    start = time.perf_counter()
    subprocess.run(command, cwd=ROOT, env=environment(), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return time.perf_counter() - start
