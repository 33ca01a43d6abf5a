"""``oncue job rerun``: what runs again, what is reused, and what the history keeps."""

import pytest

from tests.acceptance.shipped import Shell, runs_of, states


@pytest.mark.proves("S4-1", "S4-2", "S4-22")
def test_help_lists_rerun_with_its_job_and_its_step(shell: Shell) -> None:
    group, command = shell.run("job", "--help"), shell.run("job", "rerun", "--help")

    assert (group.code, command.code) == (0, 0)
    assert "rerun" in group.out.split("Commands:")[1]
    assert "JOB" in command.out.splitlines()[0]
    assert "--step STEP" in command.out


@pytest.mark.proves("S4-3", "S4-22")
def test_without_a_job_the_usage_is_shown(shell: Shell) -> None:
    answer = shell.run("job", "rerun")

    assert answer.code == 2
    assert "JOB" in answer.err


@pytest.mark.proves("S4-6", "S4-7", "S4-16", "S4-23", "S4-14", "S4-18")
def test_a_finished_job_runs_again_from_the_first_step(shell: Shell, done: str) -> None:
    before = shell.get("job", "history", done)["runs"]

    rerun = shell.get("job", "rerun", done)["run"]

    assert shell.calls() == ["fetch", "clean", "count", "report"]
    after = shell.get("job", "history", done)["runs"]
    assert after[: len(before)] == before
    assert [run["number"] for run in after] == [1, 2]
    assert (rerun["number"], rerun["kind"], rerun["scope"], rerun["status"]) == (2, "rerun", "all", "succeeded")
    assert rerun["executed"] == ["fetch", "clean", "count", "report"]
    assert shell.get("job", "show", done)["latest_run"]["number"] == 2


@pytest.mark.parametrize("step", ["3", "count"])
@pytest.mark.proves("S4-8", "S4-9", "S4-14", "S4-15", "S4-24", "S4-27", "S2-3")
def test_from_a_step_nothing_before_it_executes(shell: Shell, done: str, step: str) -> None:
    rerun = shell.get("job", "rerun", done, "--step", step)["run"]

    assert shell.calls() == ["count", "report"]
    assert rerun["executed"] == ["count", "report"]
    assert rerun["reused"] == ["fetch", "clean"]
    assert (rerun["scope"], rerun["from_step"]) == ("from", "count")
    assert runs_of(shell.get("job", "show", done)) == {"fetch": 1, "clean": 1, "count": 2, "report": 2}


@pytest.mark.proves("S4-10", "S4-16", "S4-17", "S2-10")
def test_the_history_keeps_every_run_with_its_start_and_outcome(shell: Shell, done: str) -> None:
    shell.get("job", "rerun", done, "--step", "3")
    shell.write("suffix.txt", "!")
    shell.get("job", "rerun", done, "--step", "report", "--only")
    shell.get("job", "rerun", done, "--phase", "gather")

    runs = shell.get("job", "history", done)["runs"]

    facts = [(run["number"], run["scope"], run["from_step"], run["status"], run["executed"]) for run in runs]
    assert facts == [
        (1, "all", None, "succeeded", ["fetch", "clean", "count", "report"]),
        (2, "from", "count", "succeeded", ["count", "report"]),
        (3, "only", "report", "succeeded", ["report"]),
        (4, "phase", None, "succeeded", ["fetch", "clean"]),
    ]
    assert all(run["started_at"] and run["ended_at"] for run in runs)
    first, third = (shell.get("job", "artifact", done, "report", "--run", number) for number in ("1", "3"))
    assert (first["run"], third["run"]) == (1, 3)
    assert first["artifact"] != third["artifact"]


