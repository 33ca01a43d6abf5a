"""What pages say of runs, in words for people."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlencode

import pytest

from oncue.control.jobs import create_job
from oncue.control.recommending import recommend_run
from oncue.core.comments import Comment
from oncue.core.model import JobId
from oncue.core.request import RunRequest, Scope
from tests.web.hosting import Host

FAN = """
from oncue import Workflow

fan = Workflow("fan", phases=["one"])

@fan.step(phase="one")
def parts():
    return [1, 2]

@fan.step(phase="one", each="parts")
def work(item):
    return item
"""


def text_of(host: Host, path: str) -> str:
    """What a reader sees of a page, in one line."""
    reply = host.program.get(path)
    assert reply.status == 200, reply
    return words_in(reply.text)


def words_in(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))


def plan_of(host: Host, job: str, **fields: str) -> str:
    """What the panel shows as the plan of these fields."""
    form = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"}
    reply = host.browser().ask("POST", f"/parts/jobs/{job}/plan", urlencode(fields).encode(), form)
    assert reply.status == 200, reply
    return reply.text


def test_the_head_of_a_job_names_every_run_that_has_not_ended(host: Host, holding: str) -> None:
    for _ in range(2):
        assert host.program.post(f"/api/v1/jobs/{holding}/runs", host.cue(holding)).status == 201
    host.wait(holding, 1, "running")

    head = text_of(host, f"/parts/jobs/{holding}/head")

    assert re.search("run 1 running, started by ada .* run 2 queued, started by ada", head)
    host.program.post(f"/api/v1/jobs/{holding}/cancel")
    host.wait(holding, 1)
    host.wait(holding, 2)
    assert re.search(r"run 2 \w+, started by ada", text_of(host, f"/parts/jobs/{holding}/head"))


def test_no_page_of_a_run_shows_the_names_that_programs_use(host: Host, chain: str) -> None:
    host.run(chain)
    host.run(chain, scope="only", steps=["clean"])

    pages = [text_of(host, f"/jobs/{chain}/{path}") for path in ("runs", "runs/2", "compare?run=1&run=2")]

    assert not any(re.search("mark_stale|integration_test|run_config_panel|\\[&#34;", page) for page in pages)
    assert all("an integration test" in page for page in pages[:2])
    assert "what only clean" in pages[1]
    assert "what builds on it becomes stale" in pages[1]
    assert "Outputs none differ" in pages[2]


def test_a_run_says_whose_advice_it_followed_and_what_was_changed(host: Host, chain: str) -> None:
    asked = RunRequest(scope=Scope.FROM, steps=("count",), params={"region": "eu"}, comment=Comment(text="mind the gap"))
    given = recommend_run(host.workspace, JobId(chain), asked, rationale="the count looks odd", author="the agent of ada")
    host.run(chain)
    wish = {"scope": "from", "steps": ["count"], "params": {"region": "eu"}}
    for comment in ("mind the gap", "mind the step"):
        order = {**wish, "rerun_comment": comment, "recommended_message_id": given.id}
        cue = host.cue(chain, **order)
        assert host.program.post(f"/api/v1/jobs/{chain}/runs", {**order, **cue}).status == 201
        host.wait(chain, 2 if comment == "mind the gap" else 3)

    runs, plain, same, changed = (text_of(host, f"/jobs/{chain}/{path}") for path in ("runs", "runs/1", "runs/2", "runs/3"))

    assert runs.count("as recommended by the agent of ada") == 2
    assert runs.count("as recommended by the agent of ada, with changes") == 1
    assert f'href="/jobs/{chain}/runs/3#advice"' in host.program.get(f"/jobs/{chain}/runs").text
    assert "recommended" not in plain
    assert "As recommended by the agent of ada" in same
    assert "the count looks odd" in same
    assert "Nothing of it was changed." in same
    assert "As recommended, with changes by the agent of ada" in changed
    assert "What ada changed of it" in changed
    assert "comment mind the gap mind the step" in changed


def test_a_plan_says_why_its_time_is_unknown(host: Host, folder: Path) -> None:
    (folder / "fan_of_words.py").write_text(FAN, encoding="utf-8")
    job = create_job(host.workspace, "fan_of_words:fan", params={}, folder=folder).id

    before = plan_of(host, job, scope="all")
    host.run(job)
    after = plan_of(host, job, scope="all")

    assert "How long it takes is unknown: some of it never ran" in before
    assert "No finished attempt of parts, work" in before
    assert "of work, from earlier attempts, if there are 2 instances of work again" in after
    assert "unknown" not in after


def test_a_comment_that_nobody_reads_is_not_said_to_go_anywhere(host: Host, chain: str) -> None:
    host.run(chain)

    unread = words_in(plan_of(host, chain, scope="only", step="clean", comment="louder"))
    read = words_in(plan_of(host, chain, scope="only", step="count", comment="louder"))

    assert "The comment goes to ." not in unread
    assert "No step of this plan reads comments." in unread
    assert "The comment goes to count ." in read


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("compare?run=1&run=9", "no run 9: it has run once, as number 1 The runs of the job are listed under “Runs”."),
        ("compare?run=1", "1 run is chosen; two are compared. Choose two in the last column."),
        ("compare?run=1&run=2&run=3", "3 runs are chosen; two are compared"),
        ("step?name=nothing", "The steps of the job are listed under “Steps”."),
    ],
)
def test_an_error_names_no_command_to_readers_of_a_page(host: Host, chain: str, path: str, said: str) -> None:
    host.run(chain)

    reply = host.browser().get(f"/jobs/{chain}/{path}", {"Accept": "text/html"})

    assert reply.status in (404, 422)
    assert said in words_in(reply.text)
    assert "oncue job" not in words_in(reply.text)


def test_a_job_whose_source_is_gone_says_what_helps(host: Host, folder: Path) -> None:
    file = folder / "gone_from_words.py"
    file.write_text(FAN, encoding="utf-8")
    job = create_job(host.workspace, "gone_from_words:fan", params={}, folder=folder).id
    file.unlink()

    page = text_of(host, f"/jobs/{job}")

    assert "make the job's source importable again" in page.replace("&#39;", "'")
    assert "give a manifest file" not in page


RETRYING = """
from pathlib import Path
from oncue import Workflow

flaky = Workflow("flaky", phases=["one"])

@flaky.step(phase="one", retries=1)
def work(ctx):
    ctx.log.info("attempt %d of it", ctx.attempt)
    if ctx.attempt == 1:
        raise ValueError("the first one fails")
    return 1
"""


def test_every_attempt_of_a_step_shows_its_own_log_and_offers_it_whole(host: Host, folder: Path) -> None:
    (folder / "flaky_flow.py").write_text(RETRYING, encoding="utf-8")
    job = create_job(host.workspace, "flaky_flow:flaky", params={}, folder=folder).id
    host.run(job)

    page = host.program.get(f"/jobs/{job}/step?name=work").text
    addresses = re.findall(rf'hx-get="(/parts/jobs/{job}/log[^"]*)"', page)
    logs = [host.program.get(address.replace("&amp;", "&")).text for address in addresses]
    (whole,) = re.findall(r'href="(/api/[^"]*/log[^"]*)"', logs[1])

    assert ["attempt 2 of it" in log for log in logs] == [True, False]
    assert ["attempt 1 of it" in log for log in logs] == [False, True]
    assert "attempt 1 of it" in host.program.get(whole.replace("&amp;", "&")).text
    assert host.program.get(f"/api/v1/jobs/{job}/steps/work/log?run=1&attempt=3").json["code"] == "no_log"


def test_a_reason_may_be_as_long_as_the_form_says_whatever_its_line_breaks(host: Host, chain: str) -> None:
    reason = "\n".join(["x" * 97] * 6) + "yyyyyyyyyyyyy"
    assert len(reason) == 600
    form = urlencode({"reason": reason.replace("\n", "\r\n")}).encode()

    reply = host.browser().ask("POST", f"/jobs/{chain}/stop", form, {"Content-Type": "application/x-www-form-urlencoded"})

    assert reply.status == 303
    assert host.program.api(f"/jobs/{chain}")["status"] == "stopped"


CLASHING = """\
name: clashing
params:
  steps: {type: integer, default: 3}
  phase: {default: "\\nfirst line is empty"}
steps:
  - {id: one, run: "true"}
"""


def test_a_parameter_with_the_name_of_another_field_has_problems_of_its_own_only(host: Host, folder: Path) -> None:
    (folder / "clashing.yaml").write_text(CLASHING, encoding="utf-8")
    job = create_job(host.workspace, "clashing.yaml", params={}, folder=folder).id

    panel = host.program.get(f"/parts/jobs/{job}/panel?scope=from").text
    wrong = plan_of(host, job, scope="all", **{"param.steps": "many"})
    made = host.browser().ask(
        "POST", "/new?workflow=clashing.yaml", urlencode({"param.steps": "many"}).encode(),
        {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"},
    )  # fmt: skip

    assert re.search(r'id="wrong-param.steps"></p>', panel)
    assert "\n\nfirst line is empty</textarea>" in panel
    assert re.search(r'id="wrong-param.steps"[^>]*>[^<]*must be an integer', wrong)
    assert made.status == 422
    assert re.search(r'id="param-steps-help"><strong class="wrong">[^<]*must be an integer', made.text)
