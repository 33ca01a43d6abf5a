"""Answers as they are taken from people: forms are checked against their JSON Schema by the ``jsonschema`` library."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from oncue.core.questions import Asking, InvalidAnswer, InvalidQuestion, QuestionKind, check_answer, check_asking


def check_response(asking: Asking, response: object) -> object:
    """The answer as it is kept.

    Raises:
        InvalidAnswer: it is not one; for forms, says which field.
    """
    kept = check_answer(asking, response)
    if asking.kind is QuestionKind.FORM and asking.schema is not None:
        from jsonschema import Draft202012Validator  # noqa: PLC0415 - forms are rare, and it is slow to import

        errors = sorted(
            Draft202012Validator(dict(asking.schema)).iter_errors(kept), key=lambda error: list(map(str, error.path))
        )
        if errors:
            field = ".".join(map(str, errors[0].path))
            raise InvalidAnswer(f"the form does not fit: {f'{field}: ' if field else ''}{errors[0].message[:300]}")
    return kept


def check_question(asking: Asking) -> None:
    """Refuse a question that nobody could answer.

    Raises:
        InvalidQuestion: see ``check_asking``; or its schema is no JSON Schema.
    """
    check_asking(asking)
    if asking.kind is QuestionKind.FORM and asking.schema is not None:
        wrong = explain_schema(asking.schema)
        if wrong:
            raise InvalidQuestion(f"the schema of the form {asking.type!r} is wrong: {wrong}")
        if asking.has_default:
            check_response(asking, asking.default)


def explain_schema(schema: Mapping[str, object]) -> str:
    """What is wrong with a JSON Schema, empty where nothing is: nothing is fetched, so it must refer to itself alone."""
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - schemas are rare, and it is slow to import
    from jsonschema.exceptions import SchemaError  # noqa: PLC0415
    from referencing import Registry  # noqa: PLC0415
    from referencing.exceptions import Unresolvable  # noqa: PLC0415
    from referencing.jsonschema import DRAFT202012  # noqa: PLC0415

    try:
        Draft202012Validator.check_schema(dict(schema))
    except SchemaError as error:
        return error.message
    registry: Registry[Any] = Registry()
    resolver = registry.resolver_with_root(DRAFT202012.create_resource(dict(schema)))
    for reference in _references(schema):
        try:
            resolver.lookup(reference)
        except Unresolvable:
            return f"$ref {reference!r} leads nowhere within the schema"
    return ""


def _references(part: object) -> Iterator[str]:
    """Every ``$ref`` of a schema."""
    if isinstance(part, Mapping):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for content in part.values():
            yield from _references(content)
    elif isinstance(part, list):
        for content in part:
            yield from _references(content)
