"""Who is asking: every request has an identity before anything else happens, and all of them come from one function.

A token or a session is known by its SHA-256 alone. A session belongs to the token it was exchanged for, and ends with it.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from starlette.types import Scope

from oncue.control.membership import digest, find_holder
from oncue.control.tokenuse import TokenUse
from oncue.core.people import PERMISSIONS, Permission, Role, is_allowed
from oncue.core.ports import Clock, Store
from oncue.web.refusals import NotAllowed, NotSignedIn, TooManyAttempts

SESSION_DAYS = 30
WRONG_TOKENS = 10
WINDOW_SECONDS = 60
MAX_PEERS = 10_000
MAX_ADDRESS = 64
_DEEDS = {
    Permission.READ: "look at jobs",
    Permission.RECOMMEND: "recommend runs",
    Permission.ANSWER: "answer questions",
    Permission.OPERATE: "run or change jobs",
}
"""What each permission is for, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who asks. ``scopes`` None is a person; a token that is narrowed to scopes can do less than its owner."""

    actor: str
    role: Role
    scopes: frozenset[Permission] | None = None

    def may(self, permission: Permission) -> bool:
        """Whether this is allowed."""
        return is_allowed(permission, self.role, self.scopes)

    def check(self, permission: Permission) -> None:
        """Refuse what is not allowed.

        Raises:
            NotAllowed: names the role.
        """
        if not self.may(permission):
            message, hint = self._explain(permission)
            raise NotAllowed(message, hint=hint)

    def _explain(self, permission: Permission) -> tuple[str, str]:
        """Why something is not allowed, and what to do about it."""
        deed, role = _DEEDS[permission], self.role.value
        if permission in PERMISSIONS[self.role]:
            return f"this token of {self.actor} cannot {deed}", "use a token with other scopes"
        needed = next(role for role in Role if permission in PERMISSIONS[role])
        article = "a" if self.role is Role.VIEWER else "an"
        return f"{self.actor} is {article} {role} here; {role}s cannot {deed}", f"ask somebody whose role is {needed.value}"


def peer_of(scope: Scope) -> str:
    """The address that a request comes from; where a trusted proxy says something else, that, at a length to be kept."""
    client = scope.get("client")
    return str(client[0])[:MAX_ADDRESS] if client else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a request brings along to say who asks; ``peer`` is the address it comes from."""

    bearer: str | None = None
    session: str | None = None
    peer: str = ""


FindToken = Callable[[str], Identity | None]
"""From the digest of a token to whose it is; the start token is one source, a table of users another."""


class SessionRecords(Protocol):
    """Where sessions are kept: digest of the session → digest of its token, and when it ends."""

    def load(self, session: str) -> tuple[str, datetime] | None:
        """A session, or None."""
        ...

    def keep(self, session: str, *, token: str, until: datetime) -> None:
        """Keep a session."""
        ...

    def drop(self, session: str) -> None:
        """Forget a session; harmless when it is unknown."""
        ...


def start_token_source(token: str, *, actor: str) -> FindToken:
    """The token that was printed at the start: whoever has it is the person who started the server.

    Its sessions outlive it: the next start of the server on this workspace has the same owner.
    """
    expected = digest(token)

    def find(given: str) -> Identity | None:
        is_owner = hmac.compare_digest(given, expected) or given == OWNER
        return Identity(actor=actor, role=Role.OPERATOR) if is_owner else None

    return find


def people_source(store: Store, clock: Clock) -> FindToken:
    """The tokens of named people, looked up each time: whoever is removed, and whatever is revoked, stops counting at once."""
    use = TokenUse(store, clock)

    def find(given: str) -> Identity | None:
        with store.read() as reader:
            holder = find_holder(reader, given)
        if holder is None:
            return None
        person, token = holder
        use.note(token)
        return Identity(actor=person.name, role=person.role, scopes=token.scopes or None)

    return find


OWNER = "owner"
"""In place of the digest of a start token, in the sessions that were exchanged for one."""


@dataclass(slots=True)
class Throttle:
    """Counts wrong tokens by where they come from, and tells whoever goes on to wait.

    It slows programs with an old token down, and is not what keeps guesses out: of 2**256 tokens nobody finds one. Hence a
    right token is never refused for wrong ones that others send from the same address. Looking each one up costs one indexed
    read, as much as any request of somebody who is known.
    """

    clock: Clock
    _wrong: dict[str, list[float]] = field(default_factory=dict)

    def count(self, peer: str) -> None:
        """One more wrong token.

        Raises:
            TooManyAttempts: ten came in the last minute already; those beyond are not counted.
        """
        since = self.clock.monotonic() - WINDOW_SECONDS
        recent = [at for at in self._wrong.get(peer, ()) if at > since]
        if recent:
            self._wrong[peer] = recent
        else:
            self._wrong.pop(peer, None)
        if len(recent) >= WRONG_TOKENS:
            raise TooManyAttempts(max(1, round(recent[0] - since)))
        if len(self._wrong) >= MAX_PEERS:
            self._wrong.clear()
        self._wrong.setdefault(peer, []).append(self.clock.monotonic())


@dataclass(slots=True)
class Door:
    """Knows who asks, and exchanges a token for a session."""

    sources: Sequence[FindToken]
    sessions: SessionRecords
    clock: Clock
    new_secret: Callable[[], str]
    throttle: Throttle

    def identify(self, credentials: Credentials) -> Identity | None:
        """Who asks, or None.

        Raises:
            NotSignedIn: a bearer token that nobody has.
            TooManyAttempts: too many of those came from there.
        """
        if credentials.bearer is not None:
            return self._find_token(credentials.bearer, peer=credentials.peer)
        if credentials.session is None:
            return None
        known = self.sessions.load(digest(credentials.session))
        if known is None or known[1] <= self.clock.now():
            return None
        return self._look_up(known[0])

    def exchange(self, token: str, *, peer: str) -> str:
        """A new session for a token.

        Raises:
            NotSignedIn: nobody has this token.
            TooManyAttempts: too many wrong ones came from there.
        """
        self._find_token(token, peer=peer)
        session = self.new_secret()
        is_named = any(source(digest(token)) for source in self.sources[1:])
        until = self.clock.now() + timedelta(days=SESSION_DAYS)
        self.sessions.keep(digest(session), token=digest(token) if is_named else OWNER, until=until)
        return session

    def leave(self, session: str) -> None:
        """End a session."""
        self.sessions.drop(digest(session))

    def _find_token(self, token: str, *, peer: str) -> Identity:
        found = self._look_up(digest(token))
        if found is None:
            self.throttle.count(peer)
            raise NotSignedIn("nobody has this token")
        return found

    def _look_up(self, given: str) -> Identity | None:
        return next((identity for source in self.sources if (identity := source(given)) is not None), None)
