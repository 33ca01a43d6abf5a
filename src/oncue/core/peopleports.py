"""The part of the store's protocols that people, tokens and recommendations need; see ``readport.py`` and ``writeport.py``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from oncue.core.model import JobId
from oncue.core.people import AccessToken, Person
from oncue.core.recommendations import Recommendation, RecommendationId


class PeopleReader(Protocol):
    """Looks at people, tokens and recommendations."""

    def load_person(self, name: str) -> Person | None:
        """A person, removed or not."""
        ...

    def list_people(self) -> Sequence[Person]:
        """Everybody, by name; the removed too."""
        ...

    def load_token(self, digest: str) -> AccessToken | None:
        """A token by its digest, revoked or not; one indexed read, made for every request."""
        ...

    def list_tokens(self, person: str) -> Sequence[AccessToken]:
        """The tokens of a person, the oldest first."""
        ...

    def load_recommendation(self, id_: RecommendationId) -> Recommendation | None:
        """One recommendation, or None."""
        ...

    def list_recommendations(self, job_id: JobId, *, limit: int = 100) -> Sequence[Recommendation]:
        """The recommendations for a job, the newest first."""
        ...


class PeopleTransaction(PeopleReader, Protocol):
    """Records people, tokens and recommendations."""

    def put_person(self, person: Person) -> None:
        """Store a person, or replace their role and removal."""
        ...

    def insert_token(self, token: AccessToken) -> None:
        """Store a new token."""
        ...

    def revoke_token(self, digest: str, at: datetime) -> bool:
        """End a token; False when there is none that counts."""
        ...

    def touch_token(self, digest: str, at: datetime, *, before: datetime) -> bool:
        """Note that a token was used, unless that was noted after ``before``; False then."""
        ...

    def insert_recommendation(self, recommendation: Recommendation) -> None:
        """Store a recommendation."""
        ...
