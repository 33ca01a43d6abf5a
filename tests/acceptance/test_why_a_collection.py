"""``oncue job why`` names the instances of a fan-out that changed, and no others."""

import json
import subprocess
import sys
from pathlib import Path

FLOW = """
from oncue import Workflow

flow = Workflow("flow", params={"loud": False})

@flow.step
def pages():
    return ["sun", "wind", "rain"]

@flow.step(each="pages")
def summary(item, params):
    return item.upper() if params.loud else item

@flow.step
def report(summary):
    return " ".join(summary)
"""


def oncue(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "oncue", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    return done.stdout


def test_the_changed_instance_is_named_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "flows.py").write_text(FLOW, encoding="utf-8")
    job = json.loads(oncue(tmp_path, "job", "create", "flows:flow", "--json"))["job_id"]
    oncue(tmp_path, "job", "run", job)
    oncue(tmp_path, "job", "rerun", job, "--only", "--step", "summary[wind]", "--param", "loud=true")

    shown = oncue(tmp_path, "job", "why", job, "report")

    assert "the outputs of summary changed since run 1 consumed them: summary[wind] (run 2)\n" in shown
