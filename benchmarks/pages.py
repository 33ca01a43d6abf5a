"""How soon pages and lists answer in a workspace where much has happened, and how soon they hear of what happens next."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator, Mapping

from websockets.asyncio.client import ClientConnection

from benchmarks.browsing import Served, served
from benchmarks.crowd import Crowd, crowded_step, make_crowd
from benchmarks.figure import Figure
from benchmarks.settings import Settings
from oncue import wiring
from oncue.control.workspace import Workspace
from oncue.core.events import EventDraft, EventType
from oncue.core.model import JobId, StepId

ANSWER_LIMIT, NOTICE_LIMIT, BURST_LIMIT, STOP_LIMIT, FIRST_PAGE_LIMIT = 150.0, 100.0, 2.0, 3.0, 60.0
TRANSACTION = 10
"""How many events of a burst are committed together."""
ADDRESSES = {
    "jobs": "/",
    "jobs, last page": "/?page=400",
    "jobs by state": "/?order=state&search=survey",
    "jobs by parameter": "/?search=river+4711",
    "inbox": "/inbox",
    "job": "/jobs/{small}",
    "step": "/jobs/{small}/step?name=report",
    "run": "/jobs/{small}/runs/1",
    "decisions": "/jobs/{small}/decisions",
    "large job": "/jobs/{large}",
    "large job, unfolded": "/jobs/{large}?unfold={step}&search=99",
    "large job: graph": "/jobs/{large}/graph",
    "large job: timeline": "/jobs/{large}/timeline?run=1",
    "large job: runs": "/jobs/{large}/runs",
    "large job: run": "/jobs/{large}/runs/1",
    "large job: comparison": "/jobs/{large}/compare?run=1&run=2",
    "large job: decisions": "/jobs/{large}/decisions",
    "large job: decisions searched": "/jobs/{large}/decisions?how=default&search=water",
    "large job: every decision searched": "/jobs/{large}/decisions?search=sun",
    "large job: rare decisions searched": "/jobs/{large}/decisions?search=run+7&how=person",
    "large job: results": "/jobs/{large}/results",
    "large job: fan-out": "/jobs/{large}/step?name={step}",
    "large job: instance": "/jobs/{large}/step?name={instance}",
    "large job: run panel": "/parts/jobs/{large}/panel",
    "large job: trace of an instance": "/parts/jobs/{large}/trace?name={instance}",
    "large job: prompts of a fan-out in two runs": "/jobs/{large}/delta?name={step}&run=2&against=1",
    "large job: comments": "/jobs/{large}/comments",
    "API jobs": "/api/v1/jobs?limit=200",
    "API job": "/api/v1/jobs/{large}",
    "API steps": "/api/v1/jobs/{large}/steps",
    "API attempts": "/api/v1/jobs/{large}/attempts?run=1",
    "API runs": "/api/v1/jobs/{large}/runs",
    "API run": "/api/v1/jobs/{large}/runs/1",
    "API decisions": "/api/v1/jobs/{large}/decisions",
    "API output": "/api/v1/jobs/{large}/steps/{step}/output",
    "API why": "/api/v1/jobs/{large}/steps/{instance}/why",
    "API events": "/api/v1/jobs/{large}/events",
    "API questions": "/api/v1/questions",
    "API comments": "/api/v1/jobs/{large}/comments",
    "API calls": "/api/v1/jobs/{large}/calls",
    "API trace": "/api/v1/jobs/{large}/trace",
    "API trace of an instance": "/api/v1/jobs/{large}/trace?step={instance}",
}


def measure_pages(settings: Settings) -> Iterator[Figure]:
    """Fill a workspace, serve it from another process, and look at everything."""
    with settings.scratch() as folder:
        crowd = make_crowd(folder, settings)
        much = (
            f"{settings.jobs + 2:,} jobs",
            f"{settings.waiting:,} of them waiting",
            f"{crowd.attempts:,} attempts",
            f"{crowd.decisions:,} decisions",
        )
        note = ", ".join((*much, f"{crowd.calls:,} model calls"))
        with served(folder) as server:
            yield from _time_answers(server, crowd, looks=settings.looks, note=note)
            visits = tuple(server.first_visit(path) / 1000 for path in ("/", f"/jobs/{crowd.small}"))
            for name, size in zip(("jobs", "job"), visits, strict=True):
                yield Figure(name=f"first visit: {name}", unit="kB", samples=(size,), limit=FIRST_PAGE_LIMIT)
            workspace = wiring.open_workspace(folder / ".oncue", create=False)
            try:
                yield from asyncio.run(_listen(server, workspace, crowd, settings=settings))
            finally:
                workspace.store.close()


def _time_answers(server: Served, crowd: Crowd, *, looks: int, note: str) -> Iterator[Figure]:
    known: Mapping[str, str] = {
        "small": crowd.small,
        "large": crowd.large,
        "instance": crowd.instance,
        "step": crowded_step(crowd),
    }
    for name, path in ADDRESSES.items():
        address = path.format(**known)
        server.time(address)
        samples = tuple(server.time(address) for _ in range(looks))
        yield Figure(name=f"page {name}", unit="ms", samples=samples, limit=ANSWER_LIMIT, note=note)


async def _listen(server: Served, workspace: Workspace, crowd: Crowd, *, settings: Settings) -> list[Figure]:
    """What open pages hear, and how long the server takes to end while they are open."""
    count = settings.clients
    name = f"with {count} clients"
    async with server.sockets(f"/live?topic=inbox&topic=job:{crowd.small}", count) as pages:
        await asyncio.gather(*(page.recv() for page in pages))
        notices = [await _time_notice(workspace, crowd.small, pages) for _ in range(settings.looks)]
        settling = await _time_settling(workspace, crowd.small, pages, events=settings.burst)
    async with server.sockets(f"/api/v1/events?job={crowd.small}&after={_last(workspace, crowd.small)}", count) as programs:
        bursts = [await _time_burst(workspace, crowd.small, programs, events=settings.burst)]
    async with server.sockets(f"/live?topic=inbox&topic=job:{crowd.small}", count):
        stop = await asyncio.to_thread(server.stop)
    return [
        Figure(name=f"commit to notice, last page {name}", unit="ms", samples=tuple(notices), limit=NOTICE_LIMIT),
        Figure(
            name=f"burst of {settings.burst:,} events, pages settled {name}", unit="s", samples=(settling,), limit=BURST_LIMIT
        ),
        Figure(name=f"burst of {settings.burst:,} events, each sent to programs {name}", unit="s", samples=tuple(bursts)),
        Figure(name=f"stop {name}", unit="s", samples=(stop,), limit=STOP_LIMIT),
    ]


async def _time_notice(workspace: Workspace, job_id: JobId, pages: list[ClientConnection]) -> float:
    """Milliseconds from the commit of one event until every page was told."""
    _commit(workspace, job_id, 1)
    start = time.perf_counter()
    await asyncio.gather(*(page.recv() for page in pages))
    took = 1000 * (time.perf_counter() - start)
    await asyncio.sleep(0.2)  # a page hears the first of several things soonest: let the last one pass
    return took


async def _time_settling(workspace: Workspace, job_id: JobId, pages: list[ClientConnection], *, events: int) -> float:
    """Seconds from the first commit of many until every page was told of the last: pages hear of many at once."""
    _commit(workspace, job_id, 1)
    last = max(await asyncio.gather(*(_place(page) for page in pages))) + events
    start = time.perf_counter()
    listening = [asyncio.ensure_future(_until(page, last)) for page in pages]
    for _ in range(0, events, TRANSACTION):
        await asyncio.to_thread(_commit, workspace, job_id, min(TRANSACTION, events))
    await asyncio.gather(*listening)
    return time.perf_counter() - start


async def _until(page: ClientConnection, last: int) -> None:
    while await _place(page) < last:
        pass


async def _place(page: ClientConnection) -> int:
    """Where the feed stood when it told this page of something."""
    return int(str(json.loads(await page.recv())["seq"]).rpartition(".")[2])


async def _time_burst(workspace: Workspace, job_id: JobId, programs: list[ClientConnection], *, events: int) -> float:
    """Seconds from the first commit of many until every program has got all of them."""
    start = time.perf_counter()
    listening = [asyncio.ensure_future(_count(program, events)) for program in programs]
    for _ in range(0, events, TRANSACTION):
        await asyncio.to_thread(_commit, workspace, job_id, min(TRANSACTION, events))
    await asyncio.gather(*listening)
    return time.perf_counter() - start


async def _count(program: ClientConnection, events: int) -> None:
    seen = 0
    while seen < events:
        seen += "seq" in json.loads(await program.recv())


def _last(workspace: Workspace, job_id: JobId) -> int:
    with workspace.store.read() as reader:
        return reader.job_marks()[job_id]


def _commit(workspace: Workspace, job_id: JobId, count: int) -> None:
    drafts = [EventDraft(type=EventType.STEP_SUCCEEDED, run=1, step=StepId("report"), data=None)] * count
    workspace.store.write(lambda tx: tx.append_events(job_id, drafts, workspace.clock.now()))
