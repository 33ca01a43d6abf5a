"""Making a job over HTTP: which workflows can be chosen, what their parameters are, and that nothing runs by it."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.web.hosting import Host

TYPED = """
name: typed
summary: Has a parameter of every type.
params:
  title: {type: string, required: true, help: What it is called.}
  count: 3
  share: {type: number, default: 0.5}
  loud: false
  colour: {type: string, default: red, choices: [red, blue]}
  names: []
steps:
  - id: say
    run: echo {{ params.title }}
"""
PLAIN = {"title": "atlas", "count": 3, "share": 0.5, "loud": False, "colour": "red", "names": []}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(autouse=True)
def typed(folder: Path) -> None:
    (folder / "typed.yaml").write_text(TYPED, encoding="utf-8")


def test_the_manifests_of_the_folder_and_the_bundled_workflows_can_be_chosen(host: Host, folder: Path) -> None:
    (folder / "replies.yaml").write_text("- answer: yes\n", encoding="utf-8")
    (folder / "broken.yaml").write_text("steps:\n  - id: [", encoding="utf-8")

    offers = {offer["ref"]: offer for offer in host.program.api("/workflows")["workflows"]}

    assert (offers["typed.yaml"]["name"], offers["typed.yaml"]["kind"]) == ("typed", "manifest")
    assert offers["research"]["kind"] == "bundled"
    assert "broken.yaml" in offers["broken.yaml"]["problem"]
    assert "replies.yaml" not in offers


def test_a_workflow_says_what_its_parameters_are(host: Host) -> None:
    record = host.program.api("/workflows/typed.yaml")

    params = {param["name"]: param for param in record["params"]}
    assert list(params) == list(PLAIN)
    title = {"name": "title", "type": "string", "required": True, "default": None, "help": "What it is called.", "choices": []}
    assert params["title"] == title
    assert (params["colour"]["default"], params["colour"]["choices"]) == ("red", ["red", "blue"])


def test_a_job_is_made_with_its_parameters_and_nothing_runs(host: Host) -> None:
    reply = host.program.post("/api/v1/jobs", {"workflow": "typed.yaml", "params": {"title": "atlas"}})

    assert (reply.status, reply.json["params"]) == (201, PLAIN)
    job = host.program.api(f"/jobs/{reply.json['job_id']}")
    assert (job["status"], host.program.api(f"/jobs/{reply.json['job_id']}/runs")["runs"]) == ("created", [])


def test_every_parameter_that_cannot_be_taken_is_named(host: Host) -> None:
    params = {"count": "three", "share": True, "colour": "green", "colur": "red", "names": {}}

    reply = host.program.post("/api/v1/jobs", {"workflow": "typed.yaml", "params": params})

    assert (reply.status, reply.json["code"]) == (422, "invalid_param")
    assert set(reply.json["fields"]) == {f"params.{name}" for name in ("title", *params)}
    assert host.program.api("/jobs")["total"] == 0


@pytest.mark.parametrize(
    "ref", ["nothing", "../typed.yaml", "/etc/passwd", "os:path", "sub/deep.yaml", "out.yaml", ".hidden.yaml", "x\0.yaml"]
)
def test_no_name_leads_out_of_the_folder_or_imports_code(host: Host, folder: Path, ref: str) -> None:
    (folder / "sub").mkdir()
    for place in (folder / "sub" / "deep.yaml", folder.parent / "outside.yaml", folder / ".hidden.yaml"):
        place.write_text(TYPED, encoding="utf-8")
    (folder / "out.yaml").symlink_to(folder.parent / "outside.yaml")

    made = host.program.post("/api/v1/jobs", {"workflow": ref})

    assert (made.status, made.json["code"]) == (404, "unknown_workflow")
    assert host.program.get(f"/api/v1/workflows/{quote(ref, safe='')}").status == 404
    assert host.program.get(f"/new?workflow={quote(ref)}", {"Accept": "text/html"}).status == 404


def test_a_pipe_beside_the_workspace_is_not_read(host: Host, folder: Path) -> None:
    os.mkfifo(folder / "pipe.yaml")

    refs = [offer["ref"] for offer in host.program.api("/workflows")["workflows"]]

    assert "pipe.yaml" not in refs


@pytest.mark.parametrize("body", [{}, [], "typed.yaml", {"workflow": 3}, {"workflow": "typed.yaml", "params": []}, {"job": 1}])
def test_a_body_that_cannot_be_meant_is_refused_field_by_field(host: Host, body: object) -> None:
    reply = host.program.post("/api/v1/jobs", body)

    assert (reply.status, reply.json["code"]) == (422, "invalid_fields")
    assert reply.json["fields"]


def test_the_form_is_shown_again_with_what_was_written_and_what_is_wrong(host: Host) -> None:
    written = b"param.title=&param.count=three&param.share=0.25&param.colour=blue"

    reply = host.program.post("/new?workflow=typed.yaml", written, {**FORM, "Accept": "text/html"})

    assert reply.status == 422
    assert "this is needed" in reply.text
    assert "must be an integer" in reply.text
    assert 'value="three"' in reply.text
    assert 'value="0.25"' in reply.text
    assert host.program.api("/jobs")["total"] == 0


def test_a_manifest_that_is_wrong_says_so_on_its_page(host: Host, folder: Path) -> None:
    (folder / "typed.yaml").write_text("steps:\n  - id: a\n    run: [1]\n", encoding="utf-8")

    looked = host.program.get("/new?workflow=typed.yaml", {"Accept": "text/html"})
    made = host.program.post("/api/v1/jobs", {"workflow": "typed.yaml"})

    assert "cannot be used" in looked.text
    assert (made.status, made.json["code"]) == (422, "invalid_definition")
