"""Deadlines with a clock that is set: what takes weeks is proven in moments, on the same code that people run."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from oncue.clock import SystemClock
from oncue.control.answers import Taken, answer_question, expire_questions, find_question
from oncue.control.jobs import create_job
from oncue.control.preflight import prepare_run
from oncue.control.runs import start_run
from oncue.control.triggers import mint_trigger
from oncue.control.views.decisionview import view_inbox
from oncue.control.workspace import Workspace
from oncue.core.model import Job, Run, RunKind, RunState, TriggerSource
from oncue.core.questions import Question
from oncue.core.request import RunRequest
from oncue.wiring import executing, open_workspace

WEEKS = timedelta(weeks=6)
MANIFEST = """\
steps:
  - id: ask
    ask: {{type: choice, message: "Left or right?", kind: choice, options: [{{id: left}}, {{id: right}}], default: left,
           timeout: 7d, on_timeout: {policy}}}
  - {{id: work, run: "cat $ONCUE_INPUTS/ask/*"}}
"""


@dataclass(slots=True)
class SetClock(SystemClock):
    """Tells the time that it is set to; waits as long as a real one."""

    at: datetime = field(default=datetime(2026, 3, 1, 12, tzinfo=UTC))

    def now(self) -> datetime:
        return self.at


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A workspace whose time is set, and a job in it."""

    workspace: Workspace
    clock: SetClock
    folder: Path

    def create(self, policy: str) -> Job:
        (self.folder / "ask.yaml").write_text(MANIFEST.format(policy=policy), encoding="utf-8")
        return create_job(self.workspace, "ask.yaml", params={}, folder=self.folder)

    def start(self, job: Job) -> Run:
        """Run a job until it waits."""
        prepared = prepare_run(self.workspace, job.id, RunRequest())
        trigger = mint_trigger(
            self.workspace, prepared, source=TriggerSource.INTEGRATION_TEST, action=RunKind.RUN, actor="ada", trigger_id=None
        )
        return self.go_on(start_run(self.workspace, prepared, trigger))

    def go_on(self, run: Run) -> Run:
        """What a new process makes of a run."""

        async def execute() -> Run:
            async with executing(self.workspace) as executor:
                return await executor.finish(run.job_id, run.number)

        return asyncio.run(execute())

    def load(self, run: Run) -> Run:
        with self.workspace.store.read() as reader:
            found = reader.load_run(run.job_id, run.number)
        assert found is not None
        return found

    def question(self, job: Job) -> Question:
        with self.workspace.store.read() as reader:
            (question,) = reader.list_questions(job_id=job.id)
        return question

    def prompts(self, job: Job) -> Any:
        return json.loads((self.folder / "ws" / "jobs" / job.id / "job_data.json").read_text(encoding="utf-8"))["prompts"]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A workspace at noon of the first of March."""
    clock = SetClock()
    opened = open_workspace(tmp_path / "ws", create=True)
    yield Desk(workspace=replace(opened, clock=clock), clock=clock, folder=tmp_path)
    opened.store.close()


def test_a_question_that_waits_is_open_after_weeks_and_its_run_goes_on(desk: Desk) -> None:
    job = desk.create("wait")
    run = desk.start(job)
    assert run.state is RunState.WAITING

    desk.clock.at += WEEKS
    assert expire_questions(desk.workspace) == []

    assert desk.load(run).state is RunState.WAITING
    (question,) = view_inbox(desk.workspace).questions
    answered = answer_question(desk.workspace, question, actor="ada", words=["right"])
    assert answered.taken is Taken.IN_TIME
    assert desk.go_on(run).state is RunState.SUCCEEDED
    (prompt,) = desk.prompts(job)
    assert (prompt["response"], prompt["timed_out"], prompt["timestamp"]) == ("right", False, "2026-04-12T12:00:00Z")


@pytest.mark.parametrize("policy", ["cancel", "default", "wait"])
def test_nothing_happens_before_the_deadline(desk: Desk, policy: str) -> None:
    run = desk.start(desk.create(policy))

    desk.clock.at += timedelta(days=7, microseconds=-1)

    assert expire_questions(desk.workspace) == []
    assert desk.load(run).state is RunState.WAITING


@pytest.mark.proves("S3-4", "S3-28")
def test_at_the_deadline_the_run_is_cancelled_and_says_so(desk: Desk) -> None:
    job = desk.create("cancel")
    run = desk.start(job)

    desk.clock.at += timedelta(days=7)
    assert [question.id for question in expire_questions(desk.workspace)] == [desk.question(job).id]

    ended = desk.load(run)
    assert ended.state is RunState.CANCELLED
    assert ended.error is not None
    assert ended.error.code == "question_timed_out"
    (prompt,) = desk.prompts(job)
    assert (prompt["response"], prompt["timed_out"], prompt["timeout_seconds"]) == (None, True, 604_800)
    assert expire_questions(desk.workspace) == []


def test_at_the_deadline_the_default_is_taken_and_the_run_goes_on(desk: Desk) -> None:
    job = desk.create("default")
    run = desk.start(job)

    desk.clock.at += WEEKS
    assert desk.go_on(run).state in (RunState.WAITING, RunState.SUCCEEDED)
    assert desk.go_on(desk.load(run)).state is RunState.SUCCEEDED

    decision = desk.question(job).decision
    assert decision is not None
    assert (decision.how, decision.response, decision.is_timed_out) == ("default", "left", True)


def test_an_answer_after_the_deadline_is_late_even_when_nobody_watched(desk: Desk) -> None:
    job = desk.create("cancel")
    run = desk.start(job)
    desk.clock.at += WEEKS

    answered = answer_question(
        desk.workspace, find_question(desk.workspace, desk.question(job).id), actor="ada", words=["right"]
    )

    assert answered.taken is Taken.LATE
    assert desk.load(run).state is RunState.CANCELLED
    question = desk.question(job)
    assert question.late is not None
    assert question.late.response == "right"
    assert question.decision is not None
    assert question.decision.how == "timed_out"


@pytest.mark.proves("S3-5")
def test_an_answer_in_time_stops_the_clock(desk: Desk) -> None:
    job = desk.create("cancel")
    run = desk.start(job)
    answer_question(desk.workspace, desk.question(job), actor="ada", words=["right"])

    desk.clock.at += WEEKS

    assert expire_questions(desk.workspace) == []
    assert desk.go_on(run).state is RunState.SUCCEEDED
    assert view_inbox(desk.workspace).questions == ()
