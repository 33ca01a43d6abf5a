"""Bad input: a clear error with the next command, the right exit code, and nothing changed."""

import json
import sqlite3
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from oncue.control.jobs import create_job
from oncue.wiring import open_workspace
from tests.acceptance.shipped import COMMAND, Shell, states


@pytest.mark.proves("S4-4", "S4-22")
def test_an_unknown_job_is_named_with_the_nearest(standing: tuple[Shell, str]) -> None:
    shell, done = standing
    rows = shell.rows()
    wrong = done[:-1] + ("a" if done[-1] != "a" else "b")

    answer = shell.run("job", "rerun", wrong, "--json")

    assert (answer.code, answer.error["code"]) == (4, "unknown_job")
    assert wrong in answer.error["message"]
    assert f"did you mean {done}" in answer.error["message"]
    assert "oncue job list" in answer.error["hint"]
    assert (answer.out, shell.rows()) == ("", rows)


@pytest.mark.parametrize("number", ["2147483648", "99999999999999999999"])
@pytest.mark.parametrize("command", [["artifact", "2"], ["log", "2"], ["decisions"], ["trace"], ["cancel"]])
def test_a_run_number_beyond_all_is_a_mistake_of_usage(standing: tuple[Shell, str], command: list[str], number: str) -> None:
    shell, done = standing

    answer = shell.run("job", command[0], done, *command[1:], "--run", number, "--json")

    assert answer.code == 2
    assert number in answer.error["message"]
    assert "Traceback" not in answer.err


@pytest.mark.parametrize("step", ["0", "-1", "5", "99"])
@pytest.mark.proves("S4-5", "S4-25")
def test_a_step_number_out_of_range_is_refused_with_the_range(standing: tuple[Shell, str], step: str) -> None:
    shell, done = standing
    rows = shell.rows()

    answers = [
        shell.run("job", "rerun", done, "--step", step, "--json"),
        shell.run("job", "rerun", done, f"--step={step}", "--only", "--json"),
        shell.run("job", "why", done, step, "--json"),
    ]

    for answer in answers:
        assert (answer.code, answer.error["code"]) == (2, "step_out_of_range"), answer
        assert f"step {step} does not exist" in answer.error["message"]
        assert "1 to 4" in answer.error["message"]
        assert answer.error["hint"] == f"oncue job show {done} lists the steps"
    assert shell.rows() == rows


def test_an_unknown_step_is_named_with_the_nearest(standing: tuple[Shell, str]) -> None:
    shell, done = standing
    rows = shell.rows()

    answer = shell.run("job", "rerun", done, "--step", "cout", "--json")

    assert (answer.code, answer.error["code"]) == (4, "unknown_step")
    assert "did you mean count" in answer.error["message"]
    assert done in answer.error["hint"]
    assert shell.rows() == rows


def test_an_unknown_phase_is_refused_with_the_phases(standing: tuple[Shell, str]) -> None:
    shell, done = standing
    rows = shell.rows()

    answer = shell.run("job", "rerun", done, "--phase", "gathr", "--json")

    assert (answer.code, answer.error["code"]) == (2, "unknown_phase")
    assert "did you mean gather" in answer.error["message"]
    assert "gather, refine, publish" in answer.error["hint"]
    assert shell.rows() == rows


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--step", "2", "--phase", "gather"), ("--step", "--phase")),
        (("--step", "2", "--failed"), ("--step", "--failed")),
        (("--phase", "gather", "--failed"), ("--phase", "--failed")),
        (("--only",), ("--only", "--step")),
        (("--only", "--phase", "gather"), ("--only", "--phase")),
        (("--failed", "--downstream", "rerun"), ("--downstream", "--failed")),
        (("--step", "2", "--downstream", "rerun"), ("--downstream", "--only")),
        (("--plan", "--digest", "x"), ("--plan", "--digest")),
    ],
)
def test_options_that_contradict_each_other_are_both_named(
    standing: tuple[Shell, str], *, options: tuple[str, ...], named: tuple[str, str]
) -> None:
    shell, done = standing
    rows = shell.rows()

    answer = shell.run("job", "rerun", done, *options, "--json")

    assert (answer.code, answer.error["code"]) == (2, "usage")
    assert all(name in answer.error["message"] for name in named)
    assert shell.rows() == rows


