"""Models that answer over HTTP: one request for each ``send``, whose bytes are handed over before they leave.

::

    send ─→ library composes the request ─→ hook of the HTTP client ─→ on_wire(bytes) ─→ the bytes leave
                                                └─ a second request of one send is refused

Answers are always streamed, so that their pieces can be shown and a cut connection is noticed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import httpx2
from pydantic_ai.direct import model_request_stream
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequestPart,
    ModelResponse,
    PartDeltaEvent,
    PartStartEvent,
    SystemPromptPart,
    TextPart,
    TextPartDelta,
    UserPromptPart,
)
from pydantic_ai.messages import ModelRequest as LibraryRequest
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.output import OutputObjectDefinition
from pydantic_ai.settings import ModelSettings

from oncue.core.modelport import (
    ModelFailed,
    ModelReply,
    ModelRequest,
    ModelSpec,
    ModelTrouble,
    OnText,
    OnWire,
    Price,
    PriceTable,
    Usage,
    WireBody,
)
from oncue.core.ports import Clock
from oncue.core.secrets import KnownSecret, known_secrets, redact
from oncue.models.failures import explain_failure
from oncue.models.prices import price_by_list, price_by_setting
from oncue.models.providers import open_model
from oncue.models.schemas import is_closed_object

if TYPE_CHECKING:
    from pydantic_ai.models import Model, StreamedResponse
    from pydantic_ai.usage import RequestUsage

CONNECT_SECONDS = 15.0
SILENCE_SECONDS = 300.0
"""How long a server may say nothing at all; models that think before they speak take minutes."""
_HERE = ("all://127.0.0.1", "all://localhost", "all://[::1]")
"""What no proxy can reach, whatever the environment says of proxies."""
ASK_FOR_JSON = "Answer with JSON alone, without any text around it. It must be valid under this JSON Schema:"


@dataclass(slots=True)
class _Sending:
    """One ``send`` that is under way; ``own_error`` is what our caller's functions raised, which the library would wrap."""

    on_wire: OnWire
    on_text: OnText
    is_sent: bool = False
    is_answering: bool = False
    own_error: Exception | None = None
    pieces: list[str] = field(default_factory=list)

    async def hand_over(self, wire: WireBody) -> None:
        """Hand the bytes over, once."""
        try:
            if self.is_sent:
                raise RuntimeError("the library would send a second request, which nobody asked for")
            await self.on_wire(wire)
        except Exception as error:
            self.own_error = error
            raise
        self.is_sent = True

    def take(self, piece: str) -> None:
        """Keep a piece of the answer, and show it."""
        self.pieces.append(piece)
        try:
            self.on_text(piece)
        except Exception as error:
            self.own_error = error
            raise


_SENDING: ContextVar[_Sending] = ContextVar("sending")


