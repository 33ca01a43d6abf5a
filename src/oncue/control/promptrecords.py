"""Questions in the two shapes that leave the product: the prompt records of ``job_data.json`` and exports, and decisions.

The prompt record is fixed by its readers: prompt_id, type, response, timestamp, timeout_seconds, timed_out, prompt_data
{message, options, default, …extra}. A question that waits, or was cancelled, has the response null; so has one that timed
out without a default to take.
"""

from __future__ import annotations

from collections.abc import Sequence

from oncue.control.instants import show_instant
from oncue.core.questions import How, Question, QuestionKind

_WORDS = {True: "Yes", False: "No"}


def prompt_record(question: Question) -> dict[str, object]:
    """One question as its readers know it; ``timestamp`` is when it was settled, or asked while it waits."""
    decision = question.decision
    return {
        "prompt_id": question.id,
        "type": question.asking.type,
        "response": _response(question),
        "timestamp": show_instant(decision.answered_at if decision else question.asked_at),
        "timeout_seconds": _seconds(question.asking.timeout_seconds),
        "timed_out": decision is not None and decision.is_timed_out,
        "prompt_data": _prompt_data(question),
    }


def prompt_records(questions: Sequence[Question]) -> list[dict[str, object]]:
    """The prompt records of a job, in the order in which the questions were asked."""
    return [prompt_record(question) for question in questions]


def prompt_status(question: Question) -> str:
    """``OK`` or ``TIMED OUT``; ``WAITING`` and ``CANCELLED`` where nobody has answered and no deadline was missed."""
    decision = question.decision
    if decision is None:
        return "WAITING"
    if decision.is_timed_out:
        return "TIMED OUT"
    return "CANCELLED" if decision.how is How.CANCELLED else "OK"


def render_prompt_history(questions: Sequence[Question]) -> str:
    """The prompt history as text for people: time, type, response and status of every question."""
    parts = ["Prompt History Summary", "=" * 50, ""]
    for question in questions:
        record = prompt_record(question)
        parts += [
            f"[{record['timestamp']}] {record['type']}",
            *(f"  | {line}" for line in question.asking.message.splitlines()),
            f"  Response: {_spell(record['response'])}",
            f"  Status: {prompt_status(question)}",
            "",
        ]
    return "\n".join(parts)


def decision_record(question: Question) -> dict[str, object]:
    """One question with how it was settled; ``how`` is null while it waits."""
    asking, decision = question.asking, question.decision
    return {
        "question_id": question.id,
        "job_id": question.key.job_id,
        "run": question.key.run,
        "step": question.key.step,
        "type": asking.type,
        "occurrence": question.occurrence,
        "message": asking.message,
        "options": [{"id": option.id, "label": option.label, "help": option.help} for option in asking.options],
        "default": asking.default,
        "response": decision.response if decision else None,
        "how": decision.how.value if decision else None,
        "actor": decision.actor if decision else None,
        "asked_at": show_instant(question.asked_at),
        "deadline": show_instant(question.deadline),
        "answered_at": show_instant(decision.answered_at) if decision else None,
        "timeout_seconds": _seconds(asking.timeout_seconds),
        "timed_out": decision is not None and decision.is_timed_out,
        "reused_from": decision.reused_from if decision else None,
    }


def _response(question: Question) -> object:
    """The answer; yes and no are the words that the readers of this shape expect."""
    if question.decision is None:
        return None
    response = question.decision.response
    is_confirmation = question.asking.kind is QuestionKind.CONFIRM and isinstance(response, bool)
    return _WORDS[bool(response)] if is_confirmation else response


def _prompt_data(question: Question) -> dict[str, object]:
    asking = question.asking
    data: dict[str, object] = {"message": asking.message}
    if asking.options:
        data["options"] = [option.id for option in asking.options]
    if asking.has_default:
        data["default"] = asking.default
    return data | {name: value for name, value in asking.extra.items() if name not in data}


def _seconds(seconds: float | None) -> float | int | None:
    """Whole seconds as whole numbers."""
    return int(seconds) if seconds is not None and seconds == int(seconds) else seconds


def _spell(response: object) -> str:
    match response:
        case None:
            return "None"
        case list() | tuple():
            return ", ".join(str(part) for part in response) or "(nothing)"
        case _:
            return str(response)
