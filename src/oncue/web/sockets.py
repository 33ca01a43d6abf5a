"""Sending a stream over a WebSocket until either side ends it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import suppress

from fastapi import WebSocket, WebSocketDisconnect
from starlette.concurrency import run_in_threadpool

GOING_AWAY = 1001


async def while_allowed(texts: AsyncIterator[str], is_allowed: Callable[[], bool]) -> AsyncIterator[str]:
    """A stream that ends before the first text that whoever listens may not have any more."""
    try:
        async for text in texts:
            if not await run_in_threadpool(is_allowed):
                return
            yield text
    finally:
        await close_stream(texts)


async def close_stream(texts: AsyncIterator[str]) -> None:
    """End a stream, where it is one that can be ended."""
    if isinstance(texts, AsyncGenerator):
        await texts.aclose()


async def send_stream(socket: WebSocket, texts: AsyncIterator[str]) -> None:
    """Send every text of a stream; an empty one says that nothing happened, and is left out.

    When the stream ends the socket is closed as a server's that goes away; when the client leaves the stream is closed.
    """
    sending = asyncio.ensure_future(_send(socket, texts))
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


async def _send(socket: WebSocket, texts: AsyncIterator[str]) -> None:
    try:
        async for text in texts:
            if text:
                await socket.send_text(text)
    finally:
        await close_stream(texts)


async def _until_left(socket: WebSocket) -> None:
    """Clients have nothing to say here; what they send is read so that their leaving is noticed."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass
