"""What pages say of runs, in words for people."""

from __future__ import annotations

import re

from oncue.control.recommending import recommend_run
from oncue.core.comments import Comment
from oncue.core.model import JobId
from oncue.core.request import RunRequest, Scope
from tests.web.hosting import Host


def text_of(host: Host, path: str) -> str:
    """What a reader sees of a page, in one line."""
    reply = host.program.get(path)
    assert reply.status == 200, reply
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", reply.text))


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