@pytest.mark.parametrize(
    ("manifest", "place"),
    [
        ("steps:\n  - {id: a, run: [\n", "bad.yaml"),
        ("steps:\n  - {id: a, run: echo, retry: 3}\n", "bad.yaml:2"),
        ("steps:\n  - {id: a, run: echo}\n  - {id: a, run: echo}\n", "bad.yaml:3"),
        ("steps:\n  - {id: a, needs: [b], run: echo}\n  - {id: b, needs: [a], run: echo}\n", "a → b → a"),
        ("steps:\n  - {id: a, run: 'echo {{ params.x }}'}\n", "bad.yaml:2"),
    ],
    ids=["no YAML", "unknown field", "twice", "circle", "unknown parameter"],
)
def test_a_wrong_manifest_is_refused_with_its_place(shell: Shell, manifest: str, place: str) -> None:
    shell.write("bad.yaml", manifest)

    answer = shell.run("job", "create", "bad.yaml", "--json")

    assert (answer.code, answer.error["code"]) == (2, "invalid_definition")
    assert "bad.yaml" in answer.error["message"]
    assert place in answer.error["message"] or place.replace("a → b", "b → a") in answer.error["message"]
    assert not (shell.folder / ".oncue").exists()


def test_a_manifest_that_became_wrong_stops_no_reading_of_earlier_results(shell: Shell, done: str) -> None:
    rows = shell.rows()
    shell.write("chain.yaml", "steps:\n  - {id: a, run: [\n")

    rerun = shell.run("job", "rerun", done, "--json")

    assert (rerun.code, rerun.error["code"]) == (3, "source_unavailable")
    assert "chain.yaml" in rerun.error["message"]
    assert shell.get("job", "history", done)["runs"][0]["status"] == "succeeded"
    assert shell.rows() == rows


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("count=many", "must be an integer"),
        ("cuont=3", "did you mean count"),
        ("count", "NAME=VALUE"),
    ],
)
def test_a_parameter_that_cannot_be_meant_is_refused(shell: Shell, given: str, message: str) -> None:
    shell.write("counted.yaml", "params: {count: 3}\nsteps:\n  - {id: a, run: 'echo {{ params.count }}'}\n")
    job = shell.create("counted.yaml")
    rows = shell.rows()

    answers = [
        shell.run("job", "create", "counted.yaml", "--param", given, "--json"),
        shell.run("job", "rerun", job, "--param", given, "--json"),
    ]

    for answer in answers:
        assert answer.code == 2
        assert message in answer.error["message"]
    assert shell.rows() == rows


def test_an_unknown_workflow_is_named_with_the_nearest(shell: Shell) -> None:
    answer = shell.run("job", "create", "reserch", "--json")

    assert (answer.code, answer.error["code"]) == (4, "unknown_workflow")
    assert "did you mean research" in answer.error["message"]
    assert not (shell.folder / ".oncue").exists()


@pytest.mark.parametrize(
    "command",
    [("job", "show", "x"), ("job", "run", "x"), ("job", "history", "x"), ("job", "list"), ("job", "rerun", "x")],
)
def test_without_a_workspace_only_create_makes_one(shell: Shell, command: tuple[str, ...]) -> None:
    answer = shell.run(*command, "--json")

    assert (answer.code, answer.error["code"]) == (4, "no_workspace")
    assert "oncue job create" in answer.error["hint"]
    assert list(shell.folder.iterdir()) == []


def test_a_prefix_that_fits_several_jobs_is_refused(shell: Shell, chain: str) -> None:
    workspace = open_workspace(shell.folder / ".oncue", create=False)
    twin = create_job(
        replace(workspace, new_id=lambda: f"{chain[:6]}twin"), "chain.yaml", params={}, folder=shell.folder, is_text=True
    )
    workspace.store.close()

    answer = shell.run("job", "show", chain[:6], "--json")
    exact = shell.run("job", "show", twin.id, "--json")

    assert (answer.code, answer.error["code"]) == (5, "ambiguous_job")
    assert chain in answer.error["message"]
    assert twin.id in answer.error["message"]
    assert "more characters" in answer.error["hint"]
    assert (exact.code, exact.json["job_id"]) == (0, twin.id)


def test_a_workspace_of_a_newer_version_is_refused(shell: Shell, done: str) -> None:
    connection = sqlite3.connect(shell.folder / ".oncue" / "oncue.db")
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    rows = shell.rows()

    answers = [shell.run("job", "show", done, "--json"), shell.run("job", "run", done, "--json")]

    for answer in answers:
        assert (answer.code, answer.error["code"]) == (1, "workspace_error")
        assert "newer version" in answer.error["message"]
        assert "upgrade" in answer.error["hint"]
    assert shell.rows() == rows


@pytest.fixture
def read_only(shell: Shell, done: str) -> Iterator[str]:
    workspace = shell.folder / ".oncue"
    paths = [workspace, *workspace.rglob("*")]
    for path in paths:
        path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
    yield done
    for path in paths:
        path.chmod(path.stat().st_mode | stat.S_IWUSR)


def test_a_read_only_workspace_is_said(shell: Shell, read_only: str) -> None:
    answer = shell.run_unprivileged("job", "rerun", read_only, "--json")

    assert (answer.code, answer.error["code"]) == (1, "workspace_error")
    assert "written" in answer.error["message"]


