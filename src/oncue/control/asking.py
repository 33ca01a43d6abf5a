"""Questions as a running step asks them: stored before anybody sees them, and answered from the record when there is one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from oncue.control.forms import check_question, check_response
from oncue.control.jobfile import project_job
from oncue.control.steps.calls import StepFailed
from oncue.control.steps.context import Suspended
from oncue.control.steps.fencing import check_is_ours
from oncue.control.workspace import Workspace
from oncue.core.events import EventDraft, EventType
from oncue.core.model import Attempt, JobId, Run
from oncue.core.questions import Asking, Decision, How, InvalidAnswer, Question, QuestionId, recorded_answer
from oncue.core.readport import Reader
from oncue.core.request import AnswersPolicy
from oncue.core.writeport import Transaction


@dataclass(slots=True)
class Asker:
    """Asks on behalf of one attempt. A re-entered attempt asks the same questions again, and gets what was recorded."""

    workspace: Workspace
    run: Run
    attempt: Attempt
    replayed_from: JobId | None = None
    counts: Counter[str] = field(default_factory=Counter)
    known: dict[tuple[str, int], Question] | None = None

    def ask(self, asking: Asking, *, configured: object = None) -> object:
        """The answer, if there is one.

        Raises:
            Suspended: there is none yet.
            InvalidQuestion, InvalidAnswer: the question, or what was configured, cannot be meant.
            StepFailed: the step asks something else at the same place than it did before.
        """
        check_question(asking)
        self.counts[asking.type] += 1
        place = (asking.type, self.counts[asking.type])
        if self.known is None:
            self.known = self._load_known()
        question = self.known.get(place)
        is_other = question is not None and question.asking.fingerprint != asking.fingerprint
        if question is None or (is_other and question.key != self.attempt.key):
            question = self._record(asking, place[1], configured)
        elif is_other:
            raise StepFailed(
                f"it asks another question now than the {place[1]}. {place[0]!r} it asked before; what comes before a "
                "question must be the same each time (ctx.remember)",
                code="question_changed",
            )
        if question.decision is None:
            raise Suspended(question.id)
        if question.decision.how in (How.TIMED_OUT, How.CANCELLED):
            raise StepFailed(f"nobody answered its question {asking.type!r} in time", code="question_timed_out")
        return question.decision.response

    def _load_known(self) -> dict[tuple[str, int], Question]:
        """What this attempt asked before, and what earlier ones of the step in this run did: a retry asks nobody twice."""
        key = self.attempt.key
        with self.workspace.store.read() as reader:
            asked = [reader.questions_of_attempt(replace(key, number=number)) for number in range(1, key.number + 1)]
        return {(question.asking.type, question.occurrence): question for part in asked for question in part}

    def _record(self, asking: Asking, occurrence: int, configured: object) -> Question:
        now = self.workspace.clock.now()
        deadline = now + timedelta(seconds=asking.timeout_seconds) if asking.timeout_seconds is not None else None
        decision = None
        if configured is not None:
            decision = Decision(how=How.CONFIGURED, response=check_response(asking, configured), answered_at=now)
        elif self.run.request.get("answers") == AnswersPolicy.REUSE.value:
            decision = self._reuse(asking, occurrence)
        question = Question(
            id=QuestionId(self.workspace.new_id()),
            key=self.attempt.key,
            occurrence=occurrence,
            asking=asking,
            asked_at=now,
            deadline=deadline,
            decision=decision,
        )
        self.workspace.store.write(lambda tx: self._store(tx, question))
        if decision is not None:
            project_job(self.workspace, self.attempt.key.job_id)
        return question

    def _store(self, tx: Transaction, question: Question) -> None:
        key = self.attempt.key
        drafts = [describe_asked(question)]
        if question.decision is not None:
            drafts.append(describe_decided(question, question.decision))
        tx.append_events(key.job_id, drafts, question.asked_at)
        check_is_ours(tx, self.attempt)
        tx.insert_question(question)

    def _reuse(self, asking: Asking, occurrence: int) -> Decision | None:
        """The latest recorded answer to the same question at the same place: of this job, else of the replayed one."""
        jobs = [job for job in (self.attempt.key.job_id, self.replayed_from) if job is not None]
        for job_id in jobs:
            with self.workspace.store.read() as reader:
                question = reader.latest_answered(
                    job_id, self.attempt.key.step, type_=asking.type, occurrence=occurrence, fingerprint=asking.fingerprint
                )
                question = question and _origin(reader, question)
            if question is not None and (found := recorded_answer(question)) is not None:
                return self._accept(asking, question, found[0])
        return None

    def _accept(self, asking: Asking, origin: Question, response: object) -> Decision | None:
        try:
            kept = check_response(asking, response)
        except InvalidAnswer:
            return None
        return Decision(
            how=How.REUSED,
            response=kept,
            actor=origin.decision.actor if origin.decision else "",
            answered_at=self.workspace.clock.now(),
            reused_from=origin.id,
        )


def _origin(reader: Reader, question: Question) -> Question:
    """The question that was really answered: one that took its answer leads there, and a late answer may have come since."""
    while question.decision is not None and question.decision.reused_from is not None:
        before = reader.load_question(question.decision.reused_from)
        if before is None:
            return question
        question = before
    return question


def describe_asked(question: Question) -> EventDraft:
    """The event of a question that was asked."""
    data: dict[str, object] = {
        "question_id": question.id,
        "type": question.asking.type,
        "occurrence": question.occurrence,
    }
    return EventDraft(type=EventType.QUESTION_ASKED, run=question.key.run, step=question.key.step, data=data)


def describe_decided(question: Question, decision: Decision) -> EventDraft:
    """The event of a question that was settled."""
    data: dict[str, object] = {
        "question_id": question.id,
        "type": question.asking.type,
        "how": decision.how.value,
        "response": decision.response,
    }
    if decision.actor:
        data["actor"] = decision.actor
    return EventDraft(type=EventType.QUESTION_DECIDED, run=question.key.run, step=question.key.step, data=data)


def cancel_questions(tx: Transaction, run: Run, *, at: datetime) -> list[EventDraft]:
    """Settle the questions that a run leaves open as cancelled; returns what to report."""
    drafts: list[EventDraft] = []
    for question in tx.list_questions(job_id=run.job_id, run=run.number, is_waiting=True):
        decision = Decision(how=How.CANCELLED, answered_at=at)
        if tx.decide_question(replace(question, decision=decision)):
            drafts.append(describe_decided(question, decision))
    return drafts
