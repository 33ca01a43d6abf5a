"""A study with a model in it, and replies that follow the comment they are given."""

from typing import Any

from tests.acceptance.shipped import Shell

STUDY = """\
name: study
persona: You are a careful data scientist.
rules: [Never invent numbers.]
steps:
  - {id: table, run: "printf 'year,value\\n2023,4\\n2024,7\\n'"}
  - {id: draft, prompt: Fit a curve to the table and describe it.}
  - {id: report, run: 'cat "$ONCUE_INPUTS/draft/answer"'}
"""
REPLIES = """\
usage: words
prices: {input: 1, output: 2}
rules:
  - when: {comment: {matches: '> (?:\\(on: \\w+\\) )?(?P<asked>.*)'}}
    reply: "Done, with: {{ asked }}"
  - reply: A straight line fits.
"""


def study(shell: Shell) -> str:
    """A job of the study that was run once, with the model of the workspace set."""
    shell.write("study.yaml", STUDY)
    shell.write("replies.yaml", REPLIES)
    job = shell.create("study.yaml")
    shell.get("config", "set", "model", "recorded:replies.yaml")
    assert shell.get("job", "run", job)["run"]["status"] == "succeeded"
    return job


def guide(shell: Shell, job: str, text: str, *options: str) -> Any:
    """Rerun only the draft with a comment; the run."""
    return shell.get("job", "rerun", job, "--only", "--step", "draft", "--comment", text, *options)["run"]


def calls(shell: Shell, job: str, run: int, *options: str) -> Any:
    """The calls of the draft in one run, with all that was said."""
    (attempt,) = shell.get("job", "trace", job, "draft", "--run", str(run), "--payload", *options)["attempts"]
    return attempt["calls"]


def comments(shell: Shell, job: str, *options: str) -> Any:
    """Every comment of a job."""
    return shell.get("job", "comments", job, *options)["comments"]


def stored(shell: Shell) -> bytes:
    """Every byte of the workspace."""
    files = sorted(path for path in (shell.folder / ".oncue").rglob("*") if path.is_file())
    return b"".join(path.read_bytes() for path in files)
