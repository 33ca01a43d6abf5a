"""The timeline of a run: every step is in it, to its end, and what it waited for answers is not drawn as work."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from oncue.control.preflight import prepare_run
from oncue.control.views.runlist import view_run_page
from oncue.control.views.timeline import LABEL_WIDTH, LEVELS, LINE, SLICES, TIME_WIDTH, Timeline, draw_timeline
from oncue.control.workspace import Workspace
from oncue.core.model import Attempt, JobId, RunState, StepId
from oncue.core.planrecord import encode_plan
from oncue.core.questions import QuestionId
from oncue.core.request import RunRequest, Scope
from oncue.errors import UnknownRun
from oncue.web.rendering import show_tick
from tests.export.jobs import make_job, run_job
from tests.store.records import a_decision, a_question, a_run, after, an_attempt, ended, keep_questions

FAN = """
    from oncue import Workflow

    fan = Workflow("fan", phases=["one"], params={"count": 3})

    @fan.step(phase="one")
    def parts(params):
        return list(range(params.count))

    @fan.step(phase="one", each="parts")
    async def each(item):
        return item

    @fan.step(phase="one")
    def report(each):
        return len(each)
"""
NAMES = ("parts", "each", "report")


def drawn(workspace: Workspace, folder: Path, count: int) -> tuple[JobId, Timeline]:
    job = make_job(workspace, folder, FAN, count=count)
    run_job(workspace, job.id)
    return job.id, draw_timeline(workspace, job.id, 1, names=NAMES)


def test_no_step_is_left_out_however_wide_a_fan_out_is(workspace: Workspace, tmp_path: Path) -> None:
    job_id, timeline = drawn(workspace, tmp_path, 1200)
    with workspace.store.read() as reader:
        attempts = reader.list_attempts(job_id, run=1)

    took = max(one.ended_at for one in attempts if one.ended_at) - min(one.started_at for one in attempts)
    assert timedelta(seconds=timeline.seconds) == took
    assert [(lane.label, lane.instances) for lane in timeline.lanes] == [("parts", 1), ("each × 1,200", 1200), ("report", 1)]
    each, report = timeline.lanes[1:]
    assert each.title == f"each: 1,200 instances, at most {each.at_once:,} at once"
    assert 0 < len(each.spans) <= SLICES
    assert max(span.level for span in each.spans) == LEVELS
    assert all(0 < span.height <= LINE - 10 for span in each.spans)
    assert report.spans[-1].x + report.spans[-1].width <= LABEL_WIDTH + TIME_WIDTH + 2
    assert report.spans[-1].x >= each.spans[-1].x


def test_a_row_of_one_instance_is_named_after_it(workspace: Workspace, tmp_path: Path) -> None:
    _, one = drawn(workspace, tmp_path, 1)
    _, three = drawn(workspace, tmp_path, 3)

    assert [lane.label for lane in one.lanes] == ["parts", "each[1]", "report"]
    assert [lane.label for lane in three.lanes] == ["parts", "each × 3", "report"]
    assert [len(lane.spans) for lane in three.lanes] == [1, 3, 1]


def test_short_runs_have_three_ticks_at_least(workspace: Workspace, tmp_path: Path) -> None:
    _, timeline = drawn(workspace, tmp_path, 1)

    assert 3 <= len(timeline.ticks) <= 8
    assert len({show_tick(seconds, timeline.tick) for _, seconds in timeline.ticks}) == len(timeline.ticks)
    assert [show_tick(seconds, 0.02) for seconds in (0, 0.02, 0.04)] == ["0 s", "0.02 s", "0.04 s"]


def test_a_timeline_of_no_run_says_how_many_there_are(workspace: Workspace, tmp_path: Path) -> None:
    job = make_job(workspace, tmp_path)
    run_job(workspace, job.id)

    with pytest.raises(UnknownRun, match="no run 99: it has run once, as number 1"):
        draw_timeline(workspace, job.id, 99, names=())


def asking(workspace: Workspace, job_id: JobId, steps: Iterable[str], *, is_answered: bool = True) -> list[Attempt]:
    """Attempts of a minute: each works a second, waits 41 seconds for an answer, and works on."""
    begun = [an_attempt(step, job_id=job_id) for step in steps]
    plan = encode_plan(prepare_run(workspace, job_id, RunRequest(scope=Scope.ALL)).plan)
    workspace.store.write(lambda tx: tx.insert_run(a_run(job_id=job_id, state=RunState.RUNNING), plan=plan))
    workspace.store.write(lambda tx: tx.begin_attempts(begun))
    decision = a_decision(at=after(42)) if is_answered else None
    for number, attempt in enumerate(begun):
        asked = replace(a_question(asked_at=after(1)), id=QuestionId(f"q-{number}"), key=attempt.key, decision=decision)
        keep_questions(workspace.store, asked)
    if is_answered:
        workspace.store.write(lambda tx: tx.end_attempts([ended(one, at=after(60)) for one in begun]))
    return begun


def test_what_an_attempt_waited_for_answers_is_no_work(workspace: Workspace, tmp_path: Path) -> None:
    job_id = make_job(workspace, tmp_path).id
    (attempt,) = asking(workspace, job_id, ["table"])

    (lane,) = draw_timeline(workspace, job_id, 1, names=()).lanes
    page = view_run_page(workspace, job_id, 1)

    assert [(span.state, span.is_wait, span.title) for span in lane.spans] == [
        ("succeeded", False, "table: succeeded, 19.00 s, waited 41.00 s"),
        ("waiting", True, "table: waited 41.00 s"),
        ("succeeded", False, "table: succeeded, 19.00 s, waited 41.00 s"),
    ]
    assert [round(span.width) for span in lane.spans] == [round(TIME_WIDTH * part / 60) for part in (1, 41, 18)]
    assert (page.worked_seconds(page.attempts[0]), page.waits) == (19.0, {attempt.key: 41.0})
    assert page.working_since(attempt) == attempt.started_at + timedelta(seconds=41)


def test_an_attempt_that_still_waits_is_hollow_to_its_end(workspace: Workspace, tmp_path: Path) -> None:
    job_id = make_job(workspace, tmp_path).id
    (attempt,) = asking(workspace, job_id, ["table"], is_answered=False)
    workspace.store.write(lambda tx: tx.suspend_attempts([attempt]))

    (lane,) = draw_timeline(workspace, job_id, 1, names=()).lanes

    assert [(span.state, span.is_wait) for span in lane.spans] == [("waiting", False), ("waiting", True)]


def test_slices_leave_out_what_was_waited_for_answers(workspace: Workspace, tmp_path: Path) -> None:
    job_id = make_job(workspace, tmp_path).id
    asking(workspace, job_id, [StepId(f"summary[{number}]") for number in range(60)])

    (lane,) = draw_timeline(workspace, job_id, 1, names=()).lanes

    assert lane.is_sliced
    assert [(span.state, round(span.width)) for span in lane.spans] == [("succeeded", 15), ("succeeded", 270)]
