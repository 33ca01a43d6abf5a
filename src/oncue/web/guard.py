"""The gate before everything else: whose host, whose page, whose token, how large; and what every answer carries.

::

    Host known? ─▶ page ours? (unsafe methods, WebSockets) ─▶ who asks? ─▶ body small enough? ─▶ the application
    400             403                                        401          413

Both of the first two are needed: the first against names that are made to point here, the second against other pages.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from oncue.errors import OncueError
from oncue.web.access import Credentials, Door, Identity, peer_of
from oncue.web.cookies import is_encrypted, the_session
from oncue.web.errorbody import answer_defect, answer_error
from oncue.web.refusals import ForeignHost, ForeignLink, ForeignOrigin, NotSignedIn, TooLarge
from oncue.web.wanted import token_in_address

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OTHER_SITES = frozenset({"cross-site", "same-site"})
MAX_BODY_BYTES = 2_000_000
REFUSED = 4403
PUBLIC = ("/static/", "/signin")
"""What says nothing about any job: how the pages look, and the door itself."""
POLICY = (
    "default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
REFERRER = "same-origin"
"""With no-referrer, browsers hide the origin of a form that is sent."""
NO_TOKENS = "strict-origin"
"""For a page whose address has a token in it: what it loads is told its origin alone, and so are the logs of a proxy."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What this server is called: ``bound`` with its port, ``allowed`` (by whoever started it) with any port.

    ``has_proxy``: a trusted proxy says of every request whether it came by TLS.
    """

    bound: Collection[str]
    allowed: Collection[str] = ()
    cookie: str = "oncue"
    has_proxy: bool = False

    def knows(self, host: str) -> bool:
        """Whether a ``Host`` header means this server."""
        name = host.lower()
        return name in self.bound or (name.rsplit(":", 1)[0] if not name.endswith("]") else name) in self.allowed

    def origins(self, host: str, *, is_encrypted: bool) -> Collection[str]:
        """What the ``Origin`` of this server's own pages can be, for a request to this host.

        Under a name of a proxy that nobody described, TLS ends there unseen: then either scheme is possible.
        """
        name = host.lower()
        is_known = self.has_proxy or name in self.bound
        schemes = (("https" if is_encrypted else "http"),) if is_known else ("http", "https")
        return [f"{scheme}://{name}" for scheme in schemes]


@dataclass(slots=True)
class Guard:
    """The ASGI application in front of the application; it puts ``identity`` and ``nonce`` into the request's state."""

    app: ASGIApp
    door: Door
    names: Names
    max_body_bytes: int = MAX_BODY_BYTES

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request in, or refuse it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        headers = Headers(scope=scope)
        state: dict[str, Any] = scope.setdefault("state", {})
        state.update(nonce=nonce, identity=None)
        answer = _Answer(send, nonce, referrer=NO_TOKENS if _is_door(scope) else REFERRER)
        try:
            self._check_origin(scope, headers)
            state["identity"] = self._identify(scope, headers)
            limited = _limited(receive, headers, self.max_body_bytes)
            await self.app(scope, limited, answer)
        except OncueError as error:
            await self._refuse(scope, receive, answer, error=error)
        except Exception as error:
            if state.get("answered") is error:  # inside, where the rest of the request was known
                return
            if answer.has_begun or scope["type"] != "http":
                raise
            await answer_defect(scope, error)(scope, receive, answer)

    def _check_origin(self, scope: Scope, headers: Headers) -> None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self.names.knows(hosts[0]):
            raise ForeignHost
        if headers.get("sec-fetch-site", "") in OTHER_SITES:
            if _is_door(scope):
                raise ForeignLink
            if headers.get("sec-fetch-dest") != "document":
                raise ForeignOrigin  # a picture or a frame in somebody else's page; only following a link is harmless
        if scope["type"] == "http" and scope["method"] in SAFE_METHODS:
            return
        origins = headers.getlist("origin")
        if not origins and _bearer(headers) is not None:
            return
        if len(origins) != 1 or origins[0].lower() not in self.names.origins(hosts[0], is_encrypted=is_encrypted(scope)):
            raise ForeignOrigin(is_unseen_tls=origins == [f"https://{hosts[0]}"])

    def _identify(self, scope: Scope, headers: Headers) -> Identity | None:
        session = the_session(scope, self.names.cookie)
        identify = partial(self.door.identify, Credentials(bearer=_bearer(headers), session=session, peer=peer_of(scope)))
        scope["state"]["identify"] = identify
        identity = identify()
        if identity is None and not _is_public(scope):
            raise NotSignedIn
        return identity

    async def _refuse(self, scope: Scope, receive: Receive, answer: _Answer, *, error: OncueError) -> None:
        if answer.has_begun:
            raise error
        if scope["type"] == "websocket":
            await answer({"type": "websocket.close", "code": REFUSED, "reason": error.code})
            return
        await answer_error(scope, error)(scope, receive, answer)


def _is_public(scope: Scope) -> bool:
    return scope["type"] == "http" and (_is_door(scope) or scope["path"].startswith(PUBLIC))


def _is_door(scope: Scope) -> bool:
    return token_in_address(scope) is not None


def _bearer(headers: Headers) -> str | None:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


class _Answer:
    """Sends an answer on, with the headers that every answer has."""

    def __init__(self, send: Send, nonce: str, *, referrer: str) -> None:
        self._send = send
        self._nonce = nonce
        self._referrer = referrer
        self.has_begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.has_begun = True
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("Referrer-Policy", self._referrer)
            headers.setdefault("Content-Security-Policy", POLICY.format(nonce=self._nonce))
            headers.setdefault("Cache-Control", "no-store")
        elif message["type"] in ("websocket.accept", "websocket.close"):
            self.has_begun = True
        await self._send(message)


def _limited(receive: Receive, headers: Headers, limit: int) -> Receive:
    """The body as it comes, as long as it is within the limit; what is announced as larger is refused at once."""
    length = headers.get("content-length", "")
    if length.isdigit() and int(length) > limit:
        raise TooLarge(limit)
    size = 0

    async def receive_some() -> Message:
        nonlocal size
        message = await receive()
        if message["type"] == "http.request":
            size += len(message.get("body", b""))
            if size > limit:
                raise TooLarge(limit)
        return message

    return receive_some
