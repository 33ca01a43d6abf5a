"""Keep and clean: two modes, defined in one place, and traced for every call of a loop of corrections."""

from typing import Any

import pytest

from tests.acceptance.shipped import Shell
from tests.support.repository import ROOT

FLOW = '''\
"""A note that is mended twice before it is good."""

from oncue import Workflow

notes = Workflow("notes")


def holds_a_number(text: str) -> None:
    if not any(character.isdigit() for character in text):
        raise ValueError("no number in it")


@notes.step
def note(ctx) -> str:
    return ctx.generate("Write.", checks=[holds_a_number, lambda text: None if "Yours" in text else "it is not signed"])
'''
REPLIES = """\
rules:
  - {when: {problem: no number}, reply: 12 mm.}
  - {when: {problem: not signed}, reply: 12 mm. Yours}
  - reply: Some rain.
"""
LOOP = ["generate", "fix_error", "self_correct"]


@pytest.mark.proves("S0-29")
def test_the_modes_are_two_and_a_whole_loop_of_corrections_is_traced_under_each(shell: Shell) -> None:
    shell.write("notes.py", FLOW)
    shell.write("replies.yaml", REPLIES)
    job = shell.create("notes:notes")
    shell.get("config", "set", "model", "recorded:replies.yaml")
    shell.get("job", "run", job)

    for mode in ("keep", "clean"):
        shell.get("job", "rerun", job, "--only", "--step", "note", "--context", mode)
    other = shell.run("job", "rerun", job, "--only", "--step", "note", "--context", "fresh")

    attempts: list[Any] = shell.get("job", "trace", job, "note")["attempts"]
    assert [(attempt["run"], attempt["context"]) for attempt in attempts] == [(1, "clean"), (2, "keep"), (3, "clean")]
    assert [[call["purpose"] for call in attempt["calls"]] for attempt in attempts] == [LOOP] * 3
    kept = [["previous" in {part["name"] for part in call["sections"]} for call in attempt["calls"]] for attempt in attempts]
    assert kept == [[False] * 3, [True] * 3, [False] * 3]
    assert (other.code, "'--context': 'fresh' is not one of 'keep', 'clean'" in other.err) == (2, True)
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    assert (
        "| **context** | what a step sees besides its inputs: its own previous output (`keep`) or nothing (`clean`) |"
        in glossary
    )
