"""``oncue job log``: what a step wrote while it ran."""

from __future__ import annotations

import sys

import click

from oncue.cli.options import Counter, Invocation, StepCommand, common_options


@click.command("log", cls=StepCommand)
@click.option("--run", type=Counter(), default=None, metavar="N", help="The log of its latest attempt in run N.")
@click.option("--attempt", type=Counter(), default=None, metavar="N", help="The log of attempt N.")
@common_options
@click.pass_obj
def log(invocation: Invocation, words: tuple[str, str], *, run: int | None, attempt: int | None) -> None:
    """Print the whole log of the latest attempt of STEP that kept one."""
    from oncue.control.views.logview import view_log

    workspace, found = invocation.open_job(words[0])
    for chunk in view_log(workspace, found.id, words[1], run=run, attempt=attempt).chunks():
        sys.stdout.buffer.write(chunk)
