"""A reason that looks like a secret is refused wherever reasons are taken, and is nowhere afterwards."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from oncue import wiring
from oncue.control.jobs import create_job
from oncue.control.workspace import Workspace
from tests.acceptance.shipped import Shell
from tests.web.hosting import hosted
from tests.web.workflows import WORKFLOWS

SECRET = "sk-proj-" + "q7Zx0vJ2mT5nB8cL" * 2
REASON = f"the key is {SECRET}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "chain.yaml").write_text(WORKFLOWS["chain.yaml"], encoding="utf-8")
    return tmp_path


@pytest.fixture
def workspace(folder: Path) -> Iterator[Workspace]:
    opened = wiring.open_workspace(folder / ".oncue", create=True, synchronous="NORMAL")
    yield opened
    opened.store.close()


@pytest.fixture
def job(workspace: Workspace, folder: Path) -> str:
    return create_job(workspace, "chain.yaml", params={}, folder=folder).id


def stored(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted((folder / ".oncue").rglob("*")) if path.is_file())


@pytest.mark.parametrize("command", [["run"], ["rerun", "--step", "1"], ["stop"], ["accept", "2"]])
def test_the_command_refuses_a_secret_in_a_reason(folder: Path, job: str, command: list[str]) -> None:
    shell = Shell(folder)

    answer = shell.run("job", command[0], job, *command[1:], "--reason", REASON, "--json")

    assert (answer.code, answer.error["code"]) == (2, "secret_in_reason")
    assert "OpenAI key" in answer.error["message"]
    assert SECRET not in answer.out + answer.err
    assert SECRET.encode() not in stored(folder)


def test_the_api_refuses_a_secret_in_a_reason(workspace: Workspace, folder: Path, job: str) -> None:
    with hosted(workspace) as host:
        base = f"/api/v1/jobs/{job}"
        step, phase = host.cue(job, scope="only", steps=["fetch"]), host.cue(job, scope="phase", phase="gather")
        refused = [
            host.program.post(f"{base}/runs", {**host.cue(job), "reason": REASON}),
            host.program.post(f"{base}/restart/step", {**step, "step": "fetch", "reason": REASON}),
            host.program.post(f"{base}/restart/phase", {**phase, "phase": "gather", "reason": REASON}),
            host.program.post(f"{base}/steps/fetch/accept", {"reason": REASON}),
            host.program.post(f"{base}/stop", {"reason": REASON}),
        ]

        assert [(reply.status, reply.json["code"]) for reply in refused] == [(422, "secret_in_reason")] * 5
        assert not any(SECRET in reply.text for reply in refused)
        assert host.program.api(f"/jobs/{job}/runs")["runs"] == []
    assert SECRET.encode() not in stored(folder)


def test_the_pages_refuse_a_secret_in_a_reason(workspace: Workspace, folder: Path, job: str) -> None:
    with hosted(workspace) as host:
        browser = host.browser().with_headers(**{"Content-Type": "application/x-www-form-urlencoded"})
        refused = [
            browser.ask("POST", f"/jobs/{job}/stop", urlencode({"reason": REASON}).encode()),
            browser.ask("POST", f"/jobs/{job}/accept", urlencode({"step": "fetch", "reason": REASON}).encode()),
        ]

        assert [reply.status for reply in refused] == [422, 422]
        assert not any(SECRET in reply.text for reply in refused)
        assert all("looks as if it held a secret" in reply.text for reply in refused)
    assert SECRET.encode() not in stored(folder)
