"""Changing people, tokens and recommendations: that part of the ``Transaction`` port."""

from __future__ import annotations

from datetime import datetime

from oncue.core.people import AccessToken, Person
from oncue.core.recommendations import Recommendation
from oncue.store import peoplerows
from oncue.store.callwriter import StoreCallWriter
from oncue.store.rows import to_micros


class StorePeopleWriter(StoreCallWriter):
    """Reads see what the transaction wrote so far."""

    def put_person(self, person: Person) -> None:
        """Store a person, or replace their role and removal."""
        self._cursor.execute(self._sql["put_person"], peoplerows.person_row(person))

    def insert_token(self, token: AccessToken) -> None:
        """Store a new token."""
        self._cursor.execute(self._sql["insert_token"], peoplerows.token_row(token))

    def revoke_token(self, digest: str, at: datetime) -> bool:
        """End a token; False when there is none that counts."""
        return self._change("revoke_token", (to_micros(at), digest))

    def touch_token(self, digest: str, at: datetime, *, before: datetime) -> bool:
        """Note that a token was used, unless that was noted after ``before``; False then."""
        return self._change("touch_token", (to_micros(at), digest, to_micros(before)))

    def insert_recommendation(self, recommendation: Recommendation) -> None:
        """Store a recommendation."""
        self._cursor.execute(self._sql["insert_recommendation"], peoplerows.recommendation_row(recommendation))
