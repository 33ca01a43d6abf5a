"""What can be used from here, what it costs, and where requests would go: found out without importing or sending anything."""

import asyncio
import subprocess
import sys
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from genai_prices import Usage as ListUsage

from oncue.core.modelport import ModelFailed, ModelTrouble, NoModel, PriceTable, WireBody, read_model
from oncue.models import providers
from oncue.models.catalog import ModelCatalog
from oncue.models.prices import price_by_list
from oncue.models.troubles import read_retry_after, trouble_of_status
from oncue.testing import ModelStub
from tests.models.calls import NOW, StillClock, request_for, send

KEYS = {"OPENAI_API_KEY": "k" * 20, "ANTHROPIC_API_KEY": "k" * 20}
NO_PRICES = PriceTable()
HALF = {
    "openai": (
        'data: {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m",'
        ' "choices": [{"index": 0, "delta": {"content": "half"}}]}\n\ndata: [DONE]\n\n'
    ),
    "anthropic": (
        'event: message_start\ndata: {"type": "message_start", "message": {"id": "1", "type": "message", "role": "assistant",'
        ' "model": "m", "content": [], "usage": {"input_tokens": 1, "output_tokens": 1}}}\n\n'
        'event: content_block_start\ndata: {"type": "content_block_start", "index": 0,'
        ' "content_block": {"type": "text", "text": "half"}}\n\n'
    ),
}


@pytest.mark.parametrize(
    ("model", "keys", "why"),
    [
        ("openai:gpt-4o-mini", {}, "OPENAI_API_KEY"),
        ("openai:gpt-4o-mini", {"OPENAI_API_KEY": ""}, "OPENAI_API_KEY"),
        ("openai:gpt-4o-mini", KEYS, ""),
        ("openai:qwen3@http://127.0.0.1:8080/v1", {}, ""),
        ("anthropic:claude-sonnet-4-6", {"OPENAI_API_KEY": "k"}, "ANTHROPIC_API_KEY"),
        ("anthropic:claude-sonnet-4-6", KEYS, ""),
        ("anthropic:claude-sonnet-4-6@http://127.0.0.1:8080", {}, ""),
        ("ollama:qwen3", {}, ""),
    ],
)
def test_a_missing_key_is_explained_where_one_is_needed(model: str, keys: dict[str, str], why: str) -> None:
    catalog = ModelCatalog(StillClock(), keys)
    spec = read_model(model)

    found = catalog.explain_unusable(spec)

    assert why in found
    assert bool(found) == bool(why)
    if why:
        with pytest.raises(NoModel, match=why) as refused:
            catalog.open(spec, prices=NO_PRICES)
        assert refused.value.hint.startswith("oncue config set model")


@pytest.mark.parametrize("model", ["openai:gpt-4o-mini", "anthropic:claude-sonnet-4-6", "ollama:qwen3"])
def test_a_missing_library_is_explained_with_the_command_that_installs_it(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "find_spec", lambda _: None)

    assert "pip install 'oncue[llm]'" in ModelCatalog(StillClock(), KEYS).explain_unusable(read_model(model))


@pytest.mark.parametrize(
    ("model", "is_priced"),
    [
        ("openai:gpt-4o-mini", True),
        ("openai:no-such-model-anywhere", False),
        ("anthropic:claude-sonnet-4-6", True),
        ("ollama:qwen3", False),
        ("ollama:gpt-4o-mini", False),
        ("openai:gpt-4o-mini@http://127.0.0.1:8080/v1", False),
        ("openai:gpt-4o-mini@https://api.openai.com/v1", True),
    ],
)
def test_a_price_is_known_for_the_model_and_the_server_that_runs_it(model: str, *, is_priced: bool) -> None:
    catalog = ModelCatalog(StillClock(), KEYS)
    spec = read_model(model)

    assert catalog.is_priced(spec, prices=NO_PRICES) is is_priced
    assert catalog.is_priced(spec, prices=PriceTable(input_usd={spec.name: 0}, output_usd={spec.name: 0}))


def test_a_price_in_one_direction_is_no_price() -> None:
    catalog = ModelCatalog(StillClock(), {})

    assert not catalog.is_priced(read_model("ollama:qwen3"), prices=PriceTable(input_usd={"qwen3": 1}))


