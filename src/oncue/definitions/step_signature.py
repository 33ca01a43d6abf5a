"""What the parameters of a step function say: which steps it consumes, and in which types.

::

    def report(summary: dict[str, str], pages, params: Params) -> str
               └ a step, by key         └ a step, unchecked    └ what leaves

The types are resolved at declaration where every name in them is known by then, else when the workflow is finished.
"""

from __future__ import annotations

import dataclasses
import inspect
import typing
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from oncue.control.steps.calls import Params
from oncue.control.steps.context import StepContext
from oncue.control.steps.outputs import Output

SPECIAL = ("params", "ctx", "item")
NO_ANNOTATION: Any = inspect.Parameter.empty
_GENERATORS = (Generator, Iterator, AsyncGenerator, AsyncIterator)
_SIMPLE = frozenset({str, int, float, bool, bytes, type(None), list, dict, set, frozenset, tuple, object})
_MAPPINGS = frozenset({dict, Mapping, typing.MutableMapping, typing.Mapping})


class SignatureError(Exception):
    """A signature that no step can have; ``parameter`` is empty for the function as a whole."""

    def __init__(self, message: str, parameter: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.parameter = parameter


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSignature:
    """The parameters of a step function and their types; ``NO_ANNOTATION`` where there is none."""

    names: tuple[str, ...]
    hints: Mapping[str, Any]
    returns: Any = NO_ANNOTATION
    is_async: bool = False

    @property
    def consumed(self) -> tuple[str, ...]:
        """The steps it names."""
        return tuple(name for name in self.names if name not in SPECIAL)


def read_names(function: Callable[..., Any], *, is_fan_out: bool) -> tuple[str, ...]:
    """The parameter names of a step function, checked for what no step can have.

    Raises:
        SignatureError: ``*args``, positional-only, a default, a generator, ``item`` without a fan-out or the reverse.
    """
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise SignatureError("a step returns its output once: it cannot be a generator")
    parameters = inspect.signature(function).parameters
    for name, parameter in parameters.items():
        _check_parameter(name, parameter)
    if is_fan_out and "item" not in parameters:
        raise SignatureError("a step with each= takes the element as its parameter 'item'")
    if "item" in parameters and not is_fan_out:
        raise SignatureError("only a step with each= has an 'item'", "item")
    return tuple(parameters)


def read_signature(function: Callable[..., Any], names: tuple[str, ...], local_names: Mapping[str, object]) -> StepSignature:
    """The signature with its types resolved.

    Raises:
        NameError: an annotation names something that is not known (yet).
        SignatureError: an annotation is not a type, or its values cannot be validated.
    """
    plain = inspect.unwrap(function)
    known = {**local_names, **_closure(plain)}
    try:
        hints = typing.get_type_hints(plain, localns=known, include_extras=True)
    except NameError:
        raise
    except Exception as error:
        raise SignatureError(f"an annotation is not a type: {error}") from error
    for name, hint in hints.items():
        _check_hint(name, hint)
    return StepSignature(
        names=names,
        hints={name: hints.get(name, NO_ANNOTATION) for name in names},
        returns=hints.get("return", NO_ANNOTATION),
        is_async=inspect.iscoroutinefunction(plain),
    )


def is_mapping_hint(hint: Any) -> bool:
    """Whether a fan-out should arrive as a dict by key rather than as a list."""
    return (typing.get_origin(hint) or hint) in _MAPPINGS


def is_output_hint(hint: Any) -> bool:
    """Whether the step wants outputs with their files instead of values."""
    return hint is Output or any(part is Output for part in typing.get_args(hint))


def is_listless(returns: Any) -> bool:
    """Whether a declared return type can surely not be fanned out over."""
    origin = typing.get_origin(returns) or returns
    if origin is NO_ANNOTATION or origin is Any or not isinstance(origin, type) or origin is object:
        return False
    if dataclasses.is_dataclass(origin) or issubclass(origin, (str, bytes, Mapping)):
        return True
    return not issubclass(origin, Iterable) or hasattr(origin, "model_fields")


def _check_parameter(name: str, parameter: inspect.Parameter) -> None:
    match parameter.kind:
        case inspect.Parameter.VAR_POSITIONAL | inspect.Parameter.VAR_KEYWORD:
            raise SignatureError("a step names each of its inputs: no * parameters", name)
        case inspect.Parameter.POSITIONAL_ONLY:
            raise SignatureError("inputs are given by name: no positional-only parameters", name)
    if parameter.default is not inspect.Parameter.empty:
        raise SignatureError("inputs have no defaults: the value is the output of the step of this name", name)


def _closure(function: Callable[..., Any]) -> Mapping[str, object]:
    code, cells = getattr(function, "__code__", None), getattr(function, "__closure__", None)
    found: dict[str, object] = {}
    for name, cell in zip(code.co_freevars if code else (), cells or (), strict=False):
        try:
            found[name] = cell.cell_contents
        except ValueError:
            continue
    return found


def _check_hint(name: str, hint: Any) -> None:
    match name:
        case "params":
            if hint not in (Params, Any, Mapping) and typing.get_origin(hint) is not Mapping:
                raise SignatureError("params is annotated as oncue.Params, or not at all", name)
        case "ctx":
            if hint not in (StepContext, Any):
                raise SignatureError("ctx is annotated as oncue.StepContext, or not at all", name)
        case "return":
            if typing.get_origin(hint) in _GENERATORS:
                raise SignatureError("a step returns its output once: it cannot return an iterator", name)
            _check_validates(name, hint)
        case _:
            if not is_output_hint(hint):
                _check_validates(name, hint)


def _check_validates(name: str, hint: Any) -> None:
    """Build the validator of unusual types now, so that a type without one is refused at declaration."""
    if all(_is_usual(leaf) for leaf in _leaves(hint)):
        return
    from pydantic import TypeAdapter
    from pydantic.errors import PydanticUserError

    try:
        TypeAdapter(hint)
    except PydanticUserError as error:
        reason = str(error).splitlines()[0].partition(". ")[0]
        raise SignatureError(f"values of {_shown(hint)} cannot be validated: {reason}", name) from error


def _leaves(hint: Any) -> Iterator[Any]:
    arguments = typing.get_args(hint)
    if not arguments or typing.get_origin(hint) is typing.Literal:
        yield hint
    for argument in arguments if typing.get_origin(hint) is not typing.Literal else ():
        yield from _leaves(argument)


def _is_usual(leaf: Any) -> bool:
    if leaf is Any or leaf is Ellipsis or leaf is None or typing.get_origin(leaf) is typing.Literal:
        return True
    if not isinstance(leaf, type):
        return False
    return leaf in _SIMPLE or dataclasses.is_dataclass(leaf) or hasattr(leaf, "model_fields")


def _shown(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) and not typing.get_args(hint) else str(hint)
