"""Texts and values that could be stored and never be sent again are refused, or mended where nobody is there to be told."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from oncue import wiring
from oncue.control.jobs import create_job
from oncue.core.canonical import MAX_LEVELS
from tests.web.hosting import Host, hosted

TROUBLED = """
from oncue import Workflow

troubled = Workflow("troubled", phases=["one"], params={"deep": False})

@troubled.step(phase="one")
def work(ctx, params):
    ctx.progress(1, 2, "half \\ud800")
    value = []
    for _ in range(260 if params.deep else 0):
        value = [value]
    if params.deep:
        return value
    raise ValueError("bad \\ud800")
"""
VIEWS = ("", "/steps", "/runs", "/runs/1", "/attempts?step=work", "/events", "/export")


def nested(levels: int) -> object:
    value: object = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.fixture
def troubled(host: Host, folder: Path) -> str:
    """A job whose step says what is no Unicode, and fails."""
    (folder / "troubled_flow.py").write_text(TROUBLED, encoding="utf-8")
    return create_job(host.workspace, "troubled_flow:troubled", params={}, folder=folder).id


def test_half_a_character_in_an_error_or_in_progress_leaves_everything_readable(host: Host, troubled: str) -> None:
    assert host.run(troubled)["status"] == "failed"

    for view in VIEWS:
        assert host.program.get(f"/api/v1/jobs/{troubled}{view}").status == 200, view
    for page in ("", "/runs", "/runs/1", "/step?name=work"):
        assert host.program.get(f"/jobs/{troubled}{page}").status == 200, page
    assert "bad ?" in host.program.api(f"/jobs/{troubled}/runs/1")["error"]["message"]


def test_an_output_that_nobody_could_read_fails_its_step(host: Host, troubled: str) -> None:
    run = host.run(troubled, params={"deep": True})

    assert run["status"] == "failed"
    assert f"more than {MAX_LEVELS} levels deep" in run["error"]["message"]


@pytest.mark.parametrize(("levels", "is_taken"), [(MAX_LEVELS - 10, True), (MAX_LEVELS + 10, False), (900, False)])
def test_what_is_nested_too_deep_is_refused_before_it_is_stored(host: Host, chain: str, levels: int, is_taken: bool) -> None:
    cue = host.cue(chain)

    started = host.program.post(f"/api/v1/jobs/{chain}/runs", {**cue, "ui_trigger_metadata": {"a": nested(levels - 2)}})

    assert started.status == (201 if is_taken else 422), started
    assert [run["number"] for run in host.program.api(f"/jobs/{chain}/runs")["runs"]] == ([1] if is_taken else [])
    if is_taken:
        host.wait(chain, 1)


def test_a_limit_beyond_any_number_is_refused(host: Host, chain: str) -> None:
    reply = host.program.post(f"/api/v1/jobs/{chain}/runs/preflight", {"budget": {"calls": 10**400}})

    assert (reply.status, reply.json["code"]) == (422, "invalid_fields")


@pytest.mark.parametrize("cursor", ["OTIyMzM3MjAzNjg1NDc3NTgwOA", "LTU", "MV8w", "2aM", "IDcg"])
def test_a_cursor_that_no_list_gave_out_is_refused(host: Host, chain: str, cursor: str) -> None:
    reply = host.program.get(f"/api/v1/jobs/{chain}/decisions?cursor={cursor}")

    assert (reply.status, reply.json["code"]) == (422, "unknown_cursor")


def test_of_many_requests_of_one_action_one_started_the_run(host: Host, chain: str) -> None:
    cue = host.cue(chain)

    with ThreadPoolExecutor(20) as pool:
        replies = list(pool.map(lambda _: host.program.post(f"/api/v1/jobs/{chain}/runs", cue), range(20)))

    assert sorted(reply.status for reply in replies) == [200] * 19 + [201]
    assert {reply.json["number"] for reply in replies} == {1}
    host.wait(chain, 1)


def test_a_download_goes_on_only_with_the_same_content(standing: tuple[Host, str]) -> None:
    host, job = standing
    address = f"/api/v1/jobs/{job}/steps/fetch/file?name=stdout"
    whole = host.program.get(address)
    tag = whole.headers["etag"]

    same = host.program.get(address, {"Range": "bytes=5-", "If-Range": tag})
    other = host.program.get(address, {"Range": "bytes=5-", "If-Range": '"another"'})
    known = host.program.get(address, {"If-None-Match": f'"x", {tag}'})
    unknown = host.program.get(address, {"If-None-Match": '"x"'})

    assert (same.status, same.body) == (206, whole.body[5:])
    assert (other.status, other.body) == (200, whole.body)
    assert (known.status, known.body, known.headers["etag"]) == (304, b"", tag)
    assert (unknown.status, unknown.body) == (200, whole.body)


@pytest.mark.parametrize("wanted", ["bytes=5-2", "items=0-1", "bytes=a-b", "bytes=-0", "bytes=0-9"])
def test_an_export_comes_whole_whatever_part_is_asked_for(standing: tuple[Host, str], wanted: str) -> None:
    host, job = standing

    reply = host.program.get(f"/api/v1/jobs/{job}/export", {"Range": wanted})

    assert reply.status == 200
    assert reply.body[:2] == b"PK"


@pytest.fixture
def on_postgres(postgres_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    """A server whose workspace is in PostgreSQL."""
    monkeypatch.chdir(folder)
    workspace = wiring.open_workspace(postgres_url, create=True)
    with hosted(workspace) as running:
        yield running
    workspace.store.close()


def test_what_postgres_cannot_store_is_refused_and_never_a_defect(on_postgres: Host, folder: Path) -> None:
    job = create_job(on_postgres.workspace, "chain.yaml", params={}, folder=folder).id
    cue = on_postgres.cue(job)
    paths = ["/api/v1/jobs/%00", f"/api/v1/jobs/{job}/decisions?type=%00", "/api/v1/questions/%00", "/jobs/%00",
             "/parts/inbox?seen=%00"]  # fmt: skip

    looked = [on_postgres.program.get(path).status for path in paths]
    started = on_postgres.program.post(f"/api/v1/jobs/{job}/runs", {**cue, "reason": "a\0b"})

    assert [status for status in looked if status >= 500] == []
    assert started.status == 422
    assert on_postgres.program.api(f"/jobs/{job}/runs")["runs"] == []
    assert on_postgres.program.get("/api/v1/me").status == 200
