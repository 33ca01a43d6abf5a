"""``oncue job decisions``: what was asked in a job, and how it was decided."""

from __future__ import annotations

import click

from oncue.cli.options import Counter, Invocation, common_options, job_argument, json_option
from oncue.cli.text.printing import print_json, print_lines

HOWS = ("person", "default", "reused", "configured", "timed_out", "cancelled")


@click.command("decisions")
@job_argument
@click.option("--type", "kind", default=None, metavar="TYPE", help="Only questions of this type, such as run_mode.")
@click.option("--run", type=Counter(), default=None, metavar="N", help="Only those of run N.")
@click.option("--how", type=click.Choice(HOWS), default=None, help="Only those that were settled so.")
@click.option("--search", default="", metavar="TEXT", help="Only those with this text in message, options, answer or step.")
@json_option
@common_options
@click.pass_obj
def decisions(
    invocation: Invocation, job: str, *, kind: str | None, run: int | None, how: str | None, search: str, is_json: bool
) -> None:
    """List the decisions of JOB: when, which question, what was answered, how, and by whom."""
    from oncue.control.views.decisionview import DecisionFilter, view_decisions
    from oncue.core.questions import How

    workspace, found = invocation.open_job(job)
    wanted = DecisionFilter(type=kind, run=run, how=How(how) if how else None, search=search)
    view = view_decisions(workspace, found.id, wanted)
    if is_json:
        print_json(view.as_dict())
        return
    from oncue.cli.text.questiontext import render_decisions

    print_lines(render_decisions(view))
