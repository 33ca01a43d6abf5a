"""Questions as people see them: the inbox of a workspace, and the decisions of a job, narrowed by what is looked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from oncue.control.asking import recorded_answer
from oncue.control.instants import show_instant
from oncue.control.promptrecords import decision_record
from oncue.control.workspace import Workspace, load_job
from oncue.core.model import AttemptState, JobId, StepId
from oncue.core.ports import Reader
from oncue.core.questions import How, Question, QuestionKind
from oncue.errors import UnknownRun


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxView:
    """What waits for a person in all jobs, the earliest deadline first; ``now`` is when it was looked at."""

    questions: tuple[Question, ...]
    now: datetime

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
    def narrows(self) -> bool:
        """Whether anything is left out."""
        return bool(self.type or self.run or self.how or self.search)

    def takes(self, question: Question) -> bool:
        """Whether a decided question is wanted."""
        decision = question.decision
        return (
            decision is not None
            and self.type in (None, question.asking.type)
            and self.run in (None, question.key.run)
            and self.how in (None, decision.how)
            and self.search.casefold() in _searchable(question).casefold()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionsView:
    """The decisions of a job in the order in which they were asked: those that are wanted, of ``total`` in all.

    ``types`` are those that the job has decisions of; ``waiting`` is how many questions are still open.
    """

    job_id: JobId
    decisions: tuple[Question, ...]
    total: int
    types: tuple[str, ...]
    waiting: int

    def as_dict(self) -> dict[str, object]:
        """The wire form."""
        return {"decisions": [decision_record(question) for question in self.decisions]}


def view_inbox(workspace: Workspace) -> InboxView:
    """Look at every question that waits."""
    with workspace.store.read() as reader:
        questions = reader.list_questions(is_waiting=True)
    return InboxView(questions=tuple(questions), now=workspace.clock.now())


def view_decisions(workspace: Workspace, job_id: JobId, wanted: DecisionFilter) -> DecisionsView:
    """Look at the decisions of a job.

    Raises:
        UnknownRun: the job has no run of the wanted number.
    """
    with workspace.store.read() as reader:
        job = load_job(reader, job_id)
        asked = reader.list_questions(job_id=job_id)
    if wanted.run is not None and wanted.run > job.runs:
        raise UnknownRun(wanted.run, job.runs)
    decided = [question for question in asked if question.decision is not None]
    return DecisionsView(
        job_id=job_id,
        decisions=tuple(question for question in decided if wanted.takes(question)),
        total=len(decided),
        types=tuple(dict.fromkeys(question.asking.type for question in decided)),
        waiting=len(asked) - len(decided),
    )


def waiting_questions(reader: Reader, job_id: JobId, run: int | None = None) -> tuple[Question, ...]:
    """The questions of a job, or of one of its runs, that wait, the earliest deadline first."""
    return tuple(reader.list_questions(job_id=job_id, run=run, is_waiting=True))


def find_late_answers(asked: Iterable[Question]) -> tuple[Question, ...]:
    """The questions whose answer came too late and would be used by a rerun: there is no newer one in their place."""
    latest: dict[tuple[StepId, str, int], Question] = {}
    for question in (question for question in asked if recorded_answer(question) is not None):
        latest[question.key.step, question.asking.type, question.occurrence] = question
    return tuple(question for question in latest.values() if question.late is not None)


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


def describe_response(question: Question, response: object) -> str:
    """An answer as people read it: labels of options, yes or no."""
    labels = {option.id: option.label for option in question.asking.options}
    match response:
        case None:
            return "no answer"
        case bool():
            return "yes" if response else "no"
        case str():
            return _with_label(response, labels.get(response, response))
        case list() | tuple():
            return ", ".join(_with_label(str(part), labels.get(str(part), str(part))) for part in response) or "nothing"
        case _:
            return str(response)


def _with_label(text: str, label: str) -> str:
    return text if label == text else f"{text} ({label})"


def _searchable(question: Question) -> str:
    """Everything of a decision that a person may look for."""
    decision = question.decision
    words: Sequence[object] = (
        question.asking.type,
        question.asking.message,
        question.key.step,
        decision.actor if decision else "",
        describe_response(question, decision.response) if decision and decision.response is not None else "",
        *(f"{option.id} {option.label}" for option in question.asking.options),
        *(f"{name} {value}" for name, value in question.asking.extra.items()),
    )
    return "\n".join(map(str, words))
