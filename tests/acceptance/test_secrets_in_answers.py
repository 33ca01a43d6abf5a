"""An answer that looks like a secret is refused, and is nowhere afterwards."""

import json
import subprocess
import sys
from pathlib import Path

FLOW = """
from oncue import Workflow

flow = Workflow("flow")

@flow.step
def note(ctx):
    return ctx.ask("note", "What should be noted?")
"""
SECRET = "password=correct-horse-battery-42"


def oncue(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "oncue", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_a_secret_in_an_answer_is_refused_and_stored_nowhere(tmp_path: Path) -> None:
    (tmp_path / "flows.py").write_text(FLOW, encoding="utf-8")
    job = json.loads(oncue(tmp_path, "job", "create", "flows:flow", "--json").stdout)["job_id"]
    assert oncue(tmp_path, "job", "run", job, "--no-wait").returncode == 0
    (question,) = json.loads(oncue(tmp_path, "inbox", "--json").stdout)["questions"]

    refused = oncue(tmp_path, "answer", question["question_id"], SECRET)

    assert refused.returncode == 2
    assert "secret" in refused.stderr
    assert "horse" not in refused.stdout + refused.stderr
    stored = b"".join(path.read_bytes() for path in sorted((tmp_path / ".oncue").rglob("*")) if path.is_file())
    assert b"correct-horse" not in stored
    assert oncue(tmp_path, "answer", question["question_id"], "a plain note").returncode == 0
