"""Phases and steps of a research agent: rerun by themselves, with what follows brought up to date or marked stale."""

import json
import sqlite3

import pytest

from tests.acceptance.shipped import Shell, runs_of, states

FINDINGS = ["finding[sun]", "finding[wind]", "finding[sea]"]
ALL = ["abstract", "goals", "synthesis", "plan", *FINDINGS, "report"]


def report(shell: Shell, job: str, *options: str) -> str:
    return shell.run("job", "artifact", job, "report", *options).out


@pytest.mark.proves("S2-5", "S2-9", "S2-10", "S2-20")
def test_every_phase_leaves_a_structured_result(shell: Shell, researched: str) -> None:
    job = shell.get("job", "show", researched)

    assert [(step["id"], step["ordinal"], step["phase"]) for step in job["steps"]] == [
        ("abstract", 1, "collect"),
        ("goals", 2, "goals"),
        ("synthesis", 3, "synthesis"),
        ("plan", 4, "synthesis"),
        ("finding[sun]", 5, "execute"),
        ("finding[wind]", 5, "execute"),
        ("finding[sea]", 5, "execute"),
        ("report", 6, "report"),
    ]
    assert all(step["run"] == 1 and step["artifact"].startswith("sha256:") for step in job["steps"])
    assert shell.get("job", "artifact", researched, "abstract")["value"] == {"weather": "calm"}
    assert [question["id"] for question in shell.get("job", "artifact", researched, "plan")["value"]] == ["sun", "wind", "sea"]
    found = shell.get("job", "artifact", researched, "finding")["instances"]
    assert [one["value"]["answer"] for one in found] == [f"understand calm of {topic}? yes" for topic in ("sun", "wind", "sea")]
    unknown = shell.run("job", "rerun", researched, "--step", "finding[moon]", "--json")
    assert (unknown.code, unknown.error["code"]) == (4, "unknown_step")


@pytest.mark.proves("S2-1", "S2-3", "S2-6", "S2-8", "S2-14", "S2-12")
@pytest.mark.parametrize(
    ("phase", "executed"),
    [
        ("goals", ["goals"]),
        ("synthesis", ["synthesis", "plan"]),
        ("execute", FINDINGS),
        ("5", ["report"]),
    ],
)
def test_one_phase_runs_alone_from_what_is_stored(shell: Shell, researched: str, *, phase: str, executed: list[str]) -> None:
    rerun = shell.get("job", "rerun", researched, "--phase", phase)["run"]

    assert sorted(shell.calls()) == sorted(executed)
    assert sorted(rerun["executed"]) == sorted(executed)
    assert sorted(rerun["reused"]) == sorted(set(ALL) - set(executed))


@pytest.mark.proves("S2-7", "S2-12", "S2-15", "S2-24", "S2-27")
def test_a_phase_that_changes_its_result_leaves_what_follows_stale(shell: Shell, researched: str) -> None:
    shell.write("synthesis.txt", "in winter")

    plan = shell.get("job", "rerun", researched, "--phase", "synthesis", "--plan")["plan"]
    rerun = shell.get("job", "rerun", researched, "--phase", "synthesis")["run"]

    assert plan["becomes_stale"] == [*FINDINGS, "report"]
    assert rerun["stale"] == [*FINDINGS, "report"]
    why = shell.get("job", "why", researched, "report")
    assert {reason["code"] for reason in why["reasons"]} == {"input_changed", "upstream_stale"}
    assert why["explanations"][0]["text"]
    assert why["next"] == f"oncue job rerun {researched} --failed"
    assert "winter" not in report(shell, researched)  # the earlier report stays readable


@pytest.mark.proves("S2-33", "S2-15", "S2-27")
def test_rerunning_the_synthesis_with_what_follows_gives_new_findings_and_a_new_report(shell: Shell, researched: str) -> None:
    shell.write("synthesis.txt", "in winter")

    rerun = shell.get("job", "rerun", researched, "--phase", "synthesis", "--downstream", "rerun")["run"]

    assert rerun["executed"][:2] == ["synthesis", "plan"]
    assert sorted(rerun["executed"][2:5]) == sorted(FINDINGS)
    assert rerun["stale"] == []
    assert report(shell, researched).count("in winter") == 4
    assert "winter" not in report(shell, researched, "--run", "1")


def test_equal_results_stop_a_rerun_early(shell: Shell, researched: str) -> None:
    rerun = shell.get("job", "rerun", researched, "--phase", "synthesis", "--downstream", "rerun")["run"]

    assert rerun["executed"] == ["synthesis", "plan"]
    assert rerun["stale"] == []
    assert shell.calls() == ["synthesis", "plan"]


