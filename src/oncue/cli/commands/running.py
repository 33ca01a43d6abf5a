"""``oncue job run`` and ``oncue job step``."""

from __future__ import annotations

from dataclasses import dataclass
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
from oncue.cli.terminal.requesting import Limits, budget_options

if TYPE_CHECKING:
    from oncue.cli.terminal.starting import Order
    from oncue.control.workspace import Workspace
    from oncue.core.model import Job, Run


@click.command("run")
@job_argument
@budget_options
@reason_option
@leave_option
@json_option
@actor_option
@common_options
@click.pass_obj
def run(invocation: Invocation, job: str, *, limits: Limits, reason: str, no_wait: bool, is_json: bool) -> None:
    """Run JOB: all of it the first time, later what is missing, failed or stale.

    A run that asks is answered here at a terminal, else with `oncue answer` from anywhere; --no-wait does not wait for that.
    An unfinished run is continued: one that was interrupted, or paused by single steps. If another process executes it, this
    one waits for it. Comments that were given to the steps before are carried along; `oncue job rerun --failed` leaves them.
    """
    wish = _Wish(reason=reason, limits=limits)
    _carry_on(invocation, job, wish, is_json=is_json, may_wait=not no_wait)


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
    _carry_on(invocation, job, _Wish(reason=reason, steps=1), is_json=is_json, may_wait=not no_wait)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What was asked for; ``steps`` None is all that is left."""

    reason: str
    limits: Limits = Limits()  # noqa: RUF009 # it is frozen
    steps: int | None = None


def _carry_on(invocation: Invocation, text: str, wish: _Wish, *, is_json: bool, may_wait: bool) -> None:
    from oncue.cli.terminal.following import Screen, continue_runs, start_and_follow
    from oncue.cli.terminal.starting import check_free, open_runs, plan_order
    from oncue.core.findings import FindingCode

    workspace, job = invocation.open_job(text)
    screen = Screen(invocation, workspace, is_json=is_json, may_wait=may_wait)
    unfinished = open_runs(workspace, job.id)
    if unfinished:
        _check_limits(wish.limits, unfinished[0])
        if wish.steps is not None:
            check_free(workspace, job)
        raise click.exceptions.Exit(continue_runs(screen, unfinished, steps=wish.steps))
    order = _next_order(invocation, workspace, job, wish=wish)
    prepared = plan_order(workspace, job.id, order)
    if [finding.code for finding in prepared.plan.blockers] == [FindingCode.NOTHING_TO_RUN]:
        screen.show_nothing_to_run(job)
        return
    raise click.exceptions.Exit(start_and_follow(screen, prepared, order, steps=wish.steps))


def _check_limits(limits: Limits, unfinished: Run) -> None:
    """A run keeps the budget that it was started with; one that is given now would mean nothing.

    Raises:
        UsageError: one is given.
    """
    if limits.given():
        raise click.UsageError(
            f"{limits.given()[0]} is for a new run, and run {unfinished.number} has not ended: it keeps its own budget. "
            f"oncue job cancel {unfinished.job_id} ends it"
        )


def _next_order(invocation: Invocation, workspace: Workspace, job: Job, *, wish: _Wish) -> Order:
    """Everything the first time, later what is left: with the comments that were meant for it, for nobody took them back."""
    from oncue.cli.terminal.starting import Order
    from oncue.core.model import RunKind
    from oncue.core.request import RunRequest, Scope

    is_first = job.runs == 0
    with workspace.store.read() as reader:
        keeps = not is_first and bool(reader.list_comments(job.id))
    return Order(
        request=RunRequest(scope=Scope.ALL if is_first else Scope.RESUME, budget=wish.limits.as_budget(), keep_comments=keeps),
        action=RunKind.RUN if is_first else RunKind.RESUME,
        actor=invocation.actor,
        reason=wish.reason,
    )
