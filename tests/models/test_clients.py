"""One contract for every client: the model in a file, and each provider over real HTTP against a local server."""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest
import yaml

from oncue.core.modelport import (
    ModelClient,
    ModelFailed,
    ModelReply,
    ModelRequest,
    ModelTrouble,
    Price,
    PriceTable,
    Usage,
    WireBody,
    read_model,
)
from oncue.models.catalog import ModelCatalog
from oncue.testing import ModelStub
from tests.core.adversarial_comments import COMMENTS
from tests.models.calls import StillClock, Watched, request_for

HTTP = ["openai", "openai-own", "ollama", "anthropic"]
NAMES = {"openai": "gpt-4o-mini", "openai-own": "qwen3", "ollama": "qwen3", "anthropic": "claude-sonnet-4-6"}
KEY = "sk-test-0123456789abcdefghijklmnop"
ENVIRONMENT = {"OPENAI_API_KEY": KEY, "ANTHROPIC_API_KEY": KEY}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"title": {"type": "string"}, "n": {"type": "integer"}},
    "required": ["title", "n"],
}


@dataclass(frozen=True, kw_only=True)
class Setup:
    """A provider, and the server behind it where there is one."""

    provider: str
    model: str
    stub: ModelStub | None

    def catalog(self, **settings: Any) -> ModelCatalog:
        return ModelCatalog(StillClock(), ENVIRONMENT, **settings)

    def send(self, request: ModelRequest, *, prices: PriceTable | None = None, **settings: Any) -> tuple[ModelReply, Watched]:
        """One request by a client of its own."""

        async def go() -> tuple[ModelReply, Watched]:
            async with opened(self, prices=prices, **settings) as client:
                watched = Watched()
                return await client.send(request, on_wire=watched.on_wire, on_text=watched.on_text), watched

        return asyncio.run(go())

    def fail(self, request: ModelRequest, **settings: Any) -> ModelFailed:
        """One request that must fail."""
        with pytest.raises(ModelFailed) as failed:
            self.send(request, **settings)
        return failed.value

    @property
    def bodies(self) -> list[bytes]:
        """What the server received."""
        assert self.stub is not None
        return [request.body for request in self.stub.requests]


class opened:  # noqa: N801 - reads as a verb
    """A client that is closed at the end."""

    def __init__(self, setup: Setup, *, prices: PriceTable | None = None, **settings: Any) -> None:
        self._client: ModelClient = setup.catalog(**settings).open(read_model(setup.model), prices=prices or PriceTable())

    async def __aenter__(self) -> ModelClient:
        return self._client

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()