@pytest.mark.proves("S2-2", "S2-21", "S2-22", "S2-23", "S2-24", "S2-25")
def test_chosen_findings_are_replaced_and_the_report_becomes_stale(shell: Shell, researched: str) -> None:
    shell.write("sun.txt", "bright")
    shell.write("sea.txt", "deep")
    last = shell.get("job", "events", researched)["events"][-1]["seq"]

    rerun = shell.get("job", "rerun", researched, "--step", "finding[sun]", "--step", "finding[3]", "--only")["run"]

    assert sorted(shell.calls()) == ["finding[sea]", "finding[sun]"]
    assert (rerun["scope"], rerun["from_step"], rerun["stale"]) == ("only", "finding[sun]", ["report"])
    assert shell.get("job", "artifact", researched, "finding[sun]")["value"] == {"answer": "bright"}
    events = shell.get("job", "events", researched, "--after", str(last))["events"]
    succeeded = {event["step"] for event in events if event["type"] == "step_succeeded"}
    assert succeeded == {"finding[sun]", "finding[sea]"}
    assert states(shell.get("job", "show", researched))["report"] == "stale"
    assert "bright" not in report(shell, researched)


@pytest.mark.proves("S2-26", "S2-28", "S2-34", "S2-43")
def test_a_refreshed_finding_and_the_report_by_itself(shell: Shell, researched: str) -> None:
    shell.write("sun.txt", "bright")
    shell.get("job", "rerun", researched, "--step", "finding[sun]", "--only")
    shell.calls()

    rerun = shell.get("job", "rerun", researched, "--step", "report", "--only")["run"]

    assert shell.calls() == ["report"]
    assert rerun["stale"] == []
    assert "bright" in report(shell, researched)
    assert "bright" not in report(shell, researched, "--run", "1")
    assert runs_of(shell.get("job", "show", researched)) == {
        **dict.fromkeys(ALL, 1),
        "finding[sun]": 2,
        "report": 3,
    }


@pytest.mark.proves("S2-15", "S2-27", "S2-34")
def test_a_finding_and_what_depends_on_it_in_one_run(shell: Shell, researched: str) -> None:
    shell.write("wind.txt", "strong")

    rerun = shell.get("job", "rerun", researched, "--only", "--step", "finding[wind]", "--downstream", "rerun")["run"]

    assert rerun["executed"] == ["finding[wind]", "report"]
    assert "strong" in report(shell, researched)


@pytest.mark.proves("S2-44")
def test_a_rerun_of_the_first_phase_fetches_nothing_unless_asked(shell: Shell, researched: str) -> None:
    shell.write("world.txt", "storm")

    kept = shell.run("job", "rerun", researched, "--phase", "collect", "--json")
    from_goals = shell.get("job", "rerun", researched, "--step", "abstract")["run"]
    refreshed = shell.get("job", "rerun", researched, "--phase", "collect", "--refresh")["run"]

    assert (kept.code, kept.error["code"]) == (3, "nothing_to_run")
    assert "abstract" not in from_goals["executed"]
    assert "abstract" in from_goals["reused"]
    assert refreshed["executed"] == ["abstract"]
    assert shell.get("job", "artifact", researched, "abstract")["value"] == {"weather": "storm"}


@pytest.mark.proves("S2-19", "S2-11")
def test_a_failed_rerun_leaves_the_earlier_output_in_place(shell: Shell, researched: str) -> None:
    before = report(shell, researched)
    flows = (shell.folder / "flows.py").read_text(encoding="utf-8")
    shell.write("flows.py", flows.replace('    note("report")\n', '    note("report")\n    raise ValueError("no ink")\n'))

    failed = shell.run("job", "rerun", researched, "--step", "report", "--json")

    assert (failed.code, failed.json["run"]["status"]) == (1, "failed")
    step = shell.get("job", "show", researched)["steps"][-1]
    assert (step["run"], step["last_attempt"]["run"], step["last_attempt"]["status"]) == (1, 2, "failed")
    assert "no ink" in step["last_attempt"]["error"]["message"]
    assert report(shell, researched) == before
    events = shell.get("job", "events", researched)["events"]
    assert [event["data"]["state"] for event in events if event["type"] == "run_ended"] == ["succeeded", "failed"]


@pytest.mark.proves("S2-16")
def test_progress_is_in_the_jobs_events(shell: Shell, researched: str) -> None:
    events = shell.get("job", "events", researched)["events"]

    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    steps = [event["step"] for event in events if event["type"] == "step_succeeded"]
    assert sorted(steps) == sorted(ALL)
    assert any(event["type"] == "step_progress" and event["data"]["message"] == "read" for event in events)
    assert events[-1]["type"] == "run_ended"


