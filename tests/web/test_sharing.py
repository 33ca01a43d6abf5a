"""A fragment that many pages ask for at once is drawn once for all of them, and no answer is older than its question."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from oncue.core.people import Permission, Role
from oncue.web.access import Identity
from oncue.web.sharing import Sharing

ADA = Identity(actor="ada", role=Role.OPERATOR)
BEN = Identity(actor="ben", role=Role.OPERATOR)
VERA = Identity(actor="vera", role=Role.VIEWER)
TURNS = 50
NARROW = Identity(actor="ada", role=Role.OPERATOR, scopes=frozenset({Permission.READ}))


@dataclass
class Studio:
    """An application that draws the state it finds when it begins, and takes until it is told to go on."""

    state: int = 0
    drawings: int = 0
    is_broken: bool = False
    has_answered: bool = False
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.drawings += 1
        found = self.state
        await receive()
        await self.go_on.wait()
        if self.is_broken:
            error = ValueError("it broke")
            if self.has_answered:
                scope["state"]["answered"] = error
                await send({"type": "http.response.start", "status": 500, "headers": [(b"content-length", b"4")]})
                await send({"type": "http.response.body", "body": b"oops"})
            raise error
        body = f"{scope['path']} {found} nonce={scope['state']['nonce']}".encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
        await send({"type": "http.response.body", "body": body[:5], "more_body": True})
        await send({"type": "http.response.body", "body": body[5:]})


async def ask(app: Sharing, address: str = "/parts/a", *, nonce: str = "n", who: Identity = ADA, method: str = "GET") -> str:
    path, _, query = address.partition("?")
    messages: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        messages.append(message)

    state = {"nonce": nonce, "identity": who}
    scope = {"type": "http", "method": method, "path": path, "query_string": query.encode(), "state": state}
    await app(scope, receive, send)
    body: bytes = b"".join(message.get("body", b"") for message in messages)
    assert int(dict(messages[0]["headers"])[b"content-length"]) == len(body)
    return body.decode()


def scene(test: Callable[[Studio, Sharing], Awaitable[Any]]) -> None:
    async def play() -> None:
        studio = Studio()
        await test(studio, Sharing(studio))

    asyncio.run(play())


async def let_wait(*questions: asyncio.Future[str]) -> None:
    """Until each of them waits for its answer: the loop has nothing else to do, so it takes turns and no time."""
    for _ in range(TURNS):
        done, _ = await asyncio.wait(questions, timeout=0)
        assert not done


def test_those_who_ask_at_once_share_a_drawing_and_each_has_a_nonce_of_its_own() -> None:
    async def play(studio: Studio, app: Sharing) -> None:
        studio.go_on.set()

        answers = await asyncio.gather(*(ask(app, nonce=f"longer-{number}", who=who) for number, who in enumerate((ADA, BEN))))

        assert answers == ["/parts/a 0 nonce=longer-0", "/parts/a 0 nonce=longer-1"]
        assert studio.drawings == 1

    scene(play)


def test_no_answer_is_older_than_its_question() -> None:
    async def play(studio: Studio, app: Sharing) -> None:
        first = asyncio.ensure_future(ask(app))
        await let_wait(first)
        studio.state = 1
        later = [asyncio.ensure_future(ask(app)) for _ in range(50)]
        await let_wait(*later)
        studio.go_on.set()

        assert await first == "/parts/a 0 nonce=n"
        assert set(await asyncio.gather(*later)) == {"/parts/a 1 nonce=n"}
        assert studio.drawings == 2

    scene(play)


@pytest.mark.parametrize("other", [{"who": VERA}, {"who": NARROW}, {"address": "/parts/b"}], ids=["role", "scopes", "path"])
def test_those_who_may_do_other_things_or_want_other_things_share_nothing(other: dict[str, Any]) -> None:
    async def play(studio: Studio, app: Sharing) -> None:
        studio.go_on.set()

        await asyncio.gather(ask(app), ask(app, **other))

        assert studio.drawings == 2

    scene(play)


def test_who_looks_at_questions_sees_what_others_settled_and_shares_with_nobody_else() -> None:
    async def play(studio: Studio, app: Sharing) -> None:
        studio.go_on.set()
        address = "/parts/inbox?seen=q-1"

        await asyncio.gather(*(ask(app, address, who=who) for who in (ADA, ADA, BEN)))

        assert studio.drawings == 2

    scene(play)


@pytest.mark.parametrize("other", [{"address": "/jobs/a"}, {"method": "POST"}], ids=["page", "post"])
def test_only_fragments_that_are_looked_at_are_shared(other: dict[str, Any]) -> None:
    async def play(studio: Studio, app: Sharing) -> None:
        studio.go_on.set()

        await asyncio.gather(ask(app, **other), ask(app, **other))

        assert studio.drawings == 2

    scene(play)


def test_somebody_who_goes_away_takes_nothing_from_the_others() -> None:
    async def play(studio: Studio, app: Sharing) -> None:
        leaving, staying = asyncio.ensure_future(ask(app)), asyncio.ensure_future(ask(app))
        await let_wait(leaving, staying)
        leaving.cancel()
        await let_wait(staying)
        studio.go_on.set()

        assert await staying == "/parts/a 0 nonce=n"
        assert studio.drawings == 1

    scene(play)


def test_what_fails_fails_for_all_who_asked_and_is_tried_anew_for_the_next() -> None:
    async def play(studio: Studio, app: Sharing) -> None:
        studio.go_on.set()
        studio.is_broken = True
        failures = await asyncio.gather(ask(app), ask(app), return_exceptions=True)
        studio.is_broken = False

        assert [str(failure) for failure in failures] == ["it broke", "it broke"]
        assert await ask(app) == "/parts/a 0 nonce=n"

    scene(play)


def test_a_defect_that_was_answered_is_the_answer_to_all_who_wait_and_is_not_raised_again() -> None:
    async def play(studio: Studio, app: Sharing) -> None:
        studio.is_broken = studio.has_answered = True
        studio.go_on.set()

        assert list(await asyncio.gather(ask(app), ask(app))) == ["oops", "oops"]
        assert studio.drawings == 1

    scene(play)
