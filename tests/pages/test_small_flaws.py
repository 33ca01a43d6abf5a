"""Numbers and words of the views where they once misled: phases after a failure, and two runs side by side."""

from pathlib import Path

from oncue.control.views.boardview import view_board
from oncue.control.workspace import Workspace
from oncue.core.request import RunRequest, Scope
from tests.export.jobs import make_job, run_job

FRAGILE = """
    from pathlib import Path
    from oncue import Workflow

    HERE = Path(__file__).parent
    fragile = Workflow("fragile", phases=["one"])

    @fragile.step(phase="one")
    def parts():
        return ["a", "b"]

    @fragile.step(phase="one", each="parts")
    def work(item):
        if (HERE / "broken").exists():
            raise ValueError("it broke")
        return item

    @fragile.step(phase="one")
    def last(parts):
        if (HERE / "broken").exists():
            raise ValueError("it broke")
        return len(parts)
"""


def test_a_failed_rerun_leaves_a_phase_as_done_as_its_outputs_are(workspace: Workspace, tmp_path: Path) -> None:
    job = make_job(workspace, tmp_path, FRAGILE)
    run_job(workspace, job.id)
    (tmp_path / "broken").touch()
    for step in ("work", "last"):
        run_job(workspace, job.id, RunRequest(scope=Scope.ONLY, steps=(step,)))

    (column,) = view_board(workspace, job.id).columns

    assert {card.name: (card.word, card.is_sound) for card in column.cards} == {
        "parts": ("fresh", True),
        "work": ("failed", True),
        "last": ("failed", True),
    }
    assert (column.done, column.total) == (3, 3)


def test_a_step_that_failed_without_an_output_is_not_done(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "broken").touch()
    job = make_job(workspace, tmp_path, FRAGILE)
    run_job(workspace, job.id)

    (column,) = view_board(workspace, job.id).columns

    assert {card.name: card.is_sound for card in column.cards} == {"parts": True, "work": False, "last": False}
    assert (column.done, column.total) == (1, 3)
