"""Pages that show the same thing ask for the same fragment at the same moment: it is drawn once for all of them.

::

    first request ──▶ drawn ───────────▶ answered
    second ────────── waits ─┐
    third ─────────── waits ─┴▶ drawn ─▶ both answered

What has begun to be drawn may not know what happened since, so nobody joins it: whoever comes meanwhile waits for the next
drawing, which all of them share. Nothing is kept, and no answer is older than its question.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from dataclasses import dataclass, field

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from oncue.web.access import Identity

PARTS = "/parts/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A whole answer as the application gave it, to be sent to each who waits; ``nonce`` is the one that is in it."""

    start: Message
    body: bytes
    nonce: str


@dataclass(slots=True)
class Sharing:
    """The ASGI application around the application. Fragments are shared by those who may do the same."""

    app: ASGIApp
    _next: dict[Hashable, asyncio.Task[Drawn]] = field(default_factory=dict)
    _drawing: dict[Hashable, asyncio.Task[Drawn]] = field(default_factory=dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith(PARTS):
            await self.app(scope, receive, send)
            return
        key = _key(scope)
        if key not in self._next:
            self._next[key] = asyncio.ensure_future(self._draw_next(key, scope))
        drawn = await asyncio.shield(self._next[key])
        await _send(drawn, send, nonce=scope["state"]["nonce"])

    async def _draw_next(self, key: Hashable, scope: Scope) -> Drawn:
        """Wait until nothing is being drawn for the key, then draw for whoever waits by then."""
        while (before := self._drawing.get(key)) is not None:
            await asyncio.wait([before])
        self._drawing[key] = self._next.pop(key)
        try:
            return await _draw(self.app, scope)
        finally:
            del self._drawing[key]


def _key(scope: Scope) -> Hashable:
    """What two requests must have in common to get the same answer.

    No fragment says who looks at it; but what somebody settled, of the questions that they have seen, is no news to them alone.
    """
    identity: Identity = scope["state"]["identity"]
    is_own = b"seen=" in scope["query_string"]
    return scope["path"], scope["query_string"], identity.role, identity.scopes, identity.actor if is_own else ""


async def _draw(app: ASGIApp, scope: Scope) -> Drawn:
    """The answer to a request of nobody in particular: that somebody went away ends nothing."""
    messages: list[Message] = []
    is_asked = False

    async def receive() -> Message:
        nonlocal is_asked
        if is_asked:
            await asyncio.Future()
        is_asked = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        messages.append(message)

    state = dict(scope["state"])
    try:
        await app({**scope, "state": state}, receive, send)
    except Exception as error:
        if state.get("answered") is not error or not messages:
            raise  # else the defect is on record, and its answer among the messages
    start, *bodies = messages
    return Drawn(start=start, body=b"".join(message.get("body", b"") for message in bodies), nonce=state["nonce"])


async def _send(drawn: Drawn, send: Send, *, nonce: str) -> None:
    """The answer with the reader's own nonce in place of that of the drawing."""
    body = drawn.body.replace(drawn.nonce.encode(), nonce.encode())
    start = {**drawn.start, "headers": list(drawn.start["headers"])}
    MutableHeaders(scope=start)["content-length"] = str(len(body))
    await send(start)
    await send({"type": "http.response.body", "body": body})
