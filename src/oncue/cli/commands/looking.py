"""Commands that only look: show, history, why, list, events."""

from __future__ import annotations

import click

from oncue.cli.options import Counter, Invocation, StepCommand, common_options, job_argument, json_option
from oncue.cli.text.printing import print_json, print_lines


@click.command("show")
@job_argument
@json_option
@common_options
@click.pass_obj
def show(invocation: Invocation, job: str, *, is_json: bool) -> None:
    """Show every step of JOB: its state, why it is stale, and which run made its output."""
    from oncue.control.views.jobview import view_job

    workspace, found = invocation.open_job(job)
    view = view_job(workspace, found.id)
    if is_json:
        print_json(view.as_dict())
        return
    from oncue.cli.text.textviews import render_job

    print_lines(render_job(view))


@click.command("history")
@job_argument
@json_option
@common_options
@click.pass_obj
def history(invocation: Invocation, job: str, *, is_json: bool) -> None:
    """List every run of JOB, the oldest first: who started it and why, what it executed, and how it ended."""
    from oncue.control.views.runview import view_history

    workspace, found = invocation.open_job(job)
    view = view_history(workspace, found.id)
    if is_json:
        print_json(view.as_dict())
        return
    from oncue.cli.text.textviews import render_history

    print_lines(render_history(view))


@click.command("why", cls=StepCommand)
@json_option
@common_options
@click.pass_obj
def why(invocation: Invocation, words: tuple[str, str], *, is_json: bool) -> None:
    """Explain why STEP is missing, stale, accepted or fresh, with the runs that made and changed what it consumed."""
    from oncue.control.views.whyview import view_why

    workspace, found = invocation.open_job(words[0])
    view = view_why(workspace, found.id, words[1])
    if is_json:
        print_json(view.as_dict())
        return
    from oncue.cli.text.textviews import render_why

    print_lines(render_why(view))


@click.command("list")
@json_option
@common_options
@click.pass_obj
def list_jobs(invocation: Invocation, *, is_json: bool) -> None:
    """List the jobs of the workspace, the newest first."""
    from oncue.control.views.jobsview import view_jobs

    view = view_jobs(invocation.open())
    if is_json:
        print_json(view.as_dict())
        return
    from oncue.cli.text.textviews import render_jobs

    print_lines(render_jobs(view))


@click.command("events")
@job_argument
@click.option("--after", type=Counter(0), default=0, metavar="N", help="Only those with a number above N.")
@json_option
@common_options
@click.pass_obj
def events(invocation: Invocation, job: str, *, after: int, is_json: bool) -> None:
    """List what happened in JOB, numbered and in order."""
    from oncue.cli.text.plainlines import describe_event
    from oncue.control.views.eventsview import view_events

    workspace, found = invocation.open_job(job)
    with workspace.store.read() as reader:
        view = view_events(reader, found.id, after=after)
    if is_json:
        print_json(view.as_dict())
        return
    print_lines(f"{event.seq:>5}  {describe_event(event)}" for event in view.events)
