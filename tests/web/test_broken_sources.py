"""A mistake in the source of a job forbids its next run, and takes nothing away of what there is."""

from pathlib import Path

import pytest

from tests.web.hosting import Host
from tests.web.workflows import CHAIN


@pytest.fixture
def mistaken(host: Host, folder: Path, chain: str) -> str:
    """A job that ran once; then somebody mistyped a key of its manifest."""
    host.run(chain)
    mistyped = CHAIN.replace("{id: count, phase: refine, run:", "{id: count, phase: refine, rum:")
    (folder / "chain.yaml").write_text(mistyped, encoding="utf-8")
    return chain


@pytest.mark.parametrize(
    "path",
    ["", "/graph", "/timeline", "/runs", "/runs/1", "/decisions", "/comments", "/results", "/step?name=count",
     "/compare?run=1&run=1"],
)  # fmt: skip
def test_every_page_of_the_job_can_still_be_looked_at(host: Host, mistaken: str, path: str) -> None:
    reply = host.program.get(f"/jobs/{mistaken}{path}", {"Accept": "text/html"})

    assert reply.status == 200, reply.text


def test_the_board_and_the_panel_say_where_the_mistake_is(host: Host, mistaken: str) -> None:
    board = host.program.get(f"/jobs/{mistaken}", {"Accept": "text/html"}).text
    panel = host.program.get(f"/parts/jobs/{mistaken}/panel", {"Accept": "text/html"}).text

    for page in (board, panel):
        assert "rum" in page
        assert "chain.yaml:8" in page
    assert "data-start" in panel


def test_it_forbids_a_run_with_the_code_of_a_blocker_unless_what_is_stored_is_meant(host: Host, mistaken: str) -> None:
    ahead = host.preflight(mistaken, scope="all")
    stored = host.preflight(mistaken, scope="all", definition="original")

    assert (ahead["ready"], [one["code"] for one in ahead["blockers"]]) == (False, ["source_unavailable"])
    assert (stored["ready"], stored["blockers"]) == (True, [])
    assert host.run(mistaken, scope="all", definition="original")["status"] == "succeeded"
