"""How an answer reads, and by which words a decision is found."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from oncue.core.canonical import mend_text
from oncue.core.questions import Asking, Question


def describe_response(question: Question, response: object) -> str:
    """An answer as people read it: labels of options, yes or no."""
    return _describe(question.asking, response)


def decision_words(question: Question) -> str:
    """Everything of a settled question that a person may look for, folded, a line each."""
    asking, settled = question.asking, [one for one in (question.decision, question.late) if one is not None]
    words: Sequence[object] = (
        question.key.step,
        asking.type,
        asking.message,
        *(f"{option.id} {option.label}" for option in asking.options),
        *(f"{name} {_spell(value)}" for name, value in asking.extra.items()),
        *(one.actor for one in settled),
        *(_describe(asking, one.response) for one in settled if one.response is not None),
    )
    return fold_text("\n".join(map(str, words)))


def fold_text(text: str) -> str:
    """A text as it is compared with others: case-folded, and a replacement character for what no database keeps in a text."""
    return mend_text(text.casefold().replace("\0", "\ufffd"))


def _describe(asking: Asking, response: object) -> str:
    labels = {option.id: option.label for option in asking.options}
    match response:
        case None:
            return "no answer"
        case bool():
            return "yes" if response else "no"
        case str():
            return _with_label(response, labels.get(response, response))
        case list() | tuple():
            return ", ".join(_with_label(str(part), labels.get(str(part), str(part))) for part in response) or "nothing"
        case Mapping():
            return "; ".join(f"{name}: {_spell(part)}" for name, part in response.items()) or "nothing"
        case _:
            return str(response)


def _spell(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case list() | tuple() if all(isinstance(part, str) for part in value):
            return ", ".join(value) or "nothing"
        case str():
            return value
        case _:
            return json.dumps(value, ensure_ascii=False)


def _with_label(text: str, label: str) -> str:
    """An option by its id and its label; by the label alone where they say the same."""
    return label if label.casefold() == text.casefold() else f"{text} ({label})"
