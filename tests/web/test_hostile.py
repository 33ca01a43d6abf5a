"""Clients that mean harm, and other programs on the same machine: they open nothing, break nothing, and no secret is logged."""

from __future__ import annotations

import json
import logging
import socket
import sqlite3
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from oncue.control import membership
from oncue.control.workspace import Workspace
from oncue.core.people import Role
from oncue.web.sessions import MAX_OF_A_TOKEN, SessionFile
from tests.engines.manual_clock import NOON, ManualClock
from tests.support.processes import PATIENCE_SECONDS
from tests.web.hosting import Client, Host
from tests.web.test_every_route import OPEN, ROUTES, fill
from tests.web.test_roles import add, sign_in

ME = "/api/v1/me"


def send_raw(host: Host, lines: str, *, body: bytes = b"") -> tuple[int, bytes]:
    """Send bytes as they are; returns the status of the first answer and everything that came."""
    text = lines.format(host=f"127.0.0.1:{host.port}", token=host.token).replace("\n", "\r\n") + "\r\nConnection: close\r\n\r\n"
    said = b""
    with socket.create_connection(("127.0.0.1", host.port), timeout=PATIENCE_SECONDS) as connection:
        with suppress(OSError):  # it may hang up while it is still being sent to
            connection.sendall(text.encode("latin-1") + body)
        with suppress(OSError):
            while piece := connection.recv(1 << 16):
                said += piece
    return int(said.split(b" ", 2)[1]), said


@pytest.mark.parametrize(
    "lines",
    [
        "GET {path} HTTP/1.1\nHost: {host}\nHost: evil.example",
        "GET {path} HTTP/1.1\nHost: evil.example\nHost: {host}",
        "GET {path} HTTP/1.1\nHost: {host}\nHost: {host}",
        "GET {path} HTTP/1.1\nAccept: */*",
        "GET {path} HTTP/1.0\nAccept: */*",
        "GET {path} HTTP/1.1\nHost: {host}\n evil.example",
        "GET {path} HTTP/1.1\nHost: eve@{host}",
        "GET {path} HTTP/1.1\nHost: {host}, evil.example",
        "GET {path} HTTP/1.1\nHost: evil.example\nX-Forwarded-Host: {host}",
        "GET {path} HTTP/1.1\nHost: evil.example\nForwarded: host={host}",
        "GET http://{host}{path} HTTP/1.1\nHost: evil.example",
        "GET http://evil.example{path} HTTP/1.1\nHost: {host}",
        "CONNECT evil.example:80 HTTP/1.1\nHost: {host}",
        "OPTIONS * HTTP/1.1\nHost: {host}",
    ],
)
def test_a_request_that_two_servers_could_read_in_two_ways_is_read_in_none(standing: tuple[Host, str], lines: str) -> None:
    host, job = standing

    path = f"/api/v1/jobs/{job}"
    status, said = send_raw(host, lines.replace("{path}", path) + "\nAuthorization: Bearer {token}")

    assert status in (400, 404)
    assert b'"steps"' not in said


@pytest.mark.parametrize(
    "lengths",
    [
        "Content-Length: 2\nContent-Length: 40",
        "Content-Length: -2",
        "Content-Length: 2, 40",
        "Transfer-Encoding: gzip, chunked",
    ],
)
def test_a_body_whose_length_is_said_in_two_ways_is_refused(standing: tuple[Host, str], lengths: str) -> None:
    host, job = standing
    lines = f"POST /api/v1/jobs/{job}/runs/preflight HTTP/1.1\nHost: {{host}}\nAuthorization: Bearer {{token}}\n{lengths}"

    status, said = send_raw(host, lines, body=b"{}GET /api/v1/me HTTP/1.1\r\nHost: x\r\n\r\n")

    assert status in (400, 501)
    assert said.count(b"HTTP/1.1 ") == 1


def test_what_follows_a_chunked_body_is_not_taken_for_a_request(standing: tuple[Host, str]) -> None:
    host, job = standing
    lines = f"POST /api/v1/jobs/{job}/runs/preflight HTTP/1.1\nHost: {{host}}\nAuthorization: Bearer {{token}}"
    lines += "\nContent-Type: application/json\nContent-Length: 4\nTransfer-Encoding: chunked"

    _, said = send_raw(host, lines, body=b"2\r\n{}\r\n0\r\n\r\nGET /api/v1/me HTTP/1.1\r\nHost: x\r\n\r\n")

    assert said.count(b"HTTP/1.1 ") == 1


def test_headers_without_end_are_cut_off_and_others_are_served(standing: tuple[Host, str]) -> None:
    host, _ = standing

    status, _ = send_raw(host, "GET / HTTP/1.1\nHost: {host}\nX-Large: " + "a" * 10_000_000)

    assert status == 400
    assert host.program.get(ME).status == 200


@pytest.mark.parametrize(
    "name", ["%00", "oncue.css%00.png", "a" * 5000, "a/" * 3000, "%ed%a0%80", "..%5c..%5cerrors.py", "vendor"]
)
def test_a_static_file_that_no_file_system_has_is_not_found(standing: tuple[Host, str], name: str) -> None:
    host, _ = standing

    reply = host.nobody.get(f"/static/{name}")

    assert (reply.status, reply.json["code"]) == (404, "not_found")


