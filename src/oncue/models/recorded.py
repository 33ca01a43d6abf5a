"""A model that answers from a file of scripted replies, in this process, without any library or network.

It fails as a real one does: the same file served over HTTP (``oncue.testing``) leads to the same troubles.
"""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

from oncue.core.modelport import ModelFailed, ModelReply, ModelRequest, ModelSpec, OnText, OnWire, Price, PriceTable, WireBody
from oncue.core.ports import Clock
from oncue.models.prices import is_set, price_by_setting
from oncue.models.script import Script, load_script
from oncue.models.scriptmatch import Prompter, Scripted
from oncue.models.troubles import read_retry_after

_PIECES = re.compile(r"\S+\s*|\s+")


class RecordedClient:
    """Speaks for a script. Requests are counted from the moment it is opened, in the order in which they are sent."""

    def __init__(self, spec: ModelSpec, script: Script, *, prices: PriceTable, clock: Clock) -> None:
        self._spec = spec
        self._prices = prices
        self._clock = clock
        self._name = script.model or Path(spec.name).stem
        self._prompter = Prompter(script, spec.name)

    @property
    def spec(self) -> ModelSpec:
        """Which model it speaks to."""
        return self._spec

    async def send(self, request: ModelRequest, *, on_wire: OnWire, on_text: OnText) -> ModelReply:
        """Answer as the first rule says that fits; see ``ModelClient.send``."""
        await on_wire(WireBody(url=f"{self._spec.provider.value}:{self._spec.name}", body=_body(self._name, request)))
        scripted = self._prompter.answer(request.system, request.user, model=self._name)
        if scripted.reply.hang:
            await asyncio.Event().wait()
        for piece in _PIECES.findall(scripted.text):
            on_text(piece)
        if scripted.trouble is not None:
            raise self._failure(scripted)
        return ModelReply(
            text=scripted.text,
            usage=scripted.usage,
            price=self._price(scripted),
            model=self._name,
            finish=scripted.reply.finish,
        )

    async def close(self) -> None:
        """Nothing is held."""

    def _failure(self, scripted: Scripted) -> ModelFailed:
        assert scripted.trouble is not None
        given = scripted.reply.retry_after
        wait = read_retry_after(given, now=self._clock.now()) if isinstance(given, str) else given
        return ModelFailed(
            scripted.trouble,
            scripted.message,
            raw=scripted.text or scripted.reply.body or "",
            retry_after_seconds=wait,
            usage=scripted.usage,
            price=self._price(scripted),
        )

    def _price(self, scripted: Scripted) -> Price | None:
        if scripted.usage is not None and (price := price_by_setting(self._prices, self._spec, scripted.usage)):
            return price
        return Price(usd=scripted.usd, source=f"the script {self._spec.name}") if scripted.usd is not None else None


def open_recorded(spec: ModelSpec, *, prices: PriceTable, clock: Clock) -> RecordedClient:
    """A client for a file of replies.

    Raises:
        InvalidScript: it cannot be read.
    """
    return RecordedClient(spec, load_script(Path(spec.name)), prices=prices, clock=clock)


def is_script_priced(spec: ModelSpec, prices: PriceTable) -> bool:
    """Whether every answer of a script has a price."""
    if is_set(prices, spec):
        return True
    script = load_script(Path(spec.name))
    replies = [reply for rule in script.rules for reply in rule.reply]
    answers = [reply for reply in replies if not (reply.error or reply.status or reply.body or reply.hang)]
    return all(
        reply.usd is not None or (script.prices is not None and (reply.usage or script.usage) != "unknown") for reply in answers
    )


def _body(name: str, request: ModelRequest) -> bytes:
    messages = [{"role": "system", "content": request.system}, {"role": "user", "content": request.user}]
    return json.dumps({"model": name, "messages": messages, **request.settings()}, ensure_ascii=False).encode()
