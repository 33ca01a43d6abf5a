"""Exports are Provenance Run Crates: the validator of the profiles finds nothing, and rocrate reads them back."""

from __future__ import annotations

import json
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from oncue.control.exports.export import export_job
from oncue.control.workspace import Workspace
from oncue.core.comments import Comment, CommentKind
from oncue.core.model import JobId
from oncue.core.request import RunRequest, Scope
from tests.export.contexts import CONTEXTS, OTHERS, PROPERTIES, RO_CRATE, TYPES
from tests.export.jobs import STUDY, export, make_job, read_json, run_job
from tests.export.questions import MODE, ask, decided, store_questions
from tests.support.repository import ROOT

CHECKER = ROOT / ".venv-crate" / "bin" / "python"
PROFILES = ("ro-crate-1.1", "process-run-crate-0.5", "workflow-run-crate-0.5", "provenance-run-crate-0.5")
ODD = """
    from oncue import Workflow

    odd = Workflow("odd <&> flow", params={"names": ["a/b", "A/B", "..", "ü %41", "x#y?z"]})

    @odd.step
    def names(params):
        return params.names

    @odd.step(each="names", key=lambda element: element, deliverable=True)
    def made(item, ctx):
        (ctx.files / "a file #1 100%.txt").write_text(item)
        if item == "..":
            raise ValueError("no way up")
        return {"made": item}
"""


GUIDED = STUDY.replace(
    "table, params):", "table, params, ctx):\n        assert ctx.comment is None or ctx.comment.startswith('use')"
)


def check(*orders: str) -> dict[str, Any]:
    """Run the validator on ``profile=folder`` orders."""
    assert CHECKER.exists(), "make .venv-crate/.done installs the validator"
    command = [str(CHECKER), "-m", "tests.export.validating", *orders]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def unpack(workspace: Workspace, job_id: JobId, folder: Path) -> str:
    target = folder.with_suffix(".zip")
    export_job(workspace, job_id, target, environ={})
    with zipfile.ZipFile(target) as archive:
        archive.extractall(folder)
    return str(folder)


@pytest.mark.timeout(400)
def test_exports_meet_the_profiles_they_claim(workspace: Workspace, tmp_path: Path) -> None:
    job = make_job(workspace, tmp_path, GUIDED)
    run_job(workspace, job.id, reason="first look")
    comment = Comment(text="use the 2024 column", kind=CommentKind.DATA)
    run_job(workspace, job.id, RunRequest(scope=Scope.ONLY, steps=("report",), comment=comment), reason="wrong year")
    run_job(workspace, job.id, RunRequest(scope=Scope.ONLY, steps=("pages",), params={"region": "us"}), actor="bob & co")
    store_questions(workspace, job.id, ask(1, MODE, decided(1, "ONCE")))
    odd = make_job(workspace, tmp_path, ODD)
    run_job(workspace, odd.id)
    study, never = unpack(workspace, job.id, tmp_path / "study"), make_job(workspace, tmp_path)
    strange, fresh = unpack(workspace, odd.id, tmp_path / "odd"), unpack(workspace, never.id, tmp_path / "never")

    orders = [f"{profile}={study}" for profile in PROFILES]
    orders += [f"provenance-run-crate-0.5={strange}", f"workflow-ro-crate-1.0={fresh}"]
    found = check(*orders)

    assert found["problems"] == {order: [] for order in orders}
    for folder in (study, strange, fresh):
        read = found["crates"][folder]
        on_disk = [path for path in Path(folder).rglob("*") if path.is_file() and path.name != "ro-crate-metadata.json"]
        assert read["main"] == "workflow.json"
        assert read["missing"] == []
        assert len(read["files"]) == len(on_disk)
    assert sum("made" in path for path in found["crates"][strange]["files"]) == 24  # 4 instances, 3 places, 2 files
    assert {"#run/1", "#run/2", "#run/1/organizing"} <= set(found["crates"][study]["actions"])


def test_a_comment_is_part_of_what_its_run_was_given(workspace: Workspace, tmp_path: Path) -> None:
    job = make_job(workspace, tmp_path, GUIDED)
    run_job(workspace, job.id)
    comment = Comment(text="use the 2024 column", kind=CommentKind.DATA)
    run_job(workspace, job.id, RunRequest(scope=Scope.ONLY, steps=("report",), comment=comment), reason="wrong year")

    _, files = export(workspace, job.id, tmp_path / "job.zip")

    entities = {entity["@id"]: entity for entity in read_json(files, "ro-crate-metadata.json")["@graph"]}
    given = entities["#run/2/comment"]
    assert {"@id": "#run/2/comment"} in entities["#run/2"]["object"]
    assert (given["@type"], given["text"], given["keywords"]) == ("Comment", "use the 2024 column", "data")
    assert entities[given["author"]["@id"]]["name"] == "ann"
    record = read_json(files, "job.json")
    assert [(one["run"], one["text"], one["kind"], one["reason"]) for one in record["comments"]] == [
        (2, "use the 2024 column", "data", "wrong year")
    ]
    assert [attempt["inputs"]["comments"] for attempt in record["runs"][1]["attempts"]] == [[2]]
    assert "| 2 | report | data | use the 2024 column | ann | report |" in files["README.md"].decode()


