"""Answer questions, and settle those whose time is up. The first answer wins; answer and wake-up are one transaction.

A waiting run is woken by the record itself: whoever looks after its job finds the answer and enters the step again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import partial

from oncue.control.asking import describe_decided
from oncue.control.forms import check_response
from oncue.control.jobfile import project_job
from oncue.control.preflight import is_owned
from oncue.control.runs import end_idle_run
from oncue.control.workspace import Workspace, load_job
from oncue.core.events import EventDraft, EventType
from oncue.core.model import Failure, Run, RunState
from oncue.core.questions import Decision, How, InvalidAnswer, LateAnswer, OnTimeout, Question, QuestionId, read_answer
from oncue.core.secrets import find_secrets, known_secrets, texts_in
from oncue.core.writeport import Transaction
from oncue.errors import Conflict, NotFound

RECENT_EVENTS = 1000
"""Among so many, whoever asked a run to end is looked for."""


class UnknownQuestion(NotFound):
    """No question has this id."""

    code = "unknown_question"


class AlreadyAnswered(Conflict):
    """The question was settled before; names how, by whom and when."""

    code = "already_answered"


class Taken(StrEnum):
    """What became of an answer."""

    IN_TIME = "in_time"
    LATE = "late"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A question with the answer that was just given to it."""

    question: Question
    taken: Taken
    response: object


def find_question(workspace: Workspace, text: str) -> Question:
    """The question a person means: an id, or an unambiguous prefix of the id of one that waits.

    Raises:
        UnknownQuestion: there is none; says where to look.
    """
    with workspace.store.read() as reader:
        exact = reader.load_question(QuestionId(text))
        if exact is not None:
            return exact
        waiting = [question for question in reader.list_questions(is_waiting=True) if text and question.id.startswith(text)]
    if len(waiting) != 1:
        several = f" ({len(waiting)} begin so)" if waiting else ""
        raise UnknownQuestion(f"no question {text!r}{several}", hint="oncue inbox lists the questions that wait")
    return waiting[0]


def load_question(workspace: Workspace, question_id: str, *, hint: str) -> Question:
    """A question by its whole id.

    Raises:
        UnknownQuestion: there is none; says where to look.
    """
    with workspace.store.read() as reader:
        found = reader.load_question(QuestionId(question_id))
    if found is None:
        raise UnknownQuestion(f"no question {question_id[:100]!r}", hint=hint)
    return found


def answer_question(
    workspace: Workspace, question: Question, *, actor: str, words: Sequence[str] | None = None, response: object = None
) -> Answered:
    """Take a person's answer: ``words`` as typed, or else ``response`` as a value.

    Raises:
        InvalidAnswer: the question does not take it, or it holds a secret; nothing is written.
        AlreadyAnswered: somebody was first; names the first answer.
    """
    _refuse_secrets(" ".join(words or ()))
    given = response if words is None else read_answer(question.asking, words)
    _refuse_secrets("\n".join([json.dumps(given, ensure_ascii=False, default=str), *texts_in(given)]))
    kept = check_response(question.asking, given)
    now = workspace.clock.now()
    answered = workspace.store.write(lambda tx: _answer(tx, workspace, question, kept=kept, actor=actor, at=now))
    project_job(workspace, question.key.job_id)
    return answered


def _refuse_secrets(text: str) -> None:
    """Answers are on record for ever and may reach a model; the message does not repeat what it refuses."""
    found = find_secrets(text, known_secrets(os.environ))
    if found:
        kinds = ", ".join(dict.fromkeys(secret.kind for secret in found))
        raise InvalidAnswer(f"the answer looks as if it held a secret ({kinds})", hint="give it to the step by its environment")


def expire_questions(workspace: Workspace, *, limit: int = 100) -> Sequence[Question]:
    """Settle the questions whose deadline is over: take the default, or end the run. Returns them."""
    now = workspace.clock.now()
    with workspace.store.read() as reader:
        due = reader.list_due_questions(now, limit=limit)
    expired = [question for question in due if workspace.store.write(partial(_expire, workspace, question, now))]
    for job_id in {question.key.job_id for question in expired}:
        project_job(workspace, job_id)
    return expired


