"""What a parameter may be, and how a person's words become its value.

Text (from a command line) is read by the declared type:

========  =====================================================================
string    the text as it is
integer   digits with an optional sign: ``10``, ``-3``
number    an integer or decimal: ``0.5``, ``1e-3``; never ``nan`` or ``inf``
boolean   ``true``, ``false``, ``yes`` or ``no``, in any case
array     a JSON array: ``[1, 2]``
object    a JSON object: ``{"a": 1}``
any       JSON where the text is JSON, else the text itself: ``10`` is a number, ``"10"`` and ``eu`` are text
========  =====================================================================

Values are plain JSON. A ``number`` is always kept as a float, so that ``1`` and ``1.0`` are the same parameter.
``null`` is taken only by a parameter whose default is null.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from oncue.core.canonical import NotCanonical, canonical_json
from oncue.core.definition import ParamDefinition, ParamType, WorkflowDefinition
from oncue.errors import InvalidParam, nearest

NAME_PATTERN = r"[A-Za-z][A-Za-z0-9_]*"
RESERVED_NAMES = frozenset({"get", "items", "keys", "names_read", "values"})
"""Names that mean something else on ``params`` itself."""
_INTEGER = re.compile(r"[+-]?[0-9]{1,4000}")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_BOOLEANS = {"true": True, "yes": True, "false": False, "no": False}
_TYPES: Mapping[type, ParamType] = {
    str: ParamType.STRING,
    int: ParamType.INTEGER,
    float: ParamType.NUMBER,
    bool: ParamType.BOOLEAN,
    list: ParamType.ARRAY,
    tuple: ParamType.ARRAY,
    dict: ParamType.OBJECT,
}


def infer_type(default: object) -> ParamType:
    """The type of a parameter of which only the default is given; ``any`` for null."""
    return _TYPES.get(type(default), ParamType.ANY)


def type_of(python_type: type) -> ParamType | None:
    """The parameter type a Python type stands for, or None where it stands for none."""
    return _TYPES.get(python_type)


def resolve_params(definition: WorkflowDefinition, given: Mapping[str, object], *, from_text: bool) -> Mapping[str, object]:
    """All parameters of a job, in declaration order: what was given, validated, and the defaults of the others.

    Args:
        definition: declares the parameters.
        given: name → value; with ``from_text``, values that are text are read by the declared type.
        from_text: whether the values come from a command line.

    Raises:
        InvalidParam: an unknown name (with the nearest), a value of the wrong type, or required ones that are missing.
    """
    _declared(definition, given)
    missing = [param.name for param in definition.params if param.is_required and param.name not in given]
    if missing:
        noun = "parameter is" if len(missing) == 1 else "parameters are"
        raise InvalidParam(f"required {noun} missing: {', '.join(missing)}", hint=f"give --param {missing[0]}=…")
    return {
        param.name: _taken(param, given[param.name], from_text) if param.name in given else param.default
        for param in definition.params
    }


def read_params(definition: WorkflowDefinition, texts: Mapping[str, object]) -> Mapping[str, object]:
    """The values of some parameters given on a command line, read by their declared types.

    Raises:
        InvalidParam: an unknown name (with the nearest), or a value of the wrong type.
    """
    declared = _declared(definition, texts)
    return {name: _taken(declared[name], text, from_text=True) for name, text in texts.items()}


def explain_params(definition: WorkflowDefinition, given: Mapping[str, object], *, from_text: bool) -> Mapping[str, str]:
    """What is wrong with the parameters of a new job: name → why, empty where nothing is."""
    declared = {param.name: param for param in definition.params}
    wrong = {name: f"no parameter {name!r}{nearest(name, list(declared))}" for name in given if name not in declared}
    for name, param in declared.items():
        if name not in given:
            if param.is_required:
                wrong[name] = "this is needed"
            continue
        try:
            _taken(param, given[name], from_text)
        except InvalidParam as error:
            wrong[name] = error.message
    return wrong


def check_value(param: ParamDefinition, value: object) -> object:
    """The value as this parameter keeps it.

    Raises:
        InvalidParam: it has another type, or is not one of the choices.
    """
    if value is None and param.default is None and not param.is_required:
        return None
    taken = _TAKE[param.type](value)
    if taken is None and param.type is not ParamType.ANY:
        raise _refused(param, _describe(value))
    _check_canonical(param, taken)
    if param.choices and not any(_is_same(taken, choice) for choice in param.choices):
        raise InvalidParam(
            f"parameter {param.name!r}: {_describe(value)} is not one of {_listed(param.choices)}", hint=param.help
        )
    return taken


def normalize_param(param: ParamDefinition) -> ParamDefinition:
    """The declaration with its default and choices as they are kept.

    Raises:
        InvalidParam: the name cannot be used, or the default or a choice does not fit the type.
    """
    check_name(param.name)
    bare = replace(param, default=None, is_required=True, choices=())
    choices = tuple(check_value(bare, choice) for choice in param.choices)
    default = None if param.default is None else check_value(replace(bare, choices=choices), param.default)
    return replace(param, default=default, choices=choices)


def check_name(name: str) -> None:
    """Refuse names that cannot be read as ``params.name`` and ``$ONCUE_PARAM_NAME``."""
    if not re.fullmatch(NAME_PATTERN, name):
        raise InvalidParam(f"{name!r} cannot name a parameter: letters, digits and _, beginning with a letter")
    if name in RESERVED_NAMES:
        raise InvalidParam(f"{name!r} cannot name a parameter: params.{name} means something else")


def check_names_differ(names: Sequence[str]) -> None:
    """Refuse names that differ in case only: in the environment they would be one."""
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(name.upper(), name)
        if other != name:
            raise InvalidParam(f"parameters {other!r} and {name!r} would both be ONCUE_PARAM_{name.upper()}")


def _declared(definition: WorkflowDefinition, given: Mapping[str, object]) -> Mapping[str, ParamDefinition]:
    declared = {param.name: param for param in definition.params}
    for name in given:
        if name not in declared:
            hint = f"parameters: {', '.join(declared)}" if declared else f"{definition.name} has no parameters"
            raise InvalidParam(f"no parameter {name!r}{nearest(name, list(declared))}", hint=hint)
    return declared


def _taken(param: ParamDefinition, value: object, from_text: bool) -> object:
    if from_text and isinstance(value, str):
        return check_value(param, _read_text(param, value))
    return check_value(param, value)


def _read_text(param: ParamDefinition, text: str) -> object:
    match param.type:
        case ParamType.STRING:
            return text
        case ParamType.INTEGER if _INTEGER.fullmatch(text.strip()):
            return int(text)
        case ParamType.NUMBER if _NUMBER.fullmatch(text.strip()):
            return float(text)
        case ParamType.BOOLEAN if text.strip().lower() in _BOOLEANS:
            return _BOOLEANS[text.strip().lower()]
        case ParamType.ARRAY | ParamType.OBJECT | ParamType.ANY:
            return _read_json(text)
        case _:
            return text


def _read_json(text: str) -> object:
    """The JSON value of a text, or the text itself where it is none."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return text


