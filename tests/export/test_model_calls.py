"""Calls of language models in an export: every one, with every text that was said, and no secret."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from oncue.control.exports.exporttraces import clean_text
from oncue.control.settings import change_setting
from oncue.control.workspace import Workspace
from oncue.core.canonical import content_hash
from oncue.core.comments import Comment
from oncue.core.model import Job
from oncue.core.request import RunRequest, Scope
from oncue.core.secrets import KnownSecret
from tests.export.jobs import export, make_job, read_json, run_job
from tests.export.test_crate import PROFILES, check, unpack

LETTER = """
    from oncue import Workflow

    letters = Workflow("letters", params={"topic": "rain"})

    @letters.step(deliverable=True)
    def letter(params, ctx):
        return ctx.generate("Write.", context={"topic": params.topic})
"""
REPLIES = 'usage: words\nrules: [{reply: "It rained on {{ topic }}.", when: {context: {matches: "(?P<topic>\\\\S+)\\\\Z"}}}]\n'


@pytest.fixture
def letter(workspace: Workspace, tmp_path: Path) -> Job:
    """A letter that was written, and written again with a comment."""
    return write_letter(workspace, tmp_path)


def write_letter(workspace: Workspace, folder: Path, topic: str = "Sunday") -> Job:
    (folder / "replies.yaml").write_text(REPLIES, encoding="utf-8")
    change_setting(workspace, "model", f"recorded:{folder / 'replies.yaml'}", actor="ann")
    job = make_job(workspace, folder, LETTER, topic=topic)
    run_job(workspace, job.id)
    run_job(workspace, job.id, RunRequest(scope=Scope.ONLY, steps=("letter",), comment=Comment(text="use fewer words")))
    return job


def read_calls(files: dict[str, bytes]) -> list[Any]:
    return [json.loads(line) for line in files["traces/calls.jsonl"].splitlines()]


def text_of(files: dict[str, bytes], address: str) -> bytes:
    return files[f"traces/texts/{address.removeprefix('sha256:')}.txt"]


def test_every_call_is_exported_with_every_text_that_was_said(workspace: Workspace, letter: Job, tmp_path: Path) -> None:
    summary, files = export(workspace, letter.id, tmp_path / "job.zip")

    first, second = read_calls(files)
    assert (first["run"], second["run"], second["comments"][0]["text"]) == (1, 2, "use fewer words")
    for call in (first, second):
        for address in (*(part["hash"] for part in call["sections"]), call["payload"], call["reply"]):
            assert content_hash(text_of(files, address)) == address
    assert text_of(files, second["reply"]) == b"It rained on Sunday."
    sections = {part["name"]: text_of(files, part["hash"]) for part in second["sections"]}
    assert (sections["comment"], sections["previous"]) == (b"> use fewer words", b"It rained on Sunday.")
    assert json.loads(text_of(files, second["payload"]))["messages"][0]["content"].encode() == sections["rules"]
    assert summary.files == len(files)


def test_a_text_that_calls_share_is_exported_once(workspace: Workspace, letter: Job, tmp_path: Path) -> None:
    _, files = export(workspace, letter.id, tmp_path / "job.zip")

    first, second = read_calls(files)
    rules = {part["hash"] for call in (first, second) for part in call["sections"] if part["name"] == "rules"}
    texts = [name for name in files if name.startswith("traces/texts/")]
    assert len(rules) == 1
    assert len(texts) == 8, "rules, context, request, closing, two payloads, one reply, which is the previous too, the comment"


def test_what_the_calls_cost_is_summed_up_and_the_unknown_counted(workspace: Workspace, letter: Job, tmp_path: Path) -> None:
    _, files = export(workspace, letter.id, tmp_path / "job.zip")

    spent = read_json(files, "job.json")["model_calls"]
    assert (spent["calls"], spent["calls_of_unknown_tokens"], spent["calls_of_unknown_usd"]) == (2, 0, 2)
    assert (
        f"- calls of language models: 2 calls, {spent['tokens']} tokens; the cost of all is unknown"
        in files["README.md"].decode()
    )
    assert "`traces/calls.jsonl`" in files["README.md"].decode()


def test_each_run_says_what_its_calls_cost(workspace: Workspace, letter: Job, tmp_path: Path) -> None:
    _, files = export(workspace, letter.id, tmp_path / "job.zip")

    record = read_json(files, "job.json")
    spent = [run["spending"] for run in record["runs"]]
    assert [one["calls"] for one in spent] == [1, 1]
    assert all(one["tokens"] > 0 for one in spent)
    assert sum(one["tokens"] for one in spent) == record["model_calls"]["tokens"]
    assert [run["comment"] and run["comment"]["text"] for run in record["runs"]] == [None, "use fewer words"]


def test_secrets_that_are_known_at_the_export_are_in_no_text(workspace: Workspace, tmp_path: Path) -> None:
    job = write_letter(workspace, tmp_path, topic="swordfish-12")

    _, files = export(workspace, job.id, tmp_path / "job.zip", FISH_TOKEN="swordfish-12")

    traced = {name: body for name, body in files.items() if not name.startswith(("artifacts/", "deliverables/"))}
    assert not [name for name, body in traced.items() if b"swordfish" in body]
    (call, _) = read_calls(files)
    context = next(part["hash"] for part in call["sections"] if part["name"] == "context")
    assert text_of(files, context) == b"[topic]\n[redacted: $FISH_TOKEN]"
    assert "[redacted: $FISH_TOKEN]" in json.loads(text_of(files, call["payload"]))["messages"][1]["content"]


def test_a_secret_behind_escaped_quotation_marks_is_found_in_a_payload() -> None:
    payload = json.dumps({"content": 'then password="correct-horse" and "swordfish\\12"'})

    cleaned = clean_text(payload, (KnownSecret(name="$FISH", value="swordfish\\12"),))

    assert json.loads(cleaned) == {"content": 'then password=[redacted: password] and "[redacted: $FISH]"'}
    assert clean_text('{"no": json', ()) == '{"no": json'
    assert clean_text('{"a":  1}', ()) == '{"a":  1}'


def test_a_text_that_is_not_stored_any_more_is_named(workspace: Workspace, tmp_path: Path) -> None:
    job = write_letter(workspace, tmp_path, topic="x" * 9000)
    with workspace.store.read() as reader:
        payload = reader.list_calls(job.id)[0].payload
    workspace.store.blobs.delete(payload)

    summary, files = export(workspace, job.id, tmp_path / "job.zip")

    gone = f"traces/texts/{payload.removeprefix('sha256:')}.txt"
    assert gone in summary.pruned
    assert gone in files["README.md"].decode()
    assert gone not in files


def test_exporting_the_same_calls_again_gives_the_same_bytes(workspace: Workspace, letter: Job, tmp_path: Path) -> None:
    export(workspace, letter.id, tmp_path / "one.zip")
    export(workspace, letter.id, tmp_path / "two.zip")

    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_a_job_without_calls_has_no_traces(workspace: Workspace, tmp_path: Path) -> None:
    job = make_job(workspace, tmp_path)
    run_job(workspace, job.id)

    _, files = export(workspace, job.id, tmp_path / "job.zip")

    assert not [name for name in files if name.startswith("traces")]
    assert "language models" not in files["README.md"].decode()
    assert read_json(files, "job.json")["model_calls"]["calls"] == 0


@pytest.mark.timeout(400)
def test_a_crate_with_calls_conforms_to_every_profile(workspace: Workspace, letter: Job, tmp_path: Path) -> None:
    folder = unpack(workspace, letter.id, tmp_path / "crate")

    orders = [f"{profile}={folder}" for profile in PROFILES]
    found = check(*orders)

    assert found["problems"] == {order: [] for order in orders}
    read = found["crates"][folder]
    assert read["missing"] == []
    assert "traces/calls.jsonl" in read["files"]
    graph = json.loads((Path(folder) / "ro-crate-metadata.json").read_text(encoding="utf-8"))["@graph"]
    texts = next(entity for entity in graph if entity["@id"] == "traces/texts/")
    assert texts["@type"] == "Dataset"
    assert {"@id": "traces/texts/"} in next(entity for entity in graph if entity["@id"] == "./")["hasPart"]
