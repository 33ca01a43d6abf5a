"""``oncue inbox`` and ``oncue answer``: what waits for a person, and a person's word."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from oncue.cli.options import Invocation, actor_option, common_options, json_option
from oncue.cli.terminal.formfiles import read_form
from oncue.cli.text.printing import print_json, print_lines

if TYPE_CHECKING:
    from oncue.control.answers import Answered
    from oncue.control.workspace import Workspace
    from oncue.core.questions import Question

_NUMBER = re.compile(r"-\.?\d")


@click.command("inbox")
@json_option
@common_options
@click.pass_obj
def inbox(invocation: Invocation, *, is_json: bool) -> None:
    """List every question that waits for a person, in all jobs, the earliest deadline first."""
    from oncue.control.views.decisionview import view_inbox

    view = view_inbox(invocation.open())
    if is_json:
        print_json(view.as_dict())
        return
    from oncue.cli.text.questiontext import render_inbox

    print_lines(render_inbox(view))


class AnswerCommand(click.Command):
    """A command whose values may be negative numbers; what else begins with a dash stands after ``--``."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ignore_unknown_options = True

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse what looks like an option and is none."""
        before = args[: args.index("--")] if "--" in args else args
        known = {name for parameter in self.get_params(ctx) for name in parameter.opts}
        for word in before:
            name = word.partition("=")[0]
            is_meant = name in known or word == "-" or _NUMBER.match(word) or set(word[1:]) == {"v"}
            if word.startswith("-") and not is_meant:
                raise click.NoSuchOption(name, ctx=ctx)
        return super().parse_args(ctx, args)


@click.command("answer", cls=AnswerCommand)
@click.argument("question")
@click.argument("values", nargs=-1, metavar="VALUE…")
@click.option("--form", metavar="FILE", default=None, help="The answer to a form: a JSON file, or - for standard input.")
@json_option
@actor_option
@common_options
@click.pass_obj
def answer(invocation: Invocation, question: str, *, values: tuple[str, ...], form: str | None, is_json: bool) -> None:
    """Answer QUESTION, an id or the beginning of one: an option, several of them, a number, yes or no, or text.

    The first answer counts. One that comes after the deadline is kept, and used by `oncue job rerun --answers reuse`.
    A text that begins with a dash stands after `--`.
    """
    if bool(values) == (form is not None):
        raise click.UsageError("Give the answer: VALUE, or --form FILE." if not values else "Give VALUE or --form, not both.")
    from oncue.control.answers import answer_question, find_question

    workspace = invocation.open()
    found = find_question(workspace, question)
    invocation.job = found.key.job_id
    response = read_form(form) if form is not None else None
    words: Sequence[str] | None = values if form is None else None
    answered = answer_question(workspace, found, actor=invocation.actor, words=words, response=response)
    _show(workspace, answered, actor=invocation.actor, is_json=is_json)


def _show(workspace: Workspace, answered: Answered, *, actor: str, is_json: bool) -> None:
    from oncue.control.answers import Taken
    from oncue.control.views.decisionview import use_late_command
    from oncue.core.questionwords import describe_response

    question, key = answered.question, answered.question.key
    is_late = answered.taken is Taken.LATE
    command = use_late_command(question) if is_late else _next_command(workspace, question)
    if is_json:
        print_json(
            {
                "question_id": question.id,
                "job_id": key.job_id,
                "run": key.run,
                "step": key.step,
                "type": question.asking.type,
                "response": answered.response,
                "actor": actor,
                "taken": answered.taken.value,
                "next": command or None,
            }
        )
        return
    from oncue.cli.text.questiontext import RESPONSE_CELLS, one_line

    given = one_line(describe_response(question, answered.response), cells=RESPONSE_CELLS)
    if is_late:
        print_lines([f"too late, but kept: {given}", f"  rerun with it: {command}"])
    elif command:
        print_lines([f"answered in time: {given}", f"  next: {command}"])
    else:
        print_lines([f"answered in time: {given}", f"  run {key.run} of job {key.job_id} goes on in the process that waits"])


def _next_command(workspace: Workspace, question: Question) -> str:
    """What continues the run; empty where a living process does."""
    from oncue.control.views.decisionview import is_attended

    return "" if is_attended(workspace, question) else f"oncue job run {question.key.job_id}"
