"""``Param``: a parameter of a Python workflow that says more than its default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, get_origin

from oncue.core.definition import ParamDefinition, ParamType
from oncue.core.parameters import check_names_differ, infer_type, normalize_param, type_of
from oncue.errors import DefinitionError, InvalidParam


class _Required:
    """Marks a parameter without a default."""


_REQUIRED: Final = _Required()


class Param:
    """A parameter with a type, a line of help and perhaps choices; without a default it must be given.

    Args:
        type: ``str``, ``int``, ``float``, ``bool``, ``list``, ``dict`` (or ``list[str]``), or None for any JSON.
        default: plain JSON of that type; None makes the parameter optional.
        help: a line shown to people.
        choices: the only values it may have.
    """

    __slots__ = ("choices", "default", "help", "is_required", "type")

    def __init__(
        self,
        type: type | None = None,
        *,
        default: object = _REQUIRED,
        help: str = "",
        choices: Sequence[object] = (),
    ) -> None:
        self.type = type
        self.is_required = default is _REQUIRED
        self.default = None if self.is_required else default
        self.help = help
        self.choices = tuple(choices)


def define_params(params: Mapping[str, object], *, file: str = "", line: int = 0) -> tuple[ParamDefinition, ...]:
    """The definitions of what a workflow declares: name → default, or name → ``Param``.

    Raises:
        DefinitionError: a name, type, default or choice that cannot be meant; its field is ``params.<name>``.
    """
    defined = []
    for name, given in params.items():
        try:
            defined.append(_define(name, given))
        except InvalidParam as error:
            raise DefinitionError(error.message, file=file, line=line, field=f"params.{name}") from error
    try:
        check_names_differ(tuple(params))
    except InvalidParam as error:
        raise DefinitionError(error.message, file=file, line=line, field="params") from error
    return tuple(defined)


def _define(name: str, given: object) -> ParamDefinition:
    param = given if isinstance(given, Param) else Param(default=given)
    return normalize_param(
        ParamDefinition(
            name=name,
            type=_type(param),
            default=param.default,
            is_required=param.is_required,
            help=param.help,
            choices=param.choices,
        )
    )


def _type(param: Param) -> ParamType:
    if param.type is None:
        return infer_type(param.default)
    found = type_of(get_origin(param.type) or param.type)
    if found is None:
        raise InvalidParam(f"{param.type!r} is no type of a parameter: str, int, float, bool, list or dict")
    return found
