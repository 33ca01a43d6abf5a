"""Real jobs for the tests of exports: workflows written to a folder, run by the executor."""

from __future__ import annotations

import asyncio
import json
import textwrap
import zipfile
from itertools import count
from pathlib import Path
from typing import Any

from oncue.control.execution.executor import Executor
from oncue.control.exports.export import ExportSummary, export_job
from oncue.control.jobs import create_job
from oncue.control.preflight import prepare_run
from oncue.control.runs import start_run
from oncue.control.triggers import mint_trigger
from oncue.control.workspace import Workspace
from oncue.core.model import Job, JobId, Run, RunKind, TriggerSource
from oncue.core.request import RunRequest, Scope
from oncue.wiring import executing

STUDY = """
    '''A small study.'''
    from oncue import Workflow

    study = Workflow("study", phases=["gather", "write"], params={"region": "eu", "depth": 2, "tags": ["a", "b"]})

    @study.step(phase="gather", source=True)
    def pages(params):
        return [{"id": f"{params.region}/{n}", "n": n} for n in range(params.depth)]

    @study.step(phase="gather", each="pages")
    def summary(item):
        return f"page {item['n']}"

    @study.step(phase="write")
    def table(summary: dict[str, str], ctx):
        path = ctx.files / "data" / "table.csv"
        path.parent.mkdir()
        path.write_text("\\n".join(summary.values()))
        return {"rows": len(summary)}

    @study.step(phase="write", deliverable=True)
    def report(summary: dict[str, str], table, params):
        return f"# Report on {params.region}\\n\\n" + "\\n".join(f"- {line}" for line in summary.values())
"""


_NUMBERS = count(1)


def write_workflow(folder: Path, text: str) -> str:
    """Write a module of a name of its own, and name its workflow."""
    name = f"flow_of_export_{next(_NUMBERS)}"
    source = textwrap.dedent(text)
    (folder / f"{name}.py").write_text(source, encoding="utf-8")
    variable = next(line.split(" = ")[0] for line in source.splitlines() if " = Workflow(" in line)
    return f"{name}:{variable}"


def make_job(workspace: Workspace, folder: Path, text: str = STUDY, **params: object) -> Job:
    """Create a job of a workflow that is written to the folder."""
    return create_job(workspace, write_workflow(folder, text), params=params, folder=folder)


def run_job(workspace: Workspace, job_id: JobId, request: RunRequest | None = None, **options: Any) -> Run:
    """Plan, authorize and execute one run."""
    return asyncio.run(_run(workspace, job_id, request or RunRequest(scope=Scope.ALL), options))


async def _run(workspace: Workspace, job_id: JobId, request: RunRequest, options: dict[str, Any]) -> Run:
    async with executing(workspace) as executor:
        run = await asyncio.to_thread(_start, workspace, executor, job_id, request, options)
        return await executor.finish(job_id, run.number)


def _start(workspace: Workspace, executor: Executor, job_id: JobId, request: RunRequest, options: dict[str, Any]) -> Run:
    prepared = prepare_run(workspace, job_id, request)
    trigger = mint_trigger(
        workspace,
        prepared,
        source=TriggerSource.INTEGRATION_TEST,
        action=options.get("action", RunKind.RUN),
        actor=options.get("actor", "ann"),
        reason=options.get("reason", ""),
        trigger_id=None,
    )
    return start_run(workspace, prepared, trigger, owner=executor.worker_id)


def export(workspace: Workspace, job_id: JobId, target: Path, **environ: str) -> tuple[ExportSummary, dict[str, bytes]]:
    """Export a job, and read the archive back."""
    summary = export_job(workspace, job_id, target, environ=environ)
    return summary, read_archive(target)


def read_archive(target: Path) -> dict[str, bytes]:
    """Path → content."""
    with zipfile.ZipFile(target) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert len(set(names)) == len(names)
        return {name: archive.read(name) for name in names}


def read_json(files: dict[str, bytes], name: str) -> Any:
    """One JSON file of an archive."""
    return json.loads(files[name])
