"""What the benchmarks do in processes of their own; prints one line of JSON."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from pathlib import Path

from benchmarks import probe
from benchmarks.driving import run_once
from oncue import wiring
from oncue.engines import embedded  # noqa: F401 - what a process that executes has imported when it is up


def peak_bytes() -> int:
    """The largest resident size of this process so far; not that of the process it was forked from."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        scale = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


async def run(folder: Path, shape: str, steps: int) -> dict[str, float]:
    """Run one job of a generated workflow."""
    before = peak_bytes()
    await run_once(folder, shape=shape, steps=steps)
    return {"peak_bytes": peak_bytes(), "peak_bytes_before": before}


async def resume(folder: Path) -> dict[str, float]:
    """Open a workspace and finish its interrupted run."""
    opened = time.perf_counter()
    workspace = wiring.open_workspace(folder, create=False)
    async with wiring.executing(workspace) as executor:
        with workspace.store.read() as reader:
            (interrupted,) = reader.list_open_runs()
        ended = await executor.finish(interrupted.job_id, interrupted.number)
    workspace.store.close()
    return {"seconds": probe.entered[0] - opened, "succeeded": ended.state.value == "succeeded", "entered": probe.entered[0]}


def main() -> None:
    """``run FOLDER SHAPE STEPS`` or ``resume WORKSPACE``."""
    command, folder, *rest = sys.argv[1:]
    work = run(Path(folder), rest[0], int(rest[1])) if command == "run" else resume(Path(folder))
    print(json.dumps(asyncio.run(work)))


if __name__ == "__main__":
    main()
