"""The record of an attempt's model calls: stored before anything is sent, ended with what came of it, and read again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Lock

from oncue.control.steps.bodies import Bodies
from oncue.control.steps.fencing import check_is_ours
from oncue.control.steps.resuming import attempts_resumed
from oncue.control.workspace import Workspace
from oncue.core.canonical import fingerprint
from oncue.core.events import EventDraft, EventType
from oncue.core.model import Artifact, ArtifactKind, Attempt, ContentHash, Failure, JobId, Run
from oncue.core.modelcalls import CallState, ModelCall, SectionRef, Spending, spending_of
from oncue.core.modelport import CUT_SHORT, ModelFailed, ModelReply, ModelRequest, ModelTrouble, Usage, WireBody
from oncue.core.prompts import Prompt, Purpose
from oncue.core.readport import Reader
from oncue.core.writeport import Transaction
from oncue.errors import WorkspaceError

NOT_CHARGED = frozenset(
    {ModelTrouble.RATE_LIMITED, ModelTrouble.OVERLOADED, ModelTrouble.UNAUTHORIZED, ModelTrouble.BAD_REQUEST}
)
"""Troubles with which a server declines to begin: such a call cost nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsentCall:
    """A call that may have to be made. ``redacted`` counts the secrets replaced in each section."""

    generation: int
    purpose: Purpose
    prompt: Prompt
    redacted: tuple[int, ...]
    request: ModelRequest
    model: str
    tries: int = 1

    @property
    def mark(self) -> str:
        """The fingerprint of everything that shapes the answer."""
        shape = {"prompt": self.prompt.fingerprint, "model": self.model, "settings": self.request.settings()}
        return fingerprint("call", shape)


@dataclass(slots=True)
class CallBook:
    """The calls of one attempt. An answer on record is given once: a second equal prompt is a second question."""

    workspace: Workspace
    run: Run
    attempt: Attempt
    comments: tuple[int, ...]
    bodies: Bodies
    _answered: list[ModelCall] | None = None
    _number: int = 0
    _lock: Lock = field(default_factory=Lock)

    def recorded_answer(self, call: UnsentCall) -> str | None:
        """The answer to an equal prompt of this attempt, or of those it goes on from; None where it must be paid for."""
        with self._lock:
            if self._answered is None:
                self._answered = self._load()
            for known in self._answered:
                if known.prompt == call.mark and known.purpose is call.purpose and known.reply is not None:
                    self._answered.remove(known)
                    return self.bodies.text(known.reply)
        return None

    def begin(self, call: UnsentCall) -> SentCall:
        """Number a call that is about to be made."""
        self._number += 1
        return SentCall(book=self, call=call, number=self._number)

    def _load(self) -> list[ModelCall]:
        key = self.attempt.key
        with self.workspace.store.read() as reader:
            own = reader.calls_of_attempt(key)
            attempts = reader.list_attempts(key.job_id, step=key.step)
            before = attempts_resumed(self.attempt, attempts, lambda number: _request_of(reader, key.job_id, number))
            resumed = [call for one in before for call in reader.calls_of_attempt(one.key)]
        self._number = max((call.number for call in own), default=0)
        return [call for call in (*own, *resumed) if call.state is CallState.ANSWERED and call.finish not in CUT_SHORT]

    async def write(self, call: ModelCall, drafts: Sequence[EventDraft], *, artifacts: Sequence[Artifact]) -> None:
        """Store a call that begins, or the end of one, under the attempt's fence; durable on return."""

        def record(tx: Transaction) -> None:
            tx.append_events(call.key.job_id, drafts, call.ended_at or call.sent_at)
            tx.put_artifacts(artifacts)
            if call.state is CallState.SENT:
                check_is_ours(tx, self.attempt)
                tx.insert_call(call)
            else:  # what was paid for is kept, whoever has the attempt by now
                tx.end_call(call)

        await asyncio.wrap_future(self.workspace.store.submit(record))


