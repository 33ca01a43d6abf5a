"""Model calls, comments and settings as rows and back; each function knows the columns of one statement, in their order."""

from __future__ import annotations

from collections.abc import Iterator
from math import isnan

from oncue.core.callports import Setting
from oncue.core.comments import CommentKind, GivenComment
from oncue.core.model import AttemptKey, ContentHash
from oncue.core.modelcalls import CallState, ModelCall, SectionRef, Spending
from oncue.core.modelport import Usage
from oncue.core.prompts import Purpose, SectionName
from oncue.store.database import Row
from oncue.store.rows import (
    decode,
    encode,
    failure_text,
    from_micros,
    instant_or_none,
    micros_or_none,
    read_failure,
    to_micros,
)

_NO_USAGE: Row = (None,) * 3
_PURPOSES = {purpose.value: purpose for purpose in Purpose}
_SECTIONS = {name.value: name for name in SectionName}
_STATES = {state.value: state for state in CallState}
"""A look-up is quicker than an enum's own, and there may be ten thousand."""


def call_row(call: ModelCall) -> Row:
    """``insert_call``."""
    key = call.key
    state, ended_at, *ending = _ending(call)
    return (
        key.job_id, key.run, key.step, key.number, call.number, call.generation, call.purpose.value, call.tries,
        _storable(call.model), _storable(call.url), encode([[ref.name, ref.hash, ref.redacted] for ref in call.sections]),
        call.prompt, call.payload, encode(call.comments) if call.comments else None, state, to_micros(call.sent_at), ended_at,
        *ending,
    )  # fmt: skip


def call_end(call: ModelCall) -> Row:
    """``end_call``."""
    key = call.key
    return (*_ending(call), key.job_id, key.run, key.step, key.number, call.number)


def _ending(call: ModelCall) -> Row:
    usage = call.usage
    return (
        call.state.value, micros_or_none(call.ended_at), call.reply, _storable(call.answered_by), _storable(call.finish),
        *(_NO_USAGE if usage is None else (usage.input_tokens, usage.output_tokens, usage.cached_tokens)),
        _number(call.usd), call.price_source, failure_text(call.error),
    )  # fmt: skip


def _number(usd: float | None) -> float | None:
    """A price; one that is no number would make every sum none, and no budget would be reached."""
    return None if usd is None or isnan(usd) else usd


def _storable(text: str) -> str:
    """What a provider said, without what a database would refuse: a NUL, half a surrogate pair."""
    return text if text.isascii() and "\0" not in text else text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def read_call(row: Row) -> ModelCall:
    """``calls_…``."""
    (job_id, run, step, attempt, number, generation, purpose, tries, model, url, sections, prompt, payload, comments, state,
     sent, ended, reply, answered_by, finish, input_tokens, output_tokens, cached_tokens, usd, price_source,
     error) = row  # fmt: skip
    return ModelCall(
        key=AttemptKey(job_id=job_id, run=run, step=step, number=attempt),
        number=number,
        generation=generation,
        purpose=_PURPOSES[purpose],
        tries=tries,
        model=model,
        url=url,
        sections=tuple(
            SectionRef(name=_SECTIONS[name], hash=hash_, redacted=redacted) for name, hash_, redacted in decode(sections)
        ),
        prompt=prompt,
        payload=payload,
        comments=tuple(decode(comments)) if comments else (),
        state=_STATES[state],
        sent_at=from_micros(sent),
        ended_at=instant_or_none(ended),
        reply=reply,
        answered_by=answered_by,
        finish=finish,
        usage=None
        if input_tokens is None
        else Usage(input_tokens=input_tokens, output_tokens=output_tokens, cached_tokens=cached_tokens),
        usd=usd,
        price_source=price_source,
        error=read_failure(error),
    )


def read_spending(row: Row) -> Spending:
    """``spent``, ``spent_in_run`` and the end of ``spent_by_attempt``."""
    calls, tokens, usd, unknown_tokens, unknown_usd = row
    return Spending(calls=calls, tokens=tokens, usd=float(usd), unknown_tokens=unknown_tokens, unknown_usd=unknown_usd)


def read_cited(row: Row) -> Iterator[ContentHash]:
    """``cited``: the addresses that a call names."""
    sections, payload, reply = row
    yield from (hash_ for _, hash_, _ in decode(sections))
    yield payload
    if reply is not None:
        yield reply


def comment_row(comment: GivenComment) -> Row:
    """``insert_comment``."""
    return (
        comment.job_id, comment.run, comment.text, comment.kind.value if comment.kind else None,
        encode(comment.steps) if comment.steps else None, comment.author, comment.reason, to_micros(comment.given_at),
    )  # fmt: skip


def read_comment(row: Row) -> GivenComment:
    """``comments``."""
    job_id, run, text, kind, steps, author, reason, given = row
    return GivenComment(
        job_id=job_id,
        run=run,
        text=text,
        kind=CommentKind(kind) if kind else None,
        steps=tuple(decode(steps)) if steps else (),
        author=author,
        reason=reason,
        given_at=from_micros(given),
    )


def setting_row(setting: Setting) -> Row:
    """``put_setting``."""
    return setting.name, encode(setting.value), setting.set_by, to_micros(setting.set_at)


def read_setting(row: Row) -> Setting:
    """``settings``."""
    name, value, set_by, set_at = row
    return Setting(name=name, value=decode(value), set_by=set_by, set_at=from_micros(set_at))
