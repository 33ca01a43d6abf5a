"""The API of questions: the inbox, answers, and what was decided."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from oncue.control.answers import answer_question, load_question
from oncue.control.promptrecords import decision_record
from oncue.control.views.decisionview import DecisionFilter, view_decisions, view_inbox
from oncue.core.questions import How, Question
from oncue.web.api.jobroutes import Cursor, Limit
from oncue.web.api.runrecords import read_number, show_number
from oncue.web.counters import MaybeCounter
from oncue.web.schemas import questionshapes as shapes
from oncue.web.site import Answering, Reading, TheJob, TheSite

WHERE = "GET /api/v1/questions lists those that wait"
router = APIRouter(tags=["questions"])


@router.get("/questions", response_model=shapes.InboxRecord)
def inbox(*, site: TheSite, _: Reading) -> object:
    """Every question that waits for a person, in all jobs, the earliest deadline first."""
    view = view_inbox(site.workspace)
    return {"questions": [question_record(question) for question in view.questions], "now": view.now}


@router.get("/questions/{question}", response_model=shapes.WaitingQuestion)
def show_question(*, site: TheSite, _: Reading, question: str) -> object:
    """One question, waiting or settled."""
    return question_record(load_question(site.workspace, question, hint=WHERE))


@router.post("/questions/{question}/response", response_model=shapes.ResponseRecord)
def respond(*, site: TheSite, identity: Answering, question: str, body: shapes.ResponseBody) -> object:
    """Answer a question. The first answer wins; one that comes after the deadline is kept as late."""
    asked = load_question(site.workspace, question, hint=WHERE)
    answered = answer_question(site.workspace, asked, actor=identity.actor, response=body.response)
    return {
        "question_id": asked.id,
        "job_id": asked.key.job_id,
        "run": asked.key.run,
        "step": asked.key.step,
        "type": asked.asking.type,
        "response": answered.response,
        "actor": identity.actor,
        "taken": answered.taken.value,
    }


@router.get("/jobs/{job}/decisions", response_model=shapes.DecisionsRecord)
def list_decisions(
    *,
    site: TheSite,
    _: Reading,
    job: TheJob,
    kind: Annotated[str | None, Query(alias="type", max_length=200)] = None,
    run: MaybeCounter = None,
    how: How | None = None,
    search: Annotated[str, Query(max_length=200)] = "",
    cursor: Cursor = None,
    limit: Limit = 200,
) -> object:
    """What was decided in a job, and how, in the order in which it was asked."""
    begin = read_number(cursor) if cursor else 0
    end = begin + limit
    wanted = DecisionFilter(type=kind, run=run, how=how, search=search.strip())
    view = view_decisions(site.workspace, job.id, wanted, offset=begin, limit=limit)
    return {
        "job_id": job.id,
        "decisions": [decision_record(question) for question in view.decisions],
        "found": view.found,
        "total": view.total,
        "types": list(view.types),
        "waiting": view.waiting,
        "next_cursor": show_number(end) if end < view.found else None,
    }


def question_record(question: Question) -> dict[str, object]:
    """A question with everything that is needed to draw it."""
    asking = question.asking
    return {
        **decision_record(question),
        "kind": asking.kind.value,
        "on_timeout": asking.on_timeout.value,
        "has_default": asking.has_default,
        "form": dict(asking.schema) if asking.schema is not None else None,
    }
