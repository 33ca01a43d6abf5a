"""Comments that a program reads: found where a step says so, on record as read, and refused where they could change nothing."""

from pathlib import Path

import pytest

from tests.acceptance.shipped import Shell

FLOW = """
name: pick
steps:
  - id: rows
    run: printf 'sun 12\\nwind 30\\n'
  - id: pick
    run: grep -- "${ONCUE_COMMENT:-.}" "$ONCUE_INPUTS/rows/stdout"
  - id: note
    needs: []
    run: sh note.sh
    comment: true
  - id: deaf
    needs: []
    run: sh note.sh
"""


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A folder with a manifest of which two steps read comments, one of them through a program."""
    shell = Shell(tmp_path)
    shell.write("pick.yaml", FLOW)
    shell.write("note.sh", 'printf "<%s>" "$ONCUE_COMMENT"')
    return shell


def test_a_comment_steers_a_program_and_is_recorded_as_read(shell: Shell) -> None:
    job = shell.create("pick.yaml")
    shell.get("job", "run", job)
    before = shell.run("job", "artifact", job, "pick").out

    shell.get("job", "rerun", job, "--only", "--step", "pick", "--comment", "wind")

    assert (before, shell.run("job", "artifact", job, "pick").out) == ("sun 12\nwind 30\n", "wind 30\n")
    assert "made with the comment of run 2, by ada: “wind”" in shell.run("job", "why", job, "pick").out


def test_a_comment_is_data_whatever_is_in_it(shell: Shell) -> None:
    job = shell.create("pick.yaml")
    shell.get("job", "run", job)
    comment = '$(touch broken)`touch broken`\'; touch broken #\n"two" ünder'

    shell.get("job", "rerun", job, "--only", "--step", "note", "--comment", comment)

    assert shell.run("job", "artifact", job, "note").out == f"<{comment}>"
    assert not (shell.folder / "broken").exists()


def test_a_comment_of_a_whole_run_stays_away_from_steps_that_do_not_read_it(shell: Shell) -> None:
    job = shell.create("pick.yaml")

    shell.get("job", "run", job)
    shell.get("job", "rerun", job, "--comment", "wind")

    assert shell.run("job", "artifact", job, "note").out == "<wind>"
    assert shell.run("job", "artifact", job, "deaf").out == "<>"


def test_a_comment_that_nothing_would_read_is_refused_before_the_run(shell: Shell) -> None:
    job = shell.create("pick.yaml")
    shell.get("job", "run", job)

    refused = shell.run("job", "rerun", job, "--only", "--step", "deaf", "--comment", "wind")

    assert refused.code == 3
    assert "no step that would get the comment can read one" in refused.err
    assert [run["number"] for run in shell.get("job", "history", job)["runs"]] == [1]
