"""Clients come and go while two servers on one workspace are kept busy: nobody misses anything, or gets it twice."""

from __future__ import annotations

import json
import threading
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from oncue import wiring
from oncue.control.jobs import create_job
from oncue.control.workspace import Workspace
from oncue.core.events import EventDraft, EventType
from oncue.core.model import JobId, StepId
from oncue.core.writeport import Transaction
from tests.store.conftest import Place, place
from tests.support.processes import PATIENCE_SECONDS
from tests.web.hosting import Host, hosted
from tests.web.workflows import WORKFLOWS

__all__ = ["place"]
EVENTS, COMMIT, CLIENTS, STAY = 600, 7, 8, 40


def append(tx: Transaction, *, job: str, drafts: list[EventDraft], at: datetime) -> None:
    tx.append_events(JobId(job), drafts, at)


def write_events(workspace: Workspace, job: str) -> None:
    """Many small commits."""
    for begin in range(0, EVENTS, COMMIT):
        drafts = [
            EventDraft(type=EventType.STEP_PROGRESS, run=1, step=StepId("fetch"), data={"done": number})
            for number in range(begin, min(EVENTS, begin + COMMIT))
        ]
        workspace.store.write(partial(append, job=job, drafts=drafts, at=workspace.clock.now()))


def come_and_go(hosts: tuple[Host, Host], job: str, *, first: int, stay: int) -> list[Any]:
    """Everything that a client heard which leaves again and again, and comes back to the other server."""
    heard: list[Any] = []
    while len(heard) < EVENTS:
        after = heard[-1]["seq"] if heard else first
        host = hosts[(len(heard) // stay) % 2]
        with host.program.listen(f"/api/v1/events?job={job}&after={after}") as socket:
            socket.recv(timeout=PATIENCE_SECONDS)
            heard += [json.loads(socket.recv(timeout=PATIENCE_SECONDS)) for _ in range(min(stay, EVENTS - len(heard)))]
    return heard


def test_clients_that_come_and_go_between_two_servers_hear_everything_once_and_in_order(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "chain.yaml").write_text(WORKFLOWS["chain.yaml"], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    opened = [wiring.open_workspace(place.location, create=is_first) for is_first in (True, False)]
    job = create_job(opened[0], "chain.yaml", params={}, folder=tmp_path).id
    found: dict[int, list[Any]] = {}
    with hosted(opened[0]) as left, hosted(opened[1]) as right:
        first = left.events(job)

        def listen(number: int) -> None:
            found[number] = come_and_go((left, right), job, first=first, stay=STAY + 3 * number)

        threads = [threading.Thread(target=listen, args=(number,)) for number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        write_events(opened[1], job)
        for thread in threads:
            thread.join(PATIENCE_SECONDS)
    for workspace in opened:
        workspace.store.close()

    assert sorted(found) == list(range(CLIENTS))
    for heard in found.values():
        assert [event["seq"] for event in heard] == list(range(first + 1, first + 1 + EVENTS))
        assert [event["data"]["done"] for event in heard] == list(range(EVENTS))
