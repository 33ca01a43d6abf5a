"""A server for tests: the real one, on a free port, in a thread of its own; and clients that speak HTTP to it."""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from websockets.sync.client import ClientConnection, connect

from oncue.control.workspace import Workspace
from oncue.core.model import JobId, RunState
from oncue.web.access import FindToken
from oncue.web.serving import Serving, listening, serve_until
from tests.support.processes import PATIENCE_SECONDS

_numbers = itertools.count(1)


def new_uuid() -> str:
    """Another id of an action."""
    return str(UUID(int=next(_numbers), version=4))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the server answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The one document in the body."""
        return json.loads(self.body)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Somebody who asks; what is given here goes along with every request."""

    port: int
    headers: Mapping[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Reply:
        """One request, with JSON where there is a body."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        sent = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        kind = {} if body is None else {"Content-Type": "application/json"}
        try:
            connection.request(method, path, body=sent, headers={**kind, **self.headers, **(headers or {})})
            return _read(connection.getresponse())
        finally:
            connection.close()

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Reply:
        """Look at something."""
        return self.ask("GET", path, headers=headers)

    def post(self, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Reply:
        """Do something."""
        return self.ask("POST", path, {} if body is None else body, headers)

    def api(self, path: str) -> Any:
        """The JSON of something that must be there."""
        reply = self.get(f"/api/v1{path}")
        assert reply.status == 200, reply
        return reply.json

    def listen(self, path: str, headers: Mapping[str, str] | None = None) -> ClientConnection:
        """A WebSocket."""
        return connect(
            f"ws://127.0.0.1:{self.port}{path}",
            additional_headers={**self.headers, **(headers or {})},
            open_timeout=PATIENCE_SECONDS,
            close_timeout=1,
            proxy=None,
        )

    def with_headers(self, **headers: str) -> Client:
        """The same person with other headers."""
        return Client(port=self.port, headers={**self.headers, **headers})


def _read(answer: HTTPResponse) -> Reply:
    return Reply(status=answer.status, headers={name.lower(): value for name, value in answer.getheaders()}, body=answer.read())


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A running server and its workspace."""

    workspace: Workspace
    port: int
    token: str

    @property
    def nobody(self) -> Client:
        """Somebody without a token."""
        return Client(port=self.port)

    @property
    def program(self) -> Client:
        """A program with the token that was printed."""
        return self.bearer(self.token)

    def bearer(self, token: str) -> Client:
        """A program with a token."""
        return Client(port=self.port, headers={"Authorization": f"Bearer {token}"})

    @property
    def origin(self) -> str:
        """What the server's own pages say of themselves."""
        return f"http://127.0.0.1:{self.port}"

    def browser(self) -> Client:
        """A browser that opened the printed URL: it has a session, and says which page asks."""
        reply = self.nobody.get(f"/?token={self.token}")
        assert reply.status == 303, reply
        cookie = reply.headers["set-cookie"].partition(";")[0]
        return Client(port=self.port, headers={"Cookie": cookie, "Origin": self.origin})

    # ------------------------------------------------------------------------------------------------------------ runs

    def preflight(self, job: str, **request: object) -> Any:
        """What a run would do."""
        reply = self.program.post(f"/api/v1/jobs/{job}/runs/preflight", request)
        assert reply.status == 200, reply
        return reply.json

    def order(self, job: str, **request: object) -> dict[str, object]:
        """The body that starts the plan of a request."""
        return {**self.preflight(job, **request)["plan"]["request"], **request, **self.cue(job, **request)}

    def cue(self, job: str, **request: object) -> dict[str, object]:
        """A person's word for the plan of a request as it is now."""
        return {
            "plan_digest": self.preflight(job, **request)["plan"]["digest"],
            "ui_trigger_id": new_uuid(),
            "ui_trigger_source": "integration_test",
        }

    def run(self, job: str, **request: object) -> Any:
        """Start a run over HTTP and wait for its end."""
        reply = self.program.post(f"/api/v1/jobs/{job}/runs", {**request, **self.cue(job, **request)})
        assert reply.status == 201, reply
        return self.wait(job, reply.json["number"])

    def wait(self, job: str, number: int, *states: str) -> Any:
        """The run when it has reached one of these states; without any, when it has ended."""
        wanted = states or tuple(state.value for state in (RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELLED))
        with self.program.listen(f"/api/v1/events?job={job}&after=0") as socket:
            while True:
                run = self.program.api(f"/jobs/{job}/runs/{number}")
                if run["status"] in wanted:
                    return run
                socket.recv(timeout=PATIENCE_SECONDS)

    def events(self, job: str) -> int:
        """How many events a job has."""
        with self.workspace.store.read() as reader:
            return reader.job_marks()[JobId(job)]


@contextmanager
def hosted(workspace: Workspace, **settings: Any) -> Iterator[Host]:
    """A server of a workspace, until the block ends."""
    announced: list[str] = []
    ready = threading.Event()
    failed: list[BaseException] = []

    def announce(url: str) -> None:
        announced.append(url)
        ready.set()

    with listening("127.0.0.1", 0) as listener:
        serving = Serving(workspace=workspace, actor="ada", announce=announce, **settings)
        loop = asyncio.new_event_loop()
        stop = asyncio.Event()

        def live() -> None:
            try:
                loop.run_until_complete(serve_until(stop, serving, listener))
            except BaseException as error:
                failed.append(error)
            finally:
                ready.set()
                loop.run_until_complete(loop.shutdown_asyncgens())
                loop.run_until_complete(loop.shutdown_default_executor())
                loop.close()

        thread = threading.Thread(target=live, name="host")
        thread.start()
        try:
            assert ready.wait(PATIENCE_SECONDS), "the server did not start"
            assert not failed, failed
            address = urlsplit(announced[0])
            yield Host(workspace=workspace, port=address.port or 0, token=parse_qs(address.query)["token"][0])
        finally:
            if not failed:
                loop.call_soon_threadsafe(stop.set)
            thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive(), "the server did not end"
        assert not failed, failed


def only(token: str, identity: Any) -> FindToken:
    """A source of tokens that knows one."""
    from oncue.control.membership import digest

    return lambda given: identity if given == digest(token) else None