def _refuse_constant(name: str) -> object:
    raise ValueError(name)


def _take_number(value: object) -> object:
    if type(value) not in (int, float):
        return None
    try:
        number = float(value)  # type: ignore[arg-type]
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _take_array(value: object) -> object:
    return list(value) if isinstance(value, list | tuple) else None


def _take_object(value: object) -> object:
    return dict(value) if isinstance(value, Mapping) else None


_TAKE: Mapping[ParamType, Callable[[object], object]] = {
    ParamType.STRING: lambda value: value if type(value) is str else None,
    ParamType.INTEGER: lambda value: value if type(value) is int else None,
    ParamType.NUMBER: _take_number,
    ParamType.BOOLEAN: lambda value: value if type(value) is bool else None,
    ParamType.ARRAY: _take_array,
    ParamType.OBJECT: _take_object,
    ParamType.ANY: lambda value: value,
}


def _check_canonical(param: ParamDefinition, value: object) -> None:
    try:
        canonical_json(value)
    except (NotCanonical, RecursionError) as error:
        raise InvalidParam(f"parameter {param.name!r} must be plain JSON and has {error}") from error


def _refused(param: ParamDefinition, found: str) -> InvalidParam:
    article = "an" if param.type.value[0] in "aio" else "a"
    return InvalidParam(f"parameter {param.name!r} must be {article} {param.type.value}, not {found}", hint=param.help)


def _describe(value: object) -> str:
    shown = value if isinstance(value, str) else repr(value)
    short = shown if len(shown) <= 60 else f"{shown[:59]}…"
    match value:
        case None:
            return "null"
        case bool():
            return f"the boolean {str(value).lower()}"
        case str():
            return f"the text {short!r}"
        case int() | float():
            return f"the number {short}"
        case list() | tuple():
            return f"the array {short}"
        case Mapping():
            return f"the object {short}"
        case _:
            return f"a {type(value).__name__}"


def _is_same(left: object, right: object) -> bool:
    return type(left) is type(right) and left == right


def _listed(choices: Sequence[object]) -> str:
    return ", ".join(choice if isinstance(choice, str) else repr(choice) for choice in choices)
