"""Who may do what: every route against every kind of person; and people whose access begins and ends while it is served."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import product
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from oncue.control import membership
from oncue.core.people import Permission, Role
from oncue.web.application import make_routes
from tests.support.processes import PATIENCE_SECONDS
from tests.web.conftest import TOKENS
from tests.web.hosting import Client, Host

P = Permission
API = "/api/v1"
PUBLIC = {("GET", "/static/{name:path}"), ("GET", "/signin"), ("POST", "/signin"), ("POST", "/signout")}
BEYOND_READING = {
    ("POST", f"{API}/jobs/{{job}}/runs"): P.OPERATE,
    ("POST", f"{API}/jobs/{{job}}/restart/phase"): P.OPERATE,
    ("POST", f"{API}/jobs/{{job}}/restart/step"): P.OPERATE,
    ("POST", f"{API}/jobs/{{job}}/runs/{{number}}/cancel"): P.OPERATE,
    ("POST", f"{API}/jobs/{{job}}/steps/{{step:path}}/accept"): P.OPERATE,
    ("POST", f"{API}/jobs/{{job}}/cancel"): P.OPERATE,
    ("POST", f"{API}/jobs/{{job}}/stop"): P.OPERATE,
    ("POST", f"{API}/jobs/{{job}}/replay"): P.OPERATE,
    ("POST", f"{API}/jobs"): P.OPERATE,
    ("POST", f"{API}/jobs/{{job}}/recommendations"): P.RECOMMEND,
    ("POST", f"{API}/questions/{{question}}/response"): P.ANSWER,
    ("GET", "/parts/jobs/{job}/panel"): P.OPERATE,
    ("POST", "/parts/jobs/{job}/plan"): P.OPERATE,
    ("GET", "/parts/questions/{question}"): P.ANSWER,
    ("POST", "/parts/questions/{question}/answer"): P.ANSWER,
    ("GET", "/parts/jobs/{job}/ask/cancel"): P.OPERATE,
    ("GET", "/parts/jobs/{job}/ask/stop"): P.OPERATE,
    ("GET", "/parts/jobs/{job}/ask/accept"): P.OPERATE,
    ("GET", "/parts/jobs/{job}/ask/replay"): P.OPERATE,
    ("GET", "/new"): P.OPERATE,
    ("POST", "/new"): P.OPERATE,
    ("POST", "/jobs/{job}/cancel"): P.OPERATE,
    ("POST", "/jobs/{job}/stop"): P.OPERATE,
    ("POST", "/jobs/{job}/accept"): P.OPERATE,
    ("POST", "/jobs/{job}/replay"): P.OPERATE,
}
"""What needs more than looking; a new route that does is written down here, or a viewer may use it."""
MAY = {
    "viewer-token": {P.READ, P.RECOMMEND},
    "answerer-token": {P.READ, P.RECOMMEND, P.ANSWER},
    "operator-token": {P.READ, P.RECOMMEND, P.ANSWER, P.OPERATE},
    "adviser-token": {P.READ, P.RECOMMEND},
    "greedy-adviser-token": {P.READ, P.RECOMMEND},
    "reader-token": {P.READ},
}
QUERIES = {"run": "1", "step": "count", "name": "count", "a": "1", "b": "1"}
STREAM = ("GET", f"{API}/events")


def every_route() -> Iterator[tuple[str, str]]:
    """Method and path of every HTTP route, the pages included."""
    for router in make_routes().routes:
        for route in router.effective_route_contexts() if hasattr(router, "effective_route_contexts") else ():
            yield from ((method, route.path) for method in sorted(route.methods))


ROUTES = sorted(set(every_route()) - PUBLIC - {STREAM})


def address(path: str, job: str) -> str:
    filled = path.replace(":path}", "}").format(
        job=job, step="count", number=1, question="nothing", recommendation="nothing", ref="chain.yaml"
    )
    return f"{filled}?{'&'.join(f'{name}={value}' for name, value in QUERIES.items())}" if path.startswith("/") else filled


def send(client: Client, route: tuple[str, str], job: str) -> Any:
    method, path = route
    if method == "GET":
        return client.get(address(path, job))
    if path.startswith(API):
        return client.ask(method, address(path, job), {})
    return client.ask(method, address(path, job), b"run=1", {"Content-Type": "application/x-www-form-urlencoded"})


def test_every_route_that_changes_something_is_in_the_table_and_the_table_names_no_other() -> None:
    planning = {f"{API}/jobs/{{job}}/runs/preflight"}
    recommending = {route for route, needed in BEYOND_READING.items() if needed is P.RECOMMEND}
    unsafe = {route for route in ROUTES if route[0] != "GET" and route[1] not in planning}

    assert unsafe <= set(BEYOND_READING)
    assert set(BEYOND_READING) <= set(ROUTES)
    assert all(method == "POST" for method, _ in recommending)


@pytest.mark.parametrize("route", ROUTES, ids=" ".join)
def test_nobody_does_more_than_their_role_and_their_scopes(standing: tuple[Host, str], route: tuple[str, str]) -> None:
    host, job = standing
    needed = BEYOND_READING.get(route, P.READ)

    refused = {token: send(host.bearer(token), route, job) for token, may in MAY.items() if needed not in may}
    taken = {token: send(host.bearer(token), route, "nowhere") for token, may in MAY.items() if needed in may}

    assert {token: (reply.status, reply.json["code"]) for token, reply in refused.items()} == dict.fromkeys(
        refused, (403, "not_allowed")
    )
    assert not {token: reply.status for token, reply in taken.items() if reply.status in (401, 403) or reply.status >= 500}
    assert send(host.nobody.with_headers(Origin=host.origin), route, job).status == 401


@pytest.mark.parametrize(("permission", "token"), list(product(P, MAY)), ids=str)
def test_the_scope_recommend_authorizes_nothing_whatever_else_a_token_has(permission: Permission, token: str) -> None:
    assert TOKENS[token].may(permission) is (permission in MAY[token])


# ---------------------------------------------------------------------------------------------------------- named people


def add(host: Host, name: str = "grace", role: Role = Role.OPERATOR) -> str:
    """A named person with a token."""
    secret = f"secret of {name}"
    membership.add_person(host.workspace, name, role, actor="ada", secret=secret, label="first")
    return secret


def sign_in(host: Host, secret: str) -> Client:
    """A browser in which somebody signed in with their token."""
    form = {"Origin": host.origin, "Content-Type": "application/x-www-form-urlencoded"}
    reply = host.nobody.ask("POST", "/signin", b"token=" + secret.replace(" ", "+").encode(), form)
    assert reply.status == 303, reply
    return Client(port=host.port, headers={"Cookie": reply.headers["set-cookie"].partition(";")[0], "Origin": host.origin})


def test_a_named_person_is_known_by_token_and_by_session_and_signs_what_they_start(host: Host, chain: str) -> None:
    secret = add(host)
    by_token, by_session = host.bearer(secret), sign_in(host, secret)

    assert {client.api("/me")["actor"] for client in (by_token, by_session)} == {"grace"}
    first = by_token.post(f"{API}/jobs/{chain}/runs", host.cue(chain))
    host.wait(chain, 1)
    second = by_session.post(f"{API}/jobs/{chain}/runs", host.cue(chain))
    host.wait(chain, 2)

    assert [reply.json["trigger"]["actor"] for reply in (first, second)] == ["grace", "grace"]
    with host.workspace.store.read() as reader:
        assert {trigger.actor for trigger in reader.list_triggers(chain).values()} == {"grace"}  # type: ignore[arg-type]


def test_an_answer_is_signed_by_the_person_who_gave_it(host: Host, asking: str) -> None:
    answerer = host.bearer(add(host, "anton", Role.ANSWERER))
    started = host.program.post(f"{API}/jobs/{asking}/runs", host.cue(asking))
    assert started.status == 201
    host.wait(asking, 1, "waiting")
    (question,) = answerer.api("/questions")["questions"]

    answer = next((option["id"] for option in question.get("options") or ()), "sun")
    reply = answerer.post(f"{API}/questions/{question['question_id']}/response", {"response": answer})

    assert reply.status == 200, reply
    host.wait(asking, 1)
    (decision,) = answerer.api(f"/jobs/{asking}/decisions")["decisions"]
    assert decision["actor"] == "anton"


@pytest.mark.parametrize("end", ["removed", "revoked"])
def test_access_ends_at_once_for_tokens_sessions_and_open_streams(chain: str, host: Host, end: str) -> None:
    """The job is older than the server: it tells nobody that it was made."""
    secret = add(host)
    by_token, by_session = host.bearer(secret), sign_in(host, secret)
    with ExitStack() as opened:
        paths = ("/live?topic=jobs", f"{API}/events")
        streams = [opened.enter_context(client.listen(path)) for client in (by_token, by_session) for path in paths]
        assert all(json.loads(stream.recv(timeout=PATIENCE_SECONDS)) for stream in streams)

        if end == "removed":
            membership.remove_person(host.workspace, "grace")
        else:
            membership.revoke_tokens(host.workspace, "grace", "first")

        assert [client.get(f"{API}/me").status for client in (by_token, by_session)] == [401, 401]
        assert by_session.post(f"{API}/jobs/{chain}/runs", {}).status == 401
        host.run(chain)  # something happens that open streams would tell of
        for stream in streams:
            with pytest.raises(ConnectionClosed):
                stream.recv(timeout=PATIENCE_SECONDS)
    assert host.browser().get(f"{API}/me").status == 200


def test_a_role_changes_from_the_next_request_on_sessions_included(host: Host, chain: str) -> None:
    secret = add(host)
    session = sign_in(host, secret)

    membership.change_role(host.workspace, "grace", Role.VIEWER)

    assert session.api("/me")["role"] == "viewer"
    assert session.post(f"{API}/jobs/{chain}/runs", host.cue(chain)).json["code"] == "not_allowed"


def test_who_comes_back_needs_a_new_token(host: Host) -> None:
    old = add(host)
    membership.remove_person(host.workspace, "grace")
    membership.add_person(host.workspace, "grace", Role.VIEWER, actor="ada", secret="another")

    assert host.bearer(old).get(f"{API}/me").status == 401
    assert host.bearer("another").api("/me")["role"] == "viewer"


def test_a_session_of_a_narrowed_token_is_as_narrow(host: Host, chain: str) -> None:
    add(host)
    membership.issue_token(host.workspace, "grace", secret="narrow", scopes=[P.RECOMMEND], label="agent")
    session = sign_in(host, "narrow")

    assert session.api("/me")["permissions"] == ["read", "recommend"]
    assert session.post(f"{API}/jobs/{chain}/runs", host.cue(chain)).json["code"] == "not_allowed"


def test_wrong_tokens_at_the_door_are_counted_and_let_named_people_in_all_the_same(host: Host) -> None:
    secret = add(host)
    form = {"Origin": host.origin, "Content-Type": "application/x-www-form-urlencoded"}

    statuses = [host.nobody.ask("POST", "/signin", b"token=guess%d" % number, form).status for number in range(11)]

    assert statuses == [401] * 10 + [429]
    assert host.nobody.ask("POST", "/signin", b"token=" + secret.replace(" ", "+").encode(), form).status == 303
