"""An answer that looks like a secret is refused, and is nowhere afterwards."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

FLOW = """
from oncue import Workflow

flow = Workflow("flow")

@flow.step
def note(ctx):
    return ctx.ask("note", "What should be noted?")
"""
FORM = FLOW.replace(
    '"What should be noted?"', '"What should be noted?", schema={"type": "object", "properties": {"text": {"type": "string"}}}'
)
SECRET = "password=correct-horse-battery-42"


def oncue(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "oncue", *arguments],
        cwd=folder,
        env={**os.environ, **environment},
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


@pytest.mark.parametrize("secret", ['pä"ss\\word-12345', "two\nlines-of-it", "ключ-от-квартиры"])
def test_a_secret_that_json_writes_otherwise_is_found_in_a_form_too(tmp_path: Path, secret: str) -> None:
    (tmp_path / "flows.py").write_text(FORM, encoding="utf-8")
    job = json.loads(oncue(tmp_path, "job", "create", "flows:flow", "--json").stdout)["job_id"]
    assert oncue(tmp_path, "job", "run", job, "--no-wait").returncode == 0
    (question,) = json.loads(oncue(tmp_path, "inbox", "--json").stdout)["questions"]
    (tmp_path / "answer.json").write_text(json.dumps({"text": f"it is {secret}"}), encoding="utf-8")
    answer = ("answer", question["question_id"], "--form", "answer.json")

    refused = oncue(tmp_path, *answer, MY_API_TOKEN=secret)

    assert refused.returncode == 2
    assert "$MY_API_TOKEN" in refused.stderr
    assert secret not in refused.stdout + refused.stderr
    assert oncue(tmp_path, *answer).returncode == 0
