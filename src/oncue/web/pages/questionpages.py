"""The inbox, and answering: what waits for a person in all jobs, and what became of an answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool

from oncue.control.answers import AlreadyAnswered, Taken, answer_question, load_question
from oncue.control.sources import follow_definition
from oncue.control.views.decisionview import view_inbox
from oncue.control.views.jobview import find_own_params
from oncue.control.workspace import load_job
from oncue.core.model import JobId, JobStatus
from oncue.core.questions import InvalidAnswer, Question
from oncue.core.questionwords import describe_response
from oncue.core.readport import Reader
from oncue.web.access import Identity
from oncue.web.answerform import read_answer_form
from oncue.web.pages.frame import draw
from oncue.web.pages.seenquestions import Seen, look_at_questions
from oncue.web.site import Answering, Reading, Site, TheSite

LISTED_QUESTIONS = 100
Place = Annotated[str, Query(max_length=200, pattern=r"^[\w-]*$")]
router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/inbox")
def inbox_page(*, request: Request, site: TheSite, _: Reading) -> str:
    """The questions that wait, the earliest deadline first."""
    return _draw_inbox("inbox.html", request, site)


@router.get("/parts/inbox")
def inbox_part(*, request: Request, site: TheSite, _: Reading, seen: Seen) -> str:
    """The questions alone; those of the ``seen`` that were settled meanwhile say how."""
    return _draw_inbox("inbox_part.html", request, site, seen=seen)


def _draw_inbox(template: str, request: Request, site: Site, *, seen: Sequence[str] = ()) -> str:
    cursor = str(site.feed.cursor)
    inbox = view_inbox(site.workspace, limit=LISTED_QUESTIONS)
    asked = look_at_questions(request, site, seen=seen, waiting=inbox.questions)
    askers = _look_at_askers(site, asked.questions)
    return draw(template, request, site, asked=asked, jobs=askers, left_out=inbox.left_out, cursor=cursor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """The job that asks, told from others: its workflow, and the parameters that are its own."""

    workflow: str
    own_params: Mapping[str, object]


def _look_at_askers(site: Site, questions: Iterable[Question]) -> dict[JobId, Asker]:
    with site.workspace.store.read() as reader:
        return {job_id: _look_at_asker(site, reader, job_id) for job_id in {question.key.job_id for question in questions}}


def _look_at_asker(site: Site, reader: Reader, job_id: JobId) -> Asker:
    job = load_job(reader, job_id)
    definition = follow_definition(site.workspace, reader, job).graph.definition
    return Asker(workflow=job.workflow, own_params=find_own_params(job, definition))


@router.get("/parts/questions/{question}")
def question_part(*, request: Request, site: TheSite, question: str, _: Answering) -> str:
    """One question by itself, to be answered from any page; also one whose time is up."""
    asked = _load(site, question)
    return draw("question_dialog.html", request, site, question=asked, jobs=_look_at_askers(site, [asked]))


@router.post("/parts/questions/{question}/answer")
async def answer(*, request: Request, site: TheSite, identity: Answering, question: str, place: Place = "") -> HTMLResponse:
    """Take an answer, and say what became of it; ``place`` is where the form shows what is wrong."""
    form = await request.form(max_files=0)
    fields = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    return await run_in_threadpool(partial(_answer, request, site, identity, question=question, fields=fields, place=place))


def _answer(
    request: Request, site: Site, identity: Identity, *, question: str, fields: list[tuple[str, str]], place: str
) -> HTMLResponse:
    asked = _load(site, question)
    values: dict[str, object] = {"question": asked, "taken": "", "problem": ""}
    try:
        given = answer_question(
            site.workspace, asked, actor=identity.actor, response=read_answer_form(asked.asking, fields)
        )  # fmt: skip
        values |= {"taken": given.taken.value, "words": describe_response(asked, given.response), "late": Taken.LATE.value}
        values["may_rerun"] = given.taken is Taken.LATE and _takes_runs(site, asked)
    except InvalidAnswer as error:
        page = draw("answer_problem.html", request, site, error=error)
        return HTMLResponse(page, headers={"HX-Retarget": f"#{place}", "HX-Reswap": "innerHTML"})
    except AlreadyAnswered:
        settled = _load(site, question)
        words = describe_response(settled, settled.decision.response if settled.decision else None)
        values |= {"taken": "already", "question": settled, "words": words, "late": Taken.LATE.value}
    return HTMLResponse(draw("answered.html", request, site, **values))


def _takes_runs(site: Site, question: Question) -> bool:
    with site.workspace.store.read() as reader:
        return load_job(reader, question.key.job_id).status is JobStatus.OPEN


def _load(site: Site, question: str) -> Question:
    return load_question(site.workspace, question, hint="the inbox lists the questions that wait")
