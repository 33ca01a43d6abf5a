"""Pages are sent packed to browsers that can unpack; static files are packed already, and what the API answers stays as it is.

No page holds a secret, and no other site can make a browser ask for one with its session, so packing gives nothing away.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

LEVEL = 6
SMALLEST_BYTES = 1000


@dataclass(slots=True)
class Packing:
    """The ASGI application around the application; nothing is packed under the paths ``unpacked``."""

    app: ASGIApp
    unpacked: tuple[str, ...]
    _packed: ASGIApp = field(init=False)

    def __post_init__(self) -> None:
        self._packed = GZipMiddleware(self.app, minimum_size=SMALLEST_BYTES, compresslevel=LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        is_page = scope["type"] == "http" and not scope["path"].startswith(self.unpacked)
        app = self._packed if is_page else self.app
        await app(scope, receive, send)
