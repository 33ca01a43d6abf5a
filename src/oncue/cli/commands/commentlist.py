"""``oncue job comments``: every comment ever given, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from oncue.cli.options import Invocation, common_options, job_argument, json_option
from oncue.cli.text.printing import coloured, print_json, print_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oncue.control.views.commentsview import CommentEntry, CommentsView, Reading


@click.command("comments")
@job_argument
@click.option("--step", default=None, metavar="STEP", help="Only comments for this step, or that it read; a number or an id.")
@json_option
@common_options
@click.pass_obj
def comments(invocation: Invocation, job: str, *, step: str | None, is_json: bool) -> None:
    """List every comment ever given to JOB: to which steps, by whom, when and why, which attempts read it, and what changed."""
    from oncue.control.views.commentsview import view_comments

    workspace, found = invocation.open_job(job)
    view = view_comments(workspace, found.id, step)
    if is_json:
        print_json(view.as_dict())
        return
    print_lines(render_comments(view))


def render_comments(view: CommentsView) -> list[str]:
    """The comments of a job, the oldest first; no text is cut."""
    if not view.comments:
        about = f" was for {view.step}" if view.step else f" was given to job {view.job_id}"
        return [f"no comment{about}: oncue job rerun {view.job_id} --step STEP --comment TEXT gives one"]
    lines: list[str] = []
    for entry in view.comments:
        lines += [*([""] if lines else []), *_entry_lines(entry)]
    return lines


def _entry_lines(entry: CommentEntry) -> list[str]:
    from oncue.cli.text.commenttext import explain_unread, for_steps, label
    from oncue.cli.text.questiontext import one_line, plain
    from oncue.cli.text.textviews import show_time

    given = entry.comment
    reason = f": {one_line(given.reason, cells=200)}" if given.reason else ""
    head = f"run {given.run} ({entry.run_state.value})  {label(given)} {for_steps(given.steps)}"
    lines = [f"{head}, by {plain(given.author)}, {show_time(given.given_at)}{reason}"]
    lines += [f"  > {line}" for line in plain(given.text).splitlines()]
    lines += [f"  {line}" for line in _reading_lines(entry.readings)]
    if entry.is_unread:
        lines.append(f"  {explain_unread(entry.guidance)}")
    elif not entry.readings:
        lines.append("  not read so far")
    return lines


def _reading_lines(readings: Sequence[Reading]) -> list[str]:
    """Which attempts read it; those of which the same is to be said share a line."""
    from oncue.cli.text.commenttext import fold_steps

    alike: dict[tuple[str, str], list[str]] = {}
    for reading in readings:
        key = reading.attempt.key
        number = f", attempt {key.number}" if key.number > 1 else ""
        alike.setdefault((f"run {key.run}{number}", _outcome(reading)), []).append(key.step)
    return [f"read by {fold_steps(steps)} in {where}  {outcome}" for (where, outcome), steps in alike.items()]


def _outcome(reading: Reading) -> str:
    """How the output stood and how the attempt ended, and what was different."""
    before = f"{coloured(reading.before.value)} → " if reading.before else ""
    changes = {
        "prompt": reading.prompt_changed,
        "definition": reading.definition_changed,
        "output": reading.output_changed,
    }
    changed = [name for name, is_changed in changes.items() if is_changed]
    same = [name for name, is_changed in changes.items() if is_changed is False]
    facts = [f"{' and '.join(changed)} changed"] if changed else []
    facts += [f"same {' and '.join(same)}"] if same else []
    return f"{before}{coloured(reading.attempt.state.value)}{': ' if facts else ''}{', '.join(facts)}"
