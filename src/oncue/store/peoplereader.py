"""Looking at people, tokens and recommendations: that part of the ``Reader`` port."""

from __future__ import annotations

from collections.abc import Sequence

from oncue.core.model import JobId
from oncue.core.people import AccessToken, Person
from oncue.core.recommendations import Recommendation, RecommendationId
from oncue.store import peoplerows
from oncue.store.callreader import StoreCallReader


class StorePeopleReader(StoreCallReader):
    """Reads through a cursor whose transaction somebody else begins and ends."""

    def load_person(self, name: str) -> Person | None:
        """A person, removed or not."""
        row = self._one("person", name)
        return None if row is None else peoplerows.read_person(row)

    def list_people(self) -> Sequence[Person]:
        """Everybody, by name; the removed too."""
        return [peoplerows.read_person(row) for row in self._all("people")]

    def load_token(self, digest: str) -> AccessToken | None:
        """A token by its digest, revoked or not."""
        row = self._one("token", digest)
        return None if row is None else peoplerows.read_token(row)

    def list_tokens(self, person: str) -> Sequence[AccessToken]:
        """The tokens of a person, the oldest first."""
        return [peoplerows.read_token(row) for row in self._all("tokens", person)]

    def load_recommendation(self, id_: RecommendationId) -> Recommendation | None:
        """One recommendation, or None."""
        row = self._one("recommendation", id_)
        return None if row is None else peoplerows.read_recommendation(row)

    def list_recommendations(self, job_id: JobId, *, limit: int = 100) -> Sequence[Recommendation]:
        """The recommendations for a job, the newest first."""
        return [peoplerows.read_recommendation(row) for row in self._all("recommendations", job_id, limit)]
