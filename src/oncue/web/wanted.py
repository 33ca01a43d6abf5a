"""The page that somebody wanted when they had to sign in first: shown once they have, and never one of another server."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from starlette.types import Scope

HOME = "/"
SIGN_IN = "/signin"
MAX_ADDRESS = 2000
TOKEN = "token"
NO_PAGES = ("/api/", "/parts/", "/static/", SIGN_IN, "/signout", "/live")
_KEPT = "/:@!$&'()*+,;=~-._[]"


def token_in_address(scope: Scope) -> str | None:
    """The token that stands in the address of a page, to be exchanged and taken out of it."""
    if scope["type"] != "http" or scope["method"] != "GET" or scope["path"].startswith(NO_PAGES):
        return None
    return next((value for name, value in _query(scope) if name == TOKEN), None)


def wanted_page(scope: Scope) -> str:
    """The page a request is for, without a token; at the door the one that was wanted before; the first in place of none."""
    query = _query(scope)
    if scope["path"] == SIGN_IN:
        return local_page(next((value for name, value in query if name == "next"), HOME))
    left = urlencode([(name, value) for name, value in query if name != TOKEN])
    return local_page(quote(scope["path"], safe=_KEPT) + (f"?{left}" if left else ""))


def local_page(address: str) -> str:
    """An address if it is one of a page of this server, else the first page.

    Browsers read ``//host``, and backslashes in place of slashes, as another server's, and pass over tabs and line ends.
    """
    is_plain = len(address) <= MAX_ADDRESS and address.isascii() and address.isprintable() and not set(address) & {" ", "\\"}
    if not is_plain or not address.startswith("/") or address.startswith(("//", *NO_PAGES)):
        return HOME
    try:
        parts = urlsplit(address)
    except ValueError:
        return HOME
    return HOME if parts.scheme or parts.netloc else address


def _query(scope: Scope) -> list[tuple[str, str]]:
    return parse_qsl(scope.get("query_string", b"").decode("latin-1"))
