"""What a person asks for at the command line arrives complete at the step that executes it."""

from __future__ import annotations

import pytest

from oncue import wiring
from oncue.core.model import JobId
from tests.acceptance.shipped import Shell

STUDY = """\
name: study
params: {region: eu}
steps:
  - {id: table, run: "echo {{ params.region }}"}
  - {id: draft, run: 'cat "$ONCUE_INPUTS/table/stdout"; echo "$ONCUE_COMMENT"'}
"""
TEXT = "weigh the land,\nnot the “price” & <cost>"


@pytest.mark.proves("S0-30")
def test_every_option_of_the_command_arrives_at_the_run(shell: Shell) -> None:
    shell.write("study.yaml", STUDY)
    job = shell.create("study.yaml")
    shell.get("job", "run", job)
    where = ("--only", "--step", "draft", "--downstream", "rerun", "--context", "clean", "--definition", "original")
    what = ("--param", "region=us", "--answers", "reuse", "--refresh", "--reason", "the land counts")
    limits = ("--max-seconds", "60", "--max-tokens", "5000", "--max-usd", "1.5", "--max-calls", "7")

    run = shell.get("job", "rerun", job, *where, *what, *limits, "--comment", TEXT, "--kind", "method", "--keep-comments")[
        "run"
    ]

    workspace = wiring.open_workspace(shell.folder / ".oncue", create=False)
    with workspace.store.read() as reader:
        stored = reader.load_run(JobId(job), 2)
    workspace.store.close()
    assert stored is not None
    assert {name: value for name, value in stored.request.items() if value not in (None, [])} == {
        "scope": "only",
        "steps": ["draft"],
        "downstream": "rerun",
        "context": "clean",
        "definition": "original",
        "params": {"region": "us"},
        "answers": "reuse",
        "refresh": True,
        "budget": {"seconds": 60.0, "tokens": 5000, "usd": 1.5, "calls": 7},
        "comment": {"text": TEXT, "kind": "method"},
        "keep_comments": True,
    }
    assert (run["comment"]["text"], run["comments_read"]) == (TEXT, {"draft": [2]})
    assert run["trigger"]["reason"] == "the land counts"
    assert TEXT in shell.run("job", "artifact", job, "draft").out
