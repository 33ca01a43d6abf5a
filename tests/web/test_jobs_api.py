"""Jobs, steps and outputs over HTTP: what the views say, page by page, and bytes as they are."""

from __future__ import annotations

import io
import json
import sqlite3
import zipfile
from pathlib import Path
from urllib.parse import urlencode

import pytest

from oncue.control.jobs import create_job
from oncue.control.workspace import Workspace
from tests.web.hosting import Host


def make_jobs(workspace: Workspace, folder: Path, count: int) -> list[str]:
    return [create_job(workspace, "chain.yaml", params={}, folder=folder).id for _ in range(count)]


def test_jobs_are_listed_newest_first_page_by_page(host: Host, workspace: Workspace, folder: Path) -> None:
    made = make_jobs(workspace, folder, 7)
    seen: list[list[str]] = []
    page = host.program.api("/jobs?limit=3")
    seen.append([job["job_id"] for job in page["jobs"]])

    for _ in range(2):
        page = host.program.api(f"/jobs?{urlencode({'limit': 3, 'cursor': page['next_cursor']})}")
        seen.append([job["job_id"] for job in page["jobs"]])

    assert seen == [made[:3:-1], made[3:0:-1], made[:1]]
    assert (page["total"], page["next_cursor"]) == (7, None)


def test_a_page_of_jobs_does_not_shift_when_a_job_is_made_meanwhile(host: Host, workspace: Workspace, folder: Path) -> None:
    made = make_jobs(workspace, folder, 4)
    first = host.program.api("/jobs?limit=2")
    make_jobs(workspace, folder, 1)

    rest = host.program.api(f"/jobs?{urlencode({'limit': 5, 'cursor': first['next_cursor']})}")

    assert [job["job_id"] for job in rest["jobs"]] == [made[1], made[0]]


def test_jobs_are_narrowed_by_state_workflow_and_text(host: Host, chain: str, asking: str) -> None:
    host.run(chain)
    host.program.post(f"/api/v1/jobs/{asking}/runs", host.cue(asking))
    host.wait(asking, 1, "waiting")

    found = {
        query: [job["job_id"] for job in host.program.api(f"/jobs?{query}")["jobs"]]
        for query in (
            "state=completed",
            "state=waiting",
            "state=failed",
            "workflow=chain",
            f"search={asking[:6].upper()}",
            "search=ASK",
        )
    }

    assert found == {
        "state=completed": [chain],
        "state=waiting": [asking],
        "state=failed": [],
        "workflow=chain": [chain],
        f"search={asking[:6].upper()}": [asking],
        "search=ASK": [asking],
    }
    listed = host.program.api("/jobs")
    assert listed["states"] == {"waiting": 1, "completed": 1}
    assert {job["job_id"]: job["questions"] for job in listed["jobs"]} == {chain: 0, asking: 1}


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/jobs?state=asleep", 422, "unknown_state"),
        ("/jobs?cursor=nonsense", 422, "unknown_cursor"),
        ("/jobs?limit=0", 422, "invalid_fields"),
        ("/jobs?limit=501", 422, "invalid_fields"),
        ("/jobs/{job}/runs?cursor=!!", 422, "unknown_cursor"),
        ("/jobs/{job}/decisions?run=9", 404, "unknown_run"),
        ("/jobs/{job}/decisions?how=guess", 422, "invalid_fields"),
        ("/jobs/{job}/attempts", 422, "run_or_step_missing"),
        ("/jobs/{job}/attempts?step=fetsch", 404, "unknown_step"),
        ("/jobs/{job}/steps/nothing/why", 404, "unknown_step"),
        ("/jobs/{job}/steps/9/output", 422, "step_out_of_range"),
        ("/jobs/{job}/steps/fetch/output?run=7", 404, "unknown_run"),
        ("/jobs/{job}/steps/fetch/file?name=other", 404, "unknown_file"),
        ("/jobs/{job}/steps/fetch/file", 422, "invalid_fields"),
        ("/jobs/{job}/events?after=-1", 422, "invalid_fields"),
        ("/jobs/{job}/steps/fetch/delta", 404, "no_model_call"),
        ("/jobs/{job}/steps/fetch/delta?run=0", 422, "invalid_fields"),
        ("/jobs/{job}/trace?step=nothing", 404, "unknown_step"),
        ("/jobs/{job}/comments?step=nothing", 404, "unknown_step"),
        ("/jobs/nothing", 404, "unknown_job"),
        ("/jobs/nothing/export", 404, "unknown_job"),
        ("/questions/nothing", 404, "unknown_question"),
    ],
)
def test_what_cannot_be_meant_is_said(standing: tuple[Host, str], path: str, status: int, code: str) -> None:
    host, job = standing

    reply = host.program.get(f"/api/v1{path.format(job=job)}")

    assert (reply.status, reply.json["code"]) == (status, code)


def test_a_job_is_found_by_the_beginning_of_its_id(standing: tuple[Host, str]) -> None:
    host, job = standing

    assert host.program.api(f"/jobs/{job[:5]}")["job_id"] == job


