"""The timeline of a run: every step is in it, to its end."""

from pathlib import Path

import pytest

from oncue.control.views.drawings import draw_timeline
from oncue.control.workspace import Workspace
from oncue.errors import UnknownRun
from tests.export.jobs import make_job, run_job


def test_a_timeline_of_no_run_says_how_many_there_are(workspace: Workspace, tmp_path: Path) -> None:
    job = make_job(workspace, tmp_path)
    run_job(workspace, job.id)

    with pytest.raises(UnknownRun, match="no run 99: it has run once, as number 1"):
        draw_timeline(workspace, job.id, 99, names=())
