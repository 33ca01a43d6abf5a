"""Large outputs are exported in constant memory, and entries above 4 GiB have a form that readers know."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from oncue.control.exports.exportzip import open_archive
from oncue.control.workspace import Workspace
from tests.export.jobs import make_job, run_job
from tests.export.questions import ASKED
from tests.support.repository import ROOT

MEBI = 1 << 20
LARGE = 300 * MEBI
HEAVY = f"""
    from oncue import Workflow

    heavy = Workflow("heavy")

    @heavy.step
    def large(ctx):
        with (ctx.files / "large.bin").open("wb") as sink:
            sink.truncate({LARGE})

    @heavy.step
    def text(large):
        return ("long text " * 100 + "\\n") * 30_000
"""
MEASURE = """
import json, sys, tracemalloc
from pathlib import Path
from oncue.control.exports.export import export_job
from oncue.wiring import open_workspace

workspace = open_workspace(sys.argv[1], create=False)
export_job(workspace, sys.argv[2], Path(sys.argv[3]), environ={})  # imports what it needs
before = Path(sys.argv[3]).read_bytes()[:0]
tracemalloc.start()
export_job(workspace, sys.argv[4], Path(sys.argv[3]), environ={})
peak = tracemalloc.get_traced_memory()[1]
resident = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
print(json.dumps({"traced": peak, "resident": int(resident[0].split()[1]) * 1024}))
"""


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="reads the peak of its memory from /proc")
@pytest.mark.timeout(300)
def test_a_large_artifact_is_exported_in_constant_memory(workspace: Workspace, tmp_path: Path) -> None:
    small = make_job(workspace, tmp_path)
    heavy = make_job(workspace, tmp_path, HEAVY)
    run_job(workspace, small.id)
    run_job(workspace, heavy.id)
    target = tmp_path / "job.zip"
    command = [sys.executable, "-c", MEASURE, str(tmp_path / "workspace"), small.id, str(target), heavy.id]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    peak = json.loads(done.stdout)
    with zipfile.ZipFile(target) as archive:
        assert archive.getinfo("artifacts/large/large.bin").file_size == LARGE
    assert peak["traced"] < 40 * MEBI
    assert peak["resident"] < 200 * MEBI


def test_an_entry_that_may_be_larger_than_4_gib_is_written_in_the_zip64_form(tmp_path: Path) -> None:
    target = tmp_path / "large.zip"

    with open_archive(target, ASKED) as archive:
        archive.write("small", [b"x"], size=1)
        archive.write("large", [b"x"], size=5 << 30)

    with zipfile.ZipFile(target) as read:
        versions = {entry.filename: entry.extract_version for entry in read.infolist()}
        assert read.read("large") == b"x"
    assert versions["small"] == 20
    assert b"\x2d\x00" in target.read_bytes()  # version 4.5 in the header of the large one
