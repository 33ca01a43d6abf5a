"""Drafts as a running step asks for them: composed, stored, sent, checked, and mended a bounded number of times.

::

    wish ─→ prompt ─→ answered before? ──yes──→ answer ─→ parsed ─→ checked ─→ the step
                 └─no─→ budget ─→ stored ─→ sent ─┘          └─ fails    └─ a fault: the draft goes back with it

A request that fails in passing is sent again, as another call on record. An attempt that is entered again, or that resumes
one which its budget or the network ended, gets the answers of equal prompts from the record.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from oncue.control.generation.callrecords import CallBook, UnsentCall
from oncue.control.generation.composing import compose_clean, previous_text, prompt_parts
from oncue.control.generation.modelclients import ModelClients
from oncue.control.generation.runbudget import RunBudget
from oncue.control.generation.structured import output_schema, parse_answer, schema_name
from oncue.control.steps.bodies import Bodies
from oncue.control.steps.calls import StepFailed
from oncue.control.steps.drafts import Check, DraftWish
from oncue.control.steps.work import Work
from oncue.core.model import ContextMode
from oncue.core.modelport import CUT_SHORT, TRANSIENT, ModelClient, ModelFailed, ModelReply, ModelRequest
from oncue.core.ports import Clock
from oncue.core.prompts import Prompt, Purpose, sendable
from oncue.core.secrets import KnownSecret, known_secrets

MAX_TRIES = 4
"""How often one prompt is sent when the model is busy or the line breaks."""
BACKOFF_SECONDS = 1.0
MAX_WAIT_SECONDS = 60.0
"""A model that asks for more patience than this fails the step, whose own retries may wait longer."""
_TAIL_CHARS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What a check found."""

    text: str
    purpose: Purpose


@dataclass(slots=True)
class Generating:
    """Calls models on behalf of one attempt; every method but the constructor is called in the executor's event loop."""

    work: Work
    bodies: Bodies
    book: CallBook
    clients: ModelClients
    budget: RunBudget
    clock: Clock
    progress: Callable[[int, str], None]
    generations: int = 0
    secrets: Sequence[KnownSecret] = field(default_factory=lambda: known_secrets(os.environ))

    async def generate(self, wish: DraftWish, generation: int) -> object:
        """An acceptable draft; ``generation`` counts what the attempt asks for, in the order in which it asks.

        Raises:
            NoModel: no model can be used. StepFailed: there is no acceptable draft. BudgetReached: the run may pay no more.
        """
        client = await self.clients.get(await asyncio.to_thread(self.clients.choose, wish.model))
        previous = await asyncio.to_thread(self._previous, wish)
        draft, problem, purpose = wish.draft, wish.problem, wish.purpose
        for corrections in range(wish.corrections + 1):
            prompt, redacted = self._compose(wish, previous=previous, draft=draft, problem=problem)
            call = UnsentCall(
                generation=generation,
                purpose=purpose,
                prompt=prompt,
                redacted=redacted,
                request=_request(wish, prompt),
                model=str(client.spec),
            )
            text = await self._answer(client, call)
            value = await asyncio.to_thread(parse_answer, text, wish.output)
            fault = await find_fault(wish.checks, value)
            if fault is None:
                return value
            draft, problem, purpose = text, fault.text, fault.purpose
            if corrections == wish.corrections:
                raise StepFailed(f"no acceptable draft: {fault.text}", code="draft_failed", detail=text)
        raise AssertionError("at least one draft is made")

    def _previous(self, wish: DraftWish) -> str | None:
        """The step's own last output as text, or what the step shows of it, where it may be seen."""
        previous = self.work.previous
        if previous is None or not wish.sees_previous or self.work.attempt.context is not ContextMode.KEEP:
            return None
        if wish.previous is not None:
            return wish.previous
        return previous_text(self.bodies.output(previous.artifact).value)

    def _compose(
        self, wish: DraftWish, *, previous: str | None, draft: str | None, problem: str | None
    ) -> tuple[Prompt, tuple[int, ...]]:
        """The prompt, and how many secrets were replaced in each of its sections."""
        work = self.work
        parts = prompt_parts(wish, work.step, work.comments, previous=previous, draft=draft, problem=problem)
        return compose_clean(parts, self.secrets)

    async def _answer(self, client: ModelClient, call: UnsentCall) -> str:
        recorded = await asyncio.to_thread(self.book.recorded_answer, call)
        if recorded is not None:
            return recorded
        for tries in range(1, MAX_TRIES + 1):
            self.budget.begin_call()
            try:
                reply = await self._send(client, replace(call, tries=tries))
            except ModelFailed as error:
                wait = _patience(error, tries)
                if wait is None:
                    raise StepFailed(error.message, code=error.trouble.value, detail=error.raw) from error
            else:
                return _whole(reply)
            await self.clock.sleep(wait)
        raise AssertionError("the last try returns or raises")

    async def _send(self, client: ModelClient, call: UnsentCall) -> ModelReply:
        """Send once; whatever comes of it is on record before this returns or raises."""
        sent = self.book.begin(call)
        answer = _Written(self.progress)
        try:
            reply = await client.send(call.request, on_wire=sent.record, on_text=answer.take)
        except ModelFailed as error:
            error.raw = sendable(error.raw)
            self.budget.end_call(await sent.fail(error))
            raise
        except BaseException:
            await asyncio.shield(sent.abandon(sendable("".join(answer.pieces))))
            raise
        reply = replace(reply, text=sendable(reply.text))  # JSON can spell half a character, which nothing can store
        self.budget.end_call(await sent.answer(reply))
        return reply


