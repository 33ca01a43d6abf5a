"""``oncue job run`` and ``oncue job step``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from oncue.cli.options import (
    Invocation,
    actor_option,
    common_options,
    job_argument,
    json_option,
    leave_option,
    reason_option,
)

if TYPE_CHECKING:
    from oncue.cli.starting import Order
    from oncue.core.model import Job


@click.command("run")
@job_argument
@reason_option
@leave_option
@json_option
@actor_option
@common_options
@click.pass_obj
def run(invocation: Invocation, job: str, *, reason: str, no_wait: bool, is_json: bool) -> None:
    """Run JOB: all of it the first time, later what is missing, failed or stale.

    A run that asks is answered here at a terminal, else with `oncue answer` from anywhere; --no-wait does not wait for that.
    An unfinished run is continued: one that was interrupted, or paused by single steps. If another process executes it, this
    one waits for it.
    """
    _carry_on(invocation, job, reason=reason, is_json=is_json, may_wait=not no_wait, steps=None)


@click.command("step")
@job_argument
@reason_option
@leave_option
@json_option
@actor_option
@common_options
@click.pass_obj
def step(invocation: Invocation, job: str, *, reason: str, no_wait: bool, is_json: bool) -> None:
    """Execute only the next step of JOB, in the run that is open, and pause that run again."""
    _carry_on(invocation, job, reason=reason, is_json=is_json, may_wait=not no_wait, steps=1)


def _carry_on(invocation: Invocation, text: str, *, reason: str, is_json: bool, may_wait: bool, steps: int | None) -> None:
    from oncue.cli.following import Screen, continue_runs, start_and_follow
    from oncue.cli.starting import check_free, open_runs, plan_order
    from oncue.core.findings import FindingCode

    workspace, job = invocation.open_job(text)
    screen = Screen(invocation, workspace, is_json=is_json, may_wait=may_wait)
    unfinished = open_runs(workspace, job.id)
    if unfinished:
        if steps is not None:
            check_free(workspace, job)
        raise click.exceptions.Exit(continue_runs(screen, unfinished, steps=steps))
    order = _next_order(invocation, job, reason=reason)
    prepared = plan_order(workspace, job.id, order)
    if [finding.code for finding in prepared.plan.blockers] == [FindingCode.NOTHING_TO_RUN]:
        screen.show_nothing_to_run(job)
        return
    raise click.exceptions.Exit(start_and_follow(screen, prepared, order, steps=steps))


def _next_order(invocation: Invocation, job: Job, *, reason: str) -> Order:
    from oncue.cli.starting import Order
    from oncue.core.model import RunKind
    from oncue.core.request import RunRequest, Scope

    is_first = job.runs == 0
    return Order(
        request=RunRequest(scope=Scope.ALL if is_first else Scope.RESUME),
        action=RunKind.RUN if is_first else RunKind.RESUME,
        actor=invocation.actor,
        reason=reason,
    )
