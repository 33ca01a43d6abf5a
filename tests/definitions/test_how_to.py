"""The workflows that the page about jobs that ask people shows do what it says."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from oncue.control.jobs import create_job
from oncue.control.views.artifactview import view_artifacts
from oncue.core.model import RunState
from tests.definitions.people import open_folder, run_answering
from tests.support.repository import ROOT

PAGE = (ROOT / "docs" / "how-to" / "human-in-the-loop.md").read_text(encoding="utf-8")
PYTHON, YAML = (re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL) for language in ("python", "yaml"))


@pytest.mark.parametrize(
    ("number", "script", "step", "value"),
    [
        (0, {"draft": ["2"], "send": [True]}, "send", "wind, firmly"),
        (0, {"draft": ["1"], "send": [False]}, "send", "kept"),
        (1, {"continue": ["Yes", "No"]}, "review", ["remark 1", "remark 2"]),
    ],
)
def test_the_python_workflows_of_the_page_run(
    number: int, script: Mapping[str, Sequence[object]], step: str, value: object, tmp_path: Path
) -> None:
    module = f"how_to_{tmp_path.name}"
    (tmp_path / f"{module}.py").write_text(PYTHON[number], encoding="utf-8")
    with open_folder(tmp_path) as workspace:
        job = create_job(workspace, f"{module}:workflow", params={}, folder=tmp_path)

        run = run_answering(workspace, job.id, script)

        assert run.state is RunState.SUCCEEDED
        assert view_artifacts(workspace, job.id, step)[0].output.value == value


def test_the_manifest_of_the_page_runs(tmp_path: Path) -> None:
    (tmp_path / "letters.yaml").write_text(YAML[0], encoding="utf-8")
    with open_folder(tmp_path) as workspace:
        job = create_job(workspace, "letters.yaml", params={}, folder=tmp_path)

        run_answering(workspace, job.id, {"tone": ["firm"]})

        assert b"".join(view_artifacts(workspace, job.id, "write")[0].chunks("stdout")) == b"a firm letter\n"
