"""The committed description of the API is the API: every route is in it, and no answer says more or less than it promises."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import BaseModel

from oncue.web.application import API, make_routes
from oncue.web.schemas import eventshapes, guidanceshapes, jobshapes, questionshapes, runshapes, wire, workflowshapes
from tests.web.hosting import Host
from tools.schemas import OPENAPI, render_openapi

LOOKS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("/me", wire.Me),
    ("/workflows", workflowshapes.WorkflowsList),
    ("/workflows/research", workflowshapes.WorkflowRecord),
    ("/jobs", jobshapes.JobsPage),
    ("/jobs/{job}", jobshapes.JobRecord),
    ("/jobs/{job}/steps", jobshapes.StepsRecord),
    ("/jobs/{job}/steps/clean/why", jobshapes.WhyRecord),
    ("/jobs/{job}/steps/clean/output", jobshapes.OutputsRecord),
    ("/jobs/{job}/attempts?run=1", jobshapes.AttemptsRecord),
    ("/jobs/{job}/runs", runshapes.RunsPage),
    ("/jobs/{job}/runs/1", runshapes.StartedRun),
    ("/jobs/{job}/decisions", questionshapes.DecisionsRecord),
    ("/jobs/{job}/events", eventshapes.EventsPage),
    ("/jobs/{job}/comments", guidanceshapes.CommentsRecord),
    ("/jobs/{job}/trace?run=1", guidanceshapes.TraceRecord),
    ("/jobs/{job}/calls", guidanceshapes.CallsRecord),
    ("/questions", questionshapes.InboxRecord),
)


def surplus(model: BaseModel, where: str = "") -> list[str]:
    """Keys that were answered and are not described, at any depth."""
    found = [f"{where}.{name}" for name in model.model_extra or {}]
    for name in type(model).model_fields:
        value = getattr(model, name)
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, BaseModel):
                found += surplus(part, f"{where}.{name}")
    return found


def test_the_committed_description_is_up_to_date() -> None:
    assert OPENAPI.read_text(encoding="utf-8") == render_openapi(), "Run: make docs"


def test_what_a_list_of_attempts_needs_is_described() -> None:
    document = make_routes().openapi()["paths"][f"{API}/jobs/{{job}}/attempts"]["get"]
    told = {one["name"]: one.get("description", "") for one in document["parameters"]}

    assert "at least one of the two must be named" in document["description"]
    assert "Needed where no `step` is named" in told["run"]
    assert "Needed where no `run` is named" in told["step"]


def test_the_server_answers_with_the_committed_description(standing: tuple[Host, str]) -> None:
    host, _ = standing

    assert host.program.api("/openapi.json") == json.loads(OPENAPI.read_text(encoding="utf-8"))


@pytest.mark.parametrize(("path", "model"), LOOKS, ids=[path for path, _ in LOOKS])
def test_an_answer_holds_what_is_described_and_nothing_else(
    standing: tuple[Host, str], path: str, model: type[BaseModel]
) -> None:
    host, job = standing

    answered = model.model_validate(host.program.api(path.format(job=job)))

    assert surplus(answered) == []


def test_what_is_said_of_questions_and_plans_is_described_too(host: Host, asking: str) -> None:
    host.program.post(f"/api/v1/jobs/{asking}/runs", host.cue(asking))
    host.wait(asking, 1, "waiting")

    shown: list[BaseModel] = [
        questionshapes.InboxRecord.model_validate(host.program.api("/questions")),
        jobshapes.JobRecord.model_validate(host.program.api(f"/jobs/{asking}")),
        runshapes.StartedRun.model_validate(host.program.api(f"/jobs/{asking}/runs/1")),
        runshapes.PreflightRecord.model_validate(host.preflight(asking)),
    ]

    assert [surplus(one) for one in shown] == [[], [], [], []]


@pytest.mark.proves("S1-46")
def test_every_answer_of_the_api_is_described_by_a_named_shape_or_is_bytes() -> None:
    bare = {"/events", "/jobs/{job}/export", "/jobs/{job}/steps/{step}/file", "/jobs/{job}/steps/{step}/log"}

    undescribed = {
        path.removeprefix(API)
        for path, methods in make_routes().openapi()["paths"].items()
        for answer in methods.values()
        if not any(
            "$ref" in json.dumps(found.get("content")) for status, found in answer["responses"].items() if status < "300"
        )
    }

    assert undescribed == bare


def test_a_path_with_nothing_at_it_gets_the_one_error_body(standing: tuple[Host, str]) -> None:
    host, _ = standing

    missing: Any = host.program.get("/api/v1/nowhere")
    wrong: Any = host.program.ask("DELETE", "/api/v1/jobs")

    assert (missing.status, set(missing.json), missing.json["code"]) == (404, {"code", "message", "hint"}, "not_found")
    assert (wrong.status, set(wrong.json), wrong.json["code"]) == (405, {"code", "message", "hint"}, "http_405")