@pytest.mark.parametrize(
    ("model", "url"),
    [
        ("openai:gpt-4o-mini", "https://api.openai.com/v1/chat/completions"),
        ("anthropic:claude-sonnet-4-6", "https://api.anthropic.com/v1/messages"),
        ("ollama:qwen3", "http://127.0.0.1:11434/v1/chat/completions"),
        ("ollama:qwen3@http://box:11434", "http://box:11434/v1/chat/completions"),
        ("ollama:qwen3@http://box:11434/v1", "http://box:11434/v1/chat/completions"),
        ("openai:m@https://host.example/api/v1", "https://host.example/api/v1/chat/completions"),
    ],
)
def test_a_request_goes_where_the_name_says_whatever_the_environment_says(
    model: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_BASE_URL", "ANTHROPIC_BASE_URL", "OLLAMA_BASE_URL"):
        monkeypatch.setenv(name, "http://elsewhere.example")
    client = ModelCatalog(StillClock(), KEYS).open(read_model(model), prices=NO_PRICES)
    asked: list[str] = []

    async def refuse(wire: WireBody) -> None:
        asked.append(wire.url.partition("?")[0])
        raise PermissionError

    async def go() -> None:
        with pytest.raises(PermissionError):
            await client.send(request_for(), on_wire=refuse, on_text=lambda _: None)
        await client.close()

    asyncio.run(go())

    assert asked == [url]


def test_a_listed_price_names_its_list_and_counts_cached_tokens_as_such() -> None:
    usage = ListUsage(input_tokens=1_000_000, output_tokens=1_000_000, cache_read_tokens=1_000_000)

    price = price_by_list(read_model("openai:gpt-4o-mini"), usage, at=NOW)

    assert price is not None
    assert price.usd == pytest.approx(0.075 + 0.60)
    assert price.source.startswith("genai-prices ")


def test_a_server_on_this_machine_is_reached_without_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with ModelStub([{"reply": "ok"}]) as stub:
        client = ModelCatalog(StillClock(), KEYS).open(read_model(stub.model("openai")), prices=NO_PRICES)
        reply, _ = send(client, request_for())

    assert reply.text == "ok"


def test_a_redirection_is_not_followed() -> None:
    with ModelStub([{"reply": {"status": 307, "headers": {"Location": "/v1/other/chat/completions"}}}]) as stub:
        client = ModelCatalog(StillClock(), KEYS).open(read_model(stub.model("openai")), prices=NO_PRICES)
        with pytest.raises(ModelFailed) as failed:
            send(client, request_for())

    assert failed.value.trouble is ModelTrouble.BAD_REQUEST
    assert "moved" in failed.value.message
    assert len(stub.requests) == 1


@pytest.mark.parametrize("model", ["openai", "anthropic"])
def test_a_stream_that_ends_without_saying_why_broke_off(model: str) -> None:
    with ModelStub([{"reply": {"body": HALF[model]}}]) as stub:
        client = ModelCatalog(StillClock(), KEYS).open(read_model(stub.model(model, "claude-sonnet-4-6")), prices=NO_PRICES)
        with pytest.raises(ModelFailed) as failed:
            send(client, request_for())

    assert (failed.value.trouble, failed.value.raw) == (ModelTrouble.BROKEN_ANSWER, "half")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("2.5", 2.5),
        (" 30 ", 30.0),
        (format_datetime(datetime(2026, 11, 20, 12, 1, tzinfo=UTC), usegmt=True), 60.0),
        (format_datetime(datetime(2026, 11, 20, 11, 0, tzinfo=UTC), usegmt=True), 0.0),
        ("-1", None),
        ("later", None),
        ("", None),
        ("²", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str, seconds: float | None) -> None:
    assert read_retry_after(text, now=NOW) == seconds


def test_no_status_of_an_error_is_without_a_trouble() -> None:
    assert {trouble_of_status(status) for status in range(300, 600)} <= set(ModelTrouble)


PROBE = """
import sys
import oncue
from oncue.clock import SystemClock
from oncue.core.modelport import PriceTable, read_model
from oncue.models.catalog import ModelCatalog
from oncue.models.prices import price_by_list
catalog = ModelCatalog(SystemClock(), {"OPENAI_API_KEY": "k"})
for model in ("openai:gpt-4o-mini", "anthropic:claude", "ollama:qwen3", "recorded:nowhere.yaml"):
    catalog.explain_unusable(read_model(model))
print(*sorted(sys.modules))
"""


def test_saying_what_can_be_used_imports_no_library_of_a_model() -> None:
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True, timeout=60)

    loaded = {name.partition(".")[0] for name in done.stdout.split()}

    assert loaded & {"anthropic", "genai_prices", "httpx2", "openai", "opentelemetry", "pydantic_ai"} == set()
