"""``oncue job trace`` and ``oncue job delta``: what was said to language models, and how that changed."""

from __future__ import annotations

import click

from oncue.cli.options import Counter, Invocation, OptionalStepCommand, StepCommand, common_options, json_option
from oncue.cli.text.printing import print_json, print_lines


@click.command("trace", cls=OptionalStepCommand)
@click.option("--run", type=Counter(), default=None, metavar="N", help="Only what run N did.")
@click.option("--call", type=Counter(), default=None, metavar="N", help="Only call N of an attempt, with all that was said.")
@click.option("--payload", is_flag=True, default=False, help="The bodies of the requests, as they were sent.")
@json_option
@common_options
@click.pass_obj
def trace(
    invocation: Invocation, words: tuple[str, str | None], *, run: int | None, call: int | None, payload: bool, is_json: bool
) -> None:
    """List the calls of language models that JOB made, or only STEP: why, with what, what came back, and what it cost.

    With each attempt stands what it consumed and what steered it: comments, answers, its own last output. An attempt that read
    a comment without calling a model is listed too.
    """
    from oncue.control.views.traceview import TraceWish, view_trace

    workspace, found = invocation.open_job(words[0])
    wish = TraceWish(step=words[1], run=run, call=call, has_texts=call is not None or payload)
    view = view_trace(workspace, found.id, wish)
    if is_json:
        print_json(view.as_dict())
        return
    from oncue.cli.text.tracetext import Shown, render_trace

    print_lines(render_trace(view, Shown(has_sections=call is not None, has_payload=payload)))


@click.command("delta", cls=StepCommand)
@click.option("--run", type=Counter(), default=None, metavar="N", help="The prompts of run N [the latest].")
@click.option("--against", type=Counter(), default=None, metavar="M", help="Compared with those of run M [the one before].")
@json_option
@common_options
@click.pass_obj
def delta(invocation: Invocation, words: tuple[str, str], *, run: int | None, against: int | None, is_json: bool) -> None:
    """Show how the prompts of STEP changed between two of its runs, section by section, and what came out."""
    from oncue.control.views.deltaview import DeltaWish, view_delta

    workspace, found = invocation.open_job(words[0])
    view = view_delta(workspace, found.id, DeltaWish(step=words[1], run=run, against=against))
    if is_json:
        print_json(view.as_dict())
        return
    from oncue.cli.text.deltatext import render_delta

    print_lines(render_delta(view))
