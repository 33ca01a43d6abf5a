"""What must hold of every route there is, those of the pages included: who gets in, and what nonsense is answered with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from starlette.routing import Route

from oncue import wiring
from oncue.control.jobs import create_job
from oncue.web.application import make_routes
from oncue.web.pages import pageroutes
from tests.web.hosting import Host, hosted
from tests.web.workflows import WORKFLOWS

OPEN = {"/", "/static/{name:path}", "/signin"}
"""Without a token; the first is the door as well, and says nothing without one (see ``test_access``)."""
KEYS = {"code", "message", "hint"}
MORE_KEYS = {"fields", "plan", "blockers"}
EXAMPLES = 15
SCHEMA: dict[str, Any] = make_routes().openapi()
NAMES = sorted({name for shape in SCHEMA["components"]["schemas"].values() for name in shape.get("properties", {})})


def page_routes(routes: Any = None) -> Iterator[tuple[str, str]]:
    """Method and path of every route of the pages."""
    for route in pageroutes.router.routes if routes is None else routes:
        if isinstance(route, Route):
            yield from ((method, route.path) for method in sorted((route.methods or set()) - {"HEAD"}))
        else:
            included: Any = route
            yield from page_routes(included.original_router.routes)


API_ROUTES = [(method.upper(), path) for path, methods in SCHEMA["paths"].items() for method in methods]
ROUTES = sorted([*API_ROUTES, *page_routes()])
PLACES = ("job", "step", "number", "question", "recommendation", "ref")
UNSAFE = [(method, path) for method, path in ROUTES if method != "GET"]
PAGES = [(method, path) for method, path in page_routes() if path not in {"/signout", "/static/{name:path}"}]
TAKES_BODY = sorted(path for path, methods in SCHEMA["paths"].items() if "requestBody" in methods.get("post", {}))


def fill(path: str, **values: str) -> str:
    known = {"job": "nothing", "step": "fetch", "number": "1", "name": "oncue.css"}
    known |= dict.fromkeys(("question", "recommendation", "ref"), "nothing")
    return path.replace(":path", "").format(**known | values)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Host, str]]:
    """A server with a job that ran, for nonsense to be thrown at."""
    place = tmp_path_factory.mktemp("played")
    (place / "chain.yaml").write_text(WORKFLOWS["chain.yaml"], encoding="utf-8")
    opened = wiring.open_workspace(place / ".oncue", create=True, synchronous="NORMAL")
    job = create_job(opened, "chain.yaml", params={}, folder=place).id
    with hosted(opened) as running:
        running.run(job)
        yield running, job
    opened.store.close()


def test_there_are_pages_and_programs_routes_to_look_at() -> None:
    assert len(ROUTES) > 50
    assert len(UNSAFE) > 15


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_route_but_the_door_is_closed_without_a_token(standing: tuple[Host, str], method: str, path: str) -> None:
    host, job = standing
    if path in OPEN:
        return

    reply = host.nobody.ask(method, fill(path, job=job), {} if method == "POST" else None, {"Origin": host.origin})

    assert (reply.status, reply.json["code"]) == (401, "not_signed_in")
    assert job not in reply.text


@pytest.mark.parametrize(("method", "path"), UNSAFE)
@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", None])
def test_every_route_that_does_something_refuses_other_pages(
    standing: tuple[Host, str], method: str, path: str, origin: str | None
) -> None:
    host, job = standing
    browser = host.browser()
    headers = {"Cookie": browser.headers["Cookie"], **({"Origin": origin} if origin else {})}

    reply = host.nobody.ask(method, fill(path, job=job), {}, headers)

    assert (reply.status, reply.json["code"]) == (403, "foreign_origin")


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_route_refuses_a_foreign_host(standing: tuple[Host, str], method: str, path: str) -> None:
    host, job = standing

    reply = host.program.ask(
        method, fill(path, job=job), {} if method == "POST" else None, {"Host": f"evil.example:{host.port}"}
    )

    assert (reply.status, reply.json["code"]) == (400, "foreign_host")


# ------------------------------------------------------------------------------------------------------------- nonsense

TEXTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["", "0", "-1", "1", "99999999999999999999", "fetch", "fetch[x]", "../x", "<script>", "{{ 7*7 }}", "\u202e"]
    ),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.one_of(st.sampled_from(NAMES), TEXTS), inner)),
    max_leaves=6,
)
BODIES = st.one_of(
    st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6),
    VALUES,
    st.binary(max_size=20),
    st.fixed_dictionaries({"scope": st.sampled_from(["all", "only", "from", "phase", "x"]), "steps": VALUES, "phase": VALUES}),
)
QUERY = st.dictionaries(
    st.sampled_from(
        ["run", "how", "type", "search", "cursor", "limit", "after", "page", "state", "order", "step", "name", "job"]
    ),
    TEXTS,
    max_size=4,
)


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe", b"{", b"nul", b'{"a": 1}{', b"[" * 100_000, b'{"\\ud800": "\\ud800"}', b"NaN"]
)
@pytest.mark.parametrize("path", TAKES_BODY)
def test_a_body_that_is_no_json_is_refused_in_one_shape(played: tuple[Host, str], path: str, body: bytes) -> None:
    host, job = played

    reply = host.program.ask("POST", fill(path, job=job), body)

    assert reply.status in (400, 404, 422), reply
    assert KEYS <= set(reply.json) <= KEYS | MORE_KEYS


@pytest.mark.parametrize("name", ["\\", "\\g<0>", "\\1", "{}", "%s"])
def test_a_name_that_was_asked_for_stays_a_text_in_the_hint(played: tuple[Host, str], name: str) -> None:
    host, _ = played

    reply = host.program.get(f"/api/v1/jobs/{quote(name, safe='')}/recommendations")

    assert (reply.status, reply.json["code"]) == (404, "unknown_job")


@pytest.mark.parametrize(("method", "path"), PAGES)
def test_nonsense_is_refused_in_one_shape_and_breaks_nothing(played: tuple[Host, str], method: str, path: str) -> None:
    host, job = played

    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(values=st.fixed_dictionaries(dict.fromkeys(PLACES, TEXTS)), query=QUERY, body=BODIES,
           is_known=st.booleans())  # fmt: skip
    def throw(values: dict[str, str], query: dict[str, str], body: object, *, is_known: bool) -> None:
        parts = {name: quote(value, safe="") or "x" for name, value in values.items()} | ({"job": job} if is_known else {})
        target = f"{fill(path, **parts)}?{urlencode(query)}"
        reply = host.program.ask(method, target, body if method != "GET" else None)

        assert reply.status < 500, (target, body, reply.text)
        if reply.status >= 400:
            assert reply.headers["content-type"].startswith("application/json"), (target, reply)
            assert KEYS <= set(reply.json) <= KEYS | MORE_KEYS, reply.json

    throw()


# -------------------------------------------------------------------------------------------------------------- numbers

HIGH = (2**31 - 1, 2**31, 2**63 - 1, 2**63, 99_999_999_999_999_999_999, 10**400)


def whole_numbers() -> Iterator[tuple[str, str, str]]:
    """Method, path and name of every parameter of every route that takes a whole number, the pages' as well."""
    for path, methods in SCHEMA["paths"].items():
        for method, document in methods.items():
            given = [one["name"] for one in document.get("parameters", []) if '"integer"' in json.dumps(one["schema"])]
            yield from ((method.upper(), path, name) for name in given)
    for route in page_routes_as_they_are(pageroutes.router.routes):
        for name, annotation in fields_of(route.dependant):
            if '"integer"' in json.dumps(TypeAdapter(annotation).json_schema()):
                yield from ((method, route.path, name) for method in sorted(route.methods or ()))


