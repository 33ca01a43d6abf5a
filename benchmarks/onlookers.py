"""Other people's pages of a job, played by one process: each hears of changes and fetches what it shows again, as a page does.

``python -m benchmarks.onlookers PORT TOKEN JOB COUNT`` prints ``ready`` when all of them listen, and plays until it is ended.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence

from websockets.asyncio.client import connect

COALESCE_SECONDS = 0.03


async def play(port: int, token: str, job: str, *, count: int) -> None:
    """Be so many pages until cancelled."""
    listening = asyncio.Semaphore(0)
    pages = [asyncio.ensure_future(_play_one(port, token, job, listening=listening)) for _ in range(count)]
    for _ in pages:
        await listening.acquire()
    print("ready", flush=True)
    await asyncio.gather(*pages, asyncio.Event().wait())


async def _play_one(port: int, token: str, job: str, *, listening: asyncio.Semaphore) -> None:
    """One page: its head and its board, over a connection each, as a browser would."""
    headers = {"Authorization": f"Bearer {token}"}
    parts = [_Part(port, token, f"/parts/jobs/{job}{part}") for part in ("", "/head")]
    url = f"ws://127.0.0.1:{port}/live?topic=inbox&topic=job:{job}"
    async with connect(url, additional_headers=headers, proxy=None, max_queue=None) as socket:
        await socket.recv()
        listening.release()
        async for message in socket:
            if "topic" in json.loads(message):
                for part in parts:
                    part.want()


class _Part:
    """A fragment that is fetched again: one request at a time, and after it the last that was wanted meanwhile."""

    def __init__(self, port: int, token: str, path: str) -> None:
        self._port = port
        self._request = (
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
            "Accept-Encoding: gzip\r\n\r\n"
        ).encode()  # fmt: skip
        self._wanted = asyncio.Event()
        self._task = asyncio.ensure_future(self._follow())

    def want(self) -> None:
        """Something changed."""
        self._wanted.set()

    async def _follow(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            writer.write(self._request)
            await _read_answer(reader)
            await asyncio.sleep(COALESCE_SECONDS)


async def _read_answer(reader: asyncio.StreamReader) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    if " 200 " not in head.partition("\r\n")[0]:
        raise RuntimeError(head)
    await reader.readexactly(int(head.partition("content-length:")[2].partition("\r\n")[0]))


def main(arguments: Sequence[str]) -> None:
    """Play until the process is ended."""
    port, token, job, count = arguments
    asyncio.run(play(int(port), token, job, count=int(count)))


if __name__ == "__main__":
    main(sys.argv[1:])
