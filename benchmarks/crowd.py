"""A workspace in which much has happened: some runs are real, and their records are stored again under other names."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

from benchmarks.crowdcalls import count_calls, guide, keep_guidance, keep_texts
from benchmarks.driving import execute
from benchmarks.flows import write_answering, write_survey
from benchmarks.settings import Settings
from oncue import wiring
from oncue.control.jobs import create_job
from oncue.control.workspace import Workspace
from oncue.core.events import EventDraft
from oncue.core.model import Attempt, AttemptState, Current, Expansion, Job, JobId, Run, RunState, StepId, Trigger, TriggerId
from oncue.core.questions import Asking, Decision, How, OnTimeout, Option, Question, QuestionId, QuestionKind
from oncue.core.request import RunRequest
from oncue.core.writeport import Transaction

BLOCK = 200
"""How many jobs are stored in one transaction."""

_WORDING = "Which pillar shall {step} serve in run {run}? Choose the one that the sources speak of most."
_PATIENT = Asking(
    type="pillar_selection",
    message="",
    kind=QuestionKind.CHOICE,
    options=(Option(id="water", label="Water"), Option(id="sun", label="Sun"), Option(id="wind", label="Wind")),
    default="sun",
    has_default=True,
)
_HASTY = replace(_PATIENT, timeout_seconds=60.0, on_timeout=OnTimeout.DEFAULT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """What there is: a small job that stands for most of them, a large one, and how much in all."""

    small: JobId
    large: JobId
    instance: str
    attempts: int
    decisions: int
    calls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """Everything of a job that ran once, to be stored again."""

    job: Job
    run: Run
    plan: bytes
    trigger: Trigger
    attempts: tuple[Attempt, ...]
    currents: tuple[Current, ...]
    expansions: tuple[Expansion, ...]
    events: tuple[EventDraft, ...]


def make_crowd(folder: Path, settings: Settings) -> Crowd:
    """Fill a new workspace in this folder."""
    workspace = wiring.open_workspace(folder / ".oncue", create=True, synchronous="NORMAL")
    try:
        small, large = asyncio.run(_run_models(workspace, folder, settings))
        ids = _Ids()
        for begin in range(0, settings.jobs, BLOCK):
            numbers = range(begin, min(settings.jobs, begin + BLOCK))
            workspace.store.write(partial(_repeat_job, model=small, numbers=numbers, ids=ids, settings=settings))
        workspace.store.write(keep_texts)
        for number in range(1, settings.wide_runs + 1):
            workspace.store.write(partial(_repeat_run, model=large, number=number, ids=ids))
    finally:
        workspace.store.close()
    per_run = len(large.attempts)
    return Crowd(
        small=JobId(_name(settings.jobs // 2)),
        large=large.job.id,
        instance=next(str(one.key.step) for one in large.attempts if "[" in one.key.step),
        attempts=settings.jobs * len(small.attempts) + per_run * settings.wide_runs,
        decisions=settings.jobs * len(small.attempts) + per_run * settings.wide_runs - settings.waiting,
        calls=count_calls(per_run) * settings.wide_runs,
    )


async def _run_models(workspace: Workspace, folder: Path, settings: Settings) -> tuple[Model, Model]:
    found = []
    async with wiring.executing(workspace) as executor:
        for reference in (write_survey(folder), write_answering(folder, settings.instances)):
            job = create_job(workspace, reference, params={}, folder=folder)
            await execute(workspace, executor, job_id=job.id, request=RunRequest())
            found.append(_read_model(workspace, job.id))
    return found[0], found[1]


def _read_model(workspace: Workspace, job_id: JobId) -> Model:
    with workspace.store.read() as reader:
        job, run = reader.load_job(job_id), reader.load_run(job_id, 1)
        assert job is not None, "it just ran"
        assert run is not None, "it just ran"
        events = reader.list_events(job_id, limit=20)
        return Model(
            job=job,
            run=run,
            plan=reader.load_plan(job_id, 1),
            trigger=reader.list_triggers(job_id)[1],
            attempts=tuple(reader.list_attempts(job_id)),
            currents=tuple(record.current for record in reader.list_steps(job_id) if record.current),
            expansions=tuple(reader.list_expansions(job_id)),
            events=tuple(EventDraft(type=one.type, run=one.run, step=one.step, data=one.data) for one in events),
        )


@dataclass(slots=True)
class _Ids:
    """Counts the ids that have to differ in the whole workspace."""

    last: int = 0

    def take(self) -> str:
        self.last += 1
        return str(UUID(int=self.last, version=4))


def _name(number: int) -> str:
    return f"b{number:09}"


def _repeat_job(tx: Transaction, model: Model, numbers: Sequence[int], *, ids: _Ids, settings: Settings) -> None:
    """The same job once more for every number, with its run, its attempts and a decision of each of them."""
    attempts: list[Attempt] = []
    ended, waiting = model, _let_wait(model)
    for number in numbers:
        model = waiting if settings.lets_wait(number) else ended
        job_id = JobId(_name(number))
        at = model.job.created_at - timedelta(minutes=number)
        tx.insert_job(replace(model.job, id=job_id, created_at=at, event_seq=0))
        trigger_id = TriggerId(ids.take())
        tx.insert_run(replace(model.run, job_id=job_id, trigger_id=trigger_id), plan=model.plan)
        tx.insert_trigger(replace(model.trigger, id=trigger_id, job_id=job_id), run=1)
        seq = tx.append_events(job_id, model.events, at)
        mine = [replace(one, key=replace(one.key, job_id=job_id)) for one in model.attempts]
        attempts += mine
        tx.set_currents(job_id, model.currents, seq=seq)
    tx.begin_attempts(attempts)
    for question in _decisions(attempts, ids):
        tx.insert_question(question)


def _let_wait(model: Model) -> Model:
    """The model as if its last step had asked something that nobody has answered yet."""
    *before, last = sorted(model.attempts, key=lambda one: one.started_at)
    asking = replace(last, state=AttemptState.WAITING, ended_at=None, artifact=None, inputs=None)
    return replace(
        model,
        run=replace(model.run, state=RunState.WAITING, ended_at=None),
        attempts=(*before, asking),
        currents=tuple(one for one in model.currents if one.step != last.key.step),
    )


def _repeat_run(tx: Transaction, model: Model, number: int, *, ids: _Ids) -> None:
    """The run of the model once more under this number; the first is there already, and only gets its decisions and calls."""
    mine = guide([replace(one, key=replace(one.key, run=number)) for one in model.attempts], number)
    if number > 1:
        job = tx.load_job(model.job.id)
        assert job is not None, "it just ran"
        trigger_id = TriggerId(ids.take())
        tx.insert_run(replace(model.run, number=number, trigger_id=trigger_id), plan=model.plan)
        tx.insert_trigger(replace(model.trigger, id=trigger_id), run=number)
        tx.begin_attempts(mine)
        seq = tx.append_events(job.id, [replace(one, run=number) for one in model.events if one.run], model.job.created_at)
        tx.set_currents(job.id, [replace(one, run=number) for one in model.currents], seq=seq)
        tx.update_job(replace(job, runs=number, revision=job.revision + 1), expected_revision=job.revision)
    for question in _decisions(mine, ids):
        tx.insert_question(question)
    keep_guidance(tx, mine, number)


def _decisions(attempts: Sequence[Attempt], ids: _Ids) -> Iterator[Question]:
    """One question of every attempt, each of another text: a person decided most, nobody some; of one that waits it is open."""
    for number, attempt in enumerate(attempts):
        at: datetime = attempt.started_at
        is_open, is_late = attempt.state is AttemptState.WAITING, number % 5 == 4
        decision = Decision(
            how=How.DEFAULT if is_late else How.PERSON,
            response="sun" if is_late else ("water", "wind")[number % 2],
            actor="" if is_late else "ada",
            answered_at=at + timedelta(seconds=60 if is_late else number % 50),
            is_timed_out=is_late,
        )
        yield Question(
            id=QuestionId(ids.take()),
            key=attempt.key,
            occurrence=1,
            asking=replace(
                _PATIENT if is_open else _HASTY, message=_WORDING.format(step=attempt.key.step, run=attempt.key.run)
            ),
            asked_at=at,
            deadline=None if is_open else at + timedelta(seconds=60),
            decision=None if is_open else decision,
        )


def crowded_step(crowd: Crowd) -> StepId:
    """A step of the large job that has many instances."""
    return StepId(crowd.instance.partition("[")[0])
