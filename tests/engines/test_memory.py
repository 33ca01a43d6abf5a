"""How much memory a large job takes: a process of its own, measured by the operating system."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.repository import ROOT

LIMIT_MIB = 300
AIM_MIB = 150
PROGRAM = """
import asyncio, sys
from pathlib import Path
from oncue import wiring
from tests.engines.starting import new_job, open_at, run_whole

async def run():
    workspace = open_at(sys.argv[1], Path(sys.argv[1]))
    async with wiring.executing(workspace) as executor:
        ended = await run_whole(workspace, executor, new_job(workspace, "many").id)
    with workspace.store.read() as reader:
        print(ended.state.value, len(reader.list_attempts(ended.job_id, run=1)))
    workspace.store.close()

asyncio.run(run())
for line in Path("/proc/self/status").read_text().splitlines():
    if line.startswith("VmHWM"):
        print(int(line.split()[1]) // 1024)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads what only Linux tells exactly")
def test_ten_thousand_instances_run_within_300_mebibytes(tmp_path: Path) -> None:
    # VmHWM and not ru_maxrss: the latter counts what the parent held when it forked.
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "workspace")], cwd=ROOT, check=True, capture_output=True, text=True
    )

    state, attempts, peak = done.stdout.split()
    print(f"peak {peak} MiB, aim {AIM_MIB}")
    assert (state, int(attempts)) == ("succeeded", 10_002)
    assert int(peak) <= LIMIT_MIB