class RemoteClient:
    """Speaks to one model over HTTP; see ``ModelClient``."""

    def __init__(
        self,
        spec: ModelSpec,
        *,
        prices: PriceTable,
        clock: Clock,
        model: Model,
        http: httpx2.AsyncClient,
        secrets: tuple[KnownSecret, ...] = (),
    ) -> None:
        self._spec = spec
        self._secrets = secrets
        self._prices = prices
        self._clock = clock
        self._model = model
        self._http = http

    @property
    def spec(self) -> ModelSpec:
        """Which model it speaks to."""
        return self._spec

    async def send(self, request: ModelRequest, *, on_wire: OnWire, on_text: OnText) -> ModelReply:
        """Send one request; see ``ModelClient.send``."""
        sending = _Sending(on_wire, on_text)
        token = _SENDING.set(sending)
        try:
            return self._reply(await self._receive(request, sending))
        except ModelFailed:
            raise
        except Exception as error:
            if sending.own_error is not None:
                raise sending.own_error from None
            raise self._explain(error, sending) from error
        finally:
            _SENDING.reset(token)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _receive(self, request: ModelRequest, sending: _Sending) -> ModelResponse:
        parameters, messages = _compose(request, is_native=self._has_schemas)
        stream: StreamedResponse
        async with model_request_stream(
            self._model, messages, model_settings=_settings(request), model_request_parameters=parameters, instrument=False
        ) as stream:
            async for event in stream:
                match event:
                    case (
                        PartStartEvent(part=TextPart(content=piece)) | PartDeltaEvent(delta=TextPartDelta(content_delta=piece))
                    ) if piece:
                        sending.take(piece)
                    case _:
                        pass
            return stream.get()

    @property
    def _has_schemas(self) -> bool:
        return bool(self._model.profile.get("supports_json_schema_output", False))

    def _reply(self, response: ModelResponse) -> ModelReply:
        text = "".join(part.content for part in response.parts if isinstance(part, TextPart))
        details = response.provider_details or {}
        usage, price = self._cost(response.usage)
        if response.finish_reason == "content_filter":
            said = str(details.get("refusal") or text)
            raise ModelFailed(ModelTrouble.REFUSED, "the model declined to answer", raw=said, usage=usage, price=price)
        if "finish_reason" not in details:
            raise ModelFailed(ModelTrouble.BROKEN_ANSWER, "the model's answer broke off", raw=text)
        name = response.model_name or ""
        return ModelReply(text=text, usage=usage, price=price, model=name, finish=response.finish_reason or "")

    def _cost(self, used: RequestUsage) -> tuple[Usage | None, Price | None]:
        """What a call used and cost; a server that reports nothing leaves both unknown."""
        if not used.input_tokens and not used.output_tokens:
            return None, None
        usage = Usage(input_tokens=used.input_tokens, output_tokens=used.output_tokens, cached_tokens=used.cache_read_tokens)
        by_setting = price_by_setting(self._prices, self._spec, usage)
        return usage, by_setting or price_by_list(self._spec, used, at=self._clock.now())

    def _explain(self, error: Exception, sending: _Sending) -> Exception:
        if not sending.is_sent and not type(error).__module__.startswith(("pydantic_ai", "httpx2")):
            return error  # a defect of ours, not of the model
        failure = explain_failure(error, raw="".join(sending.pieces), is_answering=sending.is_answering, now=self._clock.now())
        return ModelFailed(  # a server may repeat the key it was given
            failure.trouble,
            redact(failure.message, self._secrets),
            raw=failure.raw if sending.pieces else redact(failure.raw, self._secrets),
            retry_after_seconds=failure.retry_after_seconds,
        )


def open_remote(
    spec: ModelSpec,
    *,
    prices: PriceTable,
    clock: Clock,
    environment: Mapping[str, str],
    silence_seconds: float = SILENCE_SECONDS,
) -> RemoteClient:
    """A client for a model behind HTTP. It follows no redirection: what was named is what is called."""
    http = httpx2.AsyncClient(
        timeout=httpx2.Timeout(silence_seconds, connect=CONNECT_SECONDS, pool=None),
        limits=httpx2.Limits(max_connections=None, max_keepalive_connections=20),
        follow_redirects=False,
        mounts=dict.fromkeys(_HERE),
        event_hooks={"request": [_hand_over], "response": [_note_answer]},
    )
    model = open_model(spec, environment, http)
    return RemoteClient(spec, prices=prices, clock=clock, model=model, http=http, secrets=known_secrets(environment))


async def _hand_over(request: httpx2.Request) -> None:
    """Let a request leave when its bytes are handed over."""
    await _SENDING.get().hand_over(WireBody(url=str(request.url), body=await request.aread()))


async def _note_answer(response: httpx2.Response) -> None:
    _SENDING.get().is_answering = response.is_success


def _compose(request: ModelRequest, *, is_native: bool) -> tuple[ModelRequestParameters, list[ModelMessage]]:
    """The messages, and what is asked of the library: the provider's own schemas where they can say the same, else text."""
    parameters = ModelRequestParameters()
    system = request.system
    if request.schema is not None and is_native and is_closed_object(request.schema):
        asked = OutputObjectDefinition(json_schema=dict(request.schema), name=request.schema_name)
        parameters = replace(parameters, output_mode="native", output_object=asked)
    elif request.schema is not None:
        system = f"{system}\n\n{ASK_FOR_JSON}\n{json.dumps(request.schema, ensure_ascii=False)}".lstrip()
    parts: list[ModelRequestPart] = [SystemPromptPart(system)] if system else []
    return parameters, [LibraryRequest(parts=[*parts, UserPromptPart(request.user)])]


def _settings(request: ModelRequest) -> ModelSettings:
    settings = ModelSettings()
    if request.max_output_tokens is not None:
        settings["max_tokens"] = request.max_output_tokens
    if request.temperature is not None:
        settings["temperature"] = request.temperature
    return settings
