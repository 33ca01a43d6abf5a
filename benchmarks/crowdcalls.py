"""The model calls and comments of the crowd's large job: some steps of every run call a model, and few of these are guided."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from oncue.core.canonical import content_hash
from oncue.core.comments import CommentKind, GivenComment
from oncue.core.model import Artifact, ArtifactKind, Attempt
from oncue.core.modelcalls import CallState, ModelCall, SectionRef
from oncue.core.modelport import Usage
from oncue.core.prompts import Purpose, SectionName
from oncue.core.writeport import Transaction

CALLING, GUIDED = 5, 100
"""One attempt in so many calls a model; one in so many of each rerun reads the comment of that rerun."""


def guide(attempts: Sequence[Attempt], run: int) -> list[Attempt]:
    """The attempts of a run; from the second run on, some of them have read its comment."""
    return [_with_comment(one, run) if run > 1 and number % GUIDED == 1 else one for number, one in enumerate(attempts)]


def keep_guidance(tx: Transaction, attempts: Sequence[Attempt], run: int) -> None:
    """Store the calls of a run, and its comment."""
    guided = [one for one in attempts if one.inputs is not None and one.inputs.comments]
    if guided:
        tx.insert_comment(_comment(guided, run))
    for call in _calls(attempts):
        tx.insert_call(call)


def keep_texts(tx: Transaction) -> None:
    """Store what the calls say; all say the same."""
    bodies = [(text, text.encode()) for text in (*_SECTIONS.values(), _PAYLOAD, _REPLY)]
    tx.put_artifacts(
        [Artifact(hash=content_hash(body), kind=ArtifactKind.TEXT, size=len(body), body=body) for _, body in bodies]
    )


def count_calls(attempts: int) -> int:
    """How many calls a run of so many attempts makes."""
    return len(range(1, attempts, CALLING))


_SECTIONS = {
    SectionName.RULES: "Answer with one finding. " * 20,
    SectionName.CONTEXT: "The sources speak of water, sun and wind. " * 40,
    SectionName.REQUEST: "Which of them do they speak of most?",
    SectionName.CLOSING: "The rules at the top prevail.",
}
_PAYLOAD = '{"messages": []}'
_REPLY = "Water. " * 30


def _with_comment(attempt: Attempt, run: int) -> Attempt:
    assert attempt.inputs is not None, "it succeeded"
    return replace(attempt, inputs=replace(attempt.inputs, comments=(run,)))


def _comment(guided: Sequence[Attempt], run: int) -> GivenComment:
    first = guided[0]
    return GivenComment(
        job_id=first.key.job_id,
        run=run,
        text=f"Weigh what was measured since {2000 + run} twice.",
        kind=CommentKind.METHOD,
        steps=tuple(one.key.step for one in guided),
        author="ada",
        reason="the newest figures were lost",
        given_at=first.started_at,
    )


def _calls(attempts: Sequence[Attempt]) -> Iterator[ModelCall]:
    refs = tuple(SectionRef(name=name, hash=content_hash(text.encode())) for name, text in _SECTIONS.items())
    for number, attempt in enumerate(attempts):
        if number % CALLING == 1:
            yield ModelCall(
                key=attempt.key,
                number=1,
                generation=1,
                purpose=Purpose.GENERATE,
                model="openai:gpt",
                url="http://127.0.0.1:9/v1/chat/completions",
                sections=refs,
                prompt=content_hash(str(attempt.key).encode()),
                payload=content_hash(_PAYLOAD.encode()),
                comments=attempt.inputs.comments if attempt.inputs else (),
                state=CallState.ANSWERED,
                sent_at=attempt.started_at,
                ended_at=attempt.started_at + timedelta(seconds=2),
                reply=content_hash(_REPLY.encode()),
                answered_by="gpt-2026",
                finish="stop",
                usage=Usage(input_tokens=500, output_tokens=60, cached_tokens=0),
                usd=0.002,
                price_source="prices 7",
            )
