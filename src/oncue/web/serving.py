"""Serve a workspace from this process: the pages and the API, and the execution of every run.

One event loop: the executor and uvicorn side by side. It ends when it is asked to, within three seconds whatever is open; runs
that are interrupted are kept and go on at the next start.
"""

from __future__ import annotations

import asyncio
import secrets
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from oncue.clock import SystemClock
from oncue.control.workspace import Workspace
from oncue.core.model import WorkerId
from oncue.errors import OncueError
from oncue.web.access import Door, FindToken, Throttle, people_source, start_token_source
from oncue.web.application import make_application
from oncue.web.eventnames import PhaseBook
from oncue.web.feed import Feed
from oncue.web.guard import Names
from oncue.web.sessions import SessionFile
from oncue.web.site import Site
from oncue.wiring import executing

GRACE_SECONDS = 1
WILDCARDS = ("", "0.0.0.0", "::")
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


class CannotListen(OncueError):
    """The address cannot be bound."""

    code = "cannot_listen"
    http_status = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """What a server is started with; ``announce`` is told its URL as soon as it answers.

    ``proxies`` are addresses and networks, all of them valid: only what comes from there is believed when it says, in
    ``X-Forwarded-For`` and ``-Proto``, whom it speaks for.
    """

    workspace: Workspace
    actor: str
    announce: Callable[[str], None]
    host: str = "127.0.0.1"
    port: int = 8040
    allowed_hosts: Sequence[str] = ()
    proxies: Sequence[str] = ()
    sources: Sequence[FindToken] = ()


def serve(serving: Serving) -> None:
    """Serve until this process is asked to end.

    Raises:
        CannotListen: the address is taken, or not this machine's.
    """
    with listening(serving.host, serving.port) as listener:
        asyncio.run(_serve_until_signal(serving, listener))


async def _serve_until_signal(serving: Serving, listener: socket.socket) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        await serve_until(stop, serving, listener)
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


async def serve_until(stop: asyncio.Event, serving: Serving, listener: socket.socket) -> None:
    """Serve on a bound socket until an event is set, or runs cannot be executed any more."""
    token = secrets.token_urlsafe(32)
    port = listener.getsockname()[1]
    async with executing(serving.workspace, attends_all=True) as executor:
        site = make_site(serving, token=token, port=port, worker_id=executor.worker_id)
        server = make_server(site, proxies=serving.proxies)
        site.feed.start()
        try:
            answering = asyncio.ensure_future(server.serve(sockets=[listener]))
            stopping = asyncio.ensure_future(stop.wait())
            serving.announce(f"http://{_shown(serving.host)}:{port}/?token={token}")
            await asyncio.wait((answering, stopping, executor.broken), return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            server.should_exit = True
            site.feed.end_subscriptions()
            await answering
        finally:
            site.feed.close()
        if executor.broken.done():
            raise executor.broken.result()


def make_site(serving: Serving, *, token: str, port: int, worker_id: WorkerId | None) -> Site:
    """The server of a workspace on a port."""
    clock = serving.workspace.clock
    store = serving.workspace.store
    phases = PhaseBook()
    return Site(
        workspace=serving.workspace,
        door=Door(
            sources=(start_token_source(token, actor=serving.actor), people_source(store, clock), *serving.sources),
            sessions=SessionFile(Path(store.folder), clock),
            clock=clock,
            new_secret=lambda: secrets.token_urlsafe(32),
            throttle=Throttle(clock),
        ),
        names=Names(
            bound=_bound_names(serving.host, port),
            allowed=frozenset(name.lower() for name in serving.allowed_hosts),
            cookie=f"oncue_{port}",
            has_proxy=bool(serving.proxies),
        ),
        phases=phases,
        feed=Feed(store, phases, epoch=secrets.token_hex(4), monotonic=SystemClock().monotonic),
        worker_id=worker_id,
    )


def make_server(site: Site, *, proxies: Sequence[str] = ()) -> uvicorn.Server:
    """Uvicorn for a site; it leaves signals to whoever runs it."""
    config = uvicorn.Config(
        make_application(site),
        log_config=None,
        log_level="warning",  # the details of sockets are their headers, with the tokens in them
        http="h11",  # not whichever parser is installed: this one refuses what two servers could read in two ways
        access_log=False,
        lifespan="off",
        server_header=False,
        forwarded_allow_ips=list(proxies),  # left out, uvicorn would trust every program on this machine
        timeout_graceful_shutdown=GRACE_SECONDS,
        ws="websockets-sansio",
        ws_max_size=1 << 16,
        ws_per_message_deflate=False,  # many small messages to many clients: packing each costs more than sending it
    )
    return _Server(config)


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the loop's: uvicorn would raise them again when it is done."""
        yield


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A bound socket, so that port 0 has a number before anything is announced.

    Raises:
        CannotListen: the address is taken, or not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=2048)
    except (OSError, OverflowError) as error:
        raise CannotListen(f"cannot listen on {host}:{port}: {error}", hint="oncue serve --port 0 takes a free port") from error
    try:
        yield listener
    finally:
        with suppress(OSError):
            listener.close()


def _bound_names(host: str, port: int) -> frozenset[str]:
    """What a browser on this machine, or in its network, calls the server."""
    names = {*LOOPBACK}
    if host in WILDCARDS:
        names |= {socket.gethostname().lower(), socket.getfqdn().lower()}
    else:
        names.add(_shown(host).lower())
    plain = names if port == 80 else set()
    return frozenset({f"{name}:{port}" for name in names} | plain)


def _shown(host: str) -> str:
    """A host as it stands in a URL."""
    if host in WILDCARDS:
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
