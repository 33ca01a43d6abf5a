"""The timeline of a run: every step is in it, to its end."""

from datetime import timedelta
from pathlib import Path

import pytest

from oncue.control.views.timeline import LABEL_WIDTH, LEVELS, LINE, SLICES, TIME_WIDTH, Timeline, draw_timeline
from oncue.control.workspace import Workspace
from oncue.core.model import JobId
from oncue.errors import UnknownRun
from oncue.web.rendering import show_tick
from tests.export.jobs import make_job, run_job

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
