"""Advice over HTTP: an agent recommends, a person decides, and the record says what came of it."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from oncue.control.jobs import create_job
from oncue.testing import CommandLine
from tests.web.hosting import Client, Host
from tests.web.test_access import count_runs

API = "/api/v1"
WHY = "the region changed; only what builds on it needs to run"


def adviser(host: Host) -> Client:
    """A program with a token that may recommend."""
    return host.bearer("adviser-token")


def advise(host: Host, job: str, **request: object) -> Any:
    reply = adviser(host).post(f"{API}/jobs/{job}/recommendations", {"rationale": WHY, **request})
    assert reply.status == 201, reply
    return reply.json


@pytest.mark.proves("S1-11", "S1-39")
def test_a_recommendation_holds_what_preflight_says_and_starts_nothing(host: Host, chain: str) -> None:
    host.run(chain)

    given = advise(host, chain, scope="from", steps=["3"], params={"region": "eu"})

    seen = host.preflight(chain, scope="from", steps=["3"], params={"region": "eu"})
    assert (given["status"], given["author"], given["rationale"]) == ("ready", "otto", WHY)
    assert given["recommended_run_config"] == {"scope": "from", "steps": ["count"], "params": {"region": "eu"}}
    for name in ("blockers", "warnings", "prerequisites"):
        assert given[name] == seen[name], name
    assert (given["plan_digest"], given["estimate"]) == (seen["plan"]["digest"], seen["plan"]["estimate"])
    assert count_runs(host) == 1
    reader = host.bearer("reader-token")
    assert reader.api(f"/jobs/{chain}/recommendations")["recommendations"] == [given]
    assert reader.api(f"/jobs/{chain}/recommendations/{given['recommendation_id']}") == given


@pytest.mark.proves("S1-14")
def test_advice_that_could_not_start_now_is_kept_as_blocked_with_the_codes(host: Host, chain: str) -> None:
    given = advise(host, chain, scope="only", steps=["report"])

    assert given["status"] == "blocked"
    assert {finding["code"] for finding in given["blockers"]} == {"missing_input"}
    assert given["prerequisites"] == {"count": False}


@pytest.mark.proves("S1-22", "S1-27", "S1-28", "S1-29", "S1-52", "S1-53")
def test_a_run_says_which_advice_it_followed_and_what_the_person_changed(host: Host, chain: str) -> None:
    host.run(chain)
    given = advise(host, chain, scope="from", steps=["count"], params={"region": "eu"})
    wanted = {"scope": "from", "steps": ["clean"], "params": {"region": "eu"}}

    body = {**wanted, **host.cue(chain, **wanted), "recommended_message_id": given["recommendation_id"]}
    started = host.program.post(f"{API}/jobs/{chain}/runs", body)

    assert started.status == 201, started
    run = host.wait(chain, 2)
    assert run["recommended_message_id"] == given["recommendation_id"]
    assert run["recommended_config_snapshot"] == given["recommended_run_config"]
    assert run["trigger"]["overrides"] == [{"name": "steps", "recommended": ["count"], "used": ["clean"]}]
    first = host.program.api(f"/jobs/{chain}/runs/1")
    assert (first["recommended_message_id"], first["recommended_config_snapshot"]) == (None, None)
    assert (first["trigger"]["recommended"], first["trigger"]["overrides"]) == (None, [])


@pytest.mark.proves("S1-36")
def test_the_audit_record_of_a_run_is_the_same_wherever_it_is_read(host: Host, chain: str, folder: Path) -> None:
    host.run(chain)
    given = advise(host, chain, scope="from", steps=["count"], params={"region": "ü"})
    wanted = {"scope": "from", "steps": ["count"], "params": {"region": "ü"}}
    host.program.post(
        f"{API}/jobs/{chain}/runs",
        {**wanted, **host.cue(chain, **wanted), "recommended_message_id": given["recommendation_id"]},
    )
    run = host.wait(chain, 2)

    in_list = host.program.api(f"/jobs/{chain}/runs")["runs"][0]
    at_the_command = CommandLine(folder=folder).json("job", "history", chain)["runs"][1]
    archive = zipfile.ZipFile(io.BytesIO(host.program.get(f"{API}/jobs/{chain}/export").body))
    exported = json.loads(archive.read("job.json"))["runs"][1]

    assert run["trigger"]["recommended"] == given["recommended_run_config"]
    assert in_list["trigger"] == at_the_command["trigger"] == exported["trigger"] == run["trigger"]
    edge = {name: run[name] for name in run if name.startswith(("ui_", "recommended_"))}
    assert edge == {
        "ui_trigger_id": run["trigger"]["id"],
        "ui_trigger_source": run["trigger"]["source"],
        "ui_trigger_metadata": run["trigger"]["metadata"],
        "ui_triggered_at": run["trigger"]["triggered_at"],
        "recommended_message_id": given["recommendation_id"],
        "recommended_config_snapshot": given["recommended_run_config"],
    }


@pytest.mark.proves("S1-25")
@pytest.mark.parametrize("path", ["runs", "runs/preflight", "restart/step", "restart/phase"])
def test_advice_for_another_job_is_refused_at_its_field(host: Host, chain: str, folder: Path, path: str) -> None:
    other = create_job(host.workspace, "chain.yaml", params={}, folder=folder).id
    foreign = advise(host, other, scope="all")["recommendation_id"]
    cue = {} if path == "runs/preflight" else host.cue(chain)
    more = {"step": "count"} if path == "restart/step" else {"phase": "refine"} if path == "restart/phase" else {}

    for id_ in (foreign, "nothing"):
        refused = host.program.post(f"{API}/jobs/{chain}/{path}", {**cue, **more, "recommended_message_id": id_})
        assert (refused.status, refused.json["code"]) == (422, "invalid_fields")
        assert list(refused.json["fields"]) == ["recommended_message_id"]
    assert adviser(host).get(f"{API}/jobs/{chain}/recommendations/{foreign}").json["code"] == "unknown_recommendation"
    assert count_runs(host) == 0


@pytest.mark.proves("S1-37", "S1-38")
def test_looking_ahead_says_how_a_request_departs_from_the_advice(host: Host, chain: str) -> None:
    given = advise(host, chain, scope="all", params={"region": "eu"})

    same = host.preflight(chain, params={"region": "eu"}, recommended_message_id=given["recommendation_id"])
    other = host.preflight(chain, params={"region": "us"}, recommended_message_id=given["recommendation_id"])

    assert {"ready", "blockers", "warnings", "normalized_config", "prerequisites", "notes"} <= set(same)
    assert "this is what otto recommended" in same["notes"]
    assert any("other params.region" in note for note in other["notes"])


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "invalid_fields"),
        ({"rationale": ""}, "invalid_fields"),
        ({"rationale": "  \n"}, "no_rationale"),
        ({"rationale": "x" * 4001}, "invalid_fields"),
        ({"rationale": "use sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGH"}, "secret_in_rationale"),
        ({"rationale": WHY, "scope": "only", "steps": ["nothing"]}, "unknown_step"),
        ({"rationale": WHY, "params": {"nothing": 1}}, "invalid_param"),
        ({"rationale": WHY, "ui_trigger_id": "x"}, "invalid_fields"),
        ({"rationale": WHY, "rerun_comment": "x" * 601}, "invalid_comment"),
    ],
)
def test_advice_that_cannot_be_meant_is_not_kept(host: Host, chain: str, body: dict[str, object], code: str) -> None:
    refused = adviser(host).post(f"{API}/jobs/{chain}/recommendations", body)

    assert refused.json["code"] == code
    assert refused.status in (404, 422)
    assert adviser(host).api(f"/jobs/{chain}/recommendations")["recommendations"] == []
