"""An export has everything of a job, is the same for the same state, and never harms what is there."""

from __future__ import annotations

import json
import os
import stat
import tempfile
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from oncue.control.exports.export import export_job, export_to_send
from oncue.control.exports.exportcontent import unescape
from oncue.control.exports.exportzip import CannotExport, open_archive, open_nameless_archive
from oncue.control.jobs import accept_output
from oncue.control.workspace import Workspace
from oncue.core.model import ContentHash, Job, JobId
from oncue.core.questions import How
from oncue.core.request import RunRequest, Scope
from oncue.errors import InvalidInput, UnknownJob
from tests.export.jobs import STUDY, export, make_job, read_archive, read_json, run_job, write_workflow
from tests.export.questions import ASKED, CONTINUE, MODE, PILLARS, ask, decided, store_questions

SECRET = "sk-" + "proj-" + "aB3" * 12


@pytest.fixture
def job(workspace: Workspace, tmp_path: Path) -> Job:
    """A job that was run, and whose first step was run again with another parameter."""
    made = make_job(workspace, tmp_path)
    run_job(workspace, made.id, reason="first look")
    return made


def rerun_pages(workspace: Workspace, job_id: JobId) -> None:
    request = RunRequest(scope=Scope.ONLY, steps=("pages",), params={"region": "us"}, refresh=True)
    run_job(workspace, job_id, request, actor="bob", reason="what about the US?")


def test_the_archive_has_the_job_its_outputs_and_what_explains_them(workspace: Workspace, job: Job, tmp_path: Path) -> None:
    rerun_pages(workspace, job.id)
    run_job(workspace, job.id, RunRequest(scope=Scope.RESUME))

    summary, files = export(workspace, job.id, tmp_path / "job.zip")

    assert list(files) == [
        "artifacts/pages/value.json",
        "artifacts/summary%5Bus%2F0%5D/value.txt",
        "artifacts/summary%5Bus%2F1%5D/value.txt",
        "artifacts/table/data/table.csv",
        "artifacts/table/value.json",
        "deliverables/report/run-1/value.md",
        "deliverables/report/run-3/value.md",
        "deliverables/report/value.md",
        "artifacts/report/value.md",
        "artifacts/summary%5Beu%2F0%5D/value.txt",
        "artifacts/summary%5Beu%2F1%5D/value.txt",
        "events.jsonl",
        "job.json",
        "workflow.json",
        "README.md",
        "ro-crate-metadata.json",
    ]
    assert files["artifacts/table/data/table.csv"] == b"page 0\npage 1"
    assert files["deliverables/report/run-1/value.md"].startswith(b"# Report on eu")
    assert files["deliverables/report/value.md"] == files["artifacts/report/value.md"]
    assert files["deliverables/report/value.md"].startswith(b"# Report on us")
    assert (summary.files, summary.size, summary.stale) == (len(files), (tmp_path / "job.zip").stat().st_size, ())


@pytest.mark.proves("S3-21")
def test_the_record_has_runs_triggers_plans_attempts_parameters_acceptances_and_decisions(
    workspace: Workspace, job: Job, tmp_path: Path
) -> None:
    rerun_pages(workspace, job.id)
    accept_output(workspace, job.id, "report", actor="eve", reason="good enough")
    late = ask(2, CONTINUE, decided(2, None, How.TIMED_OUT, is_timed_out=True))
    store_questions(workspace, job.id, ask(1, MODE, decided(1, "ONCE")), late, ask(3, PILLARS))

    _, files = export(workspace, job.id, tmp_path / "job.zip")

    record = read_json(files, "job.json")
    assert (record["job"]["job_id"], record["job"]["status"]) == (job.id, "completed")
    assert record["params"]["region"] == "us"
    first, second = record["runs"]
    assert (first["trigger"]["actor"], first["trigger"]["reason"]) == ("ann", "first look")
    assert first["plan"]["execute"] == ["pages", "table", "report"] or "pages" in first["plan"]["execute"]
    assert first["plan"]["digest"] == first["trigger"]["plan_digest"]
    assert [attempt["step"] for attempt in second["attempts"]] == ["pages"]
    assert second["request"] == {"scope": "only", "steps": ["pages"], "params": {"region": "us"}, "refresh": True} | {
        "downstream": "mark_stale"
    }
    assert [(one["step"], one["actor"], one["reason"]) for one in record["acceptances"]] == [("report", "eve", "good enough")]
    assert [(one["type"], one["how"]) for one in record["decisions"]] == [
        ("run_mode", "person"),
        ("continue", "timed_out"),
        ("pillar_selection", None),
    ]
    assert record["comments"] == []
    events = [json.loads(line) for line in files["events.jsonl"].splitlines()]
    assert [event["seq"] for event in events] == list(range(1, record["job"]["event_seq"] + 1))