def test_a_place_that_is_no_workspace_is_said(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "oncue.db").write_text("this is no database, only some text " * 40, encoding="utf-8")

    answer = shell.run("job", "list", "--workspace", "notes", "--json")

    assert answer.code == 1
    assert "not an Oncue database" in answer.error["message"]


def test_a_folder_that_cannot_be_written_is_said(standing: tuple[Shell, str]) -> None:
    shell, done = standing
    shell.write("file.txt", "a file is no folder")

    answer = shell.run("job", "artifact", done, "report", "--out", "file.txt", "--json")

    assert answer.code == 2
    assert "file.txt cannot be written" in answer.error["message"]


def test_an_output_that_is_no_json_fails_the_step_and_names_it(shell: Shell) -> None:
    shell.write(
        "odd.py",
        "from oncue import Workflow\nodd = Workflow('odd')\n\n@odd.step\ndef broken() -> object:\n    return object()\n",
    )
    job = shell.create("odd:odd")

    answer = shell.run("job", "run", job, "--json")

    assert (answer.code, answer.json["run"]["status"]) == (1, "failed")
    step = shell.get("job", "show", job)["steps"][0]
    assert step["last_attempt"]["error"]["code"] == "output_not_serializable"
    assert "'broken'" in step["last_attempt"]["error"]["message"]
    assert "object" in step["last_attempt"]["error"]["message"]


def test_a_missing_corpus_folder_fails_the_step_with_the_folder(shell: Shell) -> None:
    job = shell.create("research", "question=What is rain?", "corpus=no-such-folder")

    answer = shell.run("job", "run", job, "--json")

    assert (answer.code, answer.json["run"]["status"]) == (1, "failed")
    assert "no-such-folder" in answer.json["run"]["error"]["message"]


def test_an_unreadable_document_is_reported_and_the_rest_goes_on(shell: Shell) -> None:
    documents = shell.folder / "documents"
    documents.mkdir()
    text = "# Rain\n\nRain is water that falls from clouds. Rain begins when drops in a cloud grow too heavy to stay up. "
    (documents / "rain.md").write_text(text * 3, encoding="utf-8")
    (documents / "broken.pdf").write_bytes(b"%PDF-1.7 this is not what it says")
    job = shell.create("research", "question=How does rain begin?", "corpus=documents", "pillar_selection=ALL", "run_mode=ONCE")

    answer = shell.run("job", "run", job, "--json")

    assert (answer.code, answer.json["run"]["status"]) == (0, "succeeded"), answer
    assert "broken.pdf" in json.dumps(shell.get("job", "artifact", job, "corpus")["value"])


def test_a_full_disk_is_said_and_the_run_goes_on_when_there_is_space(shell: Shell, done: str) -> None:
    kilobytes = 48  # a limit on the size of files is the disk that is full for one process alone
    command = " ".join([*COMMAND, "job", "rerun", done, "--json"])

    full = subprocess.run(
        ["bash", "-c", f"ulimit -f {kilobytes}; exec {command}"],
        cwd=shell.folder,
        env=shell.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    error = json.loads(full.stderr)["error"]
    assert (full.returncode, error["code"]) == (1, "workspace_error"), full
    assert "full" in error["message"]
    assert "space" in error["hint"]
    resumed = shell.run("job", "run", done, "--json")
    assert resumed.code == 0
    assert all(state == "fresh" for state in states(shell.get("job", "show", done)).values())
    assert shell.get("job", "history", done)["runs"][0]["status"] == "succeeded"


def test_errors_for_people_have_a_message_and_a_hint_and_no_traceback(standing: tuple[Shell, str]) -> None:
    shell, done = standing
    answer = shell.run("job", "rerun", done, "--step", "9")

    assert answer.err.splitlines() == [
        "error: step 9 does not exist: steps are numbered 1 to 4",
        f"hint: oncue job show {done} lists the steps",
    ]


def test_a_mistyped_command_or_option_is_a_usage_error(shell: Shell) -> None:
    command, option = shell.run("job", "rerunn", "x"), shell.run("job", "why", "x", "y", "--jsn")

    assert (command.code, option.code) == (2, 2)
    assert "did you mean rerun" in command.err
    assert "--jsn" in option.err


def test_accepting_needs_a_reason_and_a_stale_output(standing: tuple[Shell, str]) -> None:
    shell, done = standing
    rows = shell.rows()

    answers = {
        (2, "usage"): shell.run("job", "accept", done, "report", "--json"),
        (2, "invalid_input"): shell.run("job", "accept", done, "report", "--reason", " ", "--json"),
        (5, "conflict"): shell.run("job", "accept", done, "report", "--reason", "fine", "--json"),
    }

    for (code, name), answer in answers.items():
        assert (answer.code, answer.error["code"]) == (code, name)
    assert shell.rows() == rows