@pytest.mark.parametrize("name", ["../../oncue.db", "/etc/passwd", "..%2f..%2foncue.db", "stdout%00", "stdout/../../x", "%ff"])
def test_a_file_of_an_output_is_found_by_its_own_name_alone(standing: tuple[Host, str], name: str) -> None:
    host, job = standing

    reply = host.program.get(f"/api/v1/jobs/{job}/steps/count/file?name={name}")

    assert (reply.status, reply.json["code"]) == (404, "unknown_file")


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "PUT", "get"])
@pytest.mark.parametrize("path", sorted({path for _, path in ROUTES}))
def test_no_route_says_or_does_anything_by_another_method(standing: tuple[Host, str], method: str, path: str) -> None:
    host, job = standing
    before = host.events(job)

    replies = [client.ask(method, fill(path, job=job)) for client in (host.nobody, host.browser(), host.program)]

    expected = {405} if path in OPEN else {401, 403, 405}
    assert {reply.status for reply in replies} <= expected | {401, 403}
    assert all("access-control-allow-origin" not in reply.headers for reply in replies)
    assert host.events(job) == before


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"])
def test_no_header_makes_a_look_into_a_deed(standing: tuple[Host, str], header: str) -> None:
    host, job = standing

    assert host.browser().get(f"/api/v1/jobs/{job}/runs", {header: "POST"}).json["job_id"] == job
    assert host.browser().get(f"/api/v1/jobs/{job}/stop", {header: "POST"}).status == 405


@pytest.mark.parametrize("field", ["ui_trigger_metadata", "params", "\ud800"])
def test_half_a_character_is_refused_before_it_is_stored_and_breaks_every_later_answer(
    host: Host, chain: str, field: str
) -> None:
    body = {**host.cue(chain), field: {"page": ["\ud800"]}}

    refused = host.program.post(f"/api/v1/jobs/{chain}/runs", body)

    assert (refused.status, refused.json["code"]) == (422, "invalid_fields")
    assert "surrogate" in refused.json["message"]
    assert host.program.api(f"/jobs/{chain}/runs")["runs"] == []


@pytest.mark.parametrize("response", ["\ud800", {"a": "\ud800"}, ["\udfff"]])
def test_half_a_character_is_no_answer(host: Host, asking: str, response: object) -> None:
    host.program.post(f"/api/v1/jobs/{asking}/runs", host.cue(asking))
    host.wait(asking, 1, "waiting")
    (question,) = host.program.api("/questions")["questions"]

    refused = host.program.post(f"/api/v1/questions/{question['question_id']}/response", {"response": response})

    assert (refused.status, refused.json["code"]) == (422, "invalid_fields")


# ---------------------------------------------------------------------------------------------- cookies and sessions


def ask_with(host: Host, cookie: str) -> int:
    return host.nobody.get(ME, {"Cookie": cookie}).status


def test_a_second_cookie_of_our_name_is_somebody_elses_and_lets_nobody_in(host: Host) -> None:
    mine, eves = host.browser().headers["Cookie"], sign_in(host, add(host, "eve", Role.VIEWER)).headers["Cookie"]

    assert [ask_with(host, f"{first}; {second}") for first, second in ((mine, eves), (eves, mine))] == [401, 401]
    assert ask_with(host, f"{mine}; {mine.partition('=')[0]}=nothing") == 401
    assert [ask_with(host, cookie) for cookie in (mine, eves, f"{mine}; {mine}")] == [200, 200, 200]


@pytest.mark.parametrize("other", ['a={"b": [1]}', "=", ";;", "a", 'a="', "é=1", "oncue=1", "xoncue_{port}=1", "a=b=c"])
def test_cookies_of_other_servers_on_this_machine_do_not_matter(host: Host, other: str) -> None:
    mine = host.browser().headers["Cookie"]
    other = other.format(port=host.port) if "port" in other else other

    assert [ask_with(host, cookie) for cookie in (f"{other}; {mine}", f"{mine}; {other}")] == [200, 200]


def test_signing_in_makes_a_session_of_its_own_and_ends_the_one_before(host: Host) -> None:
    name = f"oncue_{host.port}"
    before = host.browser().headers["Cookie"]

    after = host.nobody.get(f"/?token={host.token}", {"Cookie": before}).headers["set-cookie"].partition(";")[0]
    made_up = host.nobody.get(f"/?token={host.token}", {"Cookie": f"{name}=chosen"}).headers["set-cookie"]

    assert after != before
    assert (ask_with(host, before), ask_with(host, after)) == (401, 200)
    assert "chosen" not in made_up
    assert ask_with(host, f"{name}=chosen") == 401


@pytest.mark.parametrize(("site", "status"), [("cross-site", 403), ("same-site", 403), ("same-origin", 303), ("none", 303)])
def test_a_link_on_another_page_signs_nobody_in(standing: tuple[Host, str], site: str, status: int) -> None:
    host, _ = standing
    headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}

    reply = host.nobody.get(f"/?token={host.token}", headers)

    assert reply.status == status
    assert ("set-cookie" in reply.headers) == (status == 303)
    assert status == 303 or reply.json["code"] == "foreign_link"


