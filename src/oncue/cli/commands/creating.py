"""``oncue job create``: make a job of a workflow."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from oncue.cli.options import Invocation, common_options, json_option, param_option
from oncue.cli.text.printing import print_json, print_lines
from oncue.errors import NoWorkspace

if TYPE_CHECKING:
    from oncue.control.workspace import Workspace


@click.command("create")
@click.argument("workflow")
@param_option
@json_option
@common_options
@click.pass_obj
def create(invocation: Invocation, workflow: str, *, params: Mapping[str, str], is_json: bool) -> None:
    """Make a job of WORKFLOW: a manifest file, module:name, or the name of a bundled workflow. Nothing runs yet.

    The workspace is made where there is none.
    """
    from oncue.control.jobs import create_job

    workspace = _open(invocation, workflow, params)
    job = create_job(workspace, workflow, params=params, folder=Path.cwd(), is_text=True)
    if is_json:
        print_json({"job_id": job.id, "workflow": job.workflow, "params": dict(job.params)})
        return
    print_lines([f"job {job.id} of {job.workflow}", f"  next: oncue job run {job.id}"])


def _open(invocation: Invocation, workflow: str, params: Mapping[str, str]) -> Workspace:
    """Open the workspace; a new one is made only when nothing else stands in the way of the job."""
    try:
        return invocation.open()
    except NoWorkspace:
        from oncue.core.parameters import resolve_params
        from oncue.wiring import make_loader

        loader = make_loader()
        loaded = loader.load(loader.find(workflow, folder=Path.cwd()))
        resolve_params(loaded.definition, params, from_text=True)
        return invocation.open(create=True)
