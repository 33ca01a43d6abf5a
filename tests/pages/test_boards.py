"""What a board and a list of jobs say of steps: one word each, counted and explained."""

from pathlib import Path

import pytest

from oncue.control.jobs import create_job
from oncue.control.views.boardview import view_board
from oncue.control.views.comparison import view_comparison
from oncue.control.views.decisionview import view_inbox
from oncue.control.views.deliverables import view_deliverables
from oncue.control.views.instancesview import view_instances
from oncue.control.views.joblist import JobOrder, JobSummaries, view_job_table
from oncue.control.views.jobspage import JobFilter
from oncue.control.views.panelview import find_moved, read_changes, view_panel
from oncue.control.views.runlist import view_run_list, view_run_page
from oncue.control.views.stepview import StepWish, view_step_page
from oncue.control.views.stepwords import EXPLAINED, WORDS
from oncue.control.workspace import Workspace
from oncue.core.model import JobId
from oncue.core.request import RunRequest, Scope
from oncue.errors import InvalidInput, InvalidParam, UnknownRun, UnknownStep
from tests.export.jobs import make_job, run_job
from tests.export.questions import PILLARS, ask, store_questions

BRITTLE = """
    from oncue import Workflow

    brittle = Workflow("brittle", phases=["one", "two"], params={"breaks": True})

    @brittle.step(phase="one")
    def first():
        return 1

    @brittle.step(phase="two")
    def second(first, params):
        if params.breaks:
            raise ValueError("it broke")
        return 2

    @brittle.step(phase="two")
    def third(second):
        return 3
"""


def test_a_list_of_jobs_tells_jobs_of_one_workflow_apart(workspace: Workspace, tmp_path: Path) -> None:
    usual, other = make_job(workspace, tmp_path), make_job(workspace, tmp_path, region="us")

    table = view_job_table(workspace, JobFilter(), summaries=JobSummaries())

    assert {row.entry.job_id: row.summary and dict(row.summary.own_params) for row in table.rows} == {
        usual.id: {},
        other.id: {"region": "us"},
    }


def test_a_list_of_jobs_is_searched_by_what_they_were_given(workspace: Workspace, tmp_path: Path) -> None:
    usual, other = make_job(workspace, tmp_path), make_job(workspace, tmp_path, region="Far North")

    found = {
        search: [row.entry.job_id for row in view_job_table(workspace, JobFilter(search=search), summaries=JobSummaries()).rows]
        for search in ("far n", "eu", "study", "region", "elsewhere")
    }

    assert found == {"far n": [other.id], "eu": [usual.id], "study": [other.id, usual.id], "region": [], "elsewhere": []}


def words(workspace: Workspace, job_id: JobId) -> dict[str, str]:
    return {card.name: card.word for card in view_board(workspace, job_id).cards}


def only(step: str, **params: object) -> RunRequest:
    return RunRequest(scope=Scope.ONLY, steps=(step,), params=params)


def test_every_word_is_explained() -> None:
    assert set(EXPLAINED) == set(WORDS)


def test_a_job_that_has_not_run_has_no_outputs(workspace: Workspace, tmp_path: Path) -> None:
    job = make_job(workspace, tmp_path)

    board = view_board(workspace, job.id)

    assert words(workspace, job.id) == dict.fromkeys(("pages", "summary", "table", "report"), "missing")
    assert (board.status, board.latest, board.stale) == ("created", None, 0)
    assert [(column.name, column.done, column.total) for column in board.columns] == [("gather", 0, 2), ("write", 0, 2)]


def test_a_failed_step_says_so_and_what_follows_is_missing(workspace: Workspace, tmp_path: Path) -> None:
    job = make_job(workspace, tmp_path, BRITTLE)
    run_job(workspace, job.id)

    board = view_board(workspace, job.id)
    second = next(card for card in board.cards if card.name == "second")

    assert words(workspace, job.id) == {"first": "fresh", "second": "failed", "third": "missing"}
    assert second.error is not None
    assert "it broke" in second.error.message
    assert [column.word for column in board.columns] == ["fresh", "failed"]


def test_a_partial_rerun_leaves_stale_outputs_with_their_reasons(workspace: Workspace, tmp_path: Path) -> None:
    job = make_job(workspace, tmp_path)
    run_job(workspace, job.id)
    run_job(workspace, job.id, only("pages", region="us"))

    board = view_board(workspace, job.id)
    report = next(card for card in board.cards if card.name == "report")

    assert report.word == "stale"
    assert "parameter region changed" in report.reasons
    assert board.latest is not None
    assert (board.latest.run.number, board.latest.word) == (2, "succeeded")


