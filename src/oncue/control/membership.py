"""The people of a shared server: add and remove them, give them tokens, and know them by these again.

The secret of a token is made by whoever asks for it and shown once; here, and in the store, is only its SHA-256.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from oncue.control.instants import show_instant
from oncue.control.workspace import Workspace
from oncue.core.people import PERMISSIONS, AccessToken, Permission, Person, Role
from oncue.core.readport import Reader
from oncue.core.writeport import Transaction
from oncue.errors import Conflict, InvalidInput, NotFound, nearest

MAX_NAME = 64
_NAME = re.compile(r"[^\s\x00-\x1f\x7f](?:[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonView:
    """A person with their tokens, the oldest first."""

    person: Person
    tokens: tuple[AccessToken, ...]

    def as_dict(self) -> dict[str, object]:
        """The wire form; of a token there is nothing in it that opens anything."""
        return {
            "name": self.person.name,
            "role": self.person.role.value,
            "added_by": self.person.added_by,
            "added_at": show_instant(self.person.added_at),
            "removed_at": show_instant(self.person.removed_at),
            "tokens": [token_as_dict(token) for token in self.tokens],
        }


def token_as_dict(token: AccessToken) -> dict[str, object]:
    """The wire form of a token; an empty list of scopes is everything the person may do."""
    return {
        "label": token.label,
        "scopes": [scope.value for scope in Permission if scope in token.scopes],
        "made_at": show_instant(token.made_at),
        "revoked_at": show_instant(token.revoked_at),
        "last_used_at": show_instant(token.last_used_at),
    }


def digest(secret: str) -> str:
    """What is kept of a token or a session."""
    return sha256(secret.encode("utf-8", "replace")).hexdigest()


def find_holder(reader: Reader, given: str) -> tuple[Person, AccessToken] | None:
    """Whose token this is, from its digest; None where nobody has it, or not any more."""
    token = reader.load_token(given)
    if token is None or token.revoked_at is not None:
        return None
    person = reader.load_person(token.person)
    return None if person is None or person.removed_at is not None else (person, token)


def list_people(workspace: Workspace) -> Sequence[PersonView]:
    """Everybody, by name; the removed too, because triggers and answers name them."""
    with workspace.store.read() as reader:
        return [PersonView(person=person, tokens=tuple(reader.list_tokens(person.name))) for person in reader.list_people()]


def add_person(workspace: Workspace, name: str, role: Role, *, actor: str, secret: str, label: str = "") -> Person:
    """Add a person with a first token; somebody who was removed comes back, and their old tokens do not.

    Raises:
        InvalidInput: an empty or strange name or label.
        Conflict: there is such a person.
    """
    now = workspace.clock.now()
    person = Person(name=_check_text("name", name), role=role, added_by=actor, added_at=now)
    token = AccessToken(digest=digest(secret), person=name, label=_check_label(label), made_at=now)

    def record(tx: Transaction) -> None:
        known = tx.load_person(name)
        if known is not None and known.removed_at is None:
            raise Conflict(
                f"{name} is here already, as {known.role.value}",
                hint=f"oncue user token {name} makes another token; oncue user role {name} ROLE changes the role",
            )
        tx.put_person(person)
        tx.insert_token(token)

    workspace.store.write(record)
    return person


def change_role(workspace: Workspace, name: str, role: Role) -> Person:
    """Make a person something else; it counts from their next request on.

    Raises:
        NotFound: there is no such person.
    """

    def record(tx: Transaction) -> Person:
        changed = replace(_load(tx, name), role=role)
        tx.put_person(changed)
        return changed

    return workspace.store.write(record)


def issue_token(workspace: Workspace, name: str, *, secret: str, scopes: Collection[Permission], label: str) -> AccessToken:
    """Give a person another token; narrowed to scopes it can do less than they can. Every token may look.

    Raises:
        NotFound: there is no such person.
        InvalidInput: a scope that their role does not include, or that an adviser cannot have.
    """
    wanted = frozenset(scopes)
    narrowed = wanted | {Permission.READ} if wanted else wanted
    token = AccessToken(
        digest=digest(secret), person=name, label=_check_label(label), scopes=narrowed, made_at=workspace.clock.now()
    )

    def record(tx: Transaction) -> None:
        _check_scopes(_load(tx, name), narrowed)
        tx.insert_token(token)

    workspace.store.write(record)
    return token


def revoke_tokens(workspace: Workspace, name: str, label: str) -> int:
    """End the tokens of a person that have this label, and the sessions they were exchanged for.

    Raises:
        NotFound: there is no such person, or no such token that counts.
    """
    now = workspace.clock.now()

    def record(tx: Transaction) -> int:
        _load(tx, name)
        found = [token for token in tx.list_tokens(name) if token.label == label and token.revoked_at is None]
        if not found:
            raise NotFound(f"{name} has no token {label!r} that counts", hint="oncue user list", code="unknown_token")
        for token in found:
            tx.revoke_token(token.digest, now)
        return len(found)

    return workspace.store.write(record)


def remove_person(workspace: Workspace, name: str) -> Person:
    """End a person's access, all their tokens with it; what they did stays under their name.

    Raises:
        NotFound: there is no such person.
    """
    now = workspace.clock.now()

    def record(tx: Transaction) -> Person:
        removed = replace(_load(tx, name), removed_at=now)
        tx.put_person(removed)
        for token in tx.list_tokens(name):
            tx.revoke_token(token.digest, now)
        return removed

    return workspace.store.write(record)


def _load(reader: Reader, name: str) -> Person:
    """A person who is here."""
    person = reader.load_person(name)
    if person is None or person.removed_at is not None:
        here = [one.name for one in reader.list_people() if one.removed_at is None]
        raise NotFound(f"nobody here is called {name!r}{nearest(name, here)}", hint="oncue user list", code="unknown_person")
    return person


def _check_scopes(person: Person, scopes: frozenset[Permission]) -> None:
    beyond = sorted(scope.value for scope in scopes - PERMISSIONS[person.role])
    if beyond:
        raise InvalidInput(
            f"{person.name} is {person.role.value} and may not {beyond[0]}, so no token of theirs may",
            hint=f"oncue user role {person.name} ROLE",
            code="scope_beyond_role",
        )
    if Permission.RECOMMEND in scopes and scopes & {Permission.ANSWER, Permission.OPERATE}:
        raise InvalidInput(
            "a token that recommends can neither answer nor operate: it is an adviser's",
            hint="make two tokens",
            code="scopes_exclude_each_other",
        )


def _check_text(what: str, text: str) -> str:
    if len(text) > MAX_NAME or not _NAME.fullmatch(text) or not text.isprintable():
        raise InvalidInput(
            f"a {what} has 1 to {MAX_NAME} printable characters, and no space at its ends", code=f"invalid_{what}"
        )
    return text


def _check_label(label: str) -> str:
    return _check_text("label", label) if label else label