def test_every_file_of_an_output_is_described_with_its_checksum(workspace: Workspace, job: Job, tmp_path: Path) -> None:
    _, files = export(workspace, job.id, tmp_path / "job.zip")

    steps = {step["id"]: step for step in read_json(files, "job.json")["steps"]}
    described = {file["path"]: file for step in steps.values() for output in step["outputs"] for file in output["files"]}
    assert set(described) == {path for path in files if path.startswith(("artifacts/", "deliverables/"))}
    for path, file in described.items():
        assert (file["size"], file["sha256"]) == (len(files[path]), sha256(files[path]).hexdigest())
    assert "sha256:" + described["artifacts/pages/value.json"]["sha256"] == steps["pages"]["artifact"]


def test_the_same_state_gives_the_same_bytes_and_another_state_others(workspace: Workspace, job: Job, tmp_path: Path) -> None:
    digests = []
    for name in ("one.zip", "two.zip"):
        export_job(workspace, job.id, tmp_path / name, environ={})
        digests.append(sha256((tmp_path / name).read_bytes()).hexdigest())
    rerun_pages(workspace, job.id)
    export_job(workspace, job.id, tmp_path / "three.zip", environ={})

    assert digests[0] == digests[1]
    assert sha256((tmp_path / "three.zip").read_bytes()).hexdigest() != digests[0]
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        entries = archive.infolist()
    assert {(entry.create_system, entry.external_attr >> 16) for entry in entries} == {(3, stat.S_IFREG | 0o644)}
    assert len({entry.date_time for entry in entries}) == 1


def test_the_page_says_which_outputs_are_stale_and_why(workspace: Workspace, job: Job, tmp_path: Path) -> None:
    _, before = export(workspace, job.id, tmp_path / "before.zip")
    rerun_pages(workspace, job.id)
    accept_output(workspace, job.id, "report", actor="eve", reason="good | enough")
    summary, after = export(workspace, job.id, tmp_path / "after.zip")

    assert "**Yes.** Every output follows from its inputs" in before["README.md"].decode()
    page = after["README.md"].decode()
    assert "**No: 1 output is stale.**" in page
    assert "- `table` (of run 1): summary is stale" in page
    assert "- `report`: " in page
    assert "eve: “good \\| enough”" in page
    assert "| 2 | succeeded | run (only) | 1 | bob |" in page
    assert summary.stale == ("table",)


def test_a_job_that_was_never_run_exports_too(workspace: Workspace, tmp_path: Path) -> None:
    job = make_job(workspace, tmp_path)

    _, files = export(workspace, job.id, tmp_path / "job.zip")

    assert list(files) == ["events.jsonl", "job.json", "workflow.json", "README.md", "ro-crate-metadata.json"]
    assert "This job has not been run." in files["README.md"].decode()


@pytest.mark.proves("S3-20", "S3-26")
def test_without_questions_there_is_no_prompt_history(workspace: Workspace, job: Job, tmp_path: Path) -> None:
    summary, files = export(workspace, job.id, tmp_path / "job.zip")

    assert not {"prompt_history.json", "prompt_history.txt"} & set(files)
    assert summary.questions == 0
    assert "prompt_history" not in files["README.md"].decode()