def test_instances_are_counted_searched_and_paged(workspace: Workspace, tmp_path: Path) -> None:
    job = make_job(workspace, tmp_path, depth=7)
    run_job(workspace, job.id)
    board = view_board(workspace, job.id)
    summary = next(card for card in board.cards if card.name == "summary")

    found = view_instances(board.standing, "summary", search="/3")
    second = view_instances(board.standing, "summary", page=2, size=5)
    last = view_instances(board.standing, "summary", page=99, size=5)

    assert (summary.counts, summary.total, summary.done) == ({"fresh": 7}, 7, 7)
    assert found is not None
    assert [row.key for row in found.rows] == ["eu/3"]
    assert second is not None
    assert [row.key for row in second.rows] == ["eu/5", "eu/6"]
    assert second == last
    assert view_instances(board.standing, "report") is None


def test_jobs_are_narrowed_sorted_and_paged(workspace: Workspace, tmp_path: Path) -> None:
    study, brittle = make_job(workspace, tmp_path), make_job(workspace, tmp_path, BRITTLE)
    run_job(workspace, study.id)
    summaries = JobSummaries()

    def ids(order: JobOrder = JobOrder.NEWEST, **narrow: str) -> list[JobId]:
        table = view_job_table(workspace, JobFilter(**narrow), summaries=summaries, order=order)
        return [row.entry.job_id for row in table.rows]

    assert ids() == [brittle.id, study.id]
    assert ids(JobOrder.OLDEST) == [study.id, brittle.id]
    assert ids(JobOrder.RUNS) == [study.id, brittle.id]
    assert ids(JobOrder.WORKFLOW) == [brittle.id, study.id]
    assert ids(JobOrder.STATE) == [brittle.id, study.id]
    assert ids(search="STUD") == [study.id]
    assert ids(state="completed") == [study.id]
    (row,) = view_job_table(workspace, JobFilter(search="study"), summaries=summaries).rows
    assert row.summary is not None
    assert (row.summary.done, row.summary.total, row.summary.stale) == (4, 4, 0)
    with pytest.raises(InvalidInput, match="no job is ever 'lost'"):
        ids(state="lost")


def test_the_list_says_stale_where_the_board_does_after_the_source_was_edited(workspace: Workspace, tmp_path: Path) -> None:
    manifest = tmp_path / "two.yaml"
    manifest.write_text("steps:\n  - {id: one, run: echo 1}\n  - {id: two, run: cat $ONCUE_INPUTS/one/*}\n", encoding="utf-8")
    job = create_job(workspace, "two.yaml", params={}, folder=tmp_path)
    run_job(workspace, job.id)
    summaries = JobSummaries()

    def stale() -> tuple[int, int]:
        (row,) = view_job_table(workspace, JobFilter(), summaries=summaries).rows
        assert row.summary is not None
        return row.summary.stale, view_board(workspace, job.id).stale

    assert stale() == (0, 0)
    manifest.write_text(manifest.read_text(encoding="utf-8").replace("echo 1", "echo 2"), encoding="utf-8")
    assert stale() == (2, 2)
    manifest.write_text("steps: {", encoding="utf-8")
    assert stale() == (0, 0)  # what is stored counts where the source has a mistake


def test_an_inbox_of_many_shows_the_first_and_counts_the_others(workspace: Workspace, tmp_path: Path) -> None:
    job = make_job(workspace, tmp_path)
    store_questions(workspace, job.id, *(ask(number, PILLARS) for number in range(1, 6)))

    few, all_ = view_inbox(workspace, limit=2), view_inbox(workspace)

    assert ([question.occurrence for question in few.questions], few.left_out) == ([1, 2], 3)
    assert ([question.occurrence for question in all_.questions], all_.left_out) == ([1, 2, 3, 4, 5], 0)


def test_a_page_of_a_step_tells_what_it_was_made_from(workspace: Workspace, tmp_path: Path) -> None:
    job = make_job(workspace, tmp_path)
    run_job(workspace, job.id)
    run_job(workspace, job.id, only("pages", region="us"))

    table = view_step_page(workspace, job.id, StepWish(step="table"))
    report = view_step_page(workspace, job.id, StepWish(step="4"))
    whole = view_step_page(workspace, job.id, StepWish(step="summary"))

    assert [(one.step, one.is_current) for one in table.consumed] == [("summary", False)]
    assert report.params == {"region": "us"}
    assert report.output is not None
    assert report.attempt_count == 1
    assert report.is_stale
    assert whole.instances is not None
    with pytest.raises(UnknownStep):
        view_step_page(workspace, job.id, StepWish(step="nothing"))


