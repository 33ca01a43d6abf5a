"""Answers as they are taken from people: forms are checked against their JSON Schema by the ``jsonschema`` library."""

from __future__ import annotations

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
        from jsonschema import Draft202012Validator  # noqa: PLC0415 - forms are rare, and it is slow to import
        from jsonschema.exceptions import SchemaError  # noqa: PLC0415

        try:
            Draft202012Validator.check_schema(dict(asking.schema))
        except SchemaError as error:
            raise InvalidQuestion(f"the schema of the form {asking.type!r} is wrong: {error.message}") from error
        if asking.has_default:
            check_response(asking, asking.default)
