"""What rests on a default is told as long as it does: also after a rerun with the same answer, and not with a late one."""

import re
from pathlib import Path

import pytest

from oncue.control.answers import answer_question
from oncue.control.jobs import create_job
from oncue.control.views.boardview import view_board
from oncue.control.workspace import Workspace
from oncue.core.model import JobId
from tests.web.hosting import Host

HASTY = """\
name: hasty
steps:
  - id: choose
    ask: {type: size, message: "Which size?", options: [one, two], default: one, timeout: 0.2, on_timeout: default}
  - {id: use, run: "cat $ONCUE_INPUTS/choose/answer"}
"""


@pytest.fixture
def hasty(workspace: Workspace, folder: Path) -> str:
    """A job that takes its default at once; not run yet."""
    (folder / "hasty.yaml").write_text(HASTY, encoding="utf-8")
    return create_job(workspace, "hasty.yaml", params={}, folder=folder).id


def defaults(workspace: Workspace, job: str) -> dict[str, int]:
    return {card.name: card.defaults for card in view_board(workspace, JobId(job)).cards}


def test_a_default_is_told_until_another_answer_takes_its_place(workspace: Workspace, host: Host, hasty: str) -> None:
    assert defaults(workspace, hasty) == {"choose": 0, "use": 0}
    host.run(hasty)
    assert defaults(workspace, hasty) == {"choose": 1, "use": 0}
    host.run(hasty, answers="reuse")
    assert defaults(workspace, hasty) == {"choose": 1, "use": 0}
    host.run(hasty)
    with workspace.store.read() as reader:
        question = reader.list_questions(job_id=JobId(hasty))[-1]

    answer_question(workspace, question, actor="ada", response="two")

    assert defaults(workspace, hasty) == {"choose": 1, "use": 0}
    host.run(hasty, answers="reuse")
    assert defaults(workspace, hasty) == {"choose": 0, "use": 0}


def test_a_default_that_was_used_again_is_not_said_to_be_anybodys_answer(host: Host, hasty: str) -> None:
    host.run(hasty)
    host.run(hasty, answers="reuse")

    decisions = host.program.get(f"/jobs/{hasty}/decisions").text
    replay = host.browser().get(f"/parts/jobs/{hasty}/ask/replay", {"Accept": "text/html"}).text
    board = host.program.get(f"/jobs/{hasty}").text
    (address,) = re.findall(r'href="([^"]*)" title="Nobody answered in time', board)

    assert "Responded" not in decisions
    assert "the default, as taken before" in decisions
    assert "the default: nobody answered" in replay
    assert host.program.get(address).text.count('id="decision-') == 2


def test_a_late_answer_counts_also_after_the_default_was_used_again(workspace: Workspace, host: Host, hasty: str) -> None:
    host.run(hasty)
    for _ in range(2):
        host.run(hasty, answers="reuse")
    first, second, third = host.program.api(f"/jobs/{hasty}/decisions")["decisions"]
    page = host.browser().get(f"/jobs/{hasty}/decisions", {"Accept": "text/html"}).text

    late = host.program.post(f"/api/v1/questions/{first['question_id']}/response", {"response": "two"})
    host.run(hasty, answers="reuse")

    assert (second["reused_from"], third["reused_from"]) == (first["question_id"], first["question_id"])
    assert page.count(f'hx-get="/parts/questions/{first["question_id"]}"') == 3
    assert late.json["taken"] == "late"
    assert host.program.api(f"/jobs/{hasty}/decisions")["decisions"][-1]["response"] == "two"
    assert defaults(workspace, hasty) == {"choose": 0, "use": 0}
