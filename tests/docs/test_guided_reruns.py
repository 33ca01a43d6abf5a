"""The guide to guided reruns, walked through: its files, its commands in their order, and every line it shows."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.shipped import Shell
from tests.support.repository import ROOT

GUIDE = ROOT / "docs" / "how-to" / "guided-reruns.md"
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def steps(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each command of the guide, with the lines that it shows below it."""
    for language, body in _FENCE.findall(text):
        if language == "console":
            for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
                command, *lines = part.rstrip("\n").split("\n")
                yield command, lines


@pytest.mark.proves("S0-25")
def test_every_command_of_the_guide_works_and_prints_what_the_guide_shows(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    text = GUIDE.read_text(encoding="utf-8")
    workflow, replies = [body for language, body in _FENCE.findall(text) if language == "yaml"]
    shell.write("rain.yaml", workflow)
    shell.write("replies.yaml", replies)
    job = ""

    for command, lines in steps(text):
        words = [job if word == "JOB" else word for word in shlex.split(command.removeprefix("oncue "))]
        answer = shell.run(*words)

        assert answer.code == 0, (command, answer)
        missing = [line for line in lines if line not in answer.out.split("\n")]
        assert missing == [], (command, answer.out)
        job = job or (shell.get("job", "list")["jobs"][0]["job_id"] if words[:2] == ["job", "create"] else "")

    assert "## How comments are stored and displayed" in text
    assert [run["status"] for run in shell.get("job", "history", job)["runs"]] == ["succeeded"] * 4
