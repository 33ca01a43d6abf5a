"""What a step wrote can be read afterwards, and superseded bodies can be pruned without losing what is on record."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

FLOW = """
from oncue import StepContext, Workflow

flow = Workflow("flow", params={"size": 3})

@flow.step
def draft(params, ctx: StepContext):
    ctx.log.info("drafting %s characters", params.size)
    ctx.log.info("from a file: %s", b"caf\\xe9".decode("utf-8", "surrogateescape"))
    return "x" * params.size

@flow.step(deliverable=True)
def report(draft):
    return {"length": len(draft), "text": draft}
"""


def oncue(folder: Path, *arguments: str, code: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "oncue", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


@pytest.fixture
def job(tmp_path: Path) -> str:
    (tmp_path / "flows.py").write_text(FLOW, encoding="utf-8")
    job_id: str = json.loads(oncue(tmp_path, "job", "create", "flows:flow", "--json"))["job_id"]
    oncue(tmp_path, "job", "run", job_id)
    return job_id


def test_what_a_step_logs_is_kept_with_its_attempt(tmp_path: Path, job: str) -> None:
    log = oncue(tmp_path, "job", "log", job, "draft")

    assert "INFO drafting 3 characters" in log
    assert "INFO from a file: caf?" in log
    assert "has no log" in oncue(tmp_path, "job", "log", job, "report", code=4)


@pytest.mark.proves("S2-28")
def test_pruning_frees_superseded_bodies_and_keeps_every_report_and_record(tmp_path: Path, job: str) -> None:
    oncue(tmp_path, "job", "rerun", job, "--param", "size=5")

    pruned = json.loads(oncue(tmp_path, "prune", "--json"))["pruned"]

    assert pruned["bodies"] == 1
    assert oncue(tmp_path, "job", "artifact", job, "draft").strip() == "xxxxx"
    assert "rerun" in oncue(tmp_path, "job", "artifact", job, "draft", "--run", "1", code=4)
    assert '"length": 3' in oncue(tmp_path, "job", "artifact", job, "report", "--run", "1")
    assert len(json.loads(oncue(tmp_path, "job", "history", job, "--json"))["runs"]) == 2
