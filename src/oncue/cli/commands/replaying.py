"""``oncue job replay``: a new job with the configuration and the decisions of an earlier one."""

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
from oncue.cli.text.printing import print_json, print_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oncue.core.model import JobId
    from oncue.core.questions import Question


@click.command("replay")
@job_argument
@click.option("--plan", "is_plan", is_flag=True, default=False, help="Show what would be answered as before; start nothing.")
@reason_option
@leave_option
@json_option
@actor_option
@common_options
@click.pass_obj
def replay(invocation: Invocation, job: str, *, is_plan: bool, reason: str, no_wait: bool, is_json: bool) -> None:
    """Make a new job with the configuration of JOB, answer its questions as they were answered there, and run it.

    A question that changed, or whose answer is no option any more, is asked.
    """
    from oncue.control.replays import replayable_decisions

    workspace, found = invocation.open_job(job)
    decisions = replayable_decisions(workspace, found.id)
    if is_plan:
        _show_plan(found.id, decisions, is_json=is_json)
        return
    from oncue.cli.terminal.following import Screen, start_and_follow
    from oncue.cli.terminal.starting import Order, plan_order
    from oncue.cli.text.questiontext import render_preview
    from oncue.control.replays import create_replay, replay_request
    from oncue.core.model import RunKind

    screen = Screen(invocation, workspace, is_json=is_json, may_wait=not no_wait)
    if not is_json:
        print_lines(render_preview(decisions), is_error=True)
    made = create_replay(workspace, found.id)
    invocation.job = made.id
    screen.facts["replayed_from"] = found.id
    screen.say(f"job {made.id} of {made.workflow}, replayed from {found.id}")
    order = Order(request=replay_request(), action=RunKind.REPLAY_DECISIONS, actor=invocation.actor, reason=reason)
    raise click.exceptions.Exit(start_and_follow(screen, plan_order(workspace, made.id, order), order))


def _show_plan(job_id: JobId, decisions: Sequence[Question], *, is_json: bool) -> None:
    if is_json:
        from oncue.control.promptrecords import decision_record

        print_json({"replayed_from": job_id, "decisions": [decision_record(question) for question in decisions]})
        return
    from oncue.cli.text.questiontext import render_preview

    print_lines([*render_preview(decisions), f"next: oncue job replay {job_id}"])
