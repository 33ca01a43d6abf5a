"""What pages say where a person is told no, or shown a number: plain words, and a way on."""

from __future__ import annotations

import re
from pathlib import Path

from oncue.control.jobs import create_job
from oncue.control.workspace import Workspace
from tests.support.processes import wait_until
from tests.web.hosting import Host
from tests.web.test_words_on_pages import text_of, words_in

FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"}


def test_a_job_with_an_open_run_offers_to_cancel_it_before_it_offers_to_stop(host: Host, holding: str) -> None:
    assert host.program.post(f"/api/v1/jobs/{holding}/runs", host.cue(holding)).status == 201
    host.wait(holding, 1, "running")

    asked = host.program.get(f"/parts/jobs/{holding}/ask/stop").text
    refused = host.browser().ask("POST", f"/jobs/{holding}/stop", b"reason=", FORM)

    assert "Cancel run 1 first" in words_in(asked)
    assert f'action="/jobs/{holding}/cancel"' in asked
    assert "/stop" not in asked
    assert refused.status == 409
    assert "the button for it is at the top of the job" in refused.text
    assert "oncue job cancel" not in refused.text
    host.program.post(f"/api/v1/jobs/{holding}/cancel")
    host.wait(holding, 1, "cancelled")
    assert f"Stop job {holding} for good?" in text_of(host, f"/parts/jobs/{holding}/ask/stop")


def test_whoever_may_not_do_something_is_told_in_plain_words(host: Host, chain: str) -> None:
    refused = host.bearer("viewer-token").ask("POST", f"/jobs/{chain}/stop", b"reason=", FORM)
    narrow = host.bearer("reader-token").ask("POST", f"/jobs/{chain}/stop", b"reason=", FORM)

    assert "vera is a viewer here; viewers cannot run or change jobs ask somebody whose role is operator" in words_in(
        refused.text
    )
    assert "this token of otto cannot run or change jobs" in words_in(narrow.text)


def test_everybody_finds_the_export_in_the_menu_and_operators_what_changes_the_job(host: Host, chain: str) -> None:
    seen = {name: text_of_as(host, name, f"/parts/jobs/{chain}/head") for name in ("viewer-token", "operator-token")}

    assert all("Export everything as ZIP" in page for page in seen.values())
    assert ["Stop the job" in page for page in seen.values()] == [False, True]
    assert ["Run…" in page for page in seen.values()] == [False, True]


def text_of_as(host: Host, token: str, path: str) -> str:
    """What somebody with another token sees of a page."""
    reply = host.bearer(token).get(path)
    assert reply.status == 200, reply
    return words_in(reply.text)


SLOW = """
import time
import re
from pathlib import Path
from oncue import Workflow

slow = Workflow("slow", phases=["one"])
HERE = Path(__file__).parent

def wait():
    while not (HERE / "gate").exists():
        time.sleep(0.01)

@slow.step(phase="one")
def parts(ctx):
    return [1, 2, 3]

@slow.step(phase="one", each="parts")
def work(item, ctx):
    ctx.progress(item, 3, f"sample of {item}")
    if item == 3:
        wait()
    return item

@slow.step(phase="one")
def alone(parts, ctx):
    ctx.progress(30, 60, "station 30")
    wait()
"""


def test_a_fan_out_says_how_many_are_done_and_a_single_step_what_it_is_about(
    host: Host, workspace: Workspace, folder: Path
) -> None:
    (folder / "slow_flow.py").write_text(SLOW, encoding="utf-8")
    job = create_job(workspace, "slow_flow:slow", params={}, folder=folder).id
    assert host.program.post(f"/api/v1/jobs/{job}/runs", host.cue(job)).status == 201

    wait_until(lambda: "2 of 3 done" in text_of(host, f"/parts/jobs/{job}"), "two instances are done")
    wait_until(lambda: "30 of 60 · station 30" in text_of(host, f"/parts/jobs/{job}"), "the single step speaks")
    board = text_of(host, f"/parts/jobs/{job}")

    assert "sample of" not in board
    host.program.post(f"/api/v1/jobs/{job}/cancel")
    (folder / "gate").touch()
    host.wait(job, 1)


def test_a_cancelled_run_says_by_whom(host: Host, holding: str) -> None:
    assert host.program.post(f"/api/v1/jobs/{holding}/runs", host.cue(holding)).status == 201
    host.wait(holding, 1, "running")
    host.bearer("operator-token").post(f"/api/v1/jobs/{holding}/cancel")
    run = host.wait(holding, 1)

    assert run["error"]["message"] == "cancelled by otto"
    assert "Run 1 cancelled by otto" in text_of(host, f"/parts/jobs/{holding}")


LATE = """\
name: late
steps:
  - id: tone
    ask: {type: tone, message: "Which **tone**?", options: [{id: dry, label: Dry}, kind], timeout: 0.2, on_timeout: cancel}
"""


