"""A comment and every other option arrive complete at the executor, whichever button of the pages opened the panel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from oncue.control.workspace import Workspace
from oncue.core.model import JobId
from tests.browser.conftest import Visitor, press_run
from tests.web.hosting import Host

TEXT = "weigh the land,\nnot the “price” & <cost>"
OPTIONS: Mapping[str, object] = {
    "context": "clean",
    "params": {"region": "us", "depth": 3, "cautious": True, "weights": {"cost": 2}, "note": "two\nlines"},
    "budget": {"seconds": 60.0, "tokens": 5000, "usd": 1.5, "calls": 7},
    "refresh": True,
    "answers": "reuse",
    "definition": "original",
    "comment": {"text": TEXT, "kind": "method"},
}
KEPT = {"keep_comments": True}
Open = Callable[[Page], None]


@pytest.fixture
def lived(host: Host, atlas: str, folder: Path) -> str:
    """A job with a comment, a stale report, and an answer that came too late."""
    (folder / "ask.txt").write_text("0.2", encoding="utf-8")
    host.run(atlas)
    (question,) = host.program.api(f"/jobs/{atlas}/decisions")["decisions"]
    host.program.post(f"/api/v1/questions/{question['question_id']}/response", {"response": ["land"]})
    host.run(atlas, scope="only", steps=["finding[solar]"], params={"region": "eu"}, rerun_comment="mind the clouds")
    return atlas


def press(name: str, place: str = "body") -> Open:
    """Opens the panel by a button."""
    return lambda page: page.locator(place).get_by_role("button", name=name).first.click()


def rerun_two(page: Page) -> None:
    """Opens the panel for two instances of a fan-out."""
    for name in ("solar", "hydro"):
        page.get_by_label(f"Choose finding[{name}]").check()
    page.get_by_role("button", name="Rerun chosen…").click()


def choose_everything(page: Page) -> None:
    """Set every option that is not about which steps run."""
    page.fill("#comment", TEXT)
    page.select_option("#kind", "method")
    if page.locator("[name=keep_comments]").count():
        page.check("[name=keep_comments]")
    page.select_option("#context", "clean")
    page.select_option("#answers", "reuse")
    page.check("[name=refresh]")
    page.fill("#param-region", "us")
    page.fill("#param-depth", "3")
    page.select_option("#param-cautious", "true")
    page.fill("#param-weights", '{"cost": 2}')
    page.locator("#param-note").evaluate("one => { one.outerHTML = '<textarea id=param-note name=param.note></textarea>' }")
    page.fill("#param-note", "two\nlines")
    page.fill("#reason", "the land counts")
    page.click("summary:has-text('Limits')")
    page.select_option("#definition", "original")
    for name, amount in (("seconds", "60"), ("tokens", "5000"), ("usd", "1.5"), ("calls", "7")):
        page.fill(f"#budget-{name}", amount)


def send(page: Page, host: Host, job: str) -> tuple[dict[str, object], Any]:
    """Start what is on screen; the request as it was stored, and the run when it is over."""
    assert press_run(page).status == 201
    number = host.program.api(f"/jobs/{job}/runs")["runs"][0]["number"]
    with host.workspace.store.read() as reader:
        run = reader.load_run(JobId(job), number)
        given = reader.list_comments(JobId(job))[-1]
    assert run is not None
    assert (given.run, given.text, given.author, given.reason) == (number, TEXT, "ada", "the land counts")
    request = {name: value for name, value in run.request.items() if value not in (None, [])}
    is_asked = request.get("downstream") == "ask"  # and then the run waits for a person at its end
    return request, host.wait(job, number, *(["waiting"] if is_asked else []))


def check_read(host: Host, job: str, run: Any) -> None:
    """The comment was executed: a step read it, and its output says so."""
    assert run["status"] in ("succeeded", "waiting"), run["error"]
    assert run["comment"]["text"] == TEXT
    read = [step for step, runs in run["comments_read"].items() if run["number"] in runs]
    assert read, run
    (output,) = host.program.api(f"/jobs/{job}/steps/{read[0]}/output")["outputs"]
    assert TEXT in output["value"]


@pytest.mark.proves("S0-30")
@pytest.mark.parametrize(
    ("path", "open_panel", "choose", "expected"),
    [
        ("", press("Run…"), {"scope": "all"}, {"scope": "all"}),
        (
            "",
            press("Rerun finding"),
            {"scope": "only", "downstream": "rerun"},
            {"scope": "only", "steps": ["finding"], "downstream": "rerun"},
        ),
        (
            "",
            press("Rerun phase Findings"),
            {"downstream": "rerun"},
            {"scope": "phase", "phase": "Findings", "downstream": "rerun"},
        ),
        (
            "/step?name=finding%5Bsolar%5D",
            press("Rerun…"),
            {"downstream": "ask"},
            {"scope": "only", "steps": ["finding[solar]"], "downstream": "ask"},
        ),
        ("/step?name=finding", press("Rerun…"), {}, {"scope": "from", "steps": ["finding"]}),
        ("", press("Rerun with it"), {"step": "finding"}, {"scope": "from", "steps": ["goals", "finding"]}),
        (
            "?unfold=finding",
            press("Rerun finding[solar]"),
            {"downstream": "rerun"},
            {"scope": "only", "steps": ["finding[solar]"], "downstream": "rerun"},
        ),
        (
            "?unfold=finding",
            rerun_two,
            {"downstream": "ask"},
            {"scope": "only", "steps": ["finding[solar]", "finding[hydro]"], "downstream": "ask"},
        ),
    ],
    ids=["board", "card", "phase", "instance page", "step page", "late answer", "instance", "chosen instances"],
)
def test_a_request_arrives_complete_from_every_button(
    visitor: Visitor,
    host: Host,
    lived: str,
    path: str,
    open_panel: Open,
    choose: Mapping[str, str],
    expected: Mapping[str, object],
) -> None:
    page = visitor.go(f"/jobs/{lived}{path}")
    open_panel(page)
    expect(page.locator("#plan")).to_be_visible()
    for name, value in choose.items():
        page.check(f"[name={name}][value={value}]")
    choose_everything(page)

    request, run = send(page, host, lived)

    assert request == {**OPTIONS, **KEPT, **expected}
    check_read(host, lived, run)


@pytest.mark.proves("S0-30")
def test_a_request_arrives_complete_from_a_stale_deliverable(visitor: Visitor, host: Host, lived: str, folder: Path) -> None:
    (folder / "broken.txt").write_text("tidal", encoding="utf-8")
    order = {"scope": "only", "steps": ["finding[tidal]"]}
    started = host.program.post(f"/api/v1/jobs/{lived}/runs", {**order, **host.cue(lived, **order)})
    assert host.wait(lived, started.json["number"])["status"] == "failed"
    (folder / "broken.txt").unlink()
    page = visitor.go(f"/jobs/{lived}/results")
    page.get_by_role("button", name="Bring it up to date").click()
    choose_everything(page)

    request, run = send(page, host, lived)

    assert request == {**OPTIONS, **KEPT, "scope": "resume"}
    check_read(host, lived, run)


@pytest.mark.proves("S0-30")
def test_a_request_arrives_complete_from_a_replay(visitor: Visitor, host: Host, lived: str, workspace: Workspace) -> None:
    page = visitor.go(f"/jobs/{lived}/decisions")
    page.locator("#decisions").get_by_role("button", name="Replay with Same Prompts").click()
    page.get_by_role("button", name="Make the job").click()
    expect(page.locator("#answers")).to_have_value("reuse")
    made = page.url.split("/jobs/")[1].split("?")[0]
    choose_everything(page)

    request, run = send(page, host, made)

    assert request == {**OPTIONS, "scope": "all"}
    assert (run["status"], run["trigger"]["action"]) == ("succeeded", "replay_decisions")
    with workspace.store.read() as reader:
        (output, *_) = (one for one in reader.list_attempts(JobId(made)) if one.key.step == "finding[solar]")
    assert output.inputs is not None
    assert output.inputs.comments == (1,)