@pytest.mark.proves("S4-11", "S4-30", "S4-19")
def test_a_failed_job_goes_on_without_repeating_what_succeeded(shell: Shell) -> None:
    shell.write(
        "flaky.yaml",
        "steps:\n"
        '  - {id: first, run: "echo first >> calls.log; echo 1"}\n'
        '  - {id: second, run: "echo second >> calls.log; cat fixed.txt"}\n'
        '  - {id: third, run: "echo third >> calls.log; echo 3"}\n',
    )
    job = shell.create("flaky.yaml")

    failed = shell.run("job", "run", job, "--json")

    assert (failed.code, failed.json["run"]["status"]) == (1, "failed")
    assert shell.calls() == ["first", "second"]
    assert states(shell.get("job", "show", job)) == {"first": "fresh", "second": "missing", "third": "missing"}
    assert "second" in failed.json["run"]["error"]["message"]

    shell.write("fixed.txt", "2")
    resumed = shell.get("job", "run", job)["run"]

    assert shell.calls() == ["second", "third"]
    assert (resumed["number"], resumed["kind"], resumed["scope"]) == (2, "resume", "resume")
    assert resumed["reused"] == ["first"]


@pytest.mark.proves("S4-11")
def test_rerun_failed_is_the_same_by_another_name(shell: Shell, done: str) -> None:
    shell.write("chain.yaml", (shell.folder / "chain.yaml").read_text().replace("wc -c", "wc -w"))

    rerun = shell.get("job", "rerun", done, "--failed")["run"]

    assert shell.calls() == ["count", "report"]
    assert (rerun["kind"], rerun["scope"]) == ("resume", "resume")


@pytest.mark.proves("S4-20", "S2-21")
def test_a_rerun_executes_a_step_as_the_first_run_did(shell: Shell) -> None:
    shell.write(
        "again.py",
        "from oncue import StepContext, StepFailed, Workflow\n"
        "again = Workflow('again')\n\n\n"
        "@again.step(retries=2, backoff_seconds=0.01)\n"
        "def moody(ctx: StepContext) -> int:\n"
        "    if ctx.attempt < 3:\n"
        "        raise StepFailed('not in the mood')\n"
        "    return ctx.attempt\n",
    )
    job = shell.create("again:again")

    shell.get("job", "run", job)
    shell.get("job", "rerun", job, "--step", "moody")

    happened: dict[int, list[tuple[str, int | None]]] = {1: [], 2: []}
    for event in shell.get("job", "events", job)["events"]:
        if event["step"]:
            happened[event["run"]].append((event["type"], event["data"].get("attempt")))
    first = ("step_started", None), ("step_failed", 1), ("step_started", 2), ("step_failed", 2), ("step_started", 3)
    assert happened == {1: [*first, ("step_succeeded", None)], 2: [*first, ("step_succeeded", None)]}


@pytest.mark.proves("S4-12")
def test_one_step_alone_leaves_the_others_as_they_are(shell: Shell, done: str) -> None:
    before = shell.get("job", "show", done)

    rerun = shell.get("job", "rerun", done, "--step", "clean", "--only")["run"]

    assert shell.calls() == ["clean"]
    assert rerun["executed"] == ["clean"]
    assert rerun["stale"] == []  # the same bytes came out, so what depends on them still follows
    after = shell.get("job", "show", done)
    assert [step["artifact"] for step in after["steps"]] == [step["artifact"] for step in before["steps"]]
    assert runs_of(after) == {"fetch": 1, "clean": 2, "count": 1, "report": 1}


@pytest.mark.proves("S4-13", "S4-26")
def test_a_parameter_can_be_changed_for_a_rerun(shell: Shell, done: str) -> None:
    rerun = shell.get("job", "rerun", done, "--step", "fetch", "--param", "region=europe")["run"]

    assert rerun["params"] == {"region": "europe"}
    assert shell.run("job", "artifact", done, "fetch").out == "data from europe\n"
    assert shell.run("job", "artifact", done, "fetch", "--run", "1").out == "data from us\n"
    assert [run["params"] for run in shell.get("job", "history", done)["runs"]] == [{"region": "us"}, {"region": "europe"}]


def test_a_parameter_that_an_earlier_step_read_makes_it_stale(shell: Shell, done: str) -> None:
    rerun = shell.get("job", "rerun", done, "--step", "3", "--param", "region=eu")["run"]

    assert rerun["executed"] == ["count", "report"]
    assert "fetch" in rerun["stale"]
    why = shell.get("job", "why", done, "fetch")
    assert why["state"] == "stale"
    assert [reason["code"] for reason in why["reasons"]] == ["params_changed"]
    assert why["explanations"][0]["changed_by_run"] == 2