@pytest.mark.proves("S3-18", "S3-29")
def test_with_questions_the_history_is_there_for_programs_and_people(workspace: Workspace, job: Job, tmp_path: Path) -> None:
    store_questions(
        workspace,
        job.id,
        ask(1, PILLARS, decided(1, "ALL")),
        ask(2, CONTINUE, decided(2, None, How.TIMED_OUT, is_timed_out=True)),
    )

    summary, files = export(workspace, job.id, tmp_path / "job.zip")

    history = read_json(files, "prompt_history.json")
    assert [(one["type"], one["response"], one["timed_out"]) for one in history] == [
        ("pillar_selection", "ALL", False),
        ("continue", None, True),
    ]
    assert "TIMED OUT" in files["prompt_history.txt"].decode()
    assert str(ASKED.year) in files["prompt_history.txt"].decode()
    assert summary.questions == 2


LEAKY = f"""
    from oncue import Workflow

    leaky = Workflow("leaky", params={{"key": "", "known": "", "password": "", "names": []}})

    @leaky.step
    def listed(params):
        return params.names

    @leaky.step(each="listed", key=lambda element: element)
    def made(item, ctx):
        (ctx.files / "{SECRET}.txt").write_text("{SECRET}")

    @leaky.step
    def failing(params, made):
        raise ValueError("refused: {SECRET} " + params.known)
"""


def test_secrets_are_marked_everywhere_but_in_the_outputs_themselves(workspace: Workspace, tmp_path: Path) -> None:
    params = {"key": SECRET, "known": "swordfish_`1`", "password": "tiny", "names": [SECRET]}
    job = make_job(workspace, tmp_path, LEAKY, **params)
    run_job(workspace, job.id, reason="with swordfish_`1`", actor="swordfish_`1`")  # nobody knew that it is a secret

    _, files = export(workspace, job.id, tmp_path / "job.zip", THE_TOKEN="swordfish_`1`")

    bodies = {path: body for path, body in files.items() if path.startswith("artifacts/")}
    records = {path: body.decode() for path, body in files.items() if path not in bodies}
    assert not [path for path in files if SECRET in path]
    for path, text in records.items():
        for leaked in (SECRET, "swordfish", "tiny", "sk-proj"):
            assert leaked not in text, (path, leaked)
    assert "[redacted: $THE_TOKEN]" in records["job.json"]
    assert "[redacted: password]" in records["job.json"]
    (secret_file,) = [body for path, body in bodies.items() if path.endswith(".txt")]
    assert secret_file.decode() == SECRET


def test_what_was_pruned_is_named_and_the_rest_is_exported(workspace: Workspace, tmp_path: Path) -> None:
    job = make_job(workspace, tmp_path, STUDY.replace("f\"page {item['n']}\"", "str(item['n']) * 9000"))
    run_job(workspace, job.id)
    full = read_json(export(workspace, job.id, tmp_path / "full.zip")[1], "job.json")
    steps = {step["id"]: step for step in full["steps"]}
    workspace.store.blobs.delete(steps["summary[eu/0]"]["artifact"])
    workspace.store.blobs.delete(ContentHash("sha256:" + steps["table"]["outputs"][0]["files"][0]["sha256"]))

    summary, files = export(workspace, job.id, tmp_path / "job.zip")

    assert summary.pruned == ("artifacts/summary%5Beu%2F0%5D/: its body", "artifacts/table/: data/table.csv")
    page = files["README.md"].decode()
    assert "## Not included" in page
    assert "`artifacts/table/: data/table.csv`" in page
    assert "artifacts/table/value.json" in files


def test_a_source_that_is_gone_or_wrong_does_not_stop_an_export(workspace: Workspace, job: Job, tmp_path: Path) -> None:
    (source,) = tmp_path.glob(f"{job.source.ref.partition(':')[0]}.py")
    source.write_text("import nothing_of_this_name\n")

    _, files = export(workspace, job.id, tmp_path / "job.zip")

    assert "Note: " in files["README.md"].decode()
    assert "deliverables/report/value.md" in files