def test_people_who_sign_in_at_the_same_time_all_have_a_session(tmp_path: Path) -> None:
    sessions = SessionFile(tmp_path, ManualClock())
    names = [f"session {number}" for number in range(200)]

    with ThreadPoolExecutor(8) as people:
        list(people.map(lambda name: sessions.keep(name, token=f"token of {name}", until=NOON + timedelta(days=1)), names))

    kept = SessionFile(tmp_path, ManualClock())
    assert [name for name in names if kept.load(name) is None] == []


def test_one_person_cannot_sign_all_others_out_by_signing_in_again_and_again(tmp_path: Path) -> None:
    sessions = SessionFile(tmp_path, ManualClock())
    sessions.keep("ada's", token="ada", until=NOON + timedelta(days=1))

    for number in range(MAX_OF_A_TOKEN + 5):
        sessions.keep(f"eve's {number}", token="eve", until=NOON + timedelta(days=1))

    assert sessions.load("ada's") is not None
    assert sum(sessions.load(f"eve's {number}") is not None for number in range(MAX_OF_A_TOKEN + 5)) == MAX_OF_A_TOKEN
    assert sessions.load("eve's 4") is None


# --------------------------------------------------------------------------------------------------------------- tokens


def test_a_token_in_an_address_is_told_to_nobody(standing: tuple[Host, str]) -> None:
    host, _ = standing
    browser: Mapping[str, str] = {"Accept": "text/html"}

    entered = host.nobody.get(f"/?token={host.token}", browser)
    refused = host.nobody.get("/?token=mistyped", browser)

    assert (entered.status, entered.headers["location"], host.token in entered.text) == (303, "/", False)
    assert (refused.status, "mistyped" in refused.text) == (401, False)
    assert {reply.headers["referrer-policy"] for reply in (entered, refused)} == {"strict-origin"}


@pytest.mark.parametrize("path", [ME, "/live?topic=jobs", "/api/v1/events", "/parts/jobs"])
def test_only_pages_take_a_token_from_an_address(standing: tuple[Host, str], path: str) -> None:
    host, _ = standing

    assert host.nobody.get(f"{path}{'&' if '?' in path else '?'}token={host.token}").status == 401


def test_no_secret_is_logged_however_much_is(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for client in (host.program, host.browser(), host.bearer("mistyped")):
        client.get(f"/?token={host.token}")
        client.get("/static/%00")
    session = host.browser()
    for client in (host.program, session):
        with client.listen("/live?topic=jobs") as stream:
            stream.recv(timeout=PATIENCE_SECONDS)

    said = "\n".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records if record.name != "websockets.client")
    for secret in (host.token, "mistyped", session.headers["Cookie"].partition("=")[2]):
        assert secret not in said


@pytest.mark.parametrize("stream", ["/live?topic=jobs", "/api/v1/events"])
def test_a_token_that_is_narrowed_to_less_than_looking_ends_its_open_streams(chain: str, host: Host, stream: str) -> None:
    """The job is older than the server: it tells nobody that it was made."""
    secret = add(host)
    token, session = host.bearer(secret), sign_in(host, secret)
    with token.listen(stream) as first, session.listen(stream) as second:
        assert all(json.loads(one.recv(timeout=PATIENCE_SECONDS)) for one in (first, second))

        narrow(host.workspace, secret, '["answer"]')
        host.run(chain)  # something happens that they would tell of

        for one in (first, second):
            with pytest.raises(ConnectionClosed):
                one.recv(timeout=PATIENCE_SECONDS)
    assert [client.get(ME).status for client in (token, session)] == [403, 403]


def test_a_token_that_is_narrowed_does_less_from_its_next_request_on(host: Host, chain: str) -> None:
    secret = add(host)
    clients: tuple[Client, ...] = (host.bearer(secret), sign_in(host, secret))
    order = host.cue(chain)

    narrow(host.workspace, secret, '["read"]')

    assert {client.post(f"/api/v1/jobs/{chain}/runs", order).json["code"] for client in clients} == {"not_allowed"}
    assert {client.get(ME).status for client in clients} == {200}


def narrow(workspace: Workspace, secret: str, scopes: str) -> None:
    """As no command does yet."""
    connection = sqlite3.connect(f"{workspace.store.folder}/oncue.db")
    with connection:
        connection.execute("UPDATE access_token SET scopes = ? WHERE digest = ?", (scopes, membership.digest(secret)))
    connection.close()


def test_sessions_outlive_the_server_where_the_local_folder_is_not_there_yet(tmp_path: Path) -> None:
    """As beside a PostgreSQL database, before any run."""
    until = ManualClock().now() + timedelta(days=1)
    SessionFile(tmp_path / "workspace", ManualClock()).keep("session", token="token", until=until)

    assert SessionFile(tmp_path / "workspace", ManualClock()).load("session") == ("token", until)