@pytest.mark.proves("S2-35")
def test_every_command_is_a_process_of_its_own_and_finds_what_was_stored(shell: Shell, researched: str) -> None:
    values = [shell.get("job", "artifact", researched, step)["artifact"] for step in ("goals", "report")]

    shown = {step["id"]: step["artifact"] for step in shell.get("job", "show", researched)["steps"]}

    assert values == [shown["goals"], shown["report"]]


@pytest.mark.proves("S2-13")
def test_large_bodies_are_files_beside_the_database(shell: Shell) -> None:
    shell.write("large.yaml", 'steps:\n  - {id: big, run: "head -c 3000000 /dev/zero"}\n')
    job = shell.create("large.yaml")

    assert shell.run("job", "run", job).code == 0

    kept = shell.get("job", "artifact", job, "big")
    assert kept["files"] == [{"name": "stdout", "size": 3_000_000, "sha256": kept["files"][0]["sha256"]}]
    workspace = shell.folder / ".oncue"
    assert (workspace / "oncue.db").stat().st_size < 1_000_000
    assert sum(path.stat().st_size for path in (workspace / "blobs").rglob("*") if path.is_file()) >= 3_000_000
    assert shell.run("job", "artifact", job, "big").out == "\0" * 3_000_000
    doctor = {check["name"]: check for check in shell.get("doctor")["checks"]}
    assert "1 jobs, " in doctor["workspace"]["message"]


@pytest.mark.proves("S2-46")
def test_a_job_of_long_ago_still_runs_until_it_is_stopped(shell: Shell, researched: str) -> None:
    connection = sqlite3.connect(shell.folder / ".oncue" / "oncue.db")
    for table, column in (("job", "created_at"), ("run", "queued_at"), ("run", "started_at"), ("run", "ended_at")):
        connection.execute(f"UPDATE {table} SET {column} = {column} - 10 * 365 * 86400 * 1000000")
    connection.commit()
    connection.close()

    rerun = shell.get("job", "rerun", researched, "--step", "finding[sun]", "--only")["run"]
    shell.get("job", "stop", researched)
    refused = shell.run("job", "rerun", researched, "--json")

    assert rerun["status"] == "succeeded"
    assert (refused.code, refused.error["code"]) == (3, "job_stopped")


@pytest.mark.proves("S3-11", "S3-26")
def test_the_jobs_file_has_its_documented_shape_and_no_prompts_where_none_were_asked(shell: Shell, researched: str) -> None:
    file = shell.folder / ".oncue" / "jobs" / researched / "job_data.json"

    content = json.loads(file.read_text(encoding="utf-8"))

    assert list(content) == ["job_id", "status", "created_at", "completed_at", "results"]
    assert (content["job_id"], content["status"]) == (researched, "completed")
    assert content["created_at"] < content["completed_at"]
    assert sorted(content["results"]["steps"]) == sorted(ALL)
    for command in (("show", researched), ("history", researched), ("artifact", researched, "report")):
        assert shell.run("job", *command).code == 0


def test_a_stale_output_can_be_accepted_until_its_inputs_change_again(shell: Shell, researched: str) -> None:
    shell.write("sun.txt", "bright")
    shell.get("job", "rerun", researched, "--step", "finding[sun]", "--only")

    accepted = shell.get("job", "accept", researched, "report", "--reason", "the sun is beside the point")

    assert accepted == {"job_id": researched, "step": "report", "state": "accepted"}
    assert states(shell.get("job", "show", researched))["report"] == "accepted"
    why = shell.run("job", "why", researched, "report")
    assert "ada accepted the output of run 1" in why.out
    assert "the sun is beside the point" in why.out
    shell.write("sun.txt", "brighter")
    assert shell.get("job", "rerun", researched, "--step", "finding[sun]", "--only")["run"]["stale"] == ["report"]


def test_a_changed_workflow_is_listed_in_the_plan_and_can_be_left_aside(shell: Shell, researched: str) -> None:
    flows = (shell.folder / "flows.py").read_text(encoding="utf-8")
    shell.write("flows.py", flows.replace('f"{params.style}: ', 'f"in short, {params.style}: '))

    plan = shell.get("job", "rerun", researched, "--failed", "--plan")["plan"]

    assert [step["id"] for step in plan["steps"] if step["action"] == "execute"] == ["report"]
    assert [warning["code"] for warning in plan["warnings"]] == ["definition_changed"]
    assert "report" in plan["warnings"][0]["message"]
    why = shell.get("job", "why", researched, "report")
    assert [reason["code"] for reason in why["reasons"]] == ["definition_changed"]
