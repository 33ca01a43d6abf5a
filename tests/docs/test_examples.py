"""What the documents show is what the program does: their workflows run, and their commands and options exist."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from oncue.cli.main import root
from tests.support.repository import ROOT, relative, tracked_files

_FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`(oncue [^`]+)`")


def _fenced(document: Path, language: str) -> list[str]:
    return [body for found, body in _FENCE.findall(document.read_text(encoding="utf-8")) if found == language]


def _commands(document: Path) -> Iterator[str]:
    text = document.read_text(encoding="utf-8")
    yield from _INLINE.findall(_FENCE.sub("", text))
    for body in _fenced(document, "console"):
        yield from (line.removeprefix("$ ") for line in body.splitlines() if line.startswith("$ oncue "))


def _documented() -> list[tuple[str, str]]:
    documents = [path for path in tracked_files() if path.suffix == ".md"]
    return [(relative(document), command) for document in documents for command in _commands(document)]


def _oncue(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "oncue", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(("document", "command"), _documented())
def test_every_command_in_the_documents_exists_with_its_options(document: str, command: str) -> None:
    words = shlex.split(command.split(" #", maxsplit=1)[0], comments=False)[1:]
    found: click.Command = root
    context = click.Context(root)
    while isinstance(found, click.Group) and words and not words[0].startswith("-"):
        child = found.get_command(context, words[0])
        assert child is not None, f"{document}: there is no command {command!r}"
        found, words = child, words[1:]
    options = {name for parameter in (*found.params, *root.params) for name in parameter.opts}
    used = {word.partition("=")[0] for word in words if word.startswith("--")}

    assert used <= options | {"--help"}, f"{document}: {command!r}"


def test_the_python_workflow_of_the_readme_runs(tmp_path: Path) -> None:
    (tmp_path / "flows.py").write_text(_fenced(ROOT / "README.md", "python")[0], encoding="utf-8")
    job = json.loads(_oncue(tmp_path, "job", "create", "flows:weekly", "--param", "region=us", "--json"))["job_id"]

    run = json.loads(_oncue(tmp_path, "job", "run", job, "--json"))["run"]

    assert run["executed"] == ["pages", "summary[solar]", "summary[wind]", "report"]
    assert _oncue(tmp_path, "job", "artifact", job, "report") == "solar: SUN OVER US\nwind: GUSTS\n"


def test_the_manifest_of_the_readme_runs(tmp_path: Path) -> None:
    (tmp_path / "figures.yaml").write_text(_fenced(ROOT / "README.md", "yaml")[0], encoding="utf-8")
    job = json.loads(_oncue(tmp_path, "job", "create", "figures.yaml", "--json"))["job_id"]

    run = json.loads(_oncue(tmp_path, "job", "run", job, "--json"))["run"]

    assert (run["status"], sorted(run["executed"])) == ("succeeded", ["chart", "count", "rows"])
    assert _oncue(tmp_path, "job", "artifact", job, "count").strip() == "2"
    assert _oncue(tmp_path, "job", "artifact", job, "chart") == "north | eu\nsouth | eu\n"