def page_routes_as_they_are(routes: Any) -> Iterator[APIRoute]:
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif hasattr(route, "original_router"):
            yield from page_routes_as_they_are(route.original_router.routes)


def fields_of(dependant: Any) -> Iterator[tuple[str, Any]]:
    for field in (*dependant.path_params, *dependant.query_params, *dependant.body_params):
        yield field.alias, field.field_info.annotation
    for inner in dependant.dependencies:
        yield from fields_of(inner)


NUMBERS = list(dict.fromkeys(whole_numbers()))


def test_whole_numbers_of_pages_and_programs_are_found() -> None:
    found = {(path, name) for _, path, name in NUMBERS}

    assert {("/jobs/{job}/runs/{number}", "number"), ("/jobs/{job}/compare", "run"), ("/jobs/{job}/step", "run")} <= found
    assert {("/api/v1/jobs/{job}/events", "after"), ("/api/v1/jobs/{job}/runs/{number}", "number")} <= found
    assert ("/jobs/{job}/cancel", "run") in found
    assert len(NUMBERS) > 30


@pytest.mark.parametrize(("method", "path", "name"), NUMBERS)
def test_a_number_higher_than_anything_has_breaks_nothing(played: tuple[Host, str], method: str, path: str, name: str) -> None:
    host, job = played
    others = {"name": "fetch", "run": "1", "against": "1"}

    for number in HIGH:
        given = [*((one, value) for one, value in others.items() if one != name), (name, number), (name, number)]
        target = f"{fill(path, job=job, **{name: str(number)})}?{urlencode(given)}"
        form = urlencode({name: number}).encode() if method == "POST" else None
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
        reply = host.program.ask(method, target, form, headers)

        assert reply.status < 500, (target, reply.text)
        assert number < 2**63 or reply.status == 422, (target, reply.text)
