"""The machine that was measured, without anything that names it."""

from __future__ import annotations

import os
import platform
import sqlite3
from pathlib import Path


def describe_machine(folder: Path) -> dict[str, object]:
    """What the figures depend on; no host name, no path."""
    return {
        "cpu": _cpu_model(),
        "cpus": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "platform": f"{platform.system()} {platform.release()} {platform.machine()}",
        "file_system": _file_system(folder),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "sqlite": sqlite3.sqlite_version,
        "load_average": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    }


def _cpu_model() -> str:
    lines = _lines(Path("/proc/cpuinfo"))
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor())


def _file_system(folder: Path) -> str:
    """The type of the file system a folder lies on; empty where that cannot be known."""
    mounts = [line.split()[1:3] for line in _lines(Path("/proc/mounts"))]
    holding = [(len(point), kind) for point, kind in mounts if folder.resolve().is_relative_to(point)]
    return max(holding)[1] if holding else ""


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
