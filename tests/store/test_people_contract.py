"""The contract of ``Store`` for people, tokens and recommendations."""

from dataclasses import replace

import pytest

from oncue.core.model import JobId
from oncue.core.people import AccessToken, Permission, Person, Role
from oncue.core.ports import Store
from oncue.core.recommendations import Recommendation, RecommendationId
from oncue.core.writeport import Transaction
from tests.store.records import JOB, NOON, after

ADA = Person(name="ada", role=Role.OPERATOR, added_by="root", added_at=NOON)
EVE = Person(name="Eve Ö", role=Role.VIEWER, added_by="ada", added_at=after(1))


def a_token(digest: str = "aa", *, person: str = "ada", **given: object) -> AccessToken:
    token = AccessToken(digest=digest, person=person, label="laptop", made_at=after(2))
    return replace(token, **given)  # type: ignore[arg-type]


def advice(id_: str = "r1", *, job_id: str = JOB, given_at: int = 0) -> Recommendation:
    return Recommendation(
        id=RecommendationId(id_),
        job_id=JobId(job_id),
        request={"scope": "from", "steps": ["3"], "params": {"depth": 2}},
        rationale="the sources\0 changed \ud800 🌞",
        author="eve (planner)",
        given_at=after(given_at),
        plan_digest="fp1:aa",
        blockers=({"code": "gone_by_now", "message": "m", "hint": ""},),
        warnings=({"code": "stale_input", "message": "n", "hint": "h"},),
        estimate={"usd": [0.5, 2.0]},
        prerequisites={"find": True, "collect": False},
    )


def test_people_come_back_by_name_the_removed_too(store: Store) -> None:
    store.write(lambda tx: tx.put_person(ADA))
    store.write(lambda tx: tx.put_person(EVE))

    with store.read() as reader:
        assert reader.list_people() == [EVE, ADA]
        assert reader.load_person("ada") == ADA
        assert reader.load_person("nobody") is None


def test_a_person_changes_role_and_is_removed_and_stays_added_by_whom_they_were(store: Store) -> None:
    store.write(lambda tx: tx.put_person(ADA))
    changed = replace(ADA, role=Role.VIEWER, removed_at=after(9))
    store.write(lambda tx: tx.put_person(replace(changed, added_by="mallory", added_at=after(8))))

    with store.read() as reader:
        assert reader.list_people() == [changed]


def test_tokens_come_back_with_their_scopes_the_oldest_first(store: Store) -> None:
    narrow = a_token("zz", scopes=frozenset({Permission.RECOMMEND, Permission.READ}), made_at=after(1))
    for token in (a_token("aa"), narrow, a_token("bb", person="eve")):
        store.write(lambda tx, token=token: tx.insert_token(token))  # type: ignore[misc]

    with store.read() as reader:
        assert reader.list_tokens("ada") == [narrow, a_token("aa")]
        assert reader.load_token("bb") == a_token("bb", person="eve")
        assert reader.load_token("a") is None


def test_a_token_is_revoked_once(store: Store) -> None:
    store.write(lambda tx: tx.insert_token(a_token()))

    assert store.write(lambda tx: tx.revoke_token("aa", after(5))) is True
    assert store.write(lambda tx: tx.revoke_token("aa", after(6))) is False
    assert store.write(lambda tx: tx.revoke_token("bb", after(6))) is False
    with store.read() as reader:
        assert reader.load_token("aa") == a_token(revoked_at=after(5))


def test_the_use_of_a_token_is_noted_where_it_was_not_noted_of_late(store: Store) -> None:
    store.write(lambda tx: tx.insert_token(a_token()))

    assert store.write(lambda tx: tx.touch_token("aa", after(5), before=after(4))) is True
    assert store.write(lambda tx: tx.touch_token("aa", after(6), before=after(4))) is False
    with store.read() as reader:
        assert reader.load_token("aa") == a_token(last_used_at=after(5))
    assert store.write(lambda tx: tx.touch_token("aa", after(6), before=after(5))) is True
    assert store.write(lambda tx: tx.touch_token("bb", after(6), before=after(5))) is False
    with store.read() as reader:
        assert reader.list_tokens("ada") == [a_token(last_used_at=after(6))]


def test_recommendations_come_back_whole_the_newest_first_and_those_of_their_job_alone(store: Store) -> None:
    for given in (advice("r1", given_at=1), advice("r2", given_at=2), advice("r0", given_at=2), advice("x", job_id="job-b")):
        store.write(lambda tx, given=given: tx.insert_recommendation(given))  # type: ignore[misc]

    with store.read() as reader:
        assert reader.list_recommendations(JobId(JOB)) == [
            advice("r2", given_at=2), advice("r0", given_at=2), advice("r1", given_at=1)
        ]  # fmt: skip
        assert reader.list_recommendations(JobId(JOB), limit=1) == [advice("r2", given_at=2)]
        assert reader.load_recommendation(RecommendationId("x")) == advice("x", job_id="job-b")
        assert reader.load_recommendation(RecommendationId("y")) is None


def test_people_tokens_and_recommendations_are_undone_with_their_transaction(store: Store) -> None:
    def unit(tx: Transaction) -> None:
        tx.put_person(ADA)
        tx.insert_token(a_token())
        tx.insert_recommendation(advice())
        assert (len(tx.list_people()), len(tx.list_tokens("ada")), len(tx.list_recommendations(JobId(JOB)))) == (1, 1, 1)
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        store.write(unit)

    with store.read() as reader:
        assert (reader.list_people(), reader.list_tokens("ada"), reader.list_recommendations(JobId(JOB))) == ([], [], [])
