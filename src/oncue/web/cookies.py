"""The cookie of a session: over TLS one that no other host, port or unencrypted page can set or read (``__Host-``).

Without TLS the browser offers no such thing: every server on any port of the same host may set a cookie of our name. That is
why a session counts only when it comes alone.
"""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope

from oncue.web.access import SESSION_DAYS

SECONDS_A_DAY = 86_400
PREFIX = "__Host-"


def is_encrypted(scope: Scope) -> bool:
    """Whether the browser speaks TLS: to this server, or to a proxy that is trusted to say so."""
    return scope.get("scheme") in ("https", "wss")


def cookie_name(scope: Scope, name: str) -> str:
    """What the cookie is called in this request and its answer."""
    return f"{PREFIX}{name}" if is_encrypted(scope) else name


def given_sessions(scope: Scope, name: str) -> frozenset[str]:
    """Every session that a request brings along; more than one is somebody else's doing.

    Cookies of other servers on this host come along as well, and need not be well-formed.
    """
    wanted = cookie_name(scope, name)
    parts = (part.partition("=") for line in Headers(scope=scope).getlist("cookie") for part in line.split(";"))
    return frozenset(value.strip() for key, _, value in parts if key.strip() == wanted and value.strip())


def the_session(scope: Scope, name: str) -> str | None:
    """The one session of a request; None where there are several, because nobody knows whose page put them there."""
    found = given_sessions(scope, name)
    return next(iter(found)) if len(found) == 1 else None


def give_session(answer: Response, scope: Scope, *, name: str, session: str) -> None:
    """Let the browser keep a session."""
    answer.set_cookie(
        cookie_name(scope, name),
        session,
        max_age=SESSION_DAYS * SECONDS_A_DAY,
        httponly=True,
        samesite="lax",
        secure=is_encrypted(scope),
    )


def take_session(answer: Response, scope: Scope, *, name: str) -> None:
    """Let the browser forget its session; said in the same terms in which it was given, or browsers do not listen."""
    answer.delete_cookie(cookie_name(scope, name), httponly=True, samesite="lax", secure=is_encrypted(scope))
