"""Nothing is readable without a token, nobody does more than their role, and no other page or name gets in."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from oncue.web.access import Throttle
from oncue.web.application import make_routes
from oncue.web.guard import MAX_BODY_BYTES
from oncue.web.refusals import TooManyAttempts
from tests.engines.manual_clock import ManualClock
from tests.support.processes import PATIENCE_SECONDS
from tests.support.repository import PACKAGE
from tests.web.conftest import TOKENS
from tests.web.hosting import Client, Host

PATHS = make_routes().openapi()["paths"]
SOCKETS = ("/api/v1/events", "/live?topic=jobs")
PAGES = ("/", "/jobs/{job}", "/parts/jobs", "/parts/jobs/{job}", "/api/v1/openapi.json", "/nowhere", "/api/v1/nowhere")
BODIES: dict[str, dict[str, object]] = {
    "/api/v1/jobs/{job}/steps/{step}/accept": {"reason": "good enough"},
    "/api/v1/questions/{question}/response": {"response": "sun"},
}
READS_BY_POST = {"/api/v1/jobs/{job}/runs/preflight"}
ADVISES = {"/api/v1/jobs/{job}/recommendations"}
ANSWERS = {"/api/v1/questions/{question}/response"}
STARTS = {"/api/v1/jobs/{job}/runs", "/api/v1/jobs/{job}/restart/phase", "/api/v1/jobs/{job}/restart/step"}


def routes(method: str) -> list[str]:
    return sorted(path for path, methods in PATHS.items() if method.lower() in methods)


def fill(path: str, job: str) -> str:
    return path.format(job=job, step="fetch", number=1, question="nothing", recommendation="nothing", ref="x.yaml")


def body_of(host: Host, path: str, job: str) -> dict[str, object]:
    """A body that the route would take."""
    if path not in STARTS:
        return BODIES.get(path, {})
    more: dict[str, object] = (
        {"phase": "refine"} if path.endswith("phase") else {"step": "count"} if path.endswith("step") else {}
    )
    request: dict[str, Any] = {"scope": "phase", "phase": "refine"} if path.endswith("phase") else {}
    request = {"scope": "only", "steps": ["count"]} if path.endswith("step") else request
    return {**more, **host.cue(job, **request)}


@pytest.mark.parametrize("path", [*routes("GET"), *PAGES])
def test_nothing_is_readable_without_a_token(standing: tuple[Host, str], path: str) -> None:
    host, job = standing

    reply = host.nobody.get(fill(path, job))

    assert (reply.status, reply.json["code"]) == (401, "not_signed_in")
    assert job not in reply.text


@pytest.mark.parametrize("path", routes("POST"))
def test_nothing_is_done_without_a_token(standing: tuple[Host, str], path: str) -> None:
    host, job = standing

    reply = host.nobody.post(fill(path, job), body_of(host, path, job), {"Origin": host.origin})

    assert (reply.status, reply.json["code"]) == (401, "not_signed_in")


@pytest.mark.parametrize("path", SOCKETS)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "{origin}"},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer {token}", "Origin": "http://evil.example"},
        {"Authorization": "Bearer {token}", "Origin": "null"},
        {"Cookie": "{cookie}"},
        {"Cookie": "{cookie}", "Origin": "http://evil.example"},
        {"Cookie": "{cookie}", "Origin": "http://127.0.0.1:1"},
    ],
)
def test_a_socket_is_refused_to_nobody_and_to_other_pages(
    standing: tuple[Host, str], path: str, headers: dict[str, str]
) -> None:
    host, _ = standing
    known = {"origin": host.origin, "token": host.token, "cookie": host.browser().headers["Cookie"]}

    with pytest.raises(InvalidStatus) as refused:
        host.nobody.listen(path, {name: value.format(**known) for name, value in headers.items()})

    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("path", SOCKETS)
def test_a_socket_opens_for_a_program_and_for_the_own_page(standing: tuple[Host, str], path: str) -> None:
    host, _ = standing

    for client in (host.program, host.browser()):
        with client.listen(path) as socket:
            assert json.loads(socket.recv(timeout=PATIENCE_SECONDS))


@pytest.mark.parametrize("path", routes("POST"))
def test_a_viewer_looks_and_does_nothing(standing: tuple[Host, str], path: str) -> None:
    host, job = standing

    for token in ("viewer-token", "adviser-token", "reader-token"):
        reply = host.bearer(token).post(fill(path, job), body_of(host, path, job))
        if path in READS_BY_POST:
            assert reply.status == 200
        elif path in ADVISES and token != "reader-token":
            assert (reply.status, reply.json["code"]) == (422, "invalid_fields")
        else:
            assert (reply.status, reply.json["code"]) == (403, "not_allowed")


@pytest.mark.parametrize("path", routes("POST"))
def test_an_answerer_answers_and_does_nothing_else(standing: tuple[Host, str], path: str) -> None:
    host, job = standing

    reply = host.bearer("answerer-token").post(fill(path, job), body_of(host, path, job))

    if path in READS_BY_POST:
        assert reply.status == 200
    elif path in ADVISES:
        assert (reply.status, reply.json["code"]) == (422, "invalid_fields")
    elif path in ANSWERS:
        assert (reply.status, reply.json["code"]) == (404, "unknown_question")
    else:
        assert (reply.status, reply.json["code"]) == (403, "not_allowed")


@pytest.mark.parametrize("token", TOKENS)
def test_everybody_who_is_known_may_look_and_is_told_who_they_are(standing: tuple[Host, str], token: str) -> None:
    host, job = standing

    me = host.bearer(token).api("/me")

    assert (me["actor"], me["role"]) == (TOKENS[token].actor, TOKENS[token].role.value)
    assert me["permissions"] == [name for name in ("read", "recommend", "answer", "operate") if name in me["permissions"]]
    assert host.bearer(token).api(f"/jobs/{job}")["job_id"] == job


@pytest.mark.proves("S1-15", "S1-20")
def test_of_all_routes_only_the_named_ones_start_runs_and_they_share_one_function(host: Host, chain: str) -> None:
    host.run(chain)
    started = set()

    for method, path in [*(("GET", path) for path in routes("GET")), *(("POST", path) for path in routes("POST"))]:
        if path.endswith(("/stop", "/events")):
            continue
        before = count_runs(host)
        host.program.ask(method, fill(path, chain), body_of(host, path, chain) if method == "POST" else None)
        if count_runs(host) > before:
            started.add(path)
            host.wait(chain, count_runs(host))

    starters = {
        path.name
        for path in (PACKAGE / "web").rglob("*.py")
        if "mint_trigger" in path.read_text(encoding="utf-8") or "start_run(" in path.read_text(encoding="utf-8")
    }
    assert started == STARTS
    assert starters == {"runstart.py"}


def count_runs(host: Host) -> int:
    """In all jobs together, also those that were made on the way."""
    with host.workspace.store.read() as reader:
        return sum(job.runs for job in reader.list_jobs())


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("127.0.0.1:{port}", 200),
        ("localhost:{port}", 200),
        ("LOCALHOST:{port}", 200),
        ("[::1]:{port}", 200),
        ("oncue.example", 200),
        ("oncue.example:443", 200),
        ("evil.example:{port}", 400),
        ("127.0.0.1", 400),
        ("127.0.0.1:1", 400),
        ("127.0.0.1.evil.example:{port}", 400),
        ("oncue.example.evil.example", 400),
        ("", 400),
    ],
)
def test_the_server_answers_to_its_own_names_alone(standing: tuple[Host, str], name: str, status: int) -> None:
    host, _ = standing

    reply = host.program.get("/api/v1/me", {"Host": name.format(port=host.port)})

    assert reply.status == status
    assert status == 200 or reply.json["code"] == "foreign_host"


def test_a_foreign_host_is_refused_on_sockets_too(standing: tuple[Host, str]) -> None:
    host, _ = standing

    connection = http.client.HTTPConnection("127.0.0.1", host.port, timeout=PATIENCE_SECONDS)
    connection.putrequest("GET", "/live?topic=jobs", skip_host=True)
    for header, value in {
        "Host": f"evil.example:{host.port}",
        "Authorization": f"Bearer {host.token}",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }.items():
        connection.putheader(header, value)
    connection.endheaders()

    assert connection.getresponse().status == 403
    connection.close()


@pytest.mark.parametrize(
    ("origin", "has_session", "status"),
    [
        ("{own}", True, 200),
        (None, True, 403),
        ("http://evil.example", True, 403),
        ("null", True, 403),
        ("http://127.0.0.1:1", True, 403),
        (None, False, 200),
        ("http://evil.example", False, 403),
    ],
)
def test_what_changes_something_comes_from_the_own_page_or_from_a_program(
    standing: tuple[Host, str], origin: str | None, has_session: bool, status: int
) -> None:
    host, job = standing
    client = Client(port=host.port, headers={"Cookie": host.browser().headers["Cookie"]}) if has_session else host.program
    headers = {} if origin is None else {"Origin": origin.format(own=host.origin)}

    reply = client.post(f"/api/v1/jobs/{job}/runs/preflight", {}, headers)

    assert reply.status == status
    assert status == 200 or reply.json["code"] == "foreign_origin"


def test_other_sites_may_link_here_and_not_load_anything(standing: tuple[Host, str]) -> None:
    host, _ = standing
    cross = {"Sec-Fetch-Site": "cross-site"}

    assert host.nobody.get("/?token=guess", {**cross, "Sec-Fetch-Dest": "image"}).status == 403
    assert host.program.get("/api/v1/me", {**cross, "Sec-Fetch-Dest": "iframe"}).status == 403
    assert host.program.get("/", {**cross, "Sec-Fetch-Dest": "document"}).status == 200


def test_a_token_is_exchanged_for_a_cookie_that_no_script_reads(standing: tuple[Host, str]) -> None:
    host, _ = standing

    reply = host.nobody.get(f"/?token={host.token}")

    cookie = reply.headers["set-cookie"]
    name, _, rest = cookie.partition("=")
    assert (reply.status, reply.headers["location"]) == (303, "/")
    assert name == f"oncue_{host.port}"
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= {part.strip() for part in rest.split(";")}
    assert host.token not in cookie


def test_a_session_ends_when_its_person_signs_out(host: Host) -> None:
    browser = host.browser()
    assert browser.get("/api/v1/me").status == 200

    left = browser.post("/signout")

    assert left.status == 303
    assert browser.get("/api/v1/me").status == 401


def test_of_tokens_and_sessions_only_hashes_are_kept(host: Host, workspace: Any) -> None:
    session = host.browser().headers["Cookie"].partition("=")[2]

    kept = b"".join(path.read_bytes() for path in workspace.store.folder.rglob("*") if path.is_file())

    assert session.encode() not in kept
    assert host.token.encode() not in kept
    assert (workspace.store.folder / "sessions.json").stat().st_mode & 0o777 == 0o600


def test_many_wrong_tokens_from_one_place_are_told_to_wait(host: Host) -> None:
    replies = [host.bearer(f"wrong{number}").get("/api/v1/me") for number in range(12)]
    at_the_door = host.nobody.get("/?token=wrong")

    assert [reply.status for reply in replies] == [401] * 10 + [429] * 2
    assert replies[-1].json["code"] == "too_many_attempts"
    assert 0 < int(replies[-1].headers["retry-after"]) <= 60
    assert at_the_door.status == 429


def test_a_flood_of_wrong_tokens_locks_nobody_out_who_is_known(host: Host) -> None:
    session = host.browser()
    with host.program.listen("/live?topic=jobs") as stream:
        stream.recv(timeout=PATIENCE_SECONDS)
        assert 429 in {host.bearer(f"wrong{number}").get("/api/v1/me").status for number in range(30)}

        assert session.get("/api/v1/me").status == 200
        assert host.bearer("viewer-token").get("/api/v1/me").status == 200
        assert host.browser().get("/api/v1/me").status == 200
        with host.program.listen("/live?topic=jobs") as another:
            assert json.loads(another.recv(timeout=PATIENCE_SECONDS))
    assert host.bearer("wrong").get("/api/v1/me").status == 429


def test_wrong_tokens_are_forgotten_after_a_minute_and_those_beyond_the_tenth_do_not_prolong_it() -> None:
    clock = ManualClock()
    throttle = Throttle(clock)

    def count(peer: str) -> str:
        try:
            throttle.count(peer)
        except TooManyAttempts as error:
            return f"wait {error.wait_seconds}"
        return "counted"

    first = [count("here") for _ in range(10)]
    clock.advance(59)
    second = [count("here"), count("there")]
    clock.advance(1)

    assert (first, second) == (["counted"] * 10, ["wait 1", "counted"])
    assert count("here") == "counted"


@pytest.mark.parametrize("size", [MAX_BODY_BYTES + 1, 50_000_000])
def test_a_body_that_is_announced_as_too_large_is_refused_before_it_is_read(standing: tuple[Host, str], size: int) -> None:
    host, job = standing
    connection = http.client.HTTPConnection("127.0.0.1", host.port, timeout=PATIENCE_SECONDS)
    connection.putrequest("POST", f"/api/v1/jobs/{job}/runs/preflight")
    connection.putheader("Authorization", f"Bearer {host.token}")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", str(size))
    connection.endheaders()

    answer = connection.getresponse()

    assert (answer.status, json.loads(answer.read())["code"]) == (413, "too_large")
    connection.close()


def test_a_body_that_turns_out_too_large_is_refused(standing: tuple[Host, str]) -> None:
    host, job = standing

    def pieces() -> Iterator[bytes]:
        for _ in range(40):
            yield b" " * 100_000

    connection = http.client.HTTPConnection("127.0.0.1", host.port, timeout=PATIENCE_SECONDS)
    headers = {"Authorization": f"Bearer {host.token}", "Content-Type": "application/json"}
    with suppress(BrokenPipeError):
        connection.request("POST", f"/api/v1/jobs/{job}/runs/preflight", pieces(), headers, encode_chunked=True)
    answer = connection.getresponse()

    assert (answer.status, json.loads(answer.read())["code"]) == (413, "too_large")
    connection.close()


@pytest.mark.parametrize("path", ["/", "/jobs/{job}", "/api/v1/me", "/api/v1/nowhere", "/static/oncue.css", "/signin"])
def test_every_answer_forbids_foreign_scripts_frames_and_guesses(standing: tuple[Host, str], path: str) -> None:
    host, job = standing

    reply = host.browser().get(fill(path, job))

    policy = dict(part.strip().partition(" ")[::2] for part in reply.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'self'"
    assert policy["script-src"].startswith("'self' 'nonce-")
    assert "unsafe" not in reply.headers["content-security-policy"]
    assert (policy["frame-ancestors"], policy["object-src"], policy["base-uri"]) == ("'none'", "'none'", "'none'")
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["referrer-policy"] == "same-origin"
    assert "server" not in reply.headers


def test_a_page_asks_for_a_token_where_a_person_would_see_it(standing: tuple[Host, str]) -> None:
    host, job = standing

    page = host.nobody.get(f"/jobs/{job}", {"Accept": "text/html"})
    entered = host.nobody.ask(
        "POST",
        "/signin",
        f"token={host.token}".encode(),
        {"Origin": host.origin, "Content-Type": "application/x-www-form-urlencoded"},
    )

    assert page.status == 401
    assert '<form class="signin"' in page.text
    assert job not in page.text.replace(f"next=%2Fjobs%2F{job}", "")
    assert entered.status == 303


def test_a_wrong_token_is_refused_at_the_door(host: Host) -> None:
    form = {"Origin": host.origin, "Content-Type": "application/x-www-form-urlencoded"}

    assert host.nobody.get("/?token=wrong").status == 401
    assert host.nobody.ask("POST", "/signin", b"token=wrong", form).status == 401
    assert host.nobody.ask("POST", "/signin", b"", form).status in (401, 422)
    assert "set-cookie" not in host.nobody.get("/?token=wrong").headers


@pytest.mark.parametrize("name", ["../errors.py", "..%2ferrors.py", "%2e%2e/errors.py", "/etc/passwd", "vendor", ""])
def test_static_files_do_not_lead_out_of_their_folder(standing: tuple[Host, str], name: str) -> None:
    host, _ = standing

    assert host.nobody.get(f"/static/{name}").status in (401, 404)
