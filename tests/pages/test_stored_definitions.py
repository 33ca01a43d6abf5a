"""A plan with the definition stored with the job is ready only where what it executes can be executed."""

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from oncue import wiring
from oncue.control.jobs import create_job
from oncue.control.preflight import prepare_run
from oncue.control.workspace import Workspace
from oncue.core.findings import FindingCode
from oncue.core.model import JobId
from oncue.core.plan import Plan
from oncue.core.request import DefinitionChoice, RunRequest, Scope
from tests.export.jobs import STUDY, make_job, run_job

ORIGINAL = RunRequest(scope=Scope.ALL, definition=DefinitionChoice.ORIGINAL)
MANIFEST = """
    name: small
    steps:
      - id: greet
        run: echo hello
"""


def planned_later(folder: Path, job_id: JobId, request: RunRequest = ORIGINAL) -> Plan:
    """The plan of another process, which has imported nothing yet."""
    later = wiring.open_workspace(folder / ".oncue", create=False, synchronous="NORMAL")
    try:
        return prepare_run(later, job_id, request).plan
    finally:
        later.store.close()


def deleted(file: Path) -> None:
    file.unlink()


def broken(file: Path) -> None:
    file.write_text("def (", encoding="utf-8")


def renamed(file: Path) -> None:
    file.write_text(textwrap.dedent(STUDY).replace("table", "figures"), encoding="utf-8")


@pytest.mark.parametrize("happened", [deleted, broken, renamed])
def test_a_stored_definition_whose_code_cannot_be_had_is_blocked(
    workspace: Workspace, tmp_path: Path, happened: Callable[[Path], None]
) -> None:
    job = make_job(workspace, tmp_path)
    run_job(workspace, job.id)
    happened(tmp_path / f"{job.source.ref.partition(':')[0]}.py")

    plan = planned_later(tmp_path, job.id)

    assert [blocker.code for blocker in plan.blockers] == [FindingCode.SOURCE_UNAVAILABLE]
    assert not plan.is_ready


def test_a_stored_definition_whose_code_is_there_can_run(workspace: Workspace, tmp_path: Path) -> None:
    job = make_job(workspace, tmp_path)
    file = tmp_path / f"{job.source.ref.partition(':')[0]}.py"
    file.write_text(file.read_text(encoding="utf-8") + "\n# said later\n", encoding="utf-8")

    assert planned_later(tmp_path, job.id).blockers == ()


def test_a_stored_manifest_can_run_without_its_file(workspace: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "small.yaml"
    file.write_text(textwrap.dedent(MANIFEST), encoding="utf-8")
    job = create_job(workspace, str(file), params={}, folder=tmp_path)
    file.unlink()

    assert planned_later(tmp_path, job.id).blockers == ()


def test_nothing_is_imported_where_nothing_executes(workspace: Workspace, tmp_path: Path) -> None:
    job = make_job(workspace, tmp_path)
    run_job(workspace, job.id)
    deleted(tmp_path / f"{job.source.ref.partition(':')[0]}.py")

    plan = planned_later(tmp_path, job.id, RunRequest(scope=Scope.RESUME, definition=DefinitionChoice.ORIGINAL))

    assert FindingCode.SOURCE_UNAVAILABLE not in [blocker.code for blocker in plan.blockers]