@dataclass(slots=True)
class SentCall:
    """One call, from the moment its bytes are ready until what came of it is stored."""

    book: CallBook
    call: UnsentCall
    number: int
    stored: ModelCall | None = None

    async def record(self, wire: WireBody) -> None:
        """Store the call before its bytes leave.

        Raises:
            WriteRefused: the attempt is another worker's by now; nothing may be sent.
        """
        call, book = self.call, self.book
        artifacts = await asyncio.to_thread(self._pack, wire)
        payload = artifacts[-1].hash
        self.stored = ModelCall(
            key=book.attempt.key,
            number=self.number,
            generation=call.generation,
            purpose=call.purpose,
            tries=call.tries,
            model=call.model,
            url=wire.url,
            sections=tuple(
                SectionRef(name=section.name, hash=section.hash, redacted=count)
                for section, count in zip(call.prompt.sections, call.redacted, strict=True)
            ),
            prompt=call.mark,
            payload=payload,
            comments=book.comments,
            sent_at=book.workspace.clock.now(),
        )
        data: dict[str, object] = {"purpose": call.purpose.value, "model": call.model}
        if call.tries > 1:
            data["tries"] = call.tries
        await book.write(self.stored, [self._tell(EventType.MODEL_CALLED, data)], artifacts=artifacts)

    async def answer(self, reply: ModelReply) -> Spending:
        """Store an answer; returns what it cost."""
        text = await asyncio.to_thread(self.book.bodies.pack, ArtifactKind.TEXT, reply.text.encode())
        price = reply.price
        ended = self._ended(
            CallState.ANSWERED, reply=text.hash, usage=reply.usage, usd=price.usd if price else None,
            price_source=price.source if price else None,
        )  # fmt: skip
        ended = replace(ended, answered_by=reply.model, finish=reply.finish)
        data: dict[str, object] = {}
        if reply.usage is not None:
            data["tokens"] = reply.usage.total
        if price is not None:
            data["usd"] = price.usd
        await self.book.write(ended, [self._tell(EventType.MODEL_ANSWERED, data)], artifacts=[text])
        return spending_of(ended)

    async def fail(self, error: ModelFailed) -> Spending:
        """Store why there is no answer, and what came of one; returns what it cost. Nothing where nothing was sent."""
        if self.stored is None:
            return Spending(calls=1)
        text = await asyncio.to_thread(self.book.bodies.pack, ArtifactKind.TEXT, error.raw.encode())
        is_free = error.trouble in NOT_CHARGED and error.usage is None
        price = error.price
        ended = self._ended(
            CallState.FAILED,
            reply=text.hash if error.raw else None,
            usage=Usage(input_tokens=0, output_tokens=0) if is_free else error.usage,
            usd=0.0 if is_free else price.usd if price else None,
            price_source="not charged" if is_free else price.source if price else None,
        )
        ended = replace(ended, error=Failure(code=error.trouble.value, message=error.message))
        data: dict[str, object] = {"code": error.trouble.value, "message": error.message}
        await self.book.write(ended, [self._tell(EventType.MODEL_FAILED, data)], artifacts=[text] if error.raw else [])
        return spending_of(ended)

    async def abandon(self, written: str) -> None:
        """The attempt ends while the answer is under way: what it cost is unknown."""
        if self.stored is None:
            return
        text = self.book.bodies.pack(ArtifactKind.TEXT, written.encode())
        ended = self._ended(CallState.FAILED, reply=text.hash if written else None)
        ended = replace(ended, error=Failure(code="interrupted", message="the step ended before the answer was there"))
        draft = self._tell(EventType.MODEL_FAILED, {"code": "interrupted", "message": "the step ended"})
        try:
            await self.book.write(ended, [draft], artifacts=[text] if written else [])
        except WorkspaceError:
            return  # it stays on record as sent, with an unknown outcome

    def _pack(self, wire: WireBody) -> list[Artifact]:
        bodies = [section.text.encode() for section in self.call.prompt.sections]
        return [self.book.bodies.pack(ArtifactKind.TEXT, body) for body in (*bodies, wire.body)]

    def _ended(
        self,
        state: CallState,
        *,
        reply: ContentHash | None,
        usage: Usage | None = None,
        usd: float | None = None,
        price_source: str | None = None,
    ) -> ModelCall:
        assert self.stored is not None, "only what was sent has an end"
        return replace(
            self.stored,
            state=state,
            ended_at=self.book.workspace.clock.now(),
            reply=reply,
            usage=usage,
            usd=usd,
            price_source=price_source,
        )

    def _tell(self, kind: EventType, data: dict[str, object]) -> EventDraft:
        key = self.book.attempt.key
        return EventDraft(type=kind, run=key.run, step=key.step, data={"call": self.number, **data})


def _request_of(reader: Reader, job_id: JobId, number: int) -> Mapping[str, object]:
    run = reader.load_run(job_id, number)
    return run.request if run is not None else {}