def test_a_step_says_why_it_is_as_it_is_and_shows_its_output_and_attempts(host: Host, chain: str) -> None:
    host.run(chain)
    host.run(chain, scope="only", steps=["fetch"], params={"region": "eu"})

    why = host.program.api(f"/jobs/{chain}/steps/clean/why")
    output = host.program.api(f"/jobs/{chain}/steps/fetch/output")["outputs"]
    earlier = host.program.api(f"/jobs/{chain}/steps/fetch/output?run=1")["outputs"]
    attempts = host.program.api(f"/jobs/{chain}/attempts?step=fetch")["attempts"]

    assert [step["state"] for step in why["steps"]] == ["stale"]
    assert (output[0]["run"], output[0]["state"], earlier[0]["run"], earlier[0]["state"]) == (2, "fresh", 1, None)
    assert [(attempt["run"], attempt["status"]) for attempt in attempts] == [(1, "succeeded"), (2, "succeeded")]
    assert all(attempt["duration_seconds"] >= 0 for attempt in attempts)


def test_a_stale_output_is_accepted_with_a_reason_in_the_name_of_who_asked(host: Host, chain: str) -> None:
    host.run(chain)
    host.run(chain, scope="only", steps=["fetch"], params={"region": "eu"})
    operator = host.bearer("operator-token")

    silent = operator.post(f"/api/v1/jobs/{chain}/steps/clean/accept", {"reason": ""})
    accepted = operator.post(f"/api/v1/jobs/{chain}/steps/clean/accept", {"reason": "same in both"})
    again = operator.post(f"/api/v1/jobs/{chain}/steps/clean/accept", {"reason": "same in both"})

    assert (silent.status, accepted.status, again.status) == (422, 200, 409)
    assert {step["id"]: step["state"] for step in host.program.api(f"/jobs/{chain}/steps")["steps"]}["clean"] == "accepted"
    events = host.program.api(f"/jobs/{chain}/events")["events"]
    assert [event["data"] for event in events if event["type"] == "output_accepted"] == [
        {"actor": "otto", "reason": "same in both"}
    ]


@pytest.mark.parametrize(
    ("wanted", "status", "part", "place"),
    [
        (None, 200, "data from us\n", None),
        ("bytes=0-3", 206, "data", "bytes 0-3/13"),
        ("bytes=5-", 206, "from us\n", "bytes 5-12/13"),
        ("bytes=-3", 206, "us\n", "bytes 10-12/13"),
        ("bytes=0-999", 206, "data from us\n", "bytes 0-12/13"),
        ("bytes=-999", 206, "data from us\n", "bytes 0-12/13"),
        ("bytes=0-1,4-5", 200, "data from us\n", None),
        ("rows=1-2", 200, "data from us\n", None),
    ],
)
def test_a_file_is_answered_whole_or_in_the_part_that_is_asked_for(
    standing: tuple[Host, str], wanted: str | None, status: int, part: str, place: str | None
) -> None:
    host, job = standing

    reply = host.program.get(f"/api/v1/jobs/{job}/steps/fetch/file?name=stdout", {"Range": wanted} if wanted else {})

    assert (reply.status, reply.text, reply.headers.get("content-range")) == (status, part, place)
    assert reply.headers["content-length"] == str(len(part))
    assert reply.headers["accept-ranges"] == "bytes"
    assert "sandbox" in reply.headers["content-security-policy"]


@pytest.mark.parametrize("wanted", ["bytes=13-", "bytes=99-100", "bytes=-0", "bytes=5-2"])
def test_a_part_that_is_not_there_is_refused_with_the_size(standing: tuple[Host, str], wanted: str) -> None:
    host, job = standing

    reply = host.program.get(f"/api/v1/jobs/{job}/steps/fetch/file?name=stdout", {"Range": wanted})

    assert (reply.status, reply.json["code"]) == (416, "no_such_range")
    assert reply.headers["content-range"] == "bytes */13"


def test_a_log_is_answered_as_it_was_written(standing: tuple[Host, str]) -> None:
    host, job = standing

    reply = host.program.get(f"/api/v1/jobs/{job}/steps/clean/log")

    assert reply.status == 200
    assert "reading" in reply.text
    assert reply.headers["content-type"].startswith("text/plain")


def test_an_export_is_the_same_archive_as_from_the_command_line(standing: tuple[Host, str]) -> None:
    host, job = standing

    reply = host.program.get(f"/api/v1/jobs/{job}/export")

    assert (reply.status, reply.headers["content-type"]) == (200, "application/zip")
    assert f"oncue-{job}.zip" in reply.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(reply.body)) as archive:
        assert json.loads(archive.read("job.json"))["job"]["job_id"] == job
        assert "ro-crate-metadata.json" in archive.namelist()


@pytest.fixture
def damaged(chain: str, workspace: Workspace) -> str:
    """A job whose parameters somebody spoiled in the database."""
    with sqlite3.connect(str(workspace.store.folder / "oncue.db")) as connection:
        connection.execute("UPDATE job_params SET body = '{'")
    connection.close()
    return chain


def test_a_defect_of_a_fragment_is_on_record_once(host: Host, damaged: str, caplog: pytest.LogCaptureFixture) -> None:
    reply = host.browser().get(f"/parts/jobs/{damaged}", {"Accept": "text/html"})

    (name,) = [record.id for record in caplog.records if getattr(record, "event", "") == "defect"]  # type: ignore[attr-defined]
    assert reply.status == 500
    assert name in reply.text


def test_a_defect_is_answered_with_an_id_and_nothing_else(host: Host, damaged: str, caplog: pytest.LogCaptureFixture) -> None:
    reply = host.program.get(f"/api/v1/jobs/{damaged}")

    assert (reply.status, reply.json["code"]) == (500, "internal")
    name = reply.json["message"].split("error ")[1].rstrip(")")
    assert set(reply.json) == {"code", "message", "hint"}
    assert "Traceback" not in reply.text
    assert [record.id for record in caplog.records if getattr(record, "event", "") == "defect"] == [name]  # type: ignore[attr-defined]
