"""Model calls, comments and settings for tests of the store; every field that is not named has a telling value."""

from dataclasses import replace
from datetime import datetime

from oncue.core.callports import Setting
from oncue.core.canonical import content_hash
from oncue.core.comments import CommentKind, GivenComment
from oncue.core.model import AttemptKey, Failure, JobId, StepId
from oncue.core.modelcalls import CallState, ModelCall, SectionRef
from oncue.core.modelport import Usage
from oncue.core.ports import Store
from oncue.core.prompts import Purpose, SectionName
from oncue.core.writeport import Transaction
from tests.store.records import JOB, NOON, after

RULES, CLOSING, PAYLOAD, REPLY = b"the rules", b"the closing", b'{"messages": []}', b"an answer"


def a_call(
    number: int = 1, *, step: str = "collect", job_id: str = JOB, run: int = 1, attempt: int = 1, sent_at: datetime = NOON
) -> ModelCall:
    """A call that was sent, and of which nothing was heard yet."""
    return ModelCall(
        key=AttemptKey(job_id=JobId(job_id), run=run, step=StepId(step), number=attempt),
        number=number,
        generation=2,
        purpose=Purpose.FIX_ERROR,
        tries=3,
        model="openai:gpt@http://127.0.0.1:9",
        url="http://127.0.0.1:9/v1/chat/completions",
        sections=(
            SectionRef(name=SectionName.RULES, hash=content_hash(RULES)),
            SectionRef(name=SectionName.CLOSING, hash=content_hash(CLOSING), redacted=4),
        ),
        prompt="fp1:aa",
        payload=content_hash(PAYLOAD),
        comments=(2, 5),
        sent_at=sent_at,
    )


def answered(call: ModelCall, *, tokens: int | None = 100, usd: float | None = 0.25) -> ModelCall:
    """What came of a call; ``tokens`` go one way and as many come back."""
    return replace(
        call,
        state=CallState.ANSWERED,
        ended_at=after(7),
        reply=content_hash(REPLY),
        answered_by="gpt-2026",
        finish="stop",
        usage=None if tokens is None else Usage(input_tokens=tokens, output_tokens=tokens, cached_tokens=1),
        usd=usd,
        price_source=None if usd is None else "prices 7",
    )


def failed(call: ModelCall) -> ModelCall:
    """A call that brought no answer, and of which nobody knows what it cost."""
    error = Failure(code="model_rate_limited", message="429 \0 \ud800", detail="later")
    return replace(call, state=CallState.FAILED, ended_at=after(8), error=error)


def a_comment(run: int = 1, *, job_id: str = JOB) -> GivenComment:
    return GivenComment(
        job_id=JobId(job_id),
        run=run,
        text="Only\tpeer-reviewed\nsöürces 🌞.",
        kind=CommentKind.DATA,
        steps=("collect", "find[a]"),
        author="ada",
        reason="the first draft was thin",
        given_at=after(run),
    )


def a_setting(name: str = "model", value: str = "openai:gpt") -> Setting:
    return Setting(name=name, value=value, set_by="ada", set_at=NOON)


def keep_calls(store: Store, *calls: ModelCall) -> None:
    """Store calls, with what came of them where that is known."""

    def unit(tx: Transaction) -> None:
        for call in calls:
            tx.insert_call(call)

    store.write(unit)


def keep_comments(store: Store, *comments: GivenComment) -> None:
    def unit(tx: Transaction) -> None:
        for comment in comments:
            tx.insert_comment(comment)

    store.write(unit)
