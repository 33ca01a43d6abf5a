"""A server in a process of its own, as ``oncue serve`` starts it, and what programs and browsers ask of it."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.client import ClientConnection, connect

from benchmarks.processes import environment

PATIENCE_SECONDS = 60
_ASSET = re.compile(r'(?:src|href)="(/static/[^"]+\.(?:js|css|svg)[^"]*)"')


@dataclass(frozen=True, slots=True)
class Served:
    """A running server: its process, its port, and by which token it knows who asks."""

    process: subprocess.Popen[str]
    port: int
    token: str

    @property
    def headers(self) -> Mapping[str, str]:
        """What goes along with every request."""
        return {"Authorization": f"Bearer {self.token}"}

    def get(self, path: str, **headers: str) -> bytes:
        """What is at a path, as it was sent.

        Raises:
            RuntimeError: anything but success.
        """
        return self._ask("GET", path, headers=headers)

    def post(self, path: str, body: object) -> Any:
        """What comes back as JSON for a body that is sent as JSON.

        Raises:
            RuntimeError: anything but success.
        """
        return json.loads(self._ask("POST", path, json.dumps(body), headers={"Content-Type": "application/json"}))

    def _ask(self, method: str, path: str, body: str | None = None, *, headers: Mapping[str, str]) -> bytes:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        try:
            connection.request(method, path, body, headers={**self.headers, **headers})
            answer = connection.getresponse()
            found = answer.read()
        finally:
            connection.close()
        if answer.status not in (200, 201):
            raise RuntimeError(f"{method} {path}: {answer.status} {found[:300]!r}")
        return found

    def time(self, path: str) -> float:
        """Milliseconds from the request to the last byte, over a new connection."""
        start = time.perf_counter()
        self.get(path)
        return 1000 * (time.perf_counter() - start)

    def first_visit(self, path: str) -> int:
        """Bytes of a page with everything it loads, as they are sent to a browser that has seen nothing; no headers."""
        page = self.get(path, **{"Accept-Encoding": "gzip"})
        text = (gzip.decompress(page) if page[:2] == b"\x1f\x8b" else page).decode()
        return len(page) + sum(
            len(self.get(asset, **{"Accept-Encoding": "gzip"})) for asset in sorted(set(_ASSET.findall(text)))
        )

    def stop(self) -> float:
        """Ask it to end, as Ctrl-C does; seconds until it has ended."""
        start = time.perf_counter()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(PATIENCE_SECONDS)
        return time.perf_counter() - start

    @asynccontextmanager
    async def sockets(self, path: str, count: int) -> AsyncIterator[list[ClientConnection]]:
        """So many open WebSockets."""
        url = f"ws://127.0.0.1:{self.port}{path}"
        opening = (connect(url, additional_headers=dict(self.headers), proxy=None, max_queue=None) for _ in range(count))
        found = list(await asyncio.gather(*opening))
        try:
            yield found
        finally:
            await asyncio.gather(*(socket.close() for socket in found))


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """Serve the workspace of a folder until the block ends."""
    command = [sys.executable, "-m", "oncue", "serve", "--port", "0", "--no-open"]
    process = subprocess.Popen(
        command, cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        address = urlsplit(_read_address(process))
        token = parse_qs(address.query)["token"][0]
        yield Served(process=process, port=address.port or 0, token=token)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.communicate()


def _read_address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None, "it is a pipe"
    for line in process.stdout:
        if "token=" in line:
            return line.strip()
    raise RuntimeError(f"the server did not start: {process.stderr.read() if process.stderr else ''}")
