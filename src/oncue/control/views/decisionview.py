"""Questions as people see them: the inbox of a workspace, and the decisions of a job, narrowed by what is looked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from oncue.control.instants import show_instant
from oncue.control.promptrecords import decision_record
from oncue.control.workspace import Workspace, load_job
from oncue.core.listports import Narrowing, QuestionCount
from oncue.core.model import AttemptKey, AttemptState, JobId, StepId
from oncue.core.questions import How, Question, QuestionId, QuestionKind
from oncue.core.questionwords import fold_text
from oncue.core.readport import Reader
from oncue.errors import UnknownRun


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxView:
    """What waits for a person in all jobs, the earliest deadline first; ``now`` is when it was looked at.

    ``left_out`` is how many others wait.
    """

    questions: tuple[Question, ...]
    now: datetime
    left_out: int = 0

    def as_dict(self) -> dict[str, object]:
        """The wire form."""
        return {"questions": [decision_record(question) for question in self.questions]}


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionFilter:
    """Which decisions are wanted; what is left out narrows nothing. ``search`` is text, in any case."""

    type: str | None = None
    run: int | None = None
    how: How | None = None
    search: str = ""

    @property
    def narrowing(self) -> Narrowing:
        """What the store looks for."""
        return Narrowing(type=self.type, run=self.run, how=self.how, text=fold_text(self.search))

    def takes(self, counted: QuestionCount) -> bool:
        """Whether the decisions of one type, run and way are wanted, whatever their text."""
        return self.type in (None, counted.type) and self.run in (None, counted.run) and self.how in (None, counted.how)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionsView:
    """Some decisions of a job in the order in which they were asked, out of ``found`` that are wanted, of ``total`` in all.

    ``types`` are those that the job has decisions of; ``waiting`` is how many questions are still open. ``defaults`` are those
    decisions that nobody made, with the question whose time was up, in this run or in the one whose answer was used again.
    """

    job_id: JobId
    decisions: tuple[Question, ...]
    found: int
    total: int
    types: tuple[str, ...]
    waiting: int
    defaults: Mapping[QuestionId, Question] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """The wire form."""
        return {"decisions": [decision_record(question) for question in self.decisions]}


def view_inbox(workspace: Workspace, *, limit: int | None = None) -> InboxView:
    """Look at the questions that wait, so many at most."""
    with workspace.store.read() as reader:
        questions = reader.list_questions(is_waiting=True, limit=limit)
        left_out = sum(reader.count_waiting().values()) - len(questions)
    return InboxView(questions=tuple(questions), now=workspace.clock.now(), left_out=left_out)


def view_seen(workspace: Workspace, seen: Sequence[str], *, reader_name: str) -> tuple[Question, ...]:
    """The questions somebody saw waiting, as they were settled since; not those that they settled themselves."""
    if not seen:
        return ()
    with workspace.store.read() as reader:
        found = [reader.load_question(QuestionId(one)) for one in seen]
    return tuple(one for one in found if one is not None and one.decision is not None and not _is_settled_by(one, reader_name))


def _is_settled_by(question: Question, actor: str) -> bool:
    decision, late = question.decision, question.late
    return actor in {decision.actor if decision else None, late.actor if late else None}


def view_decisions(
    workspace: Workspace, job_id: JobId, wanted: DecisionFilter, *, offset: int = 0, limit: int | None = None
) -> DecisionsView:
    """Look at the wanted decisions of a job, from a place on; quick also where a hundred thousand were made.

    Raises:
        UnknownRun: the job has no run of the wanted number.
    """
    with workspace.store.read() as reader:
        job = load_job(reader, job_id)
        if wanted.run is not None and wanted.run > job.runs:
            raise UnknownRun(wanted.run, job.runs)
        counts = reader.count_questions(job_id)
        decided = [counted for counted in counts if counted.how is not None]
        found = (
            reader.count_decisions(job_id, wanted.narrowing)
            if wanted.search
            else sum(counted.count for counted in decided if wanted.takes(counted))
        )
        decisions = tuple(reader.list_decisions(job_id, wanted.narrowing, offset=offset, limit=limit))
        defaults = find_defaults(reader, decisions)
    return DecisionsView(
        job_id=job_id,
        decisions=decisions,
        found=found,
        total=sum(counted.count for counted in decided),
        types=tuple(dict.fromkeys(counted.type for counted in decided)),
        waiting=sum(counted.count for counted in counts if counted.how is None),
        defaults=defaults,
    )


def waiting_questions(reader: Reader, job_id: JobId, run: int | None = None) -> tuple[Question, ...]:
    """The questions of a job, or of one of its runs, that wait, the earliest deadline first."""
    return tuple(reader.list_questions(job_id=job_id, run=run, is_waiting=True))


def find_late_answers(reader: Reader, job_id: JobId) -> tuple[Question, ...]:
    """The questions whose answer came too late and would be used by a rerun: there is no newer one in their place."""
    late = reader.list_late_questions(job_id)
    places = dict.fromkeys((question.key.step, question.asking.type, question.occurrence) for question in late)
    latest: list[Question] = []
    for step, type_, occurrence in places:
        found = reader.latest_answered(job_id, step, type_=type_, occurrence=occurrence)
        if found is not None and found.late is not None:
            latest.append(found)
    return tuple(latest)


def find_defaults(reader: Reader, questions: Sequence[Question]) -> Mapping[QuestionId, Question]:
    """Of some questions those that were settled by a default, or as one before that was → the one whose time was up."""
    found = ((question.id, _find_default(reader, question)) for question in questions)
    return {name: origin for name, origin in found if origin is not None}


def rests_on_default(reader: Reader, current: AttemptKey) -> bool:
    """Whether the attempt that made an output, or an earlier one of its step in that run, took an answer that nobody gave."""
    attempts = (replace(current, number=number) for number in range(1, current.number + 1))
    return any(_find_default(reader, question) for attempt in attempts for question in reader.questions_of_attempt(attempt))


def _find_default(reader: Reader, question: Question) -> Question | None:
    """The question whose default settled this one: itself, or one before, unless somebody had answered that late."""
    while (decision := question.decision) is not None and decision.reused_from is not None:
        origin = reader.load_question(decision.reused_from)
        if origin is None or (origin.late is not None and origin.late.answered_at <= decision.answered_at):
            return None
        question = origin
    return question if decision is not None and decision.how is How.DEFAULT else None


def is_attended(workspace: Workspace, question: Question) -> bool:
    """Whether a living process executes the run of a question, or waits for the answer."""
    key = question.key
    with workspace.store.read() as reader:
        run = reader.load_run(key.job_id, key.run)
        attempts = reader.list_attempts(key.job_id, run=key.run, states=(AttemptState.RUNNING, AttemptState.WAITING))
        if not attempts:  # the run itself asked
            attempts = reader.list_attempts(key.job_id, run=key.run)
    workers = {attempt.worker for attempt in attempts}
    if run is not None and run.owner is not None:
        workers.add(run.owner)
    return any(workspace.store.is_alive(worker) for worker in workers)


def use_late_command(question: Question) -> str:
    """The command that runs the step again with the answer that came too late."""
    return f"oncue job rerun {question.key.job_id} --step {quoted_step(question.key.step)} --answers reuse"


def quoted_step(step: StepId) -> str:
    """A step as it is written in a shell: an instance of a fan-out has brackets."""
    return step if step.replace("_", "").replace("-", "").isalnum() else f"'{step}'"


def answer_command(question: Question) -> str:
    """The command that answers a question."""
    match question.asking.kind:
        case QuestionKind.FORM:
            given = "--form answer.json"
        case QuestionKind.CONFIRM:
            given = "yes|no"
        case QuestionKind.CHOICES:
            given = "VALUE…"
        case _:
            given = "VALUE"
    return f"oncue answer {question.id} {given}"


def late_as_dict(question: Question) -> dict[str, object]:
    """The wire form of an answer that came too late."""
    assert question.late is not None, "only late answers are shown as such"
    return {
        "question_id": question.id,
        "run": question.key.run,
        "step": question.key.step,
        "type": question.asking.type,
        "occurrence": question.occurrence,
        "response": question.late.response,
        "actor": question.late.actor,
        "answered_at": show_instant(question.late.answered_at),
        "command": use_late_command(question),
    }
