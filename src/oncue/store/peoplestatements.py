"""The statements for people, tokens and recommendations; see ``statements.py``."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Executable, or_, select, update

from oncue.store.statementparts import NONE_SKIPPED, Insert, p, whole_row
from oncue.store.tables import access_token, person, recommendation


def people_reads() -> Mapping[str, Executable]:
    """Statements that look."""
    advice, token = recommendation.c, access_token.c
    return {
        "person": select(*person.c).where(person.c.name == p("name")),
        "people": select(*person.c).order_by(person.c.name),
        "token": select(*token).where(token.digest == p("digest")),
        "tokens": select(*token).where(token.person == p("person")).order_by(token.made_at, token.digest),
        "recommendation": select(*advice).where(advice.id == p("id")),
        "recommendations": select(*advice)
        .where(advice.job_id == p("job_id"))
        .order_by(advice.given_at.desc(), advice.id.desc())
        .limit(p("limit"))
        .offset(NONE_SKIPPED),
    }


def people_writes(insert: Insert) -> Mapping[str, Executable]:
    """Statements that change something."""
    token, kept = access_token.c, whole_row(insert, person)
    return {
        "put_person": kept.on_conflict_do_update(
            index_elements=["name"], set_={name: kept.excluded[name] for name in ("role", "removed_at")}
        ),
        "insert_token": whole_row(insert, access_token),
        "revoke_token": update(access_token)
        .values(revoked_at=p("revoked_at"))
        .where(token.digest == p("digest"), token.revoked_at.is_(None)),
        "touch_token": update(access_token)
        .values(last_used_at=p("last_used_at"))
        .where(token.digest == p("digest"), or_(token.last_used_at.is_(None), token.last_used_at <= p("before"))),
        "insert_recommendation": whole_row(insert, recommendation),
    }
