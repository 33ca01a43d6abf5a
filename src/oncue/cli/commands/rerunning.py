"""``oncue job rerun``: a new run of a job, of all of it or any part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from oncue.cli.options import (
    Invocation,
    actor_option,
    common_options,
    job_argument,
    json_option,
    param_option,
    reason_option,
)
from oncue.cli.terminal.requesting import Wishes, budget_options, check_options, comment_options, make_request

if TYPE_CHECKING:
    from oncue.cli.terminal.following import Screen
    from oncue.cli.terminal.starting import Order
    from oncue.core.model import Job


@click.command("rerun")
@job_argument
@click.option(
    "--step", "steps", multiple=True, default=(), metavar="STEP", help="From this step on; may be repeated. A number or an id."
)
@click.option("--only", is_flag=True, default=False, help="Only the steps named by --step; what depends on them becomes stale.")
@click.option("--phase", default=None, metavar="PHASE", help="The steps of this phase; a name or a number.")
@click.option("--failed", is_flag=True, default=False, help="What is missing, failed or stale.")
@click.option(
    "--downstream",
    type=click.Choice(["mark_stale", "rerun", "ask"]),
    default=None,
    help="With --only or --phase: what depends on the steps becomes stale [default], is brought up to date too, or is asked "
    "about at the end.",
)
@click.option(
    "--context",
    type=click.Choice(["keep", "clean"]),
    default=None,
    help="Whether a step sees its own previous output [keep, unless its definition changed].",
)
@comment_options
@param_option
@click.option(
    "--answers",
    type=click.Choice(["ask", "reuse"]),
    default="ask",
    help="Whether questions are asked [default], or answered as before where the same is asked with the same options.",
)
@click.option("--refresh", is_flag=True, default=False, help="Let steps that fetch from outside fetch again.")
@click.option(
    "--definition",
    type=click.Choice(["source", "original"]),
    default="source",
    help="The workflow as its source is now [default], or as it was when the job last ran.",
)
@budget_options
@click.option("--plan", "is_plan", is_flag=True, default=False, help="Show what would happen; start nothing.")
@click.option("--digest", default=None, metavar="DIGEST", help="Start only if this is still the plan's digest.")
@reason_option
@click.option("--trigger-id", default=None, metavar="ID", help="Repeating a command with the same id starts nothing twice.")
@click.option(
    "--no-wait",
    is_flag=True,
    default=False,
    help="Refuse to queue behind a run that executes, and leave when the run waits for a person.",
)
@json_option
@actor_option
@common_options
@click.pass_obj
def rerun(invocation: Invocation, /, job: str, *, is_json: bool, **options: Any) -> None:
    """Run JOB again: all of it, or the part that the options name. Earlier runs stay as they are."""
    wishes = Wishes(**options)
    check_options(wishes)
    from oncue.cli.terminal.following import Screen

    workspace, found = invocation.open_job(job)
    screen = Screen(invocation, workspace, is_json=is_json, may_wait=not wishes.no_wait)
    order = make_order(wishes, actor=invocation.actor)
    if wishes.is_plan:
        _print_plan(screen, found, order)
    else:
        raise click.exceptions.Exit(_start(screen, found, order))


def make_order(wishes: Wishes, *, actor: str) -> Order:
    """The request that the options mean, and what its trigger records."""
    from oncue.cli.terminal.starting import Order
    from oncue.core.model import RunKind

    return Order(
        request=make_request(wishes),
        action=RunKind.RESUME if wishes.failed else RunKind.RERUN,
        actor=actor,
        reason=wishes.reason,
        trigger_id=wishes.trigger_id,
        digest=wishes.digest,
        may_queue=not wishes.no_wait,
    )


def _print_plan(screen: Screen, job: Job, order: Order) -> None:
    from oncue.cli.terminal.starting import plan_order
    from oncue.cli.text.plannedprompts import render_prompts
    from oncue.cli.text.printing import print_json, print_lines
    from oncue.cli.text.textviews import render_plan
    from oncue.control.views.planview import view_plan
    from oncue.control.views.promptplan import plan_prompts

    prepared = plan_order(screen.workspace, job.id, order)
    view, prompts = view_plan(prepared), plan_prompts(screen.workspace, prepared)
    if screen.is_json:
        print_json({"job_id": job.id, "plan": view.as_dict() | prompts.as_dict()})
    else:
        print_lines(line.replace("JOB", job.id) for line in render_plan(view, is_whole=True))
        print_lines(render_prompts(prompts))


def _start(screen: Screen, job: Job, order: Order) -> int:
    from oncue.cli.terminal.following import continue_runs, show_changed_plan, start_and_follow
    from oncue.cli.terminal.starting import check_free, plan_order
    from oncue.control.repeats import check_seen, find_repeated
    from oncue.errors import PlanChanged

    known = find_repeated(screen.workspace, job.id, order.trigger_id)
    if known is not None:
        screen.say(f"trigger {order.trigger_id} started run {known.number} already")
        return continue_runs(screen, [known])
    try:
        prepared = plan_order(screen.workspace, job.id, order)
        check_seen(prepared, order.digest)
        if not order.may_queue:
            check_free(screen.workspace, job)
        return start_and_follow(screen, prepared, order)
    except PlanChanged as error:
        show_changed_plan(error, is_json=screen.is_json)
        raise
