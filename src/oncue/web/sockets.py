"""Sending a stream over a WebSocket until either side ends it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import suppress

from fastapi import WebSocket, WebSocketDisconnect
from starlette.concurrency import run_in_threadpool

GOING_AWAY = 1001


Batches = AsyncIterator[Sequence[str]]
"""A stream of texts, those together that came together; an empty batch says that nothing happened."""


async def while_allowed(batches: Batches, is_allowed: Callable[[], bool]) -> Batches:
    """A stream that ends before the first batch that whoever listens may not have any more."""
    try:
        async for batch in batches:
            if not await run_in_threadpool(is_allowed):
                return
            yield batch
    finally:
        await close_stream(batches)


async def close_stream(batches: Batches) -> None:
    """End a stream, where it is one that can be ended."""
    if isinstance(batches, AsyncGenerator):
        await batches.aclose()


async def send_stream(socket: WebSocket, batches: Batches) -> None:
    """Send every text of a stream, each as a message.

    When the stream ends the socket is closed as a server's that goes away; when the client leaves the stream is closed.
    """
    sending = asyncio.ensure_future(_send(socket, batches))
    leaving = asyncio.ensure_future(_until_left(socket))
    try:
        await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
        if sending.done() and not leaving.done():
            with suppress(WebSocketDisconnect):
                sending.result()
                await socket.close(GOING_AWAY)
    finally:
        for task in (sending, leaving):
            task.cancel()
        await asyncio.gather(sending, leaving, return_exceptions=True)


async def _send(socket: WebSocket, batches: Batches) -> None:
    try:
        async for batch in batches:
            for text in batch:
                await socket.send_text(text)
    finally:
        await close_stream(batches)


async def _until_left(socket: WebSocket) -> None:
    """Clients have nothing to say here; what they send is read so that their leaving is noticed."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass
