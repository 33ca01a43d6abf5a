"""A model that a test speaks for: it answers from a function, and keeps every byte that would have left."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from oncue.control.workspace import Workspace
from oncue.core.model import JobId
from oncue.core.modelcalls import CallState
from oncue.core.modelport import (
    ModelClient,
    ModelFailed,
    ModelReply,
    ModelRequest,
    ModelSpec,
    OnText,
    OnWire,
    Price,
    PriceTable,
    Provider,
    Usage,
    WireBody,
)

NOBODYS = JobId("")
Answer = Callable[[ModelRequest], ModelReply | ModelFailed]
PRICED = Usage(input_tokens=100, output_tokens=20)


def reply(text: str, *, usage: Usage | None = PRICED, usd: float | None = 0.01) -> ModelReply:
    """An answer with its cost."""
    price = None if usd is None else Price(usd=usd, source="test prices")
    return ModelReply(text=text, usage=usage, price=price, model="scripted-1", finish="stop")


def always(text: str, *, usd: float | None = 0.01) -> Answer:
    """The same answer to everything."""
    return lambda _: reply(text, usd=usd)


@dataclass(slots=True)
class ScriptedModel:
    """Client and catalog in one. ``sent`` are the bodies in order, ``unstored`` those that left before they were stored."""

    answer: Answer
    workspace: Workspace | None = None
    sent: list[bytes] = field(default_factory=list)
    requests: list[ModelRequest] = field(default_factory=list)
    unstored: list[bytes] = field(default_factory=list)
    job_id: JobId = NOBODYS
    spec: ModelSpec = field(default_factory=lambda: ModelSpec(provider=Provider.RECORDED, name="script"))
    unusable: str = ""

    def open(self, spec: ModelSpec, *, prices: PriceTable) -> ModelClient:
        """Itself."""
        del prices
        self.spec = spec
        return self

    def explain_unusable(self, spec: ModelSpec) -> str:
        """Nothing is known against it, unless a test says so."""
        del spec
        return self.unusable

    def is_priced(self, spec: ModelSpec, *, prices: PriceTable) -> bool:
        """It says what it costs."""
        del spec, prices
        return True

    async def send(self, request: ModelRequest, *, on_wire: OnWire, on_text: OnText) -> ModelReply:
        """Hand over the bytes, look whether they are stored, and answer."""
        body = json.dumps({"system": request.system, "user": request.user, **request.settings()}).encode()
        await on_wire(WireBody(url="http://model.test/v1", body=body))
        self._look(body)
        self.sent.append(body)
        self.requests.append(request)
        answer = self.answer(request)
        if isinstance(answer, ModelFailed):
            raise answer
        on_text(answer.text)
        return answer

    async def close(self) -> None:
        """Nothing is open."""

    @property
    def users(self) -> list[str]:
        """What stood below the rules, call by call."""
        return [request.user for request in self.requests]

    def _look(self, body: bytes) -> None:
        """Whether exactly these bytes are on record as a call that was sent, before they leave."""
        assert self.workspace is not None, "the test says whose store to look into"
        with self.workspace.store.read() as reader:
            stored = [
                reader.load_artifact(call.payload)
                for call in reader.list_calls(self.job_id)
                if call.state is CallState.SENT and call.ended_at is None
            ]
        if all(artifact is None or artifact.body != body for artifact in stored):
            self.unstored.append(body)
