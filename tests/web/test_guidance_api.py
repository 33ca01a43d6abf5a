"""Guided reruns over HTTP: what a comment changes is known before, and what it did is on record after."""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest

from oncue.control.amounts import show_dollars
from oncue.control.workspace import Workspace
from oncue.web.schemas import guidanceshapes, runshapes
from tests.web.guided import new_study
from tests.web.hosting import Host
from tests.web.test_openapi import surplus

GUIDED = {"scope": "only", "steps": ["draft"]}


@pytest.fixture
def study(host: Host, workspace: Workspace, folder: Path) -> str:
    """A study that was run, and its draft rerun with a comment."""
    job = new_study(workspace, folder)
    host.run(job)
    host.run(job, **GUIDED, rerun_comment="use lmfit", comment_kind="method")
    return job


def test_a_comment_is_listed_with_what_read_it(host: Host, study: str) -> None:
    found = host.program.api(f"/jobs/{study}/comments?step=draft")

    (comment,) = guidanceshapes.CommentsRecord.model_validate(found).comments
    assert (comment.run, comment.text, comment.kind, comment.steps) == (2, "use lmfit", "method", ["draft"])
    assert (comment.author, comment.unread) == ("ada", False)
    (reading,) = comment.read_by
    assert (reading.run, reading.step, reading.before, reading.after) == (2, "draft", "fresh", "succeeded")
    assert (reading.prompt_changed, reading.output_changed) == (True, True)


def test_every_call_is_listed_with_its_purpose_cost_and_outcome(host: Host, study: str) -> None:
    calls = host.program.api(f"/jobs/{study}/calls")
    of_run = host.program.api(f"/jobs/{study}/calls?run=2")["calls"]

    assert surplus(guidanceshapes.CallsRecord.model_validate(calls)) == []
    assert [(call["run"], call["step"], call["purpose"], call["outcome"]) for call in calls["calls"]] == [
        (1, "draft", "generate", "answered"),
        (2, "draft", "generate", "answered"),
    ]
    assert [call["call"] for call in of_run] == [1]
    assert (calls["spending"]["calls"], calls["spending"]["usd"] > 0, calls["complete"]) == (2, True, True)


@pytest.mark.parametrize(
    ("path", "listed"),
    [("trace", "attempts"), ("calls", "calls"), ("trace?step=draft", "attempts"), ("calls?step=draft", "calls")],
)
def test_pages_of_a_trace_lead_from_one_to_the_next(host: Host, study: str, path: str, listed: str) -> None:
    whole = host.program.api(f"/jobs/{study}/{path}")
    separator = "&" if "?" in path else "?"

    first = host.program.api(f"/jobs/{study}/{path}{separator}limit=1")
    second = host.program.api(f"/jobs/{study}/{path}{separator}limit=1&cursor={first['next_cursor']}")

    assert (whole["complete"], whole["next_cursor"], len(whole[listed])) == (True, None, 2)
    assert (first["complete"], second["complete"], second["next_cursor"]) == (False, True, None)
    assert first[listed] + second[listed] == whole[listed]
    assert [page["spending"]["calls"] for page in (first, second)] == [1, 1]


def test_a_page_of_calls_with_one_number_may_be_empty_where_others_follow(host: Host, study: str) -> None:
    path = f"/jobs/{study}/trace?step=draft&call=7"

    part = host.program.api(f"{path}&limit=1")
    whole = host.program.get(f"/api/v1{path}")

    assert (part["attempts"], part["complete"]) == ([], False)
    assert (whole.status, whole.json["code"]) == (404, "unknown_call")


