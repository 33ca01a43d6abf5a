"""Answers as they come from a form of a page: every kind of question has its fields, and what they hold is read by its kind."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from oncue.control.views.panelview import fold_breaks
from oncue.core.questions import Asking, InvalidAnswer, QuestionKind, read_answer, read_number

PREFIX = "field."
_BOOLEANS = {"yes": True, "no": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """One property of a form's schema; ``text`` is what stands in it at first, ``options`` the only values it takes.

    ``type`` is that of the schema, or ``lines`` for a list of texts, one in a line.
    """

    name: str
    label: str
    type: str
    help: str = ""
    text: str = ""
    options: tuple[str, ...] = ()
    is_required: bool = False


def form_fields(asking: Asking) -> tuple[FormField, ...]:
    """The fields of a form, from its schema: the required ones first, in their order; without properties one field of JSON."""
    schema = asking.schema or {}
    properties = schema.get("properties")
    default = asking.default if isinstance(asking.default, Mapping) else {}
    if not isinstance(properties, Mapping) or not properties:
        text = json.dumps(dict(default), ensure_ascii=False) if default else ""
        return (FormField(name="", label="Answer", type="object", help="a JSON object", text=text, is_required=True),)
    required = schema.get("required")
    names = [name for name in required if name in properties] if isinstance(required, Sequence) else []
    ordered = {name: properties[name] for name in dict.fromkeys([*names, *properties])}
    return tuple(
        _field(str(name), given if isinstance(given, Mapping) else {}, default=default, is_required=name in names)
        for name, given in ordered.items()
    )


def _field(name: str, schema: Mapping[str, object], *, default: Mapping[str, object], is_required: bool) -> FormField:
    kind = str(schema.get("type", "string"))
    given = default.get(name, schema.get("default"))
    choices = schema.get("enum")
    options = tuple(map(_spell, choices)) if isinstance(choices, Sequence) and not isinstance(choices, str) else ()
    items = schema.get("items")
    if kind == "array" and isinstance(items, Mapping) and items.get("type") == "string":
        kind, given = "lines", "\n".join(map(str, given)) if isinstance(given, list | tuple) else given
    return FormField(
        name=name,
        label=str(schema.get("title", name)),
        type=kind,
        help=str(schema.get("description", "")),
        text="" if given is None else _spell(given),
        options=("yes", "no") if kind == "boolean" else options,
        is_required=is_required,
    )


def read_answer_form(asking: Asking, form: Sequence[tuple[str, str]]) -> object:
    """The answer that the fields of a form mean.

    Raises:
        InvalidAnswer: a field holds something else.
    """
    if asking.kind is QuestionKind.FORM:
        return _read_fields(asking, dict(form))
    given = [value for name, value in form if name == "answer"]
    if asking.kind is QuestionKind.CHOICES:
        return given
    if not given:
        raise InvalidAnswer("nothing was chosen" if asking.options else "nothing was typed")
    return fold_breaks(given[0]) if asking.kind in (QuestionKind.TEXT, QuestionKind.CHOICE) else read_answer(asking, given)


def _read_fields(asking: Asking, form: Mapping[str, str]) -> object:
    fields = form_fields(asking)
    if len(fields) == 1 and not fields[0].name:
        return _read_json("the answer", form.get(PREFIX, ""))
    answer: dict[str, object] = {}
    for field in fields:
        text = fold_breaks(form.get(f"{PREFIX}{field.name}", ""))
        if text or (field.is_required and field.type == "string"):
            answer[field.name] = _read_field(asking, field, text)
    return answer


def _read_field(asking: Asking, field: FormField, text: str) -> object:
    match field.type:
        case "boolean":
            return _BOOLEANS.get(text, text)
        case "integer" | "number":
            return _read_number(field, text)
        case "lines":
            return [line.strip() for line in text.split("\n") if line.strip()]
        case "array" | "object":
            return _read_json(field.label, text)
        case _:
            return _choice(asking, field, text)


def _choice(asking: Asking, field: FormField, text: str) -> object:
    """The value that an option stands for: it need not be a text."""
    if not field.options or asking.schema is None:
        return text
    properties = asking.schema["properties"]
    assert isinstance(properties, Mapping), "the fields were made from them"
    return next((value for value in properties[field.name]["enum"] if _spell(value) == text), text)


def _read_number(field: FormField, text: str) -> object:
    number = read_number(text)
    if number is None:
        raise InvalidAnswer(f"{field.label}: {text[:60]!r} is not a number")
    return number


def _read_json(label: str, text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidAnswer(f"{label}: this is not JSON") from None


def _spell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