def test_a_run_whose_question_was_out_of_time_says_so_and_a_late_answer_is_told_in_full(
    host: Host, workspace: Workspace, folder: Path
) -> None:
    (folder / "late.yaml").write_text(LATE, encoding="utf-8")
    job = create_job(workspace, "late.yaml", params={}, folder=folder).id
    assert "Run…" in text_of(host, f"/parts/jobs/{job}/step?name=tone")
    run = host.run(job)
    (question,) = host.program.api(f"/jobs/{job}/decisions")["decisions"]
    host.program.post(f"/api/v1/questions/{question['question_id']}/response", {"response": "dry"})

    board = text_of(host, f"/parts/jobs/{job}")

    assert (run["status"], run["error"]["code"]) == ("cancelled", "question_timed_out")
    assert "the time for tone of step tone was up: nobody answered within 0.2 s" in board
    assert "answered “Which tone?” (tone) with Dry when its time was over" in board
    assert "Rerun…" in text_of(host, f"/parts/jobs/{job}/step?name=tone")
    assert "1 cancelled , started by ada" in text_of(host, "/parts/jobs")


def test_what_is_not_shown_of_an_output_has_a_unit_and_a_link(host: Host, workspace: Workspace, folder: Path) -> None:
    (folder / "rows_flow.py").write_text(ROWS, encoding="utf-8")
    job = create_job(workspace, "rows_flow:rows", params={}, folder=folder).id
    host.run(job)

    page = host.program.get(f"/parts/jobs/{job}/step?name=many").text
    said = host.program.get(f"/parts/jobs/{job}/step?name=said").text

    assert "1,000 more rows are not shown here; download all of it" in words_in(page).replace(" .", ".")
    assert f'href="/api/v1/jobs/{job}/steps/many/output?run=1"' in page
    assert "50,000 more characters are not shown here" in words_in(said)


ROWS = """
from oncue import Workflow

rows = Workflow("rows", phases=["one"])

@rows.step(phase="one")
def many():
    return [{"n": n} for n in range(1200)]

@rows.step(phase="one")
def said():
    return "x" * 250_000
"""


def test_the_inbox_names_the_workflow_and_the_parameters_of_a_job_that_asks(
    host: Host, workspace: Workspace, folder: Path
) -> None:
    (folder / "polls.yaml").write_text(
        "name: polls\nparams: {region: eu, year: 2024}\nsteps:\n  - id: tone\n    ask: {message: Which one, options: [a, b]}\n",
        encoding="utf-8",
    )
    job = create_job(workspace, "polls.yaml", params={"region": "us"}, folder=folder).id
    assert host.program.post(f"/api/v1/jobs/{job}/runs", host.cue(job)).status == 201
    host.wait(job, 1, "waiting")
    (question,) = host.program.api("/questions")["questions"]

    for path in ("/inbox", "/parts/inbox", f"/parts/questions/{question['question_id']}"):
        page = host.program.get(path)
        assert f"polls region us · {job} ·" in words_in(page.text), path
        assert f'<a href="/jobs/{job}">{job}</a>' in page.text
    host.program.post(f"/api/v1/jobs/{job}/cancel")
    host.wait(job, 1)


BRITTLE = """
from oncue import Workflow

brittle = Workflow("brittle", phases=["one"], params={"unit": "mm"})

@brittle.step(phase="one")
def stations():
    return [{"id": f"s-{n}"} for n in range(20)]

@brittle.step(phase="one", each="stations")
def reading(item, params, ctx):
    if item["id"] == "s-17":
        raise RuntimeError("no figures came")
    return f"{item['id']} in {params.unit}: {ctx.comment}"
"""


def test_an_instance_leads_to_its_list_and_to_the_whole_step_and_a_failed_one_says_why_first(
    host: Host, workspace: Workspace, folder: Path
) -> None:
    (folder / "brittle_flow.py").write_text(BRITTLE, encoding="utf-8")
    job = create_job(workspace, "brittle_flow:brittle", params={}, folder=folder).id
    host.run(job, scope="all", rerun_comment="mind the gap")

    sound = host.program.get(f"/parts/jobs/{job}/step?name=reading%5Bs-1%5D").text
    failed = text_of(host, f"/parts/jobs/{job}/step?name=reading%5Bs-17%5D")

    assert f'an instance of <a href="/jobs/{job}/step?name=reading">reading</a>' in sound
    assert "Made from s-1 of stations run 1 unit now" in words_in(sound)
    assert re.search(r"It failed in run 1: RuntimeError: no figures came .* no output yet .* Attempts", failed)
    assert re.search(r"read by \d+ instances of reading", text_of(host, f"/parts/jobs/{job}/runs/1"))
