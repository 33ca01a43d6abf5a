"""Questions and decisions as text for people. What a step wrote is shown without its control characters."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime

from oncue.cli.text.printing import coloured, show_seconds, table
from oncue.control.views.decisionview import (
    DecisionsView,
    InboxView,
    answer_command,
    use_late_command,
)
from oncue.core.questions import Decision, How, OnTimeout, Question, QuestionKind, recorded_answer
from oncue.core.questionwords import describe_response

DAY_SECONDS = 86_400
MESSAGE_CELLS = 60
RESPONSE_CELLS = 60
_DIRECTION_CHANGES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def plain(text: str) -> str:
    """Text that cannot steer a terminal: control characters and changes of direction become a mark."""
    return "".join(
        "�" if character in _DIRECTION_CHANGES or (unicodedata.category(character) in ("Cc", "Cs") and character != "\n")
        else character
        for character in text.replace("\t", "    ")
    )  # fmt: skip


def one_line(text: str, *, cells: int) -> str:
    """The beginning of a text, on one line."""
    line = " ".join(plain(text).split())
    return line if len(line) <= cells else f"{line[: cells - 1]}…"


def show_left(deadline: datetime, now: datetime) -> str:
    """How long there is until a deadline."""
    seconds = (deadline - now).total_seconds()
    if seconds <= 0:
        return "time is up"
    if seconds < 60:
        return f"{int(seconds)} s"
    if seconds < 2 * DAY_SECONDS:
        return show_seconds(seconds)
    days, rest = divmod(int(seconds), DAY_SECONDS)
    return f"{days} days {rest // 3600} h"


def describe_policy(question: Question) -> str:
    """What happens at the deadline."""
    asking = question.asking
    match asking.on_timeout:
        case OnTimeout.DEFAULT:
            return f"then {one_line(describe_response(question, asking.default), cells=RESPONSE_CELLS)} is taken"
        case OnTimeout.CANCEL:
            return "then the run ends"
        case OnTimeout.WAIT:
            return "and it waits on after that"


def render_inbox(view: InboxView) -> list[str]:
    """What waits for a person, one question a line."""
    if not view.questions:
        return ["nothing waits for an answer"]
    rows = [["QUESTION", "JOB", "STEP", "TYPE", "TIME LEFT", "MESSAGE"]]
    for question in view.questions:
        left = show_left(question.deadline, view.now) if question.deadline else "waits"
        message = one_line(question.asking.message, cells=MESSAGE_CELLS)
        rows.append([question.id, question.key.job_id, plain(question.key.step), plain(question.asking.type), left, message])
    return [*table(rows, indent=""), "next: oncue answer QUESTION VALUE"]


def render_question(question: Question, now: datetime) -> list[str]:
    """One question with everything a person needs to answer it."""
    asking, key = question.asking, question.key
    ordinal = f" {question.occurrence}" if question.occurrence > 1 else ""
    lines = [f"question {question.id} ({plain(asking.type)}{ordinal}), step {plain(key.step)} of job {key.job_id}:"]
    lines += [f"  {line}" for line in plain(asking.message).splitlines()]
    lines += table(_option_rows(question), indent="    ")
    lines += [f"    {line}" for line in _schema_lines(asking.schema)] if asking.schema else []
    for name, value in asking.extra.items():
        lines.append(f"  {one_line(f'{name}: {value}', cells=100)}")
    if asking.has_default:
        lines.append(f"  default: {one_line(describe_response(question, asking.default), cells=RESPONSE_CELLS)}")
    if question.deadline is not None:
        until = question.deadline.astimezone().strftime("%Y-%m-%d %H:%M:%S")
        lines.append(f"  time left: {show_left(question.deadline, now)}, until {until}; {describe_policy(question)}")
    return lines


def _option_rows(question: Question) -> list[list[str]]:
    return [
        [str(number), plain(option.id), " ".join(_option_words(option.id, option.label, help=option.help))]
        for number, option in enumerate(question.asking.options, start=1)
    ]


def _option_words(name: str, label: str, *, help: str) -> list[str]:
    words = [] if label == name else [one_line(label, cells=MESSAGE_CELLS)]
    return [*words, click_dim(one_line(help, cells=2 * MESSAGE_CELLS))] if help else words


def click_dim(text: str) -> str:
    """Text that steps back."""
    import click

    return click.style(text, dim=True)


def _schema_lines(schema: Mapping[str, object]) -> list[str]:
    """The fields of a form."""
    fields, required = schema.get("properties"), schema.get("required")
    if not isinstance(fields, dict):
        return []
    rows = []
    for name, field in fields.items():
        facts = field if isinstance(field, dict) else {}
        needed = "required" if isinstance(required, list) and name in required else ""
        words = str(facts.get("description") or facts.get("title") or "")
        rows.append([plain(str(name)), one_line(str(facts.get("type", "")), cells=30), needed, one_line(words, cells=60)])
    return table(rows, indent="")


def render_waiting(questions: Sequence[Question], now: datetime) -> list[str]:
    """Questions that wait, each with the command that answers it."""
    lines: list[str] = []
    for question in questions:
        lines += [*render_question(question, now), f"  answer: {answer_command(question)}"]
    return lines


def render_waiting_briefly(questions: Sequence[Question]) -> list[str]:
    """Questions that wait, two lines each."""
    lines: list[str] = []
    for question in questions:
        message = one_line(question.asking.message, cells=100)
        lines.append(
            f"{coloured('waiting', 'waits')}: {plain(question.asking.type)} of step {plain(question.key.step)}: {message}"
        )
        lines.append(f"  answer: {answer_command(question)}")
    return lines


def render_late(questions: Sequence[Question]) -> list[str]:
    """Answers that came too late, each with the command that uses it."""
    lines: list[str] = []
    for question in questions:
        if question.late is not None:
            given = one_line(describe_response(question, question.late.response), cells=RESPONSE_CELLS)
            who = plain(question.late.actor)
            lines.append(f"late answer to {plain(question.asking.type)} of step {plain(question.key.step)}, by {who}: {given}")
            lines.append(f"  rerun with it: {use_late_command(question)}")
    return lines


def render_decisions(view: DecisionsView) -> list[str]:
    """The decisions of a job, the oldest first, each with its question below."""
    if not view.total:
        waiting = f"; {view.waiting} wait for an answer (oncue inbox)" if view.waiting else ""
        return [f"no decisions are recorded of job {view.job_id}: none of its steps has asked anything{waiting}"
                if not view.waiting else f"no decisions are recorded of job {view.job_id} yet{waiting}"]  # fmt: skip
    if not view.decisions:
        return [f"none of the {view.total} decisions of job {view.job_id} is so; its types: {plain(', '.join(view.types))}"]
    count = f"{len(view.decisions)} of {view.total}" if len(view.decisions) < view.total else str(view.total)
    rows = [["TIME", "RUN", "STEP", "TYPE", "RESPONSE", "HOW"], *(_decision_row(question) for question in view.decisions)]
    lines = [f"decisions of job {view.job_id}: {count}"]
    head, *decided = table(rows)
    lines.append(head)
    for line, question in zip(decided, view.decisions, strict=True):
        lines += [line, f"      {one_line(question.asking.message, cells=120)}"]
    return [*lines, f"  {view.waiting} more wait for an answer: oncue inbox"] if view.waiting else lines


def render_preview(decisions: Sequence[Question]) -> list[str]:
    """What a replay answers as before."""
    count = len(decisions)
    noun = "question is" if count == 1 else "questions are"
    rows = [
        [
            plain(question.key.step),
            plain(_numbered_type(question)),
            one_line(describe_response(question, _reusable(question)), cells=RESPONSE_CELLS),
            one_line(question.asking.message, cells=MESSAGE_CELLS),
        ]
        for question in decisions
    ]
    return [f"{count} {noun} answered as before, where the same question is asked with the same options:", *table(rows)]


def _reusable(question: Question) -> object:
    found = recorded_answer(question)
    return found[0] if found else None


def _decision_row(question: Question) -> list[str]:
    decision = question.decision
    assert decision is not None, "only decided questions are listed"
    return [
        decision.answered_at.astimezone().strftime("%Y-%m-%d %H:%M:%S"),
        str(question.key.run),
        plain(question.key.step),
        plain(_numbered_type(question)),
        one_line(describe_response(question, decision.response), cells=RESPONSE_CELLS),
        describe_how(question, decision),
    ]


def _numbered_type(question: Question) -> str:
    return f"{question.asking.type} {question.occurrence}" if question.occurrence > 1 else question.asking.type


def describe_how(question: Question, decision: Decision) -> str:
    """How and by whom a question was settled."""
    seconds = question.asking.timeout_seconds
    limit = f" after {show_seconds(seconds)}" if seconds is not None else ""
    actor = plain(decision.actor)
    match decision.how:
        case How.PERSON:
            return f"by {actor}"
        case How.DEFAULT:
            return coloured("warn", f"timed out{limit}, default taken")
        case How.TIMED_OUT:
            late = f", answered late by {plain(question.late.actor)}" if question.late else ""
            return coloured("fail", f"timed out{limit}") + late
        case How.REUSED:
            return f"reused from {decision.reused_from}" + (f", by {actor}" if actor else "")
        case How.CONFIGURED:
            return "by configuration"
        case How.CANCELLED:
            return "cancelled with its run"


def say_default(question: Question) -> str:
    """The default as it stands in brackets of a prompt; empty where there is none."""
    asking = question.asking
    if not asking.has_default:
        return ""
    if asking.kind is QuestionKind.CONFIRM:
        return "yes" if asking.default else "no"
    if isinstance(asking.default, list | tuple):
        return ", ".join(map(str, asking.default))
    return str(asking.default)