def cursor_of(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize("path", ["trace", "calls"])
@pytest.mark.parametrize(
    "cursor",
    ["!!", "a", cursor_of("1"), cursor_of("1 1 x draft"), cursor_of("1 1 9 never"), cursor_of(f"{1 << 31} 1 1 draft"),
     cursor_of("-1 1 1 draft"), cursor_of("1 1 1 \0")],
)  # fmt: skip
def test_a_cursor_that_was_not_given_out_is_refused(host: Host, study: str, path: str, cursor: str) -> None:
    refused = host.program.get(f"/api/v1/jobs/{study}/{path}?cursor={cursor}")

    assert (refused.status, refused.json["code"]) == (422, "unknown_cursor")


def test_a_trace_holds_what_was_said_only_where_it_is_asked_for(host: Host, study: str) -> None:
    path = f"/jobs/{study}/trace?step=draft&run=2"

    (brief,) = host.program.api(path)["attempts"]
    (whole,) = host.program.api(f"{path}&texts=true")["attempts"]

    assert "payload_text" not in brief["calls"][0]
    assert "use lmfit" in whole["calls"][0]["payload_text"]
    assert whole["calls"][0]["reply_text"] == "Done, with: use lmfit"
    assert whole["calls"][0]["sections"][0]["name"] == "rules"


def test_a_delta_shows_what_the_comment_changed_in_the_prompt(host: Host, study: str) -> None:
    (step,) = host.program.api(f"/jobs/{study}/steps/draft/delta")["steps"]

    changed = {section["name"]: section["diff"] for section in step["calls"][0]["sections"] if section["change"] != "same"}
    assert (step["run"], step["against_run"]) == (2, 1)
    assert list(changed) == ["previous", "comment"]
    assert "+> (on: method) use lmfit" in changed["comment"].split("\n")


def test_preflight_says_which_prompts_change_where_it_is_asked(host: Host, study: str) -> None:
    body = {**GUIDED, "rerun_comment": "use scipy"}
    path = f"/api/v1/jobs/{study}/runs/preflight"

    without = host.program.post(path, body).json
    found = runshapes.PreflightRecord.model_validate(host.program.post(f"{path}?prompts=1", body).json)

    assert without["prompts"] is None
    assert without["plan"]["digest"] == found.plan.digest
    assert found.prompts is not None
    (prompt,) = found.prompts.prompts
    assert (prompt["step"], prompt["changed"], prompt["basis"]) == ("draft", True, "composed")
    assert found.plan.comment is not None
    assert (found.plan.comment.text, found.plan.comment.steps) == ("use scipy", ["draft"])
    assert [finding.code for finding in found.plan.warnings] == ["comment_dropped"]


def test_a_line_break_of_a_browser_counts_as_one_character(host: Host, study: str) -> None:
    longest = "\r\n".join(["x" * 299, "y" * 300])
    order = {**GUIDED, "rerun_comment": longest}

    run = host.run(study, **order)
    refused = host.program.post(f"/api/v1/jobs/{study}/runs/preflight", {**GUIDED, "rerun_comment": longest + "z"})

    assert run["comment"]["text"] == longest.replace("\r\n", "\n")
    assert (refused.status, list(refused.json["fields"])) == (422, ["rerun_comment"])


@pytest.mark.parametrize("path", ["steps/nothing/delta", "calls?step=nothing", "calls?run=9", "comments?step=nothing"])
def test_guidance_of_what_does_not_exist_is_not_found(host: Host, study: str, path: str) -> None:
    assert host.program.get(f"/api/v1/jobs/{study}/{path}").status == 404


def test_what_models_cost_is_shown_for_the_job_its_steps_and_each_run(host: Host, study: str) -> None:
    runs = {run["number"]: run["spending"] for run in host.program.api(f"/jobs/{study}/runs")["runs"]}
    costs = {number: show_dollars(spent["usd"]) for number, spent in runs.items()}
    whole = show_dollars(sum(spent["usd"] for spent in runs.values()))

    jobs, board, listed, second = (
        host.program.get(path).text for path in ("/", f"/jobs/{study}", f"/jobs/{study}/runs", f"/jobs/{study}/runs/2")
    )

    assert [spent["calls"] for spent in runs.values()] == [1, 1]
    assert whole not in costs.values()
    assert re.search(rf'data-label="cost">.*{re.escape(whole)}', jobs)
    assert f"cost <b>{whole}</b>" in board
    assert re.search(rf'id="step-draft".*?title="2 calls, [^"]*">{re.escape(whole)}<', board, re.DOTALL)
    assert all(re.search(rf'id="run-{number}".*?data-label="cost">.*?{re.escape(cost)}<', listed, re.DOTALL)
               for number, cost in costs.items())  # fmt: skip
    assert f"<dt>cost</dt><dd>1 call, {runs[2]['tokens']} tokens, {costs[2]}</dd>" in second
