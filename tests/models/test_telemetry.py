"""Spans say what a call used and cost and never what was asked; they leave only where a collector is named."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from oncue.core.modelport import ModelFailed, ModelRequest, PriceTable, read_model
from oncue.models import telemetry
from oncue.models.catalog import ModelCatalog
from oncue.models.recorded import RecordedClient
from oncue.models.telemetry import TracedClient, Tracing, open_tracing
from oncue.testing import ModelStub
from tests.models.calls import StillClock, Watched, request_for, send

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def spans(tmp_path: Path) -> "Spans":
    return Spans(tmp_path)


class Spans:
    """Makes calls of scripted models, and keeps the spans."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.exporter = InMemorySpanExporter()

    def open(self, script: Any, environment: dict[str, str] | None = None) -> TracedClient:
        path = self.folder / "replies.yaml"
        path.write_text(yaml.safe_dump(script), encoding="utf-8")
        client = ModelCatalog(StillClock(), {}).open(read_model(f"recorded:{path}"), prices=PriceTable())
        return TracedClient(client, Tracing(self.exporter, environment or {}))

    def made(self, script: Any, request: ModelRequest, environment: dict[str, str] | None = None) -> ReadableSpan:
        send(self.open(script, environment), request)
        (span,) = self.exporter.get_finished_spans()
        return span


@contextmanager
def collecting() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """A collector: its address, and what was posted to it."""
    posted: list[tuple[str, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", posted
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_span_has_the_names_of_the_conventions_and_the_figures_of_the_call(spans: Spans) -> None:
    reply = {"text": "four words of answer", "usage": {"input": 12, "output": 4, "cached": 3}, "usd": 0.25}
    request = replace(request_for(), schema={"type": "object"}, max_output_tokens=50, temperature=0.5)

    span = spans.made([{"reply": reply}], request)

    assert span.name.startswith("chat ")
    assert span.kind is SpanKind.CLIENT
    assert span.status.status_code is StatusCode.UNSET
    assert dict(span.attributes or {}) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "recorded",
        "gen_ai.request.model": str(spans.folder / "replies.yaml"),
        "gen_ai.output.type": "json",
        "gen_ai.request.max_tokens": 50,
        "gen_ai.request.temperature": 0.5,
        "gen_ai.response.model": "replies",
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.usage.input_tokens": 12,
        "gen_ai.usage.output_tokens": 4,
        "gen_ai.usage.cache_read.input_tokens": 3,
        "oncue.cost.usd": 0.25,
    }


def test_nothing_of_a_prompt_or_an_answer_is_in_a_span(spans: Spans) -> None:
    request = request_for("a request in words", comment="a comment in words")

    span = spans.made([{"reply": "an answer in words"}], request)

    assert "in words" not in span.to_json()


def test_a_failed_call_is_a_failed_span_with_the_kind_of_trouble_alone(spans: Spans) -> None:
    client = spans.open([{"reply": {"error": "rate_limited", "message": "secret words", "raw": "secret words"}}])

    with pytest.raises(ModelFailed):
        send(client, request_for())

    (span,) = spans.exporter.get_finished_spans()
    assert span.status.status_code is StatusCode.ERROR
    assert (span.attributes or {})["error.type"] == "model_rate_limited"
    assert "secret words" not in span.to_json()


def test_a_call_that_was_cancelled_has_an_end(spans: Spans) -> None:
    client = spans.open([{"reply": {"hang": True}}])

    async def cancel() -> None:
        watched = Watched()
        task = asyncio.create_task(client.send(request_for(), on_wire=watched.on_wire, on_text=watched.on_text))
        await asyncio.wait([task], timeout=0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await client.close()

    asyncio.run(cancel())

    (span,) = spans.exporter.get_finished_spans()
    assert (span.attributes or {})["error.type"] == "CancelledError"


def test_the_span_of_the_program_that_started_this_one_is_the_parent(spans: Spans) -> None:
    span = spans.made([{"reply": "ok"}], request_for(), {"TRACEPARENT": PARENT})

    assert span.parent is not None
    assert f"{span.parent.trace_id:032x}" in PARENT
    assert f"{span.parent.span_id:016x}" in PARENT


@pytest.mark.parametrize("name", ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"])
def test_spans_reach_the_collector_that_is_named_before_the_client_is_closed(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with collecting() as (address, posted), ModelStub([{"reply": "ok"}]) as stub:
        monkeypatch.setenv(name, address if name.endswith("OTLP_ENDPOINT") else f"{address}/v1/traces")
        client = ModelCatalog(StillClock()).open(read_model(stub.model("openai", "m")), prices=PriceTable())
        send(client, request_for())
        ((path, body),) = posted

    (resource,) = ExportTraceServiceRequest.FromString(body).resource_spans
    (span,) = resource.scope_spans[0].spans
    attributes = {one.key: one.value for one in span.attributes}
    assert path == "/v1/traces"
    assert span.name == "chat m"
    assert attributes["server.address"].string_value == "127.0.0.1"
    assert attributes["server.port"].int_value == int(stub.url.rpartition(":")[2])
    assert {one.key: one.value.string_value for one in resource.resource.attributes}["service.name"] == "oncue"


@pytest.mark.parametrize("environment", [{}, {"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, {"OTEL_SERVICE_NAME": "x"}])
def test_without_a_named_collector_there_are_no_spans(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text("- {reply: ok}", encoding="utf-8")
    client = ModelCatalog(StillClock(), environment).open(read_model(f"recorded:{tmp_path / 'r.yaml'}"), prices=PriceTable())

    assert isinstance(client, RecordedClient)


def test_telemetry_can_be_switched_off_and_its_absence_is_no_obstacle(monkeypatch: pytest.MonkeyPatch) -> None:
    named = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}

    assert open_tracing({**named, "OTEL_SDK_DISABLED": "true"}) is None
    monkeypatch.setattr(telemetry, "find_spec", lambda _: None)
    assert open_tracing(named) is None