def test_runs_are_paged_and_compared(workspace: Workspace, tmp_path: Path) -> None:
    job = make_job(workspace, tmp_path)
    run_job(workspace, job.id, reason="the first")
    run_job(workspace, job.id, only("report", region="us"), actor="bob")

    runs = view_run_list(workspace, job.id)
    comparison = view_comparison(workspace, job.id, left=1, right=2)

    assert [line.run.number for line in runs.lines] == [2, 1]
    assert view_run_page(workspace, job.id, 2).attempt_count == 1
    differing = {pair.name: (pair.left, pair.right) for pair in comparison.requests if pair.differs}
    assert differing["started by"] == ("ann", "bob")
    assert differing["parameter region"] == ("eu", "us")
    assert [pair.name for pair in comparison.outputs if pair.differs] == ["report"]
    with pytest.raises(UnknownRun):
        view_comparison(workspace, job.id, left=1, right=3)


def test_deliverables_keep_their_revisions(workspace: Workspace, tmp_path: Path) -> None:
    job = make_job(workspace, tmp_path)
    run_job(workspace, job.id)
    run_job(workspace, job.id, only("report", region="us"))

    (report,) = view_deliverables(workspace, job.id).deliverables

    assert [attempt.key.run for attempt in report.revisions] == [2, 1]
    assert report.output is not None
    assert report.is_stale
    assert report.reasons[0] == "summary is stale"


def test_the_panel_offers_what_is_likely_wanted(workspace: Workspace, tmp_path: Path) -> None:
    job = make_job(workspace, tmp_path)
    first = view_panel(workspace, job.id)
    run_job(workspace, job.id)
    sound = view_panel(workspace, job.id)
    run_job(workspace, job.id, only("pages", region="us"))
    stale = view_panel(workspace, job.id, chosen=("summary[us/0]",))

    assert [view.scope for view in (first, sound, stale)] == [Scope.ALL, Scope.ALL, Scope.RESUME]
    assert {choice.param.name: choice.text for choice in stale.params} == {"region": "us", "depth": "2", "tags": '["a", "b"]'}
    assert [choice.id for choice in stale.phases["gather"]] == ["pages", "summary", "summary[us/0]"]


def test_only_parameters_that_were_edited_are_changed(workspace: Workspace, tmp_path: Path) -> None:
    job = make_job(workspace, tmp_path)

    assert read_changes(workspace, job.id, {"region": "eu", "depth": "2", "tags": '["a", "b"]'}, shown={}) == {}
    assert read_changes(workspace, job.id, {"region": "us", "depth": "3", "unknown": "x"}, shown={}) == {
        "region": "us",
        "depth": 3,
    }
    with pytest.raises(InvalidParam, match="must be an integer"):
        read_changes(workspace, job.id, {"depth": "many"}, shown={})


@pytest.mark.parametrize("value", ["one\r\ntwo", "one\rtwo", "\none"])
def test_the_line_breaks_of_a_form_change_nothing(workspace: Workspace, tmp_path: Path, value: str) -> None:
    job = make_job(workspace, tmp_path)
    run_job(workspace, job.id, RunRequest(params={"region": value}))
    (text,) = [choice.text for choice in view_panel(workspace, job.id).params if choice.param.name == "region"]

    assert "\r" not in text
    assert read_changes(workspace, job.id, {"region": text}, shown={"region": text}) == {}
    assert find_moved(workspace, job.id, shown={"region": text}) == ()


def test_what_somebody_else_changed_is_told_from_what_was_edited(workspace: Workspace, tmp_path: Path) -> None:
    job = make_job(workspace, tmp_path)
    shown = {"region": "eu", "depth": "2", "tags": '["a", "b"]'}
    run_job(workspace, job.id, RunRequest(params={"depth": 3}))

    assert read_changes(workspace, job.id, shown, shown=shown) == {}
    assert read_changes(workspace, job.id, {**shown, "region": "us"}, shown=shown) == {"region": "us"}
    assert [(choice.param.name, choice.text) for choice in find_moved(workspace, job.id, shown=shown)] == [("depth", "3")]
    assert find_moved(workspace, job.id, shown={}) == ()