class _Written:
    """An answer as it comes; its length and its last words are shown."""

    def __init__(self, show: Callable[[int, str], None]) -> None:
        self.pieces: list[str] = []
        self._show = show
        self._count = 0
        self._tail = ""

    def take(self, piece: str) -> None:
        self.pieces.append(piece)
        self._count += len(piece)
        self._tail = (self._tail + piece)[-_TAIL_CHARS:]
        self._show(self._count, " ".join(self._tail.split()))


async def find_fault(checks: Sequence[Check], value: object) -> Fault | None:
    """What the first check that is not content finds; checks run in a thread."""
    for check in checks:
        try:
            found = await asyncio.to_thread(check, value)
            if inspect.isawaitable(found):
                found = await found
        except Exception as error:
            return Fault(text=_explain(error), purpose=Purpose.FIX_ERROR)
        if isinstance(found, str) and found.strip():
            return Fault(text=found, purpose=Purpose.SELF_CORRECT)
    return None


def _request(wish: DraftWish, prompt: Prompt) -> ModelRequest:
    return ModelRequest(
        system=prompt.system,
        user=prompt.user,
        schema=output_schema(wish.output),
        schema_name=schema_name(wish.output),
        max_output_tokens=wish.max_output_tokens,
        temperature=wish.temperature,
    )


def _whole(reply: ModelReply) -> str:
    """The text of an answer that was not cut short: half an answer must not pass for one.

    Raises:
        StepFailed: it reached its limit of tokens (code ``answer_cut``); what came is the detail.
    """
    if reply.finish in CUT_SHORT:
        raise StepFailed(
            "the answer was cut off at its limit of tokens; max_output_tokens allows a longer one",
            code="answer_cut",
            detail=reply.text,
        )
    return reply.text


def _patience(error: ModelFailed, tries: int) -> float | None:
    """How long to wait before the same prompt is sent again; None where that is of no use."""
    if error.trouble not in TRANSIENT or tries >= MAX_TRIES:
        return None
    wait = error.retry_after_seconds if error.retry_after_seconds is not None else BACKOFF_SECONDS * 2 ** (tries - 1)
    return wait if wait <= MAX_WAIT_SECONDS else None


def _explain(error: Exception) -> str:
    """An error as the model is told it: what, and where in the code that was checked."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/oncue/control/" not in frame.filename]
    return "".join([*traceback.format_list(frames[-3:]), *traceback.format_exception_only(error)]).strip()
