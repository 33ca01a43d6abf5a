"""A study with a model in it that answers from a file: for tests of comments, traces and prompts."""

from __future__ import annotations

from pathlib import Path

from oncue.control.jobs import create_job
from oncue.control.settings import change_setting
from oncue.control.workspace import Workspace

STUDY = """\
name: study
persona: You are a careful data scientist.
rules: [Never invent numbers.]
params: {region: eu}
phases: [Data, Text]
steps:
  - {id: table, phase: Data, run: "printf 'year,value\\n2023,4\\n2024,7\\n{{ params.region }}\\n'"}
  - {id: draft, phase: Text, prompt: Fit a curve to the table and describe it.}
  - {id: report, phase: Text, run: 'cat "$ONCUE_INPUTS/draft/answer"'}
"""
REPLIES = """\
usage: words
prices: {input: 1, output: 2}
rules:
  - when: {comment: {matches: '> (?:\\(on: \\w+\\) )?(?P<asked>.*)'}}
    reply: "Done, with: {{ asked }}"
  - reply: A straight line fits.
"""


def new_study(workspace: Workspace, folder: Path) -> str:
    """A job of the study, not run yet, in a workspace whose model it is that answers."""
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    (folder / "replies.yaml").write_text(REPLIES, encoding="utf-8")
    change_setting(workspace, "model", f"recorded:{folder / 'replies.yaml'}", actor="ada")
    return create_job(workspace, "study.yaml", params={}, folder=folder).id