def test_a_plan_says_what_would_happen_and_starts_nothing(shell: Shell, done: str) -> None:
    rows = shell.rows()

    plan = shell.get("job", "rerun", done, "--step", "3", "--plan")["plan"]

    assert shell.rows() == rows
    assert plan["ready"] is True
    assert [
        (step["id"], step["ordinal"], step["phase"], step["action"], step["reused_from_run"]) for step in plan["steps"]
    ] == [
        ("fetch", 1, "gather", "reuse", 1),
        ("clean", 2, "gather", "reuse", 1),
        ("count", 3, "refine", "execute", None),
        ("report", 4, "publish", "execute", None),
    ]
    assert plan["becomes_stale"] == []
    assert 0 < plan["estimate"]["seconds"]["low"] <= plan["estimate"]["seconds"]["high"]
    assert (plan["estimate"]["tokens"], plan["estimate"]["usd"]) == (None, None)


def test_a_plan_says_which_parameters_change_with_both_values(shell: Shell, done: str) -> None:
    text = shell.run("job", "rerun", done, "--param", "region=eu", "--plan")
    plan = shell.get("job", "rerun", done, "--param", "region=eu", "--plan")["plan"]
    same = shell.get("job", "rerun", done, "--param", "region=us", "--plan")["plan"]

    assert '  parameters: region "us" → "eu"' in text.out.splitlines()
    assert plan["param_changes"] == [{"name": "region", "before": "us", "after": "eu"}]
    assert same["param_changes"] == []


def test_a_digest_starts_that_plan_and_no_other(shell: Shell, done: str) -> None:
    digest = shell.get("job", "rerun", done, "--step", "3", "--plan")["plan"]["digest"]
    started = shell.get("job", "rerun", done, "--step", "3", "--digest", digest)["run"]
    rows = shell.rows()

    late = shell.run("job", "rerun", done, "--step", "3", "--digest", digest, "--json")

    assert started["number"] == 2
    assert (late.code, late.error["code"]) == (5, "plan_changed")
    assert late.json["plan"]["digest"] != digest
    assert shell.rows() == rows


def test_a_run_that_uses_up_its_seconds_halts_and_can_be_resumed(shell: Shell, chain: str) -> None:
    halted = shell.run("job", "rerun", chain, "--max-seconds", "0.000001", "--json")

    assert (halted.code, halted.json["run"]["status"], halted.json["run"]["executed"]) == (1, "halted", [])
    assert shell.get("job", "run", chain)["run"]["status"] == "succeeded"


def test_the_job_may_come_from_the_environment_and_be_a_prefix(shell: Shell, done: str) -> None:
    by_name = shell.run("job", "why", "count", "--json", ONCUE_JOB=done)
    by_prefix = shell.run("job", "show", done[:4], "--json")

    assert (by_name.code, by_name.json["id"]) == (0, "count")
    assert (by_prefix.code, by_prefix.json["job_id"]) == (0, done)


def test_nothing_to_run_is_said_and_is_no_error(shell: Shell, done: str) -> None:
    text, document = shell.run("job", "run", done), shell.run("job", "run", done, "--json")

    assert (text.code, document.code) == (0, 0)
    assert "nothing to run" in text.out
    assert document.json["run"]["number"] == 1
    assert shell.calls() == []


def test_a_stopped_job_takes_no_more_runs(shell: Shell, done: str) -> None:
    stopped = shell.get("job", "stop", done, "--reason", "finished with it")
    rows = shell.rows()

    refused = shell.run("job", "rerun", done, "--json")

    assert stopped["status"] == "stopped"
    assert (refused.code, refused.error["code"]) == (3, "job_stopped")
    assert shell.rows() == rows
    assert shell.get("job", "show", done)["status"] == "stopped"


def test_without_a_terminal_progress_is_plain_lines(shell: Shell, chain: str) -> None:
    answer = shell.run("job", "run", chain)

    assert "\x1b" not in answer.out + answer.err
    lines = [line.split(" ", 1)[1] for line in answer.err.splitlines() if line[:2].isdigit()]
    assert next(line for line in lines if line.startswith("fetch")) == "fetch started"
    assert any(line.startswith("fetch succeeded ") and line.endswith(" s") for line in lines)
    assert f"run 1 of job {chain} succeeded" in answer.out
    assert f"oncue job show {chain}" in answer.out
