"""Pruning takes no trace apart, and an output stays an output though a model said the very same bytes."""

from typing import Any

import pytest

from tests.acceptance.shipped import Shell

FLOW = '''\
"""A number that a model names."""

from oncue import StepContext, Workflow

numbers = Workflow("numbers", params={"size": 1})


@numbers.step
def seed(params) -> str:
    return "seed " * params.size


@numbers.step
def number(ctx: StepContext, seed: str) -> dict[str, str]:
    return ctx.generate("Name a number.", context=seed, output=dict[str, str])
'''
REPLIES = """\
rules:
  - when: {comment: true}
    reply: '{"number":"%s"}'
  - reply: '{"number":"%s"}'
"""


def trace(shell: Shell, job: str, run: int) -> Any:
    (attempt,) = shell.get("job", "trace", job, "number", "--run", str(run), "--payload")["attempts"]
    return attempt


@pytest.mark.parametrize("length", [1, 10_000], ids=["small", "large"])
def test_what_was_said_to_a_model_reads_the_same_after_pruning(shell: Shell, length: int) -> None:
    shell.write("naming.py", FLOW)
    shell.write("replies.yaml", REPLIES % ("2" * length, "1" * length))
    job = shell.create("naming:numbers")
    shell.get("config", "set", "model", "recorded:replies.yaml")
    assert shell.get("job", "run", job)["run"]["status"] == "succeeded"
    shell.get("job", "rerun", job, "--step", "number", "--comment", "a larger one")
    shell.get("job", "rerun", job, "--param", f"size={length}")
    before = [trace(shell, job, run) for run in (1, 2, 3)]

    pruned = shell.get("prune")["pruned"]

    assert pruned["bodies"] == (1 if length > 1 else 0)
    assert [trace(shell, job, run) for run in (1, 2, 3)] == before
    assert before[1]["calls"][0]["reply_text"] == f'{{"number":"{"2" * length}"}}'
    for run, digit in ((1, "1"), (2, "2"), (3, "1")):
        made = shell.get("job", "artifact", job, "number", "--run", str(run))
        assert (made["kind"], made["value"]) == ("value", {"number": digit * length})
    assert shell.get("job", "artifact", job, "number")["value"] == {"number": "1" * length}
