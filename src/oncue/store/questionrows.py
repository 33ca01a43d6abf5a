"""Questions as rows and back: what is asked is one JSON object, what was decided are columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oncue.core.model import AttemptKey
from oncue.core.questions import Asking, Decision, How, LateAnswer, OnTimeout, Option, Question, QuestionKind
from oncue.core.questionwords import decision_words
from oncue.store.database import Row
from oncue.store.rows import decode, encode, from_micros, instant_or_none, micros_or_none, to_micros

_UNDECIDED: Row = (None,) * 6
_NOT_LATE: Row = (None,) * 3


def question_row(question: Question) -> Row:
    """``insert_question``."""
    key, asking = question.key, question.asking
    return (
        question.id, key.job_id, key.run, key.step, key.number, asking.type, asking.kind.value, question.occurrence,
        asking.fingerprint, _asking_text(asking), to_micros(question.asked_at), micros_or_none(question.deadline),
        int(asking.on_timeout is not OnTimeout.WAIT),
        *(_UNDECIDED if question.decision is None else _decision_columns(question.decision)),
        *(_NOT_LATE if question.late is None else _late_columns(question.late)),
        None if question.decision is None else decision_words(question),
    )  # fmt: skip


def settled_row(question: Question) -> Row:
    """``decide_question``."""
    assert question.decision is not None, "it is being settled"
    return *_decision_columns(question.decision), decision_words(question), question.id


def late_row(question: Question) -> Row:
    """``answer_late``."""
    assert question.late is not None, "it is being answered"
    return *_late_columns(question.late), decision_words(question), question.id


def _decision_columns(decision: Decision) -> Row:
    return (
        decision.how.value, encode(decision.response), decision.actor, to_micros(decision.answered_at),
        int(decision.is_timed_out), decision.reused_from,
    )  # fmt: skip


def _late_columns(late: LateAnswer) -> Row:
    return encode(late.response), late.actor, to_micros(late.answered_at)


def read_question(row: Row) -> Question:
    """``question``, ``…questions…`` and ``due_questions``."""
    (id_, job_id, run, step, number, kind, shape, occurrence, _, asking, asked, deadline, _, how, response, actor, answered,
     is_timed_out, reused_from, late_response, late_actor, late) = row  # fmt: skip
    return Question(
        id=id_,
        key=AttemptKey(job_id=job_id, run=run, step=step, number=number),
        occurrence=occurrence,
        asking=read_asking(kind, shape, asking),
        asked_at=from_micros(asked),
        deadline=instant_or_none(deadline),
        decision=None
        if how is None
        else Decision(
            how=How(how),
            response=decode(response),
            actor=actor,
            answered_at=from_micros(answered),
            is_timed_out=bool(is_timed_out),
            reused_from=reused_from,
        ),
        late=None
        if late is None
        else LateAnswer(response=decode(late_response), actor=late_actor, answered_at=from_micros(late)),
    )


def _asking_text(asking: Asking) -> str:
    """What is asked, without the type and the kind, which are columns, and without what has its default."""
    body: dict[str, object] = {"message": asking.message}
    if asking.options:
        body["options"] = [
            [option.id, option.label, option.help, *([True] if option.is_alone else [])] for option in asking.options
        ]
    if asking.has_default:
        body["default"] = asking.default
    if asking.schema is not None:
        body["schema"] = asking.schema
    if asking.timeout_seconds is not None:
        body["timeout_seconds"] = asking.timeout_seconds
    if asking.on_timeout is not OnTimeout.WAIT:
        body["on_timeout"] = asking.on_timeout.value
    if asking.extra:
        body["extra"] = asking.extra
    return encode(body)


def read_asking(kind: str, shape: str, text: str) -> Asking:
    """What is asked, from its type, its kind and the rest of it."""
    body: Mapping[str, Any] = decode(text)
    return Asking(
        type=kind,
        message=body["message"],
        kind=QuestionKind(shape),
        options=tuple(
            Option(id=id_, label=label, help=help_, is_alone=bool(alone))
            for id_, label, help_, *alone in body.get("options", ())
        ),
        default=body.get("default"),
        has_default="default" in body,
        schema=body.get("schema"),
        timeout_seconds=body.get("timeout_seconds"),
        on_timeout=OnTimeout(body.get("on_timeout", OnTimeout.WAIT)),
        extra=body.get("extra", {}),
    )
