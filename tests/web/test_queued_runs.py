"""A run that is ordered while another one executes starts when that has ended, and pays for nothing that is there by then."""

from pathlib import Path

from tests.web.hosting import Host


def test_what_the_run_before_made_is_not_made_again(host: Host, folder: Path, holding: str) -> None:
    assert host.program.post(f"/api/v1/jobs/{holding}/runs", host.cue(holding)).status == 201
    host.wait(holding, 1, "running")

    ahead = host.preflight(holding, scope="resume")
    order = {"scope": "resume", **host.cue(holding, scope="resume")}
    assert host.program.post(f"/api/v1/jobs/{holding}/runs", order).status == 201
    (folder / "gate").write_text("through", encoding="utf-8")
    host.wait(holding, 1)
    second = host.wait(holding, 2)

    (finding,) = ahead["warnings"]
    assert (finding["code"], "missing, failed or stale by then" in finding["message"]) == ("run_ahead", True)
    assert [(step["id"], step["conditional"]) for step in ahead["plan"]["steps"]] == [("hold", True)]
    assert (second["status"], second["executed"]) == ("succeeded", [])


def test_everything_means_again(host: Host, folder: Path, holding: str) -> None:
    assert host.program.post(f"/api/v1/jobs/{holding}/runs", host.cue(holding)).status == 201
    host.wait(holding, 1, "running")

    ahead = host.preflight(holding, scope="all")

    assert "executes again what that one executes" in ahead["warnings"][0]["message"]
    assert not ahead["plan"]["steps"][0]["conditional"]
    (folder / "gate").write_text("through", encoding="utf-8")
    host.wait(holding, 1)
