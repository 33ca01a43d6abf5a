"""A process that dies between sending and storing the answer."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from oncue.core.modelcalls import CallState
from tests.generating.conftest import Desk
from tests.generating.running import calls, new_job, output
from tests.generating.scripted import always
from tests.support.processes import Nursery, nursery


@pytest.fixture(scope="module")
def children() -> Iterator[Nursery]:
    with nursery("tests.generating.worker", "tests.generating.flows", "oncue.engines.embedded") as made:
        yield made


def test_a_call_whose_process_was_killed_stays_on_record_as_sent_with_an_unknown_cost(
    open_desk: Callable[..., Desk], tmp_path: Path, children: Nursery
) -> None:
    workspace, model = open_desk(always("unused"))
    job = new_job(workspace, model, "many", params={"count": 3})
    arguments = {"location": str(tmp_path / "workspace"), "folder": str(tmp_path), "job": job.id}
    first = children.spawn("tests.generating.worker:carry_on", **arguments)
    for _ in range(2):
        first.hear_until("sent")
        first.say("answer")
    first.hear_until("sent")
    first.kill()
    made_before = calls(workspace, job)

    second = children.spawn("tests.generating.worker:carry_on", **arguments)
    sent = []
    while (said := second.hear()) is not None and not said.startswith("ended"):
        sent.append(said)
        second.say("answer")

    assert said == "ended succeeded"
    assert second.end() == 0
    (lost,) = [call for call in calls(workspace, job) if call.state is CallState.SENT]
    assert (lost.number, lost.reply, lost.usage, lost.usd, lost.ended_at) == (3, None, None, None, None)
    with workspace.store.read() as reader:
        spent = reader.spending(job.id)
    assert (spent.calls, spent.unknown_tokens, spent.unknown_usd) == (4, 1, 1)
    assert [call.state for call in made_before] == [CallState.ANSWERED, CallState.ANSWERED, CallState.SENT]
    assert len(sent) == 1, "what was answered is not paid for again"
    assert output(workspace, job, "each") == ["an answer"] * 3
