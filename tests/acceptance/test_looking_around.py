"""Lists, checks of the machine, and where the workspace is."""

from contextlib import closing

import pytest

from oncue.core.model import WorkerId
from oncue.store import open_store
from tests.acceptance.shipped import Shell, states


def test_jobs_are_listed_the_newest_first(shell: Shell, done: str) -> None:
    newer = shell.create("chain.yaml")

    jobs = shell.get("job", "list")["jobs"]
    text = shell.run("job", "list").out

    assert [(job["job_id"], job["status"], job["runs"]) for job in jobs] == [(newer, "created", 0), (done, "completed", 1)]
    assert text.index(newer) < text.index(done)


def test_the_bundled_workflows_are_listed(shell: Shell) -> None:
    found = {workflow["name"]: workflow["summary"] for workflow in shell.get("workflows")["workflows"]}

    assert "cited report" in found["research"]
    assert not (shell.folder / ".oncue").exists()


def test_doctor_checks_machine_and_workspace(shell: Shell, done: str) -> None:
    report = shell.get("doctor")

    checks = {check["name"]: check for check in report["checks"]}
    assert report["ok"] is True
    assert {"python", "sqlite", "fts5", "postgres driver", "disk", "workspace", "lock file", "workers"} <= set(checks)
    assert {check["status"] for check in report["checks"]} <= {"ok", "warn", "fail"}
    assert "1 jobs" in checks["workspace"]["message"]
    assert done in {job["job_id"] for job in shell.get("job", "list")["jobs"]}


def test_doctor_needs_no_workspace_and_makes_none(shell: Shell) -> None:
    answer = shell.run("doctor")

    assert answer.code == 0
    assert "there is no workspace" in answer.out
    assert not (shell.folder / ".oncue").exists()


def test_the_workspace_may_be_named_before_and_after_the_command(shell: Shell) -> None:
    shell.write("one.yaml", "steps:\n  - {id: a, run: echo 1}\n")

    before = shell.run("--workspace", "here", "job", "create", "one.yaml", "--json")
    after = shell.run("job", "list", "--workspace", "here", "--json")
    by_environment = shell.run("job", "list", "--json", ONCUE_WORKSPACE="here")

    job = before.json["job_id"]
    assert [answer.json["jobs"][0]["job_id"] for answer in (after, by_environment)] == [job, job]
    assert not (shell.folder / ".oncue").exists()


def test_a_file_and_a_folder_of_an_output(shell: Shell) -> None:
    shell.write(
        "files.yaml",
        "steps:\n"
        "  - id: pages\n"
        "    run: mkdir $ONCUE_OUTPUTS/deep; echo one > $ONCUE_OUTPUTS/one.txt; echo two > $ONCUE_OUTPUTS/deep/two.txt\n"
        "    outputs: ['*.txt', deep]\n",
    )
    job = shell.create("files.yaml")
    assert shell.run("job", "run", job).code == 0

    one = shell.run("job", "artifact", job, "pages", "--file", "one.txt")
    wrong = shell.run("job", "artifact", job, "pages", "--file", "on.txt", "--json")
    saved = shell.run("job", "artifact", job, "pages", "--out", "saved")

    assert one.out == "one\n"
    assert (wrong.code, wrong.error["code"]) == (4, "unknown_file")
    assert "did you mean one.txt" in wrong.error["message"]
    assert sorted(saved.out.split()) == ["saved/deep/two.txt", "saved/one.txt"]
    assert (shell.folder / "saved" / "deep" / "two.txt").read_text(encoding="utf-8") == "two\n"


def test_cancelling_where_nothing_runs_is_no_error(shell: Shell, done: str) -> None:
    answer = shell.run("job", "cancel", done)

    assert answer.code == 0
    assert "no run that has not ended" in answer.out


def test_a_paused_run_is_cancelled_at_once(shell: Shell, chain: str) -> None:
    shell.get("job", "step", chain)

    cancelled = shell.get("job", "cancel", chain)

    assert cancelled["cancelled"] == [1]
    assert shell.get("job", "show", chain)["status"] == "cancelled"


def test_a_postgresql_url_works_the_same(shell: Shell, postgres_url: str) -> None:
    shell.write("one.yaml", "steps:\n  - {id: a, run: echo 1}\n  - {id: b, run: cat $ONCUE_INPUTS/a/stdout}\n")
    where = ("--workspace", postgres_url)
    job = shell.get("job", "create", "one.yaml", *where)["job_id"]

    first = shell.get("job", "run", job, *where)["run"]
    second = shell.get("job", "rerun", job, "--step", "2", *where)["run"]

    assert (first["status"], first["executed"]) == ("succeeded", ["a", "b"])
    assert (second["status"], second["executed"], second["reused"]) == ("succeeded", ["b"], ["a"])
    assert states(shell.get("job", "show", job, *where)) == {"a": "fresh", "b": "fresh"}
    assert shell.run("job", "artifact", job, "b", *where).out == "1\n"
    password = postgres_url.partition("://")[2].partition("@")[0].partition(":")[2]
    assert not password or password not in shell.run("doctor", *where).out


@pytest.mark.parametrize("kind", ["folder", "database"])
def test_doctor_counts_the_processes_that_execute_runs(kind: str, shell: Shell, request: pytest.FixtureRequest) -> None:
    location = str(shell.folder / "here") if kind == "folder" else request.getfixturevalue("postgres_url")
    with closing(open_store(location, create=True, folder=shell.folder)) as store:
        leases = [store.hold_worker(WorkerId(name)) for name in ("one", "two")]
        checks = shell.get("doctor", "--workspace", location)["checks"]
        for lease in leases:
            lease.close()

    assert [check["message"] for check in checks if check["name"] == "workers"] == ["2 processes execute runs here"]
