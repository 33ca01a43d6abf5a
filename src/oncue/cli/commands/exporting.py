"""``oncue job export``: everything about a job in one ZIP."""

from __future__ import annotations

from pathlib import Path

import click

from oncue.cli.options import Invocation, common_options, job_argument, json_option
from oncue.cli.text.printing import fold, print_json, print_lines


@click.command("export")
@job_argument
@click.argument("target", metavar="OUT.ZIP", type=click.Path(dir_okay=False, path_type=Path))
@json_option
@common_options
@click.pass_obj
def export(invocation: Invocation, job: str, *, target: Path, is_json: bool) -> None:
    """Write JOB to OUT.ZIP: runs, decisions, outputs and events, readable without this program, and as an RO-Crate."""
    from oncue.control.exports.export import export_job

    workspace, found = invocation.open_job(job)
    summary = export_job(workspace, found.id, target)
    if is_json:
        print_json(summary.as_dict())
        return
    lines = [f"{summary.target}: {summary.files} files, {summary.size} bytes, {summary.questions} questions of job {found.id}"]
    lines += [f"  stale: {fold(summary.stale)}"] if summary.stale else []
    lines += [f"  pruned, so not included: {fold(summary.pruned)}"] if summary.pruned else []
    print_lines(lines)
