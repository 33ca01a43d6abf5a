"""One call of a model as the tests make it, with everything that passed."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime

from oncue.core.comments import Comment
from oncue.core.modelport import ModelClient, ModelReply, ModelRequest, WireBody
from oncue.core.prompts import PromptParts, compose_prompt

NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)


class StillClock:
    """A clock that stands."""

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        raise AssertionError(f"nobody should wait here, but somebody wants {seconds} s")


@dataclass(slots=True)
class Watched:
    """What passed while one request was sent."""

    wire: list[WireBody] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    async def on_wire(self, wire: WireBody) -> None:
        self.wire.append(wire)

    def on_text(self, piece: str) -> None:
        self.pieces.append(piece)


def request_for(text: str = "Write the summary.", *, comment: str = "", draft: str | None = None) -> ModelRequest:
    """A request as the product composes it."""
    parts = PromptParts(
        request=text,
        context="Sales rose by 4 %.",
        rules=("Answer in English.",),
        draft=draft,
        problem="It is too long." if draft is not None else None,
        comments=(Comment(text=comment),) if comment else (),
    )
    prompt = compose_prompt(parts)
    return ModelRequest(system=prompt.system, user=prompt.user)


async def send_watched(client: ModelClient, request: ModelRequest) -> tuple[ModelReply, Watched]:
    """The reply, and what passed."""
    watched = Watched()
    return await client.send(request, on_wire=watched.on_wire, on_text=watched.on_text), watched


def send(client: ModelClient, request: ModelRequest) -> tuple[ModelReply, Watched]:
    """The same, in an event loop of its own; the client is closed."""

    async def go() -> tuple[ModelReply, Watched]:
        try:
            return await send_watched(client, request)
        finally:
            await client.close()

    return asyncio.run(go())