def test_an_unknown_job_is_an_error_and_leaves_the_target_alone(workspace: Workspace, tmp_path: Path) -> None:
    target = tmp_path / "job.zip"
    target.write_bytes(b"precious")

    with pytest.raises(UnknownJob):
        export_job(workspace, JobId("nothing"), target)

    assert target.read_bytes() == b"precious"


@pytest.mark.parametrize(
    ("target", "message"),
    [("missing/job.zip", "does not exist"), ("workspace", "no plain file"), ("/", "names no file"), ("pipe", "no plain file")],
)
def test_a_target_that_cannot_be_meant_is_refused(
    workspace: Workspace, job: Job, tmp_path: Path, target: str, message: str
) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(InvalidInput, match=message) as refused:
        export_job(workspace, job.id, tmp_path / target)

    assert refused.value.hint


def test_an_existing_target_is_replaced_only_when_the_export_succeeded(workspace: Workspace, job: Job, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    target = folder / "job.zip"
    target.write_bytes(b"precious")

    with pytest.raises(ZeroDivisionError), open_archive(target, ASKED) as archive:
        archive.write("half", (b"x" for _ in range(1 // 0)))
    with pytest.raises(CannotExport, match="No space left"), open_archive(target, ASKED):
        raise OSError(28, "No space left on device")
    assert [path.name for path in folder.iterdir()] == ["job.zip"]
    assert target.read_bytes() == b"precious"

    export_job(workspace, job.id, target, environ={})

    assert [path.name for path in folder.iterdir()] == ["job.zip"]
    assert "job.json" in read_archive(target)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs a folder that nobody can write to, not even root")
def test_a_folder_that_cannot_be_written_is_said(workspace: Workspace, job: Job) -> None:
    with pytest.raises(CannotExport, match="could not be written"):
        export_job(workspace, job.id, Path("/proc/job.zip"))


def test_a_link_at_the_target_is_replaced_and_what_it_points_to_stays(workspace: Workspace, job: Job, tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"precious")
    (tmp_path / "job.zip").symlink_to(tmp_path / "other")

    export_job(workspace, job.id, tmp_path / "job.zip", environ={})

    assert not (tmp_path / "job.zip").is_symlink()
    assert (tmp_path / "other").read_bytes() == b"precious"


@pytest.mark.parametrize("size", range(1, 9))
def test_text_is_read_piece_by_piece_wherever_the_pieces_end(size: int) -> None:
    text = 'say "hi" \\\\n \\ \x01\x1f\n\t ü 😀 u0041 \\"'
    encoded = json.dumps(text, ensure_ascii=False).encode()

    pieces = (encoded[start : start + size] for start in range(0, len(encoded), size))

    assert b"".join(unescape(pieces)).decode() == text


def test_workflows_are_written_under_names_of_their_own(tmp_path: Path) -> None:
    assert write_workflow(tmp_path, STUDY) != write_workflow(tmp_path, STUDY)


def test_an_archive_that_is_sent_has_the_same_bytes_and_no_name(
    workspace: Workspace, job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, scratch = tmp_path / "job.zip", tmp_path / "scratch"
    scratch.mkdir()
    export_job(workspace, job.id, target, environ={})
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))

    with export_to_send(workspace, job.id, environ={}) as file:
        assert file.tell() == target.stat().st_size
        file.seek(0)
        assert file.read() == target.read_bytes()
        assert list(scratch.iterdir()) == []


def test_an_archive_without_a_name_has_none_while_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So a process that is killed then leaves nothing."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    with open_nameless_archive(ASKED) as (archive, file):
        archive.write("half", [b"x" * 100_000])
        assert list(tmp_path.iterdir()) == []
    file.close()
    with pytest.raises(CannotExport, match="No space left"), open_nameless_archive(ASKED):
        raise OSError(28, "No space left on device")
