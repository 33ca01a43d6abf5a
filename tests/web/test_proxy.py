"""Behind a reverse proxy: what a trusted one says of a request holds, what anybody else says of themselves does not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from oncue.control.workspace import Workspace
from tests.support.processes import PATIENCE_SECONDS
from tests.web.conftest import ALLOWED
from tests.web.hosting import Client, Host, Reply, hosted

NAME = "oncue.example"
PAGE = f"https://{NAME}"
BROWSER = "203.0.113.7"
TLS = {"Host": NAME, "X-Forwarded-Proto": "https", "X-Forwarded-For": BROWSER}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def proxied(workspace: Workspace) -> Iterator[Host]:
    """A server that trusts the proxy on this machine."""
    with hosted(workspace, allowed_hosts=ALLOWED, proxies=("127.0.0.1",)) as running:
        yield running


@pytest.fixture(params=["nobody", "another", "environment"])
def distrustful(request: pytest.FixtureRequest, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    """A server that does not trust whoever is on this machine."""
    if request.param == "environment":
        monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    proxies = ("10.0.0.0/8", "::1") if request.param == "another" else ()
    with hosted(workspace, allowed_hosts=ALLOWED, proxies=proxies) as running:
        yield running


def sign_in(host: Host, headers: dict[str, str], token: str = "") -> Reply:
    return host.nobody.ask("POST", "/signin", f"token={token or host.token}".encode(), FORM | headers)


def listen(host: Host, headers: dict[str, str]) -> ClientConnection:
    return connect(
        f"ws://{NAME}/live?topic=jobs",
        address=("127.0.0.1", host.port),
        additional_headers=headers,
        open_timeout=PATIENCE_SECONDS,
        proxy=None,
    )


def browse(host: Host, **headers: str) -> Client:
    """A browser that signed in over TLS."""
    reply = sign_in(host, TLS | {"Origin": PAGE})
    assert reply.status == 303, reply
    cookie = reply.headers["set-cookie"].partition(";")[0]
    return Client(port=host.port, headers=TLS | {"Cookie": cookie, "Origin": PAGE} | headers)


def test_over_tls_the_cookie_is_one_that_no_other_host_and_no_unencrypted_page_can_set(proxied: Host) -> None:
    reply = sign_in(proxied, TLS | {"Origin": PAGE})

    value, *attributes = reply.headers["set-cookie"].split("; ")
    assert value.startswith(f"__Host-oncue_{proxied.port}=")
    assert {attribute.lower().partition("=")[0] for attribute in attributes} == {
        "httponly", "max-age", "path", "samesite", "secure"
    }  # fmt: skip
    assert {"Path=/", "SameSite=lax"} <= set(attributes)
    assert browse(proxied).api("/me")["actor"] == "ada"


def test_a_session_counts_under_the_name_of_its_scheme_alone(proxied: Host) -> None:
    secure = browse(proxied).headers["Cookie"]
    plain = proxied.browser().headers["Cookie"]

    assert proxied.nobody.get("/api/v1/me", TLS | {"Cookie": secure.removeprefix("__Host-")}).status == 401
    assert proxied.nobody.get("/api/v1/me", TLS | {"Cookie": f"__Host-{plain}"}).status == 200
    assert proxied.nobody.get("/api/v1/me", {"Cookie": secure}).status == 401
    assert proxied.nobody.get("/api/v1/me", {"Cookie": plain}).status == 200


def test_signing_out_over_tls_ends_the_session_and_the_browser_obeys(proxied: Host) -> None:
    browser = browse(proxied)

    left = browser.ask("POST", "/signout")

    cleared = left.headers["set-cookie"].lower()
    assert cleared.startswith(f"__host-oncue_{proxied.port}=")
    assert {"secure", "path=/", "max-age=0"} <= set(cleared.split("; "))
    assert browser.get("/api/v1/me").status == 401


def test_how_long_browsers_insist_on_tls_is_left_to_the_proxy(proxied: Host) -> None:
    assert "strict-transport-security" not in browse(proxied).get("/").headers


@pytest.mark.parametrize(
    ("origin", "scheme", "status"),
    [
        (PAGE, "https", 303),
        (PAGE.upper(), "https", 303),
        (f"http://{NAME}", "https", 403),
        (f"http://{NAME}", "http", 303),
        (PAGE, "http", 403),
        (f"ftp://{NAME}", "https", 403),
        (f"{PAGE}:443", "https", 403),
        (f"{PAGE}/", "https", 403),
        (f"https://eve@{NAME}", "https", 403),
        ("https://[", "https", 403),
    ],
)
def test_a_page_is_ours_when_its_scheme_is_too(proxied: Host, origin: str, scheme: str, status: int) -> None:
    reply = sign_in(proxied, TLS | {"X-Forwarded-Proto": scheme, "Origin": origin})

    assert reply.status == status


def test_sockets_ask_for_the_scheme_of_the_page_too(proxied: Host) -> None:
    sent = {name: value for name, value in browse(proxied).headers.items() if name != "Host"}

    with listen(proxied, sent) as socket:
        assert json.loads(socket.recv(timeout=PATIENCE_SECONDS))
    with pytest.raises(InvalidStatus) as refused, listen(proxied, sent | {"Origin": f"http://{NAME}"}):
        pass

    assert refused.value.response.status_code == 403


def test_a_proxy_that_does_not_say_how_a_page_came_is_asked_to(proxied: Host) -> None:
    reply = sign_in(proxied, {"Host": NAME, "Origin": PAGE})

    assert (reply.status, reply.json["code"]) == (403, "foreign_origin")
    assert "X-Forwarded-Proto" in reply.json["hint"]
    assert "--forwarded-allow-ips" in reply.json["hint"]


def test_the_printed_url_works_beside_the_proxy(proxied: Host) -> None:
    assert proxied.browser().get("/").status == 200
    assert proxied.browser().headers["Cookie"].startswith(f"oncue_{proxied.port}=")


def test_wrong_tokens_are_counted_by_the_address_that_the_proxy_saw(proxied: Host) -> None:
    def guess(forwarded: str) -> int:
        return proxied.bearer("wrong").get("/api/v1/me", TLS | {"X-Forwarded-For": forwarded}).status

    assert [guess(BROWSER) for _ in range(11)] == [401] * 10 + [429]
    assert guess(f"198.51.100.{1}, {BROWSER}") == 429  # what a client claims of itself comes before what the proxy saw
    assert guess(f"{BROWSER}, 203.0.113.8") == 401
    assert guess("203.0.113.8") == 401


def test_nobody_says_of_themselves_where_they_are_and_that_they_came_by_tls(distrustful: Host) -> None:
    claims = [f"203.0.113.{number}" for number in range(11)]

    guesses = [distrustful.bearer("wrong").get("/api/v1/me", TLS | {"X-Forwarded-For": claim}).status for claim in claims]
    reply = sign_in(
        distrustful, TLS | {"Origin": f"http://127.0.0.1:{distrustful.port}", "Host": f"127.0.0.1:{distrustful.port}"}
    )

    assert guesses == [401] * 10 + [429]
    assert "set-cookie" not in reply.headers or "secure" not in reply.headers["set-cookie"].lower()


def test_the_name_of_a_proxy_that_nobody_described_may_stand_for_either_scheme(workspace: Workspace) -> None:
    with hosted(workspace, allowed_hosts=ALLOWED) as host:
        own = f"127.0.0.1:{host.port}"
        named = [sign_in(host, {"Host": NAME, "Origin": f"{scheme}://{NAME}"}).status for scheme in ("http", "https", "ftp")]
        bound = [sign_in(host, {"Host": own, "Origin": f"{scheme}://{own}"}).status for scheme in ("http", "https")]

    assert (named, bound) == ([303, 303, 403], [303, 403])


@pytest.mark.parametrize("forwarded", ["", "unknown", "x" * 9000, "203.0.113.7:99999999999", "[::1", ",,,", "\x01"])
def test_an_address_that_is_none_breaks_nothing(proxied: Host, forwarded: str) -> None:
    client = replace(proxied.program, headers={**proxied.program.headers, **TLS, "X-Forwarded-For": forwarded})

    assert client.get("/api/v1/me").status in (200, 400)
    assert client.with_headers(Authorization="Bearer wrong").get("/api/v1/me").status in (401, 400)
