"""A local HTTP server that stands in for a model: it speaks the protocols of the real ones and answers from a script.

It keeps every body it was sent, so that a test can say exactly what left the program.
"""

from __future__ import annotations

import json
import re
import select
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from oncue.core.modelport import ModelTrouble
from oncue.models.script import Script, load_script, read_script
from oncue.models.scriptmatch import Prompter, Scripted
from oncue.testing.stubwire import ChatProtocol, MessagesProtocol

WAIT_SECONDS = 30.0
_PIECES = re.compile(r"\S+\s*|\s+")
_SECRET_HEADERS = ("authorization", "x-api-key")


@dataclass(frozen=True, slots=True, kw_only=True)
class StubRequest:
    """One request as it came; ``number`` counts from 1, ``key`` is the key it carried."""

    number: int
    path: str
    body: bytes
    key: str = ""

    @property
    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)

    @property
    def text(self) -> str:
        """Every message in it, one after the other."""
        system, user = _protocol(self.path).read(self.json)
        return "\n".join(part for part in (system, user) if part)


class ModelStub:
    """Serves a script for as long as it is open; a context manager.

    ``script`` is a path, a ``Script``, or the plain data of one. Requests are numbered in the order in which they come; each
    is written to the file ``record``, where one is given, as a line of JSON before it is answered.
    """

    def __init__(
        self, script: str | Path | Script | Mapping[str, Any] | Sequence[Any], *, port: int = 0, record: Path | None = None
    ) -> None:
        self._record = record
        self._prompter = Prompter(_script_of(script), "the script of the stub")
        self._changed = threading.Condition()
        self._requests: list[StubRequest] = []
        self._left: list[int] = []
        self._closing = threading.Event()
        self._server = _Server(("127.0.0.1", port), _handler_for(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """The address, without a path."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def model(self, provider: str, name: str = "stub") -> str:
        """How a model behind this server is named: ``openai:stub@http://127.0.0.1:…/v1``."""
        return f"{provider}:{name}@{self.url}{'/v1' if provider == 'openai' else ''}"

    @property
    def requests(self) -> tuple[StubRequest, ...]:
        """Every request so far."""
        with self._changed:
            return tuple(self._requests)

    @property
    def left(self) -> tuple[int, ...]:
        """The numbers of the requests whose sender went away before the answer was whole."""
        with self._changed:
            return tuple(self._left)

    def wait_for_requests(self, count: int, *, timeout_seconds: float = WAIT_SECONDS) -> tuple[StubRequest, ...]:
        """Wait until so many requests have come.

        Raises:
            TimeoutError: they did not.
        """
        self._wait(lambda: len(self._requests) >= count, f"{count} requests", timeout_seconds)
        return self.requests

    def wait_for_left(self, count: int = 1, *, timeout_seconds: float = WAIT_SECONDS) -> tuple[int, ...]:
        """Wait until so many senders went away.

        Raises:
            TimeoutError: they did not.
        """
        self._wait(lambda: len(self._left) >= count, f"{count} senders that go away", timeout_seconds)
        return self.left

    def close(self) -> None:
        """Stop; answers that are under way break off."""
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def take(self, path: str, body: bytes, *, key: str) -> tuple[StubRequest, Scripted]:
        """Note a request, and choose its reply."""
        with self._changed:
            request = StubRequest(number=len(self._requests) + 1, path=path, body=body, key=key)
            self._requests.append(request)
            if self._record is not None:
                line = {"number": request.number, "path": path, "body": request.json}
                with self._record.open("a", encoding="utf-8") as out:
                    out.write(json.dumps(line, ensure_ascii=False) + "\n")
            system, user = _protocol(path).read(request.json)
            scripted = self._prompter.answer(system, user, model=str(request.json.get("model", "")))
            self._changed.notify_all()
        return request, scripted

    def note_left(self, number: int) -> None:
        """Note that a sender went away."""
        with self._changed:
            self._left.append(number)
            self._changed.notify_all()

    def is_closing_after(self, seconds: float) -> bool:
        """Wait a while; whether the server is being closed."""
        return self._closing.wait(seconds)

    def _wait(self, is_there: Callable[[], bool], what: str, timeout_seconds: float) -> None:
        with self._changed:
            if not self._changed.wait_for(is_there, timeout_seconds):
                raise TimeoutError(
                    f"the stub waited {timeout_seconds:g} s in vain for {what}; it has {len(self._requests)} requests"
                )


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing on the screen: a sender that goes away is no fault of the server."""


class _Handler(BaseHTTPRequestHandler):
    stub: ModelStub
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on the screen."""

    def do_GET(self) -> None:
        """The list of models, which some clients ask for first."""
        self._send(200, json.dumps({"object": "list", "data": []}).encode())

    def do_POST(self) -> None:
        """A request to a model."""
        length = int(self.headers.get("content-length") or 0)
        raw = self.rfile.read(length)
        if not self.path.endswith(("/chat/completions", "/messages")):
            self._send(404, json.dumps({"error": {"message": f"no {self.path} here"}}).encode())
            return
        key = next((self.headers[name] for name in _SECRET_HEADERS if name in self.headers), "")
        request, scripted = self.stub.take(self.path, raw, key=key.removeprefix("Bearer "))
        try:
            self._reply(request, scripted)
        except OSError:
            self.stub.note_left(request.number)
            self.close_connection = True

    def _reply(self, request: StubRequest, scripted: Scripted) -> None:
        protocol, reply, trouble = _protocol(request.path), scripted.reply, scripted.trouble
        is_stream = bool(request.json.get("stream"))
        status = reply.status or (protocol.status(trouble) if trouble and not reply.body else None)
        if reply.hang or (trouble is ModelTrouble.TIMED_OUT and not reply.status):
            self._hang(request.number)
        elif trouble is ModelTrouble.UNREACHABLE:
            self._drop()
        elif reply.body is not None:
            self._send(200, reply.body.encode(), kind="text/event-stream" if is_stream else "application/json")
        elif status is not None and not (is_stream and scripted.text):
            wait = {"Retry-After": f"{reply.retry_after}"} if reply.retry_after is not None else {}
            body = json.dumps(protocol.error(status, scripted.message)).encode()
            self._send(status, body, headers={**wait, **reply.headers})
        elif is_stream:
            self._stream(request, scripted)
        else:
            body = json.dumps(protocol.answer(scripted, str(request.json.get("model", ""))), ensure_ascii=False).encode()
            self._send(200, body, is_cut=trouble is ModelTrouble.BROKEN_ANSWER)

    def _stream(self, request: StubRequest, scripted: Scripted) -> None:
        """Answer piece by piece; an answer with trouble breaks off after the last piece, or ends in an error."""
        protocol, trouble = _protocol(request.path), scripted.trouble
        pieces = _PIECES.findall(scripted.text)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        events = list(protocol.events(scripted, pieces, body=request.json))
        if trouble is not None and trouble is not ModelTrouble.REFUSED:
            begun = 1 + len(pieces) + isinstance(protocol, MessagesProtocol)
            events = events[:begun]
            if trouble is not ModelTrouble.BROKEN_ANSWER:
                events.append(protocol.error_event(scripted.message))
        for event in events:
            if scripted.reply.delay and self.stub.is_closing_after(scripted.reply.delay):
                break
            self.wfile.write(b"%x\r\n%b\r\n" % (len(event), event))
        if trouble is ModelTrouble.BROKEN_ANSWER:
            self._drop()
        else:
            self.wfile.write(b"0\r\n\r\n")

    def _send(
        self,
        status: int,
        body: bytes,
        *,
        kind: str = "application/json",
        headers: Mapping[str, str] | None = None,
        is_cut: bool = False,
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if is_cut else body)
        if is_cut:
            self._drop()

    def _drop(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _hang(self, number: int) -> None:
        """Say nothing until the sender goes away, or the server is closed."""
        self.close_connection = True
        while not self.stub.is_closing_after(0):
            readable, _, _ = select.select([self.connection], [], [], 0.02)
            if readable and not self.connection.recv(1, socket.MSG_PEEK):
                self.stub.note_left(number)
                return


def _handler_for(served: ModelStub) -> type[_Handler]:
    class Handler(_Handler):
        stub = served

    return Handler


def _protocol(path: str) -> ChatProtocol | MessagesProtocol:
    return MessagesProtocol() if path.endswith("/messages") else ChatProtocol()


def _script_of(given: str | Path | Script | Mapping[str, Any] | Sequence[Any]) -> Script:
    if isinstance(given, Script):
        return given
    return load_script(Path(given)) if isinstance(given, str | Path) else read_script(given)
