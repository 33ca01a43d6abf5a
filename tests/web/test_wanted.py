"""Whoever has to sign in first comes to the page they wanted, and never to another server; a link of another page opens it."""

from urllib.parse import quote

import pytest
from websockets.exceptions import InvalidStatus

from oncue.web.wanted import HOME, local_page
from tests.web.hosting import Client, Host

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PAGE = {"Accept": "text/html"}
CROSS = {"Sec-Fetch-Site": "cross-site"}
LINK = {**CROSS, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", **PAGE}
ELSEWHERE = [
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "http://evil.example/",
    "https:evil.example",
    "javascript:alert(1)",
    "evil.example",
    "@evil.example",
    " /jobs",
    "/jobs /x",
    "/jöbs",
    "/jobs\x00",
    "/" + "a" * 3000,
    "",
]
NO_PAGES = ["/api/v1/jobs", "/parts/jobs", "/static/oncue.css", "/signin", "/signin?next=/", "/signout", "/live"]


@pytest.mark.parametrize("address", [*ELSEWHERE, *NO_PAGES])
def test_what_is_no_page_of_this_server_leads_to_the_first(address: str) -> None:
    assert local_page(address) == HOME


@pytest.mark.parametrize("address", ["/", "/jobs/abc", "/jobs/a/step?name=x%5By%5D&run=2", "/inbox", "/jobs/a//b", "/.//x"])
def test_a_page_of_this_server_is_shown(address: str) -> None:
    assert local_page(address) == address


@pytest.mark.parametrize("address", ELSEWHERE)
def test_the_door_leads_to_no_other_server(host: Host, address: str) -> None:
    body = b"token=" + host.token.encode()

    reply = host.nobody.ask("POST", f"/signin?next={quote(address)}", body, {**FORM, "Origin": host.origin})

    assert (reply.status, reply.headers["location"]) == (303, "/")


def test_signing_in_leads_to_the_page_that_was_wanted_also_at_the_second_try(standing: tuple[Host, str]) -> None:
    host, job = standing
    wanted = f"/jobs/{job}/step?name=count&run=1"

    refused = host.nobody.get(wanted, PAGE)
    action = f'action="/signin?next={quote(wanted, safe="")}"'
    assert (refused.status, action in refused.text) == (401, True)
    address = f"/signin?next={quote(wanted, safe='')}"
    wrong = host.nobody.ask("POST", address, b"token=wrong", {**FORM, **PAGE, "Origin": host.origin})
    assert (wrong.status, action in wrong.text) == (401, True)
    right = host.nobody.ask("POST", address, b"token=" + host.token.encode(), {**FORM, **PAGE, "Origin": host.origin})

    assert (right.status, right.headers["location"]) == (303, wanted)


@pytest.mark.parametrize("path", ["/", "/jobs/{job}", "/inbox", "/jobs/{job}/step?name=count"])
def test_a_token_in_the_address_of_any_page_is_exchanged_and_taken_out(standing: tuple[Host, str], path: str) -> None:
    host, job = standing
    page = path.format(job=job)
    between = "&" if "?" in page else "?"

    reply = host.nobody.get(f"{page}{between}token={host.token}", PAGE)
    wrong = host.nobody.get(f"{page}{between}token=mistyped", PAGE)
    linked = host.nobody.get(f"{page}{between}token={host.token}", LINK)

    assert (reply.status, reply.headers["location"]) == (303, page)
    assert reply.headers["referrer-policy"] == "strict-origin"
    assert "set-cookie" in reply.headers
    assert (wrong.status, "mistyped" in wrong.text, job in wrong.text.replace(quote(page, safe=""), "")) == (401, False, False)
    assert (linked.status, "set-cookie" in linked.headers) == (403, False)


@pytest.mark.parametrize("path", ["/api/v1/jobs", "/parts/jobs", "/live", "/api/v1/events"])
def test_a_token_in_the_address_of_what_is_no_page_opens_nothing(standing: tuple[Host, str], path: str) -> None:
    host, _ = standing

    reply = host.nobody.get(f"{path}?token={host.token}")

    assert reply.status in (401, 404)
    assert "set-cookie" not in reply.headers


def test_a_link_on_another_page_opens_what_it_leads_to(standing: tuple[Host, str]) -> None:
    host, job = standing
    visitor = Client(port=host.port, headers={"Cookie": host.browser().headers["Cookie"]})

    assert visitor.get(f"/jobs/{job}", LINK).status == 200


@pytest.mark.parametrize("kind", ["image", "iframe", "frame", "object", "embed", "script", "empty", "style", "prefetch", ""])
def test_another_page_loads_nothing_with_somebodys_session(standing: tuple[Host, str], kind: str) -> None:
    host, job = standing
    visitor = Client(port=host.port, headers={"Cookie": host.browser().headers["Cookie"], **CROSS, "Sec-Fetch-Dest": kind})

    for path in (f"/jobs/{job}", f"/parts/jobs/{job}", "/api/v1/jobs"):
        assert visitor.get(path).status == 403


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example"])
def test_another_page_does_nothing_with_somebodys_session(standing: tuple[Host, str], origin: str | None) -> None:
    host, job = standing
    given = {"Cookie": host.browser().headers["Cookie"], **LINK, **({"Origin": origin} if origin else {})}
    visitor = Client(port=host.port, headers=given)

    statuses = [
        visitor.ask("POST", path, b"token=x", FORM).status
        for path in (f"/jobs/{job}/stop", "/signout", "/signin", f"/api/v1/jobs/{job}/stop")
    ]

    assert statuses == [403] * 4
    with pytest.raises(InvalidStatus):
        visitor.listen("/live?topic=jobs")
    assert host.program.api(f"/jobs/{job}")["status"] != "stopped"
