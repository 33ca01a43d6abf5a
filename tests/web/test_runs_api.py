"""Runs over HTTP: looking ahead changes nothing, a start names the plan that was seen, and one action starts one run."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from oncue.control.runs import load_run
from oncue.core.comments import CommentKind
from oncue.core.model import ContextMode, JobId
from tests.web.hosting import Host, Reply, new_uuid


def start(host: Host, job: str, body: dict[str, object]) -> Reply:
    return host.program.post(f"/api/v1/jobs/{job}/runs", body)


@pytest.mark.proves("S1-37", "S1-38")
def test_looking_ahead_says_what_would_run_and_what_it_needs(host: Host, chain: str) -> None:
    host.run(chain)

    found = host.preflight(chain, scope="only", steps=["count"])

    assert found["ready"] is True
    assert found["blockers"] == []
    assert found["plan"]["digest"]
    assert [step["id"] for step in found["plan"]["steps"] if step["action"] == "execute"] == ["count"]
    assert found["prerequisites"] == {"clean": True}
    assert found["normalized_config"]["request"]["steps"] == ["count"]
    assert found["normalized_config"]["params"] == {"region": "us"}
    assert found["notes"][0] == "run 2 executes 1 step and leaves 3 steps as they are"


@pytest.mark.proves("S1-39")
def test_looking_ahead_stores_nothing(host: Host, chain: str) -> None:
    before = host.events(chain)

    for request in ({}, {"scope": "phase", "phase": "refine"}, {"params": {"region": "eu"}}):
        host.program.post(f"/api/v1/jobs/{chain}/runs/preflight", request)

    assert host.events(chain) == before
    assert host.program.api(f"/jobs/{chain}/runs")["runs"] == []


@pytest.mark.proves("S1-40")
def test_a_plan_with_blockers_is_shown_and_cannot_be_started(host: Host, chain: str) -> None:
    request = {"scope": "only", "steps": ["count"]}

    found = host.preflight(chain, **request)
    refused = start(host, chain, {**request, **host.cue(chain, **request)})

    assert (found["ready"], found["prerequisites"]) == (False, {"clean": False})
    assert (refused.status, refused.json["code"]) == (409, found["blockers"][0]["code"])
    assert refused.json["blockers"] == found["blockers"]
    assert host.program.api(f"/jobs/{chain}/runs")["runs"] == []


def test_a_started_run_is_executed_by_the_server(host: Host, chain: str) -> None:
    run = host.run(chain)

    assert (run["status"], run["executed"]) == ("succeeded", ["fetch", "clean", "count", "report"])
    assert {step["state"] for step in host.program.api(f"/jobs/{chain}/steps")["steps"]} == {"fresh"}


@pytest.mark.proves("S1-26", "S1-30", "S1-31", "S1-32", "S1-33")
def test_a_run_shows_the_action_that_started_it_and_when_the_server_saw_it(host: Host, chain: str) -> None:
    cue = {**host.cue(chain), "ui_trigger_metadata": {"browser": "test"}, "reason": "first try"}

    run = start(host, chain, cue).json

    assert run["ui_trigger_id"] == cue["ui_trigger_id"]
    assert run["ui_trigger_source"] == "integration_test"
    assert run["ui_trigger_metadata"] == {"browser": "test"}
    assert run["ui_triggered_at"] == run["trigger"]["triggered_at"]
    assert (run["trigger"]["actor"], run["trigger"]["reason"], run["trigger"]["action"]) == ("ada", "first try", "run")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"ui_trigger_id": None}, "ui_trigger_id"),
        ({"ui_trigger_id": "again"}, "ui_trigger_id"),
        ({"ui_trigger_source": "chat"}, "ui_trigger_source"),
        ({"ui_trigger_source": None}, "ui_trigger_source"),
        ({"ui_triggered_at": "2020-01-01T00:00:00Z"}, "ui_triggered_at"),
        ({"plan_digest": None}, "plan_digest"),
        ({"ui_trigger_metadata": {"browser": "x" * 9000}}, "ui_trigger_metadata"),
        ({"reason": "x" * 601}, "reason"),
        ({"rerun_mode": "again"}, "rerun_mode"),
        ({"rerun_mode": "keep", "context": "clean"}, "rerun_mode"),
        ({"rerun_comment": "x" * 601}, "rerun_comment"),
        ({"rerun_comment": " "}, "rerun_comment"),
        ({"rerun_comment": "use key sk-ant-" + "a1" * 30}, "rerun_comment"),
        ({"comment_kind": "data"}, "comment_kind"),
        ({"scope": "some"}, "scope"),
        ({"scope": "only"}, "steps"),
        ({"steps": ["fetch"]}, "steps"),
        ({"scope": "phase"}, "phase"),
        ({"phase": "refine"}, "phase"),
        ({"downstream": "rerun"}, "downstream"),
        ({"budget": {"usd": 0}}, "budget.usd"),
        ({"budget": {"days": 1}}, "budget.days"),
        ({"speed": "fast"}, "speed"),
    ],
)
def test_a_field_that_cannot_be_meant_is_named_and_starts_nothing(
    standing: tuple[Host, str], change: dict[str, object], field: str
) -> None:
    host, chain = standing
    body = {name: value for name, value in {**host.cue(chain), **change}.items() if value is not None}

    refused = start(host, chain, body)

    assert refused.status == 422
    assert list(refused.json["fields"]) == [field]
    assert set(refused.json) == {"code", "message", "hint", "fields"}
    assert "sk-ant" not in refused.text
    assert [run["number"] for run in host.program.api(f"/jobs/{chain}/runs")["runs"]] == [1]


def test_a_repeated_action_returns_the_run_it_started_even_when_its_plan_is_history(host: Host, chain: str) -> None:
    cue = host.cue(chain)
    first = start(host, chain, cue)
    host.wait(chain, 1)

    again = start(host, chain, cue)

    assert (first.status, again.status) == (201, 200)
    assert (first.json["number"], again.json["number"]) == (1, 1)
    assert [run["number"] for run in host.program.api(f"/jobs/{chain}/runs")["runs"]] == [1]


def test_the_same_action_at_the_same_moment_starts_one_run(host: Host, chain: str) -> None:
    cue = host.cue(chain)
    replies: list[Reply] = []
    together = threading.Barrier(8)

    def click() -> None:
        together.wait()
        replies.append(start(host, chain, cue))

    threads = [threading.Thread(target=click) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {reply.status for reply in replies} <= {200, 201}
    assert {reply.json["number"] for reply in replies} == {1}
    assert len(host.program.api(f"/jobs/{chain}/runs")["runs"]) == 1


def test_of_two_tabs_with_the_same_plan_one_starts_and_the_other_is_shown_the_new_plan(host: Host, chain: str) -> None:
    one, other = host.cue(chain), host.cue(chain)
    assert one["plan_digest"] == other["plan_digest"]

    started, refused = start(host, chain, one), start(host, chain, other)

    assert started.status == 201
    assert (refused.status, refused.json["code"]) == (409, "plan_changed")
    assert refused.json["plan"]["digest"] != one["plan_digest"]
    assert {step["id"] for step in refused.json["plan"]["steps"]} == {"fetch", "clean", "count", "report"}


def test_the_plan_that_comes_with_a_refusal_can_be_started(host: Host, chain: str) -> None:
    host.run(chain)
    stale = {**host.cue(chain), "plan_digest": "fp1:0"}
    refused = start(host, chain, stale)

    started = start(host, chain, {**stale, "plan_digest": refused.json["plan"]["digest"]})

    assert (refused.status, started.status) == (409, 201)
    assert host.wait(chain, started.json["number"])["status"] == "succeeded"


def test_a_trigger_id_of_another_job_is_a_conflict(host: Host, chain: str, asking: str) -> None:
    cue = host.cue(chain)
    start(host, chain, cue)

    refused = start(host, asking, {**host.cue(asking), "ui_trigger_id": cue["ui_trigger_id"]})

    assert (refused.status, refused.json["code"]) == (409, "conflict")


def expected_request(**more: object) -> dict[str, Any]:
    return {"downstream": "rerun", "params": {"region": "eu"}, "context": "clean",
            "budget": {"seconds": 60.0, "tokens": 5000, "usd": 1.5, "calls": 7}, "refresh": True,
            "answers": "reuse", "comment": {"text": "in metric units", "kind": "format"}, "keep_comments": True,
            "definition": "original", **more}  # fmt: skip


OPTIONS = {
    "rerun_mode": "clean",
    "params": {"region": "eu"},
    "budget": {"seconds": 60, "tokens": 5000, "usd": 1.5, "calls": 7},
    "refresh": True,
    "answers": "reuse",
    "rerun_comment": "in metric units",
    "comment_kind": "format",
    "keep_comments": True,
    "definition": "original",
}


@pytest.mark.proves("S0-4", "S0-30", "S2-17")
@pytest.mark.parametrize(
    ("path", "body", "request_", "expected"),
    [
        (
            "runs",
            {"scope": "phase", "phase": "refine", "downstream": "rerun"},
            {"scope": "phase", "phase": "refine", "downstream": "rerun"},
            {"scope": "phase", "phase": "refine"},
        ),
        (
            "restart/phase",
            {"phase": "refine", "downstream": "rerun"},
            {"scope": "phase", "phase": "refine", "downstream": "rerun"},
            {"scope": "phase", "phase": "refine"},
        ),
        (
            "restart/step",
            {"step": "3", "downstream": "rerun"},
            {"scope": "only", "steps": ["count"], "downstream": "rerun"},
            {"scope": "only", "steps": ["count"]},
        ),
        ("restart/step", {"step": "count", "only": False}, {"scope": "from", "steps": ["count"]}, None),
    ],
)
def test_every_option_arrives_at_the_run_whichever_path_it_took(
    host: Host,
    chain: str,
    path: str,
    body: dict[str, object],
    request_: dict[str, object],
    expected: dict[str, object] | None,
) -> None:
    host.run(chain)
    cue = host.cue(chain, **request_, **OPTIONS)

    reply = host.program.post(f"/api/v1/jobs/{chain}/{path}", {**body, **OPTIONS, **cue})

    assert reply.status == 201, reply
    stored = load_run(host.workspace, JobId(chain), 2)
    wanted = expected_request(**(expected or {"scope": "from", "steps": ["count"]}))
    if expected is None:
        wanted.pop("downstream")
    assert {name: value for name, value in stored.request.items() if value not in (None, [])} == wanted
    assert reply.json["request"] == dict(stored.request)
    assert (stored.params["region"], ContextMode(str(wanted["context"]))) == ("eu", ContextMode.CLEAN)
    assert CommentKind(wanted["comment"]["kind"]) is CommentKind.FORMAT
    assert host.wait(chain, 2)["status"] == "succeeded"


def test_runs_are_listed_newest_first_page_by_page(host: Host, chain: str) -> None:
    for _ in range(3):
        host.run(chain)

    first = host.program.api(f"/jobs/{chain}/runs?limit=2")
    rest = host.program.api(f"/jobs/{chain}/runs?limit=2&cursor={first['next_cursor']}")

    assert [run["number"] for run in first["runs"]] == [3, 2]
    assert ([run["number"] for run in rest["runs"]], rest["next_cursor"]) == ([1], None)
    assert {run["ui_trigger_source"] for run in (*first["runs"], *rest["runs"])} == {"integration_test"}
    assert rest["runs"][0]["executed"] == ["fetch", "clean", "count", "report"]


def test_a_page_that_ends_at_the_first_run_is_the_last(host: Host, chain: str) -> None:
    for _ in range(2):
        host.run(chain)

    found = host.program.api(f"/jobs/{chain}/runs?limit=2")

    assert ([run["number"] for run in found["runs"]], found["next_cursor"]) == ([2, 1], None)


def test_a_run_that_executes_can_be_cancelled(host: Host, holding: str) -> None:
    start(host, holding, host.cue(holding))
    host.wait(holding, 1, "running")

    reply = host.program.post(f"/api/v1/jobs/{holding}/runs/1/cancel")

    assert (reply.status, reply.json["runs"]) == (200, [1])
    assert host.wait(holding, 1)["status"] == "cancelled"
    assert host.program.post(f"/api/v1/jobs/{holding}/cancel").json["runs"] == []


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/jobs/{job}/runs/9", "unknown_run"),
        ("POST", "/jobs/{job}/runs/9/cancel", "unknown_run"),
        ("GET", "/jobs/nothing/runs", "unknown_job"),
        ("POST", "/jobs/nothing/cancel", "unknown_job"),
    ],
)
def test_a_run_or_job_that_does_not_exist_is_not_found(host: Host, chain: str, method: str, path: str, code: str) -> None:
    reply = host.program.ask(method, f"/api/v1{path.format(job=chain)}", {} if method == "POST" else None)

    assert (reply.status, reply.json["code"]) == (404, code)
    assert "JOB" not in reply.json["hint"].split()


def test_a_stopped_job_takes_no_more_runs(host: Host, chain: str) -> None:
    cue = host.cue(chain)
    stopped = host.program.post(f"/api/v1/jobs/{chain}/stop", {"reason": "done with it"})

    refused = start(host, chain, {**cue, "ui_trigger_id": new_uuid()})

    assert (stopped.status, stopped.json["status"]) == (200, "stopped")
    assert refused.status == 409
    assert host.program.post(f"/api/v1/jobs/{chain}/stop").json["code"] == "job_stopped"
