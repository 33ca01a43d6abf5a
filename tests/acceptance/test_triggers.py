"""The record of who started a run, when and why: without it there is no run."""

import inspect
import sqlite3
from datetime import UTC, datetime

import pytest

from oncue.control.runs import start_run
from tests.acceptance.shipped import Shell


@pytest.mark.proves("S1-26", "S1-30", "S1-31", "S1-32", "S1-33")
def test_the_history_tells_who_started_a_run_through_what_when_and_why(shell: Shell, chain: str) -> None:
    before = datetime.now(UTC)  # noqa: TID251
    shell.get("job", "run", chain, "--actor", "grace", "--reason", "the first time")
    shell.get("job", "rerun", chain, "--step", "3", "--reason", "numbers look odd", "--trigger-id", "click-1")
    after = datetime.now(UTC)  # noqa: TID251

    first, second = (run["trigger"] for run in shell.get("job", "history", chain)["runs"])

    assert (first["actor"], first["source"], first["action"], first["reason"]) == ("grace", "cli_tool", "run", "the first time")
    assert (second["actor"], second["source"], second["action"]) == ("ada", "cli_tool", "rerun")
    assert (second["id"], second["reason"], second["metadata"]) == ("click-1", "numbers look odd", {})
    assert first["id"] not in ("", second["id"])
    assert before <= datetime.fromisoformat(first["triggered_at"]) <= datetime.fromisoformat(second["triggered_at"]) <= after
    assert first["triggered_at"].endswith("Z")
    text = shell.run("job", "history", chain).out
    assert "rerun by ada through cli_tool" in text
    assert "numbers look odd" in text


@pytest.mark.proves("S1-21", "S1-23")
def test_no_run_exists_without_a_trigger(shell: Shell, done: str) -> None:
    for command in (("show", done), ("history", done), ("why", done, "count"), ("artifact", done, "count"), ("events", done)):
        assert shell.run("job", *command).code == 0
    shell.get("job", "rerun", done, "--plan")
    shell.get("job", "rerun", done, "--step", "4")

    connection = sqlite3.connect(shell.folder / ".oncue" / "oncue.db")
    runs = connection.execute("SELECT job_id, number, trigger_id FROM run ORDER BY number").fetchall()
    triggers = connection.execute("SELECT job_id, run, id FROM trigger ORDER BY run").fetchall()
    connection.close()

    assert len(runs) == 2
    assert runs == triggers
    required = inspect.signature(start_run).parameters
    assert [name for name, parameter in required.items() if parameter.default is parameter.empty] == [
        "workspace",
        "prepared",
        "trigger",
    ]


def test_the_same_trigger_again_starts_nothing_and_gives_the_same_run(shell: Shell, done: str) -> None:
    first = shell.get("job", "rerun", done, "--step", "3", "--trigger-id", "once")["run"]
    shell.calls()

    again = shell.get("job", "rerun", done, "--step", "3", "--trigger-id", "once")["run"]

    assert again == first
    assert shell.calls() == []
    assert len(shell.get("job", "history", done)["runs"]) == 2


def test_a_trigger_of_another_job_or_shape_is_refused(shell: Shell, done: str) -> None:
    other = shell.create("chain.yaml")
    shell.get("job", "rerun", done, "--step", "4", "--trigger-id", "once")
    rows = shell.rows()

    elsewhere = shell.run("job", "rerun", other, "--trigger-id", "once", "--json")
    strange = shell.run("job", "rerun", done, "--trigger-id", "a b", "--json")
    endless = shell.run("job", "rerun", done, "--reason", "x" * 601, "--json")

    assert (elsewhere.code, strange.code, endless.code) == (5, 2, 2)
    assert done in elsewhere.error["message"]
    assert "601 characters" in endless.error["message"]
    assert shell.rows() == rows
