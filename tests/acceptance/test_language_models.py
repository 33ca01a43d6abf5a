"""The page about steps that call language models, as a reader tries it out: with scripted replies in place of a model."""

import re
from pathlib import Path

import pytest

from tests.acceptance.shipped import Shell, runs_of
from tests.support.repository import ROOT

PAGE = (ROOT / "docs" / "how-to" / "language-models.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0]
MANIFEST, REPLIES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
TEXT = "Sun gives 12 GW. Wind gives 30 GW."


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A folder with both workflows of the page and its scripted replies, which stand in for the model."""
    shell = Shell(tmp_path)
    shell.write("flows.py", PYTHON)
    shell.write("power.yaml", MANIFEST)
    shell.write("replies.yaml", REPLIES)
    shell.get("config", "set", "model", "recorded:replies.yaml")
    return shell


def test_the_python_workflow_of_the_page_mends_its_figures(shell: Shell) -> None:
    job = shell.create("flows:workflow")

    run = shell.get("job", "run", job)["run"]

    assert (run["status"], run["executed"]) == ("succeeded", ["table", "figures", "draft"])
    assert '"gigawatts": 30' in shell.run("job", "artifact", job, "figures").out
    assert shell.run("job", "artifact", job, "draft").out.strip() == TEXT


def test_the_manifest_of_the_page_writes_a_letter(shell: Shell) -> None:
    job = shell.create("power.yaml")

    run = shell.get("job", "run", job)["run"]

    assert (run["status"], run["executed"]) == ("succeeded", ["table", "figures", "draft", "letter"])
    assert shell.run("job", "artifact", job, "letter").out == f"Dear farmers,\n{TEXT}\n"


@pytest.mark.parametrize("workflow", ["flows:workflow", "power.yaml"])
def test_a_comment_changes_what_the_step_writes(workflow: str, shell: Shell) -> None:
    job = shell.create(workflow)
    shell.get("job", "run", job)

    run = shell.get("job", "rerun", job, "--only", "--step", "draft", "--comment", "wind only")["run"]

    assert run["executed"] == ["draft"]
    assert shell.run("job", "artifact", job, "draft").out.strip() == "Wind gives 30 GW."
    assert runs_of(shell.get("job", "show", job))["figures"] == 1


@pytest.mark.parametrize("workflow", ["flows:workflow", "power.yaml"])
def test_without_a_model_a_run_does_not_begin(workflow: str, shell: Shell) -> None:
    job = shell.create(workflow)
    shell.get("config", "unset", "model")

    refused = shell.run("job", "run", job)

    assert refused.code == 3
    assert "figures, draft need a language model, and none is set for this workspace" in refused.err
    assert shell.get("job", "history", job)["runs"] == []
