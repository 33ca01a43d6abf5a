"""People, tokens and recommendations as rows and back; each function knows the columns of one statement, in their order."""

from __future__ import annotations

from oncue.core.people import AccessToken, Permission, Person, Role
from oncue.core.recommendations import Recommendation
from oncue.store.database import Row
from oncue.store.rows import decode, encode, from_micros, instant_or_none, micros_or_none, to_micros


def person_row(person: Person) -> Row:
    """``put_person``."""
    return person.name, person.role.value, person.added_by, to_micros(person.added_at), micros_or_none(person.removed_at)


def read_person(row: Row) -> Person:
    """``person`` and ``people``."""
    name, role, added_by, added, removed = row
    return Person(
        name=name, role=Role(role), added_by=added_by, added_at=from_micros(added), removed_at=instant_or_none(removed)
    )


def token_row(token: AccessToken) -> Row:
    """``insert_token``."""
    scopes = encode(sorted(token.scopes)) if token.scopes else None
    made, revoked = to_micros(token.made_at), micros_or_none(token.revoked_at)
    return token.digest, token.person, token.label, scopes, made, revoked, micros_or_none(token.last_used_at)


def read_token(row: Row) -> AccessToken:
    """``token`` and ``tokens``."""
    digest, person, label, scopes, made, revoked, used = row
    return AccessToken(
        digest=digest,
        person=person,
        label=label,
        scopes=frozenset(map(Permission, decode(scopes))) if scopes else frozenset(),
        made_at=from_micros(made),
        revoked_at=instant_or_none(revoked),
        last_used_at=instant_or_none(used),
    )


def recommendation_row(advice: Recommendation) -> Row:
    """``insert_recommendation``."""
    return (
        advice.id, advice.job_id, encode(advice.request), encode(advice.rationale), encode(advice.author),
        to_micros(advice.given_at), advice.plan_digest, encode(advice.blockers), encode(advice.warnings),
        encode(advice.estimate), encode(advice.prerequisites),
    )  # fmt: skip


def read_recommendation(row: Row) -> Recommendation:
    """``recommendation`` and ``recommendations``."""
    id_, job_id, request, rationale, author, given, plan_digest, blockers, warnings, estimate, prerequisites = row
    return Recommendation(
        id=id_,
        job_id=job_id,
        request=decode(request),
        rationale=decode(rationale),
        author=decode(author),
        given_at=from_micros(given),
        plan_digest=plan_digest,
        blockers=tuple(decode(blockers)),
        warnings=tuple(decode(warnings)),
        estimate=decode(estimate),
        prerequisites=decode(prerequisites),
    )
