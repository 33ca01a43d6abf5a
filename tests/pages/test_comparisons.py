"""Two runs side by side: whose outputs they are, what was kept, and how the deliverables differ."""

from pathlib import Path

from oncue.control.views.artifactview import view_artifacts
from oncue.control.views.comparison import ComparisonView, view_comparison
from oncue.control.workspace import Workspace
from oncue.core.model import JobId
from oncue.core.promptdelta import Change
from oncue.core.request import Downstream, RunRequest, Scope
from tests.export.jobs import make_job, run_job

PICTURES = """
    import base64
    from oncue import Workflow

    DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    pictures = Workflow("pictures", phases=["draw"], params={"ink": "red", "note": "x"})

    @pictures.step(phase="draw")
    def steady(params):
        return params.note and "the same"

    @pictures.step(phase="draw")
    def follows(steady):
        return steady + "!"

    @pictures.step(phase="draw", deliverable=True)
    def plate(steady, params, ctx):
        (ctx.files / "plate.png").write_bytes(base64.b64decode(DOT) + params.ink.encode())
        (ctx.files / "plate.md").write_text("# Plate\\n\\nin " + params.ink + "\\n")
        (ctx.files / "same.txt").write_text("always")
        return {"ink": params.ink}
"""


def outputs(view: ComparisonView) -> dict[str, tuple[str, str, bool]]:
    return {pair.name: (pair.left, pair.right, pair.differs) for pair in view.outputs}


def rerun(
    workspace: Workspace, job_id: JobId, *steps: str, downstream: Downstream = Downstream.RERUN, **params: object
) -> None:
    run_job(workspace, job_id, RunRequest(scope=Scope.ONLY, steps=steps, downstream=downstream, params=params))


def test_what_was_kept_because_nothing_changed_is_the_same(workspace: Workspace, tmp_path: Path) -> None:
    job = make_job(workspace, tmp_path, PICTURES)
    run_job(workspace, job.id)
    rerun(workspace, job.id, "steady")  # it makes the same again, so that what follows is not needed

    view = view_comparison(workspace, job.id, left=1, right=2)

    assert outputs(view) == {
        "steady": ("the same, of run 1", "the same, of run 2", False),
        "follows": ("the same, of run 1", "the same, of run 1", False),
        "plate": ("the same, of run 1", "the same, of run 1", False),
    }
    assert {pair.name: pair.made_by for pair in view.outputs} == {"steady": (1, 2), "follows": (1, 1), "plate": (1, 1)}
    assert view.results == ()
    (kept,) = view_artifacts(workspace, job.id, "follows", run=2)
    assert (kept.run, kept.output.value) == (1, "the same!")


def test_equal_outputs_name_the_run_that_made_them_again(workspace: Workspace, tmp_path: Path) -> None:
    job = make_job(workspace, tmp_path, PICTURES)
    run_job(workspace, job.id)
    run_job(workspace, job.id)

    view = view_comparison(workspace, job.id, left=1, right=2)

    assert set(outputs(view).values()) == {("the same, of run 1", "the same, of run 2", False)}


def test_deliverables_that_differ_are_told_file_by_file(workspace: Workspace, tmp_path: Path) -> None:
    job = make_job(workspace, tmp_path, PICTURES)
    run_job(workspace, job.id)
    rerun(workspace, job.id, "plate", ink="blue")

    (result,) = view_comparison(workspace, job.id, left=1, right=2).results

    assert (result.step, result.made_by, result.more_files) == ("plate", (1, 2), 0)
    assert [(file.name, file.change) for file in result.files] == [("plate.md", Change.CHANGED), ("plate.png", Change.CHANGED)]
    text, picture = result.files
    assert text.diff is not None
    assert {"-in red", "+in blue"} <= set(text.diff.split("\n"))
    assert picture.diff is None
    assert result.delta.diff is not None
    assert '+ "ink": "blue"' in result.delta.diff


def test_a_deliverable_that_one_run_lacks_is_new_in_the_other(workspace: Workspace, tmp_path: Path) -> None:
    job = make_job(workspace, tmp_path, PICTURES)
    rerun(workspace, job.id, "steady", downstream=Downstream.MARK_STALE)
    run_job(workspace, job.id)

    view = view_comparison(workspace, job.id, left=1, right=2)

    (result,) = view.results
    assert result.made_by == (None, 2)
    assert outputs(view)["plate"] == ("none", "of run 2", True)
    assert {file.change for file in result.files} == {Change.ADDED}
