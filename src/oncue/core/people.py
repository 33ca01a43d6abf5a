"""The people of a shared server: who they are, what they may do, and the tokens by which they are known.

A token is kept as its SHA-256 alone. Whoever is removed, and every token that is revoked, stops counting at once; the records
stay, because triggers and answers name them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """What a person is; each includes the one before it."""

    VIEWER = "viewer"
    ANSWERER = "answerer"
    OPERATOR = "operator"


class Permission(StrEnum):
    """What an action needs; also the scopes that a token may be narrowed to."""

    READ = "read"
    RECOMMEND = "recommend"
    ANSWER = "answer"
    OPERATE = "operate"


_LOOKING = frozenset({Permission.READ, Permission.RECOMMEND})
PERMISSIONS = {
    Role.VIEWER: _LOOKING,
    Role.ANSWERER: _LOOKING | {Permission.ANSWER},
    Role.OPERATOR: _LOOKING | {Permission.ANSWER, Permission.OPERATE},
}


def is_allowed(permission: Permission, role: Role, scopes: frozenset[Permission] | None = None) -> bool:
    """Whether a role includes this, and the scopes of a token do; ``scopes`` None: the token is not narrowed.

    A token with the scope ``recommend`` is an adviser's: it authorizes nothing, whatever else it was given.
    """
    if permission not in PERMISSIONS[role]:
        return False
    if scopes is None:
        return True
    is_adviser = Permission.RECOMMEND in scopes
    return permission in scopes and not (is_adviser and permission not in _LOOKING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who uses a server; the name is what triggers and answers are signed with."""

    name: str
    role: Role
    added_by: str
    added_at: datetime
    removed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """A way to be known as a person; ``scopes`` empty: everything the person may do, ``last_used_at`` to the minute."""

    digest: str
    person: str
    label: str
    scopes: frozenset[Permission] = frozenset()
    made_at: datetime
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
