"""What pages say of runs, in words for people."""

from __future__ import annotations

import re

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
