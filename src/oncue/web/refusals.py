"""What the server refuses before anything of a job is looked at, and answers that name the fields that are wrong."""

from __future__ import annotations

from collections.abc import Mapping

from oncue.errors import InvalidInput, OncueError


class NotSignedIn(OncueError):
    """Nobody is known to be asking."""

    code = "not_signed_in"
    http_status = 401
    FIRST = "sign in first"

    def __init__(self, message: str = FIRST) -> None:
        super().__init__(message, hint="open the URL that `oncue serve` printed, or send its token as a bearer token")


class NotAllowed(OncueError):
    """The person's role, or the scopes of the token, do not include this."""

    code = "not_allowed"
    http_status = 403


class ForeignHost(OncueError):
    """The request names a host that this server is not."""

    code = "foreign_host"

    def __init__(self) -> None:
        super().__init__("this server does not answer to that name", hint="oncue serve --allow-host NAME adds a name")


class ForeignOrigin(OncueError):
    """The request comes from a page that is not this server's."""

    code = "foreign_origin"
    http_status = 403

    def __init__(self, *, is_unseen_tls: bool = False) -> None:
        for_proxies = "behind a proxy: oncue serve --forwarded-allow-ips ADDRESS, and the proxy sends X-Forwarded-Proto"
        for_programs = "programs leave out the Origin header and send a bearer token"
        super().__init__("only this server's own pages may do this", hint=for_proxies if is_unseen_tls else for_programs)


class ForeignLink(OncueError):
    """A link in somebody else's page would sign a person in, perhaps as somebody else than they are."""

    code = "foreign_link"
    http_status = 403

    def __init__(self) -> None:
        super().__init__("a link on another page signs nobody in", hint="copy the URL into the address bar of the browser")


class TooLarge(OncueError):
    """The body of the request is larger than the server takes."""

    code = "too_large"
    http_status = 413

    def __init__(self, limit: int) -> None:
        super().__init__(f"the request has more than {limit} bytes", hint="send less")


class TooManyAttempts(OncueError):
    """Somebody tried too many tokens."""

    code = "too_many_attempts"
    http_status = 429

    def __init__(self, wait_seconds: int) -> None:
        super().__init__("too many wrong tokens came from here", hint=f"wait {wait_seconds} seconds")
        self.wait_seconds = wait_seconds


class NoSuchRange(OncueError):
    """The wanted bytes are not in the body."""

    code = "no_such_range"
    http_status = 416

    def __init__(self, size: int) -> None:
        super().__init__(f"the body has {size} bytes, and none of those that were asked for", hint="ask for bytes=0-")
        self.size = size


class InvalidFields(InvalidInput):
    """Some fields cannot be meant; says which, and never repeats what was given."""

    code = "invalid_fields"

    def __init__(self, fields: Mapping[str, str]) -> None:
        first, why = next(iter(fields.items()))
        more = f" (and {len(fields) - 1} more)" if len(fields) > 1 else ""
        super().__init__(f"{first}: {why}{more}", hint="/api/v1/openapi.json describes every field")
        self._fields = dict(fields)

    @property
    def fields(self) -> Mapping[str, str]:
        """The fields that are at fault, each with what is wrong."""
        return self._fields