Serve = Callable[[str, Any], Setup]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Makes a script answer, in whichever way."""
    stubs: list[ModelStub] = []

    def begin(provider: str, script: Any) -> Setup:
        if provider == "recorded":
            path = tmp_path / "replies.yaml"
            path.write_text(yaml.safe_dump(script), encoding="utf-8")
            return Setup(provider=provider, model=f"recorded:{path}", stub=None)
        stub = ModelStub(script)
        stubs.append(stub)
        name = NAMES[provider]
        return Setup(provider=provider, model=stub.model(provider.removesuffix("-own"), name), stub=stub)

    yield begin
    for stub in stubs:
        stub.close()


every_client = pytest.mark.parametrize("provider", ["recorded", *HTTP])
over_http = pytest.mark.parametrize("provider", HTTP)


@every_client
def test_an_answer_comes_whole_and_in_pieces_with_what_it_used(serve: Serve, provider: str) -> None:
    reply = {"text": "Sales rose.  <|im_start|>\n\nEnd ", "usage": {"input": 120, "output": 17, "cached": 40}}
    setup = serve(provider, [{"reply": reply}])

    answer, watched = setup.send(request_for())

    assert answer.text == reply["text"]
    assert "".join(watched.pieces) == answer.text
    assert len(watched.pieces) > 3
    assert answer.usage == Usage(input_tokens=120, output_tokens=17, cached_tokens=40)
    assert answer.finish == "stop"
    assert answer.model


@every_client
def test_what_is_handed_over_holds_the_messages_as_they_were_composed(serve: Serve, provider: str) -> None:
    setup = serve(provider, [{"reply": "ok"}])
    request = request_for("Keep <|im_start|>system and [INST] as they are.", comment="use <|im_end|> 2024")

    _, watched = setup.send(request)

    (wire,) = watched.wire
    body = wire.body.decode()
    assert json.dumps(request.user, ensure_ascii=False)[1:-1] in body
    assert json.dumps(request.system, ensure_ascii=False)[1:-1] in body
    assert "\u200d" not in body
    assert "\\u200d" not in body
    assert KEY not in f"{wire.url} {body}"


@over_http
@pytest.mark.parametrize(
    "schema", [None, SCHEMA, {"type": "array", "items": {"type": "string"}}], ids=["text", "object", "array"]
)
def test_the_server_receives_exactly_the_bytes_that_were_handed_over(
    serve: Serve, provider: str, schema: dict[str, Any] | None
) -> None:
    setup = serve(provider, [{"reply": "ok"}])
    request = replace(request_for(), schema=schema, max_output_tokens=200, temperature=0.5)

    _, watched = setup.send(request)

    assert setup.bodies == [wire.body for wire in watched.wire]
    assert len(setup.bodies) == 1


@over_http
def test_no_comment_is_changed_on_its_way_and_none_changes_what_surrounds_it(serve: Serve, provider: str) -> None:
    setup = serve(provider, [{"reply": "ok"}])
    requests = [request_for(comment=comment) for comment in COMMENTS]

    async def go() -> None:
        async with opened(setup) as client:
            for request in requests:
                watched = Watched()
                await client.send(request, on_wire=watched.on_wire, on_text=watched.on_text)

    asyncio.run(go())

    assert [messages_in(json.loads(body)) for body in setup.bodies] == [(one.system, one.user) for one in requests]


def messages_in(body: dict[str, Any]) -> tuple[str, str]:
    """The two messages of a body; there must be no third."""
    if "system" in body:
        ((part,),) = (message["content"] for message in body["messages"])
        return body["system"], part["text"]
    system, user = body["messages"]
    assert [system["role"], user["role"]] == ["system", "user"]
    return system["content"], user["content"]


@every_client
def test_nothing_is_sent_before_the_bytes_are_stored(serve: Serve, provider: str) -> None:
    setup = serve(provider, [{"reply": "ok"}])

    async def go() -> None:
        stored, may_go = asyncio.Event(), asyncio.Event()

        async def store(_: WireBody) -> None:
            stored.set()
            await may_go.wait()

        async with opened(setup) as client:
            task = asyncio.create_task(client.send(request_for(), on_wire=store, on_text=lambda _: None))
            await stored.wait()
            assert setup.stub is None or setup.bodies == []
            may_go.set()
            assert (await task).text == "ok"

    asyncio.run(go())


class Refused(Exception):
    """What a store raises that may not write."""


class Over(BaseException):
    """What a budget raises."""


@every_client
@pytest.mark.parametrize("kind", [Refused, Over])
def test_when_the_bytes_cannot_be_stored_nothing_is_sent(serve: Serve, provider: str, kind: type[BaseException]) -> None:
    setup = serve(provider, [{"reply": "ok"}])

    async def refuse(_: WireBody) -> None:
        raise kind

    async def go() -> None:
        async with opened(setup) as client:
            with pytest.raises(kind):
                await client.send(request_for(), on_wire=refuse, on_text=lambda _: None)

    asyncio.run(go())

    assert setup.stub is None or setup.bodies == []


@every_client
def test_who_cannot_take_a_piece_of_the_answer_is_told_so(serve: Serve, provider: str) -> None:
    setup = serve(provider, [{"reply": "ok"}])

    async def go() -> None:
        async with opened(setup) as client:
            watched = Watched()

            def refuse(_: str) -> None:
                raise Refused

            with pytest.raises(Refused):
                await client.send(request_for(), on_wire=watched.on_wire, on_text=refuse)

    asyncio.run(go())


@over_http
def test_a_second_request_of_one_call_is_stopped_before_it_leaves(
    serve: Serve, provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup = serve(provider, [{"reply": [{"status": 503}, "second"]}])
    for library in (anthropic.AsyncAnthropic, openai.AsyncOpenAI):
        begin = library.__init__
        monkeypatch.setattr(library, "__init__", lambda self, begin=begin, **given: begin(self, **{**given, "max_retries": 2}))

    with pytest.raises(RuntimeError, match="a second request"):
        setup.send(request_for())

    assert len(setup.bodies) == 1


@every_client
@pytest.mark.parametrize("trouble", list(ModelTrouble))
def test_a_scripted_trouble_is_the_same_trouble_for_every_client(serve: Serve, provider: str, trouble: ModelTrouble) -> None:
    setup = serve(provider, [{"reply": [{"error": trouble.value.removeprefix("model_"), "message": "why not"}, "second"]}])

    failed = setup.fail(request_for(), **({"silence_seconds": 0.2} if trouble is ModelTrouble.TIMED_OUT else {}))

    assert failed.trouble is trouble, failed.message
    assert setup.stub is None or len(setup.bodies) == 1


@over_http
@pytest.mark.parametrize(
    ("status", "trouble"),
    [
        (400, ModelTrouble.BAD_REQUEST),
        (401, ModelTrouble.UNAUTHORIZED),
        (403, ModelTrouble.UNAUTHORIZED),
        (404, ModelTrouble.BAD_REQUEST),
        (408, ModelTrouble.TIMED_OUT),
        (429, ModelTrouble.RATE_LIMITED),
        (500, ModelTrouble.OVERLOADED),
        (503, ModelTrouble.OVERLOADED),
        (504, ModelTrouble.TIMED_OUT),
        (529, ModelTrouble.OVERLOADED),
    ],
)
def test_a_status_is_one_request_and_one_failure_that_says_what_the_server_said(
    serve: Serve, provider: str, status: int, trouble: ModelTrouble
) -> None:
    setup = serve(provider, [{"reply": [{"status": status, "message": f"not now, says {KEY}"}, "second"]}])

    failed = setup.fail(request_for())

    assert failed.trouble is trouble
    assert str(status) in failed.message
    assert "not now" in failed.message
    assert "not now" in failed.raw
    assert KEY not in failed.message + failed.raw
    assert len(setup.bodies) == 1


@every_client
@pytest.mark.parametrize(
    ("given", "seconds"), [(7, 7.0), ("12", 12.0), ("Fri, 20 Nov 2026 12:00:30 GMT", 30.0), ("soon", None), (None, None)]
)
def test_the_wait_that_a_server_asks_for_is_read(
    serve: Serve, provider: str, given: float | str | None, seconds: float | None
) -> None:
    setup = serve(provider, [{"reply": {"status": 429, **({"retry_after": given} if given is not None else {})}}])

    assert setup.fail(request_for()).retry_after_seconds == seconds


@every_client
def test_an_answer_that_breaks_off_is_no_answer_and_is_kept(serve: Serve, provider: str) -> None:
    setup = serve(provider, [{"reply": {"error": "broken_answer", "raw": "half of an ans"}}])

    failed = setup.fail(request_for())

    assert (failed.trouble, failed.raw, failed.usage) == (ModelTrouble.BROKEN_ANSWER, "half of an ans", None)


@over_http
def test_an_error_in_the_middle_of_an_answer_keeps_what_had_come(serve: Serve, provider: str) -> None:
    setup = serve(provider, [{"reply": {"error": "overloaded", "raw": "half of an ans", "message": "too much to do"}}])

    failed = setup.fail(request_for())

    assert failed.raw == "half of an ans"
    assert "too much to do" in failed.message
    assert failed.trouble in (ModelTrouble.OVERLOADED, ModelTrouble.BROKEN_ANSWER)


@over_http
@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html>Bad gateway</html>",
        '{"choices": [{"message": {"content": "all at once"}}]}',
        "data: {broken\n\n",
        "data: null\n\n",
        "data: []\n\n",
        'data: "text"\n\n',
        'data: {"choices": null}\n\ndata: [DONE]\n\n',
        'event: message_start\ndata: {"type": "message_start"}\n\n',
        'event: content_block_delta\ndata: {"type": "content_block_delta", "index": 4, "delta": null}\n\n',
    ],
)
def test_what_is_no_answer_of_the_protocol_is_a_broken_answer(serve: Serve, provider: str, body: str) -> None:
    setup = serve(provider, [{"reply": {"body": body}}])

    assert setup.fail(request_for()).trouble is ModelTrouble.BROKEN_ANSWER


@every_client
def test_a_refusal_says_what_the_model_said_and_what_it_cost(serve: Serve, provider: str) -> None:
    usage = {"input": 50, "output": 5}
    setup = serve(provider, [{"reply": {"error": "refused", "raw": "I would rather not.", "usage": usage, "usd": 0.1}}])

    failed = setup.fail(request_for())

    assert failed.trouble is ModelTrouble.REFUSED
    assert failed.raw == "I would rather not."
    assert failed.usage == Usage(input_tokens=50, output_tokens=5)


@over_http
def test_a_server_that_is_not_there_cannot_be_reached(serve: Serve, provider: str) -> None:
    setup = serve(provider, [{"reply": "ok"}])
    assert setup.stub is not None
    setup.stub.close()

    failed = setup.fail(request_for())

    assert failed.trouble is ModelTrouble.UNREACHABLE
    assert "cannot be reached" in failed.message


@every_client
def test_cancelling_ends_the_request_and_closes_the_connection(serve: Serve, provider: str) -> None:
    setup = serve(provider, [{"reply": {"hang": True}}])

    async def go() -> None:
        sent = asyncio.Event()

        async def note(_: WireBody) -> None:
            sent.set()

        async with opened(setup) as client:
            task = asyncio.create_task(client.send(request_for(), on_wire=note, on_text=lambda _: None))
            await sent.wait()
            if setup.stub is not None:
                await asyncio.to_thread(setup.stub.wait_for_requests, 1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            if setup.stub is not None:
                assert await asyncio.to_thread(setup.stub.wait_for_left) == (1,)

    asyncio.run(go())


@over_http
def test_cancelling_in_the_middle_of_an_answer_closes_the_connection(serve: Serve, provider: str) -> None:
    setup = serve(provider, [{"reply": {"text": "word " * 500, "delay": 0.01}}])

    async def go() -> None:
        begun = asyncio.Event()

        async def note(_: WireBody) -> None:
            pass

        async with opened(setup) as client:
            task = asyncio.create_task(client.send(request_for(), on_wire=note, on_text=lambda _: begun.set()))
            await begun.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert setup.stub is not None
            assert await asyncio.to_thread(setup.stub.wait_for_left) == (1,)

    asyncio.run(go())


@every_client
def test_requests_at_the_same_time_do_not_mix(serve: Serve, provider: str) -> None:
    setup = serve(provider, [{"when": {"request": {"matches": r"^n(?P<n>\d+)$"}}, "reply": "answer {{ n }} of many"}])

    async def go() -> list[tuple[str, str, list[bytes]]]:
        async with opened(setup) as client:

            async def one(n: int) -> tuple[str, str, list[bytes]]:
                watched = Watched()
                reply = await client.send(request_for(f"n{n}"), on_wire=watched.on_wire, on_text=watched.on_text)
                return reply.text, "".join(watched.pieces), [wire.body for wire in watched.wire]

            return await asyncio.gather(*(one(n) for n in range(30)))

    for n, (text, pieces, bodies) in enumerate(asyncio.run(go())):
        assert text == pieces == f"answer {n} of many"
        assert len(bodies) == 1
        assert f"n{n}\\n--- end of request" in bodies[0].decode()


@over_http
def test_a_schema_is_on_the_wire_and_the_answer_is_left_as_it_is(serve: Serve, provider: str) -> None:
    setup = serve(provider, [{"reply": {"text": '```json\n{"title": 3}\n```'}}])

    answer, watched = setup.send(replace(request_for(), schema=SCHEMA, schema_name="report"))

    body = json.loads(watched.wire[0].body)
    asked = body.get("response_format", {}).get("json_schema") or body["output_config"]["format"]
    assert set(asked["schema"]["properties"]) == {"title", "n"}
    assert answer.text == '```json\n{"title": 3}\n```'


@over_http
@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "items": {"type": "string"}},
        {"type": "object"},
        {"type": "object", "properties": {"scores": {"type": "object", "additionalProperties": {"type": "number"}}}},
        {"$defs": {"N": {"type": "object", "properties": {"n": {"$ref": "#/$defs/N"}}}}, "$ref": "#/$defs/N"},
        {"anyOf": [{"type": "string"}, {"type": "integer"}]},
    ],
    ids=["array", "any-object", "free-keys", "recursive", "either"],
)
def test_a_schema_that_providers_cannot_express_is_asked_for_below_the_rules(
    serve: Serve, provider: str, schema: dict[str, Any]
) -> None:
    setup = serve(provider, [{"reply": '["a"]'}])
    request = replace(request_for(), schema=schema)

    answer, watched = setup.send(request)

    body = json.loads(watched.wire[0].body)
    system = body["system"] if "system" in body else body["messages"][0]["content"]
    assert system.startswith(request.system)
    assert system.endswith(json.dumps(schema))
    assert "response_format" not in body
    assert "output_config" not in body
    assert answer.text == '["a"]'


@over_http
@pytest.mark.parametrize("given", [None, 321])
def test_the_bound_of_an_answer_is_sent_in_the_word_the_server_knows(serve: Serve, provider: str, given: int | None) -> None:
    setup = serve(provider, [{"reply": "ok"}])

    _, watched = setup.send(replace(request_for(), max_output_tokens=given))

    body = json.loads(watched.wire[0].body)
    word = "max_tokens" if provider != "openai" else "max_completion_tokens"
    assert body.get(word) == given if given or provider != "anthropic" else body[word] > 8_000


@pytest.mark.parametrize("model", ["openai:gpt-5-mini", "anthropic:claude-opus-4-7"])
def test_a_temperature_is_left_out_in_silence_where_a_model_takes_none(model: str) -> None:
    with ModelStub([{"reply": "ok"}]) as stub:
        provider, _, name = model.partition(":")
        setup = Setup(provider=provider, model=stub.model(provider, name), stub=stub)
        _, watched = setup.send(replace(request_for(), temperature=0.5))

    assert "temperature" not in json.loads(watched.wire[0].body)


@over_http
def test_an_answer_that_was_cut_at_its_bound_says_so(serve: Serve, provider: str) -> None:
    setup = serve(provider, [{"reply": {"text": "as far as", "finish": "length"}}])

    assert setup.send(request_for())[0].finish == "length"


@over_http
def test_usage_that_was_not_reported_is_unknown(serve: Serve, provider: str) -> None:
    answer, _ = serve(provider, [{"reply": "ok"}]).send(request_for())

    assert (answer.usage, answer.price) == (None, None)


@over_http
def test_a_server_of_ones_own_has_the_price_that_was_set_or_none(serve: Serve, provider: str) -> None:
    setup = serve(provider, [{"reply": {"text": "ok", "usage": {"input": 1_000_000, "output": 500_000}}}])
    name = NAMES[provider]

    unknown, _ = setup.send(request_for())
    known, _ = setup.send(request_for(), prices=PriceTable(input_usd={name: 2}, output_usd={name: 4}))

    assert unknown.price is None
    assert known.price == Price(usd=4, source="settings")


@over_http
def test_the_key_of_the_environment_is_what_the_server_gets(serve: Serve, provider: str) -> None:
    setup = serve(provider, [{"reply": "ok"}])

    setup.send(request_for())

    assert setup.stub is not None
    assert [request.key for request in setup.stub.requests] == ["none" if provider == "ollama" else KEY]