def _answer(tx: Transaction, workspace: Workspace, question: Question, *, kept: object, actor: str, at: datetime) -> Answered:
    key = question.key
    tx.append_events(key.job_id, [], at)
    now = _reload(tx, question)
    if now.decision is None and _is_due(now, at):
        _expire_locked(tx, workspace, now, at=at)
        now = _reload(tx, question)
    if now.decision is None:
        decision = Decision(how=How.PERSON, response=kept, actor=actor, answered_at=at)
        tx.decide_question(replace(now, decision=decision))
        tx.append_events(key.job_id, [describe_decided(now, decision)], at)
        return Answered(question=now, taken=Taken.IN_TIME, response=kept)
    late = LateAnswer(response=kept, actor=actor, answered_at=at)
    if not now.decision.is_timed_out or not tx.answer_late(replace(now, late=late)):
        raise _already(now)
    data: dict[str, object] = {"question_id": now.id, "type": now.asking.type, "response": kept, "actor": actor}
    tx.append_events(key.job_id, [EventDraft(type=EventType.QUESTION_ANSWERED_LATE, run=key.run, step=key.step, data=data)], at)
    return Answered(question=now, taken=Taken.LATE, response=kept)


def _already(question: Question) -> AlreadyAnswered:
    decision = question.decision
    assert decision is not None, "it was settled"
    if question.late is not None:
        who, answer, when = question.late.actor, question.late.response, question.late.answered_at
    else:
        who, answer, when = decision.actor or decision.how.value, decision.response, decision.answered_at
    return AlreadyAnswered(
        f"question {question.id} ({question.asking.type}) was settled at {when:%Y-%m-%d %H:%M:%S} by {who}: {answer!r}",
        hint=f"oncue job decisions {question.key.job_id}",
    )


def _reload(tx: Transaction, question: Question) -> Question:
    now = tx.load_question(question.id)
    if now is None:
        raise UnknownQuestion(f"no question {question.id!r}", hint="oncue inbox lists the questions that wait")
    return now


def _is_due(question: Question, at: datetime) -> bool:
    acts = question.asking.on_timeout is not OnTimeout.WAIT
    return acts and question.deadline is not None and question.deadline <= at


def _expire(workspace: Workspace, question: Question, at: datetime, tx: Transaction) -> bool:  # noqa: PLR0917
    tx.append_events(question.key.job_id, [], at)
    now = _reload(tx, question)
    if now.decision is not None:
        return False
    _expire_locked(tx, workspace, now, at=at)
    return True


def _expire_locked(tx: Transaction, workspace: Workspace, question: Question, *, at: datetime) -> None:
    """Settle a question by its policy; the job's row is locked."""
    key, asking = question.key, question.asking
    if asking.on_timeout is OnTimeout.DEFAULT:
        decision = Decision(how=How.DEFAULT, response=asking.default, answered_at=at, is_timed_out=True)
    else:
        decision = Decision(how=How.TIMED_OUT, answered_at=at, is_timed_out=True)
    tx.decide_question(replace(question, decision=decision))
    drafts = [describe_decided(question, decision)]
    if decision.how is How.TIMED_OUT:
        drafts.extend(_end_run(tx, workspace, question))
    tx.append_events(key.job_id, drafts, at)


def _end_run(tx: Transaction, workspace: Workspace, question: Question) -> list[EventDraft]:
    """End the run whose question nobody answered; one that executes is asked to end."""
    key = question.key
    run = tx.load_run(key.job_id, key.run)
    if run is None or run.state not in (RunState.RUNNING, RunState.WAITING):
        return []
    if run.state is RunState.RUNNING and is_owned(workspace.store, run):
        tx.request_cancel(key.job_id, key.run, workspace.clock.now())
        return [EventDraft(type=EventType.RUN_CANCEL_REQUESTED, run=key.run, data={"actor": "deadline"})]
    return end_idle_run(tx, workspace, run, failure=_timeout_failure(question))


def explain_cancel(workspace: Workspace, run: Run) -> Failure:
    """Why a run is asked to end: nobody answered one of its questions in time, or a person cancelled it, who is named."""
    with workspace.store.read() as reader:
        decided = reader.list_questions(job_id=run.job_id, run=run.number, is_waiting=False)
        since = max(0, load_job(reader, run.job_id).event_seq - RECENT_EVENTS)
        asked = [
            str((event.data or {}).get("actor") or "a person")
            for event in reader.list_events(run.job_id, after=since, limit=RECENT_EVENTS, run=run.number)
            if event.type is EventType.RUN_CANCEL_REQUESTED
        ]
    for question in decided:
        if question.decision is not None and question.decision.how is How.TIMED_OUT:
            return _timeout_failure(question)
    return Failure(code="cancelled", message=f"cancelled by {asked[0] if asked else 'a person'}")


def _timeout_failure(question: Question) -> Failure:
    within = f" within {question.asking.timeout_seconds:g} s" if question.asking.timeout_seconds is not None else ""
    return Failure(
        code="question_timed_out",
        message=f"the time for {question.asking.type} of step {question.key.step} was up: nobody answered{within}",
    )
