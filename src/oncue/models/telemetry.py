"""Spans of model calls for those who collect telemetry: names of the GenAI conventions of OpenTelemetry, never a prompt.

The record of a call is in the workspace; a span is a copy of its figures for other programs. Spans are made only where the
standard variables name a collector (``OTEL_EXPORTER_OTLP_ENDPOINT``, ``OTEL_EXPORTER_OTLP_TRACES_ENDPOINT``) and the extra
``otlp`` is installed. The provider of tracers is our own, so a host program's telemetry is left alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from oncue.core import genainames
from oncue.core.modelport import ModelClient, ModelFailed, ModelReply, ModelRequest, ModelSpec, OnText, OnWire, Price, Usage
from oncue.models.providers import address_of, is_remote

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span

SPAN_NAME = "chat {model}"
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_TIMEOUTS = ("OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT")
EXPORT_SECONDS = 2.0
"""How long an export may take unless the environment says otherwise: a collector that is gone must not hold a run's end."""


class Tracing:
    """Makes spans of calls, and hands them to an exporter in the background."""

    def __init__(self, exporter: SpanExporter, environment: Mapping[str, str]) -> None:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        resource = Resource.create({"service.name": environment.get("OTEL_SERVICE_NAME", "oncue")})
        self._provider: TracerProvider = TracerProvider(resource=resource)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("oncue.models", schema_url=genainames.CONVENTIONS)
        self._parent = _read_parent(environment)

    def begin(self, spec: ModelSpec, request: ModelRequest) -> Span:
        """A span for a call that is about to be made."""
        from opentelemetry.trace import SpanKind

        name = SPAN_NAME.format(model=spec.name)
        return self._tracer.start_span(
            name, context=self._parent, kind=SpanKind.CLIENT, attributes=_request_attributes(spec, request)
        )

    def flush(self) -> None:
        """Hand over what was not yet; waits no longer than an export may take."""
        self._provider.force_flush()


class TracedClient:
    """A client whose calls are spans, too."""

    def __init__(self, client: ModelClient, tracing: Tracing) -> None:
        self._client = client
        self._tracing = tracing

    @property
    def spec(self) -> ModelSpec:
        """Which model it speaks to."""
        return self._client.spec

    async def send(self, request: ModelRequest, *, on_wire: OnWire, on_text: OnText) -> ModelReply:
        """Send one request within a span; see ``ModelClient.send``."""
        span = self._tracing.begin(self.spec, request)
        try:
            reply = await self._client.send(request, on_wire=on_wire, on_text=on_text)
        except ModelFailed as error:
            _fail(span, error.trouble.value)
            _note_cost(span, error.usage, error.price)
            raise
        except BaseException as error:
            _fail(span, type(error).__name__)
            raise
        else:
            span.set_attributes({genainames.RESPONSE_MODEL: reply.model, genainames.FINISH_REASONS: [reply.finish]})
            _note_cost(span, reply.usage, reply.price)
            return reply
        finally:
            span.end()

    async def close(self) -> None:
        """Close the client, and hand over the spans."""
        await self._client.close()
        await asyncio.to_thread(self._tracing.flush)


def open_tracing(environment: Mapping[str, str]) -> Tracing | None:
    """Where spans go, None where nobody collects them."""
    is_wanted = any(environment.get(name) for name in _ENDPOINTS) and environment.get("OTEL_SDK_DISABLED", "") != "true"
    if not is_wanted or find_spec("opentelemetry") is None or not _has_exporter():
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    has_timeout = any(environment.get(name) for name in _TIMEOUTS)
    return Tracing(OTLPSpanExporter(timeout=None if has_timeout else EXPORT_SECONDS), environment)


def _has_exporter() -> bool:
    try:
        return find_spec("opentelemetry.exporter.otlp.proto.http") is not None and find_spec("opentelemetry.sdk") is not None
    except ModuleNotFoundError:  # one of the packages above it is missing
        return False


def _read_parent(environment: Mapping[str, str]) -> Context | None:
    """The span of the program that started this one, as ``TRACEPARENT`` names it."""
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carried = {"traceparent": environment["TRACEPARENT"]} if environment.get("TRACEPARENT") else {}
    return TraceContextTextMapPropagator().extract(carried) if carried else None


def _request_attributes(spec: ModelSpec, request: ModelRequest) -> dict[str, str | int | float]:
    attributes: dict[str, str | int | float] = {
        genainames.OPERATION: "chat",
        genainames.PROVIDER: spec.provider.value,
        genainames.REQUEST_MODEL: spec.name,
        genainames.OUTPUT_TYPE: "json" if request.schema is not None else "text",
    }
    if request.max_output_tokens is not None:
        attributes[genainames.REQUEST_MAX_TOKENS] = request.max_output_tokens
    if request.temperature is not None:
        attributes[genainames.REQUEST_TEMPERATURE] = request.temperature
    if is_remote(spec):
        address = urlsplit(address_of(spec))
        attributes[genainames.SERVER_ADDRESS] = address.hostname or ""
        attributes[genainames.SERVER_PORT] = address.port or (443 if address.scheme == "https" else 80)
    return attributes


def _note_cost(span: Span, usage: Usage | None, price: Price | None) -> None:
    if usage is not None:
        used = {
            genainames.INPUT_TOKENS: usage.input_tokens,
            genainames.OUTPUT_TOKENS: usage.output_tokens,
            genainames.CACHED_TOKENS: usage.cached_tokens,
        }
        span.set_attributes(used)
    if price is not None:
        span.set_attribute(genainames.COST_USD, price.usd)


def _fail(span: Span, kind: str) -> None:
    from opentelemetry.trace import Status, StatusCode

    span.set_attribute(genainames.ERROR_TYPE, kind)
    span.set_status(Status(StatusCode.ERROR, kind))
