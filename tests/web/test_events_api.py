"""Events over sockets and streams: numbered, named, complete across every break, and the same for all who listen."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from oncue import wiring
from oncue.clock import SystemClock
from oncue.control.jobs import create_job
from oncue.control.workspace import Workspace
from oncue.core.events import Event, EventDraft, EventType
from oncue.core.model import JobId, StepId
from oncue.web.api.eventstream import stream_job
from oncue.web.eventnames import PhaseBook
from oncue.web.feed import Cursor, Feed, Numbered
from oncue.web.livesocket import topics_of
from oncue.web.serving import Serving, make_site
from tests.support.processes import PATIENCE_SECONDS
from tests.web.hosting import Host, hosted

CLIENTS, BURST, KEPT = 50, 1000, 100
SERVER_LEFT = {1001, 1012}
"""How a socket ends that its server ends: by its stream, or by the HTTP server below where that comes first."""


def hear(socket: ClientConnection, count: int) -> list[Any]:
    return [json.loads(socket.recv(timeout=PATIENCE_SECONDS)) for _ in range(count)]


def write_progress(workspace: Workspace, job: str, count: int) -> None:
    """Many events in one commit."""
    drafts = [EventDraft(type=EventType.STEP_PROGRESS, run=1, step=StepId("fetch"), data={"done": n}) for n in range(count)]
    workspace.store.write(lambda tx: tx.append_events(JobId(job), drafts, workspace.clock.now()))


def count_events(workspace: Workspace, job: str) -> int:
    with workspace.store.read() as reader:
        return reader.job_marks()[JobId(job)]


@pytest.mark.proves("S2-23")
def test_a_socket_tells_a_run_from_its_start_in_the_names_of_phases(host: Host, chain: str) -> None:
    with host.program.listen(f"/api/v1/events?job={chain}&after=0") as socket:
        host.run(chain)
        ready, *events = hear(socket, 1 + host.events(chain))

    assert ready["type"] == "ready"
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert [event["name"] for event in events] == [
        "job:created",
        "run:queued",
        "run:started",
        "phase1:step_start",
        "phase1:step_complete",
        "phase1:step_start",
        "phase1:step_complete",
        "phase2:step_start",
        "phase2:step_complete",
        "phase3:step_start",
        "phase3:step_complete",
        "run:complete",
    ]
    assert [event["phase"] for event in events if event["step"]] == ["gather"] * 4 + ["refine"] * 2 + ["publish"] * 2


def test_whoever_reconnects_gets_exactly_what_is_missing(host: Host, chain: str) -> None:
    seen: list[int] = []
    host.run(chain)
    total = host.events(chain)

    while len(seen) < total:
        with host.program.listen(f"/api/v1/events?job={chain}&after={len(seen)}") as socket:
            seen += [event["seq"] for event in hear(socket, 1 + min(5, total - len(seen)))[1:]]

    assert seen == list(range(1, total + 1))


def test_events_of_other_processes_arrive_too(host: Host, chain: str, folder: Path) -> None:
    other = wiring.open_workspace(folder / ".oncue", create=False)
    with host.program.listen(f"/api/v1/events?job={chain}&after=1") as socket:
        hear(socket, 1)
        write_progress(other, chain, 3)
        found = hear(socket, 3)
    other.store.close()

    assert [event["seq"] for event in found] == [2, 3, 4]


def test_fifty_listeners_hear_a_burst_whole_and_in_order(host: Host, chain: str, workspace: Workspace) -> None:
    with ExitStack() as stack:
        sockets = [stack.enter_context(host.program.listen(f"/api/v1/events?job={chain}&after=1")) for _ in range(CLIENTS)]
        for socket in sockets:
            hear(socket, 1)
        write_progress(workspace, chain, BURST)
        heard = [[event["seq"] for event in hear(socket, BURST)] for socket in sockets]

    assert heard == [list(range(2, BURST + 2))] * CLIENTS


def test_a_listener_that_is_slow_loses_nothing(workspace: Workspace, chain: str) -> None:
    async def listen() -> list[int]:
        site = make_site(Serving(workspace=workspace, actor="ada", announce=print), token="t", port=1, worker_id=None)
        small = Feed(workspace.store, site.phases, epoch="e", monotonic=SystemClock().monotonic, kept=KEPT)
        site = replace(site, feed=small)
        site.feed.start()
        stream = stream_job(site, JobId(chain), 1)
        other = site.feed.subscribe(JobId(chain))
        try:
            await anext(stream)
            write_progress(workspace, chain, 1)
            found = [json.loads(text)["seq"] for text in await anext(stream)]
            for _ in range(3):
                await asyncio.to_thread(write_progress, workspace, chain, KEPT // 2)
            while not other.has_gap:
                await other.arrived.wait()
                other.arrived.clear()
            while found[-1] < count_events(workspace, chain):
                found += [json.loads(text)["seq"] for text in await anext(stream)]
            await stream.aclose()  # type: ignore[attr-defined]
            return found
        finally:
            site.feed.close()

    found = asyncio.run(listen())

    assert found == list(range(2, 3 + 3 * (KEPT // 2)))


def test_the_workspace_is_followed_by_a_cursor(chain: str, asking: str, host: Host, workspace: Workspace) -> None:
    with host.program.listen("/api/v1/events") as socket:
        hear(socket, 1)
        write_progress(workspace, chain, 2)
        first, second = hear(socket, 2)  # of what is committed meanwhile in two jobs, either may be told first
        write_progress(workspace, asking, 1)
        (third,) = hear(socket, 1)
    write_progress(workspace, asking, 1)

    with host.program.listen(f"/api/v1/events?after={first['cursor']}") as socket:
        ready, *missed = hear(socket, 4)

    assert ready == {"type": "ready", "cursor": first["cursor"]}
    assert missed[:2] == [second, third]
    assert [(event["job_id"], event["seq"]) for event in (first, second, third, missed[2])] == [
        (chain, 2),
        (chain, 3),
        (asking, 2),
        (asking, 3),
    ]


@pytest.mark.parametrize("cursor", ["nonsense", "00000000.3", "00000000.99999999999999999999"])
def test_a_cursor_that_this_server_does_not_know_is_answered_with_resync(host: Host, cursor: str) -> None:
    with host.program.listen(f"/api/v1/events?after={cursor}") as socket:
        (notice,) = hear(socket, 1)

    assert notice["type"] == "resync"
    assert Cursor.parse(notice["cursor"]) is not None


def sent_events(host: Host, path: str, headers: dict[str, str] | None = None) -> Iterator[tuple[str, Any]]:
    """Server-sent events, each with its id."""
    connection = HTTPConnection("127.0.0.1", host.port, timeout=PATIENCE_SECONDS)
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {host.token}", **(headers or {})})
        answer = connection.getresponse()
        assert answer.getheader("content-type", "").startswith("text/event-stream")
        place = ""
        while line := answer.readline().decode().rstrip("\n"):
            if line.startswith("id: "):
                place = line.removeprefix("id: ")
            if line.startswith("data: "):
                yield place, json.loads(line.removeprefix("data: "))
                answer.readline()
    finally:
        connection.close()


def test_programs_get_the_same_as_server_sent_events(host: Host, chain: str) -> None:
    host.run(chain)
    total = host.events(chain)

    stream = sent_events(host, f"/api/v1/events?job={chain}")
    whole = [next(stream) for _ in range(1 + total)]
    stream.close()  # type: ignore[attr-defined]
    rest = sent_events(host, f"/api/v1/events?job={chain}", {"Last-Event-ID": whole[4][0]})
    again = [next(rest) for _ in range(1 + total - 4)]
    rest.close()  # type: ignore[attr-defined]

    assert [place for place, _ in whole[1:]] == [str(number) for number in range(1, total + 1)]
    assert again[1:] == whole[5:]


@pytest.mark.parametrize(("query", "status"), [("job=nothing", 404), ("job={job}&after=x", 422), ("job={job}&after=-1", 422)])
def test_a_stream_that_cannot_be_meant_is_refused(standing: tuple[Host, str], query: str, status: int) -> None:
    host, job = standing

    reply = host.program.get(f"/api/v1/events?{query.format(job=job)}")

    assert reply.status == status


def test_pages_of_events_lead_to_each_other(host: Host, chain: str) -> None:
    host.run(chain)
    total = host.events(chain)

    first = host.program.api(f"/jobs/{chain}/events?limit=5")
    rest = host.program.api(f"/jobs/{chain}/events?after={first['last_seq']}")

    assert (first["last_seq"], first["has_more"], rest["has_more"]) == (5, True, False)
    assert [event["seq"] for event in (*first["events"], *rest["events"])] == list(range(1, total + 1))


# ---------------------------------------------------------------------------------------------------- the pages' socket


def test_a_page_is_notified_of_its_topics_and_of_nothing_else(
    chain: str, asking: str, host: Host, workspace: Workspace
) -> None:
    """The jobs are older than the server: it tells nobody that they were made."""
    browser = host.browser()
    with (
        browser.listen(f"/live?topic=inbox&topic=job:{chain}") as socket,
        browser.listen(f"/live?topic=job:{asking}") as other,
    ):
        (start,), _ = hear(socket, 1), hear(other, 1)
        write_progress(workspace, asking, 1)
        (elsewhere,) = hear(other, 1)  # by then all pages were told what they are told of it
        write_progress(workspace, chain, 1)
        (notice,) = hear(socket, 1)

    assert set(start) == {"seq"}
    assert (elsewhere["topic"], notice["topic"]) == (f"job:{asking}", f"job:{chain}")


def test_a_question_touches_the_inbox(host: Host, asking: str) -> None:
    with host.browser().listen("/live?topic=inbox") as socket:
        hear(socket, 1)
        host.program.post(f"/api/v1/jobs/{asking}/runs", host.cue(asking))
        (asked,) = hear(socket, 1)
        host.wait(asking, 1, "waiting")
        (question,) = host.program.api("/questions")["questions"]
        host.program.post(f"/api/v1/questions/{question['question_id']}/response", {"response": "sun"})
        (answered,) = hear(socket, 1)

    assert (asked["topic"], answered["topic"]) == ("inbox", "inbox")


def test_a_page_that_comes_back_is_told_what_it_missed_and_only_that(
    chain: str, asking: str, host: Host, workspace: Workspace
) -> None:
    """The jobs are older than the server: it tells nobody that they were made."""
    with host.browser().listen(f"/live?topic=job:{chain}&topic=jobs") as socket:
        (start,) = hear(socket, 1)
        write_progress(workspace, asking, 1)
        hear(socket, 1)  # by then the feed has it

    with host.browser().listen(f"/live?topic=job:{chain}&topic=jobs&after={start['seq']}") as socket:
        _, missed = hear(socket, 2)
        write_progress(workspace, chain, 1)
        later = hear(socket, 2)

    assert missed["topic"] == "jobs"
    assert [notice["topic"] for notice in later] == [f"job:{chain}", "jobs"]


def test_a_page_that_comes_back_to_another_start_of_the_server_looks_at_everything_again(host: Host) -> None:
    with host.browser().listen("/live?topic=jobs&topic=inbox&after=gone.7") as socket:
        _, *notices = hear(socket, 3)

    assert [notice["topic"] for notice in notices] == ["jobs", "inbox"]


def test_sockets_and_streams_end_when_the_server_does_and_sessions_outlive_it(workspace: Workspace, folder: Path) -> None:
    job = create_job(workspace, "chain.yaml", params={}, folder=folder).id
    codes = set()
    with ExitStack() as stack:
        with hosted(workspace) as host:
            browser = host.browser()
            paths = (f"/api/v1/events?job={job}", "/api/v1/events", "/live?topic=jobs") * 5
            sockets = [stack.enter_context(host.program.listen(path)) for path in paths]
            stream = sent_events(host, "/api/v1/events")
            next(stream)
        for socket in sockets:
            with pytest.raises(ConnectionClosed) as closed:
                hear(socket, 9)
            codes.add(closed.value.rcvd.code if closed.value.rcvd else None)
        stream.close()  # type: ignore[attr-defined]

    assert codes <= SERVER_LEFT
    with hosted(workspace) as again:
        name = f"oncue_{again.port}="
        session = browser.headers["Cookie"].partition("=")[2]
        assert again.nobody.get("/api/v1/me", {"Cookie": name + session}).status == 200


def test_a_feed_knows_what_came_after_its_own_cursors_alone(workspace: Workspace) -> None:
    feed = Feed(workspace.store, PhaseBook(), epoch="e", monotonic=SystemClock().monotonic)

    assert str(feed.cursor) == "e.0"
    assert feed.since(Cursor("e", 0)) == []
    assert feed.since(Cursor("f", 0)) is None
    assert feed.since(Cursor("e", 1)) is None


@pytest.mark.parametrize("kind", EventType)
def test_an_event_touches_the_topics_of_its_job_and_of_the_list_and_a_question_the_inbox(kind: EventType) -> None:
    event = Event(job_id=JobId("j"), seq=1, at=SystemClock().now(), type=kind)

    inbox = {"inbox"} if kind.value.startswith("question_") else set()
    assert topics_of([Numbered(1, event, "")]) == {"jobs", "job:j"} | inbox


def test_events_of_several_jobs_touch_the_topics_of_each() -> None:
    at = SystemClock().now()
    batch = [
        Numbered(1, Event(job_id=JobId("j"), seq=1, at=at, type=EventType.JOB_CREATED), ""),
        Numbered(2, Event(job_id=JobId("k"), seq=1, at=at, type=EventType.QUESTION_ASKED), ""),
    ]

    assert topics_of(batch) == {"jobs", "job:j", "job:k", "inbox"}
    assert topics_of([]) == set()


@pytest.mark.parametrize(("query", "status"), [("job=nothing", 404), ("job={job}&after=x", 422)])
def test_a_socket_that_cannot_be_meant_is_refused_before_it_opens(standing: tuple[Host, str], query: str, status: int) -> None:
    host, job = standing

    with pytest.raises(InvalidStatus) as refused, host.program.listen(f"/api/v1/events?{query.format(job=job)}"):
        pass

    assert refused.value.response.status_code == status
    assert set(json.loads(refused.value.response.body or b"{}")) == {"code", "message", "hint"}


def test_a_damaged_job_does_not_silence_the_others(
    chain: str, asking: str, workspace: Workspace, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    connection = sqlite3.connect(folder / ".oncue" / "oncue.db")
    with connection:
        connection.execute(
            "UPDATE definition SET body = x'7b' WHERE address = (SELECT definition_hash FROM job WHERE id = ?)", [chain]
        )
    connection.close()

    with hosted(workspace) as host, host.program.listen(f"/live?topic=job:{asking}") as socket:
        hear(socket, 1)
        write_progress(workspace, chain, 1)
        write_progress(workspace, asking, 1)
        (heard,) = hear(socket, 1)
        write_progress(workspace, asking, 1)
        hear(socket, 1)

    assert heard["topic"] == f"job:{asking}"
    assert {record.event for record in caplog.records if hasattr(record, "event")} == {"feed_damaged"}