def test_a_secret_that_became_known_after_a_comment_is_not_exported(workspace: Workspace, tmp_path: Path) -> None:
    job = make_job(workspace, tmp_path, GUIDED)
    run_job(workspace, job.id)
    comment = Comment(text="use the swordfish-account for the tables")
    run_job(workspace, job.id, RunRequest(scope=Scope.ONLY, steps=("report",), comment=comment))

    _, files = export(workspace, job.id, tmp_path / "job.zip", BANK_TOKEN="swordfish-account")

    assert all(b"swordfish" not in body for body in files.values())
    assert "[redacted: $BANK_TOKEN]" in read_json(files, "job.json")["comments"][0]["text"]


@pytest.mark.timeout(200)
def test_a_crate_that_lacks_what_a_profile_demands_is_noticed(workspace: Workspace, tmp_path: Path) -> None:
    job = make_job(workspace, tmp_path)
    run_job(workspace, job.id)
    folder = unpack(workspace, job.id, tmp_path / "broken")
    metadata = Path(folder) / "ro-crate-metadata.json"
    crate = json.loads(metadata.read_text())
    entities = {entity["@id"]: entity for entity in crate["@graph"]}
    del entities["./"]["license"]
    del entities["#run/1/organizing"]["object"]
    entities["#run/1"]["ourOwnTerm"] = 1
    metadata.write_text(json.dumps(crate))
    (Path(folder) / "artifacts" / "pages" / "value.json").unlink()

    (problems,) = check(f"provenance-run-crate-0.5={folder}")["problems"].values()

    for expected in ("license", "ControlAction instances", "ourOwnTerm", "artifacts/pages/value.json"):
        assert any(expected in problem for problem in problems), expected


def test_our_contexts_say_what_the_published_one_says() -> None:
    published = next((ROOT / ".venv-crate").rglob("rocrate/data/ro-crate.jsonld"))
    terms = json.loads(published.read_text(encoding="utf-8"))["@context"]
    # Later versions of the specification moved the terms of workflows; 1.1 has them where we do.
    moved = {"ComputationalWorkflow", "FormalParameter", "input", "output"}

    ours = {term: iri for term, iri in CONTEXTS[RO_CRATE]["@context"].items() if term not in moved}
    assert {term: terms[term] for term in ours} == ours
    assert set(CONTEXTS[RO_CRATE]["@context"]) == {*TYPES, *PROPERTIES, *OTHERS}


def test_the_actions_say_who_authorized_what_from_what_it_was_made_and_how_it_ended(
    workspace: Workspace, tmp_path: Path
) -> None:
    job = make_job(workspace, tmp_path)
    run = run_job(workspace, job.id, reason="first look")
    run_job(
        workspace, job.id, RunRequest(scope=Scope.ONLY, steps=("pages",), params={"region": "us"}, refresh=True), actor="bob"
    )

    _, files = export(workspace, job.id, tmp_path / "job.zip")

    graph = {entity["@id"]: entity for entity in read_json(files, "ro-crate-metadata.json")["@graph"]}
    authorized = graph[f"#trigger/{run.trigger_id}"]
    assert authorized["@type"] == "AuthorizeAction"
    assert authorized["agent"] == graph["#run/1"]["agent"] == {"@id": "#person/ann"}
    assert graph["#run/2"]["agent"] == {"@id": "#person/bob"}
    assert (authorized["object"], authorized["description"]) == ({"@id": "#run/1"}, "first look")
    made = graph["#run/1/report/1"]
    assert made["result"] == {"@id": "deliverables/report/run-1/value.md"}
    assert {"@id": "artifacts/table/data/table.csv"} in made["object"]
    assert made["actionStatus"] == {"@id": "http://schema.org/CompletedActionStatus"}
    assert graph["#run/1/report/1/control"]["instrument"] == {"@id": "#step/report"}
    assert graph["#run/1/param/region"]["value"] == "eu"
    assert graph["#param/region"]["workExample"] == [{"@id": "#run/1/param/region"}, {"@id": "#run/2/param/region"}]
    assert graph["#run/1/param/tags"]["value"] == '["a", "b"]'
    (replaced,) = [entity for entity in graph.values() if entity["@id"].startswith("#artifact/") and "pages" in entity["name"]]
    assert replaced["identifier"].startswith("sha256:")
    assert "2 outputs are stale" in graph["./"]["description"]


def test_every_reference_inside_a_crate_leads_somewhere(workspace: Workspace, tmp_path: Path) -> None:
    job = make_job(workspace, tmp_path, ODD)
    run_job(workspace, job.id)

    _, files = export(workspace, job.id, tmp_path / "job.zip")

    graph = read_json(files, "ro-crate-metadata.json")["@graph"]
    ids = [entity["@id"] for entity in graph]
    assert len(set(ids)) == len(ids)
    assert referred(graph) - set(ids) <= {
        "https://w3id.org/ro/crate/1.1",
        "http://schema.org/CompletedActionStatus",
        "http://schema.org/FailedActionStatus",
    }
    assert graph[0]["@id"] == "ro-crate-metadata.json"


def referred(value: Any) -> set[str]:
    if isinstance(value, list):
        return set().union(*map(referred, value))
    if isinstance(value, dict) and set(value) == {"@id"}:
        return {value["@id"]}
    return set().union(*map(referred, value.values())) if isinstance(value, dict) else set()
