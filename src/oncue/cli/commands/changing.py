"""Commands that record a person's word about a job: accept, cancel, stop."""

from __future__ import annotations

import click

from oncue.cli.options import (
    Counter,
    Invocation,
    StepCommand,
    actor_option,
    common_options,
    job_argument,
    json_option,
    reason_option,
)
from oncue.cli.text.printing import print_json, print_lines


@click.command("accept", cls=StepCommand)
@click.option("--reason", metavar="TEXT", required=True, help="Why it may stand; it is kept with the record.")
@json_option
@actor_option
@common_options
@click.pass_obj
def accept(invocation: Invocation, words: tuple[str, str], *, reason: str, is_json: bool) -> None:
    """Let the stale output of STEP stand as it is, until its inputs change again."""
    from oncue.control.jobs import accept_output

    workspace, found = invocation.open_job(words[0])
    step = accept_output(workspace, found.id, words[1], actor=invocation.actor, reason=reason)
    if is_json:
        print_json({"job_id": found.id, "step": step, "state": "accepted"})
    else:
        print_lines([f"the output of {step} is accepted as it is, until its inputs change again"])


@click.command("cancel")
@job_argument
@click.option("--run", type=Counter(), default=None, metavar="N", help="Only run N.")
@json_option
@actor_option
@common_options
@click.pass_obj
def cancel(invocation: Invocation, job: str, *, run: int | None, is_json: bool) -> None:
    """Cancel the runs of JOB that have not ended; outputs that are there stay, and the job can be run again."""
    from oncue.control.runs import cancel_run, load_run

    workspace, found = invocation.open_job(job)
    if run is not None:
        load_run(workspace, found.id, run)
    numbers = cancel_run(workspace, found.id, actor=invocation.actor, numbers=None if run is None else (run,))
    if is_json:
        print_json({"job_id": found.id, "cancelled": list(numbers)})
    elif numbers:
        print_lines([f"run {number} of job {found.id} is asked to end" for number in numbers])
    else:
        print_lines([f"job {found.id} has no run that has not ended"])


@click.command("stop")
@job_argument
@reason_option
@json_option
@actor_option
@common_options
@click.pass_obj
def stop(invocation: Invocation, job: str, *, reason: str, is_json: bool) -> None:
    """End JOB for good: it keeps everything and takes no more runs."""
    from oncue.control.jobs import stop_job

    workspace, found = invocation.open_job(job)
    stop_job(workspace, found.id, actor=invocation.actor, reason=reason)
    if is_json:
        print_json({"job_id": found.id, "status": "stopped"})
    else:
        print_lines([f"job {found.id} is stopped: everything is kept, and it takes no more runs"])
