"""Step functions as bodies: inputs taken from the call and validated, the result validated and dumped to plain JSON.

A parameter without an annotation gets the plain value and costs nothing; validators are built at the first call.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from oncue.control.steps.calls import AsyncBody, StepCall, StepFailed, StepOutput, SyncBody
from oncue.control.steps.outputs import Output
from oncue.definitions.output_files import collect_files
from oncue.definitions.plain_values import to_plain
from oncue.definitions.step_signature import (
    NO_ANNOTATION,
    StepSignature,
    is_mapping_hint,
    is_output_hint,
)
from oncue.errors import OutputNotSerializable

Reader = Callable[[StepCall], Any]
_UNCHECKED = (NO_ANNOTATION, Any, object)
_EXACT = frozenset({str, int, bool})


def make_body(step: str, function: Callable[..., Any], signature: StepSignature) -> SyncBody | AsyncBody:
    """The body of a step function."""
    readers = tuple((name, _reader(step, name, signature.hints[name])) for name in signature.names)
    finish = _finisher(step, signature.returns)

    def run(call: StepCall) -> StepOutput:
        return finish(call, function(**{name: read(call) for name, read in readers}))

    async def run_async(call: StepCall) -> StepOutput:
        result: Awaitable[Any] = function(**{name: read(call) for name, read in readers})
        return finish(call, await result)

    return AsyncBody(run=run_async) if signature.is_async else SyncBody(run=run)


def make_converter(step: str, name: str, hint: Any) -> Callable[[Any], Any] | None:
    """Validates a plain value by an annotation; None where there is nothing to do.

    The converter raises StepFailed with the code ``invalid_input``.
    """
    if any(hint is unchecked for unchecked in _UNCHECKED) or hint in (list, dict):
        return None
    adapter = LazyAdapter(hint)

    def convert(value: Any) -> Any:
        if type(value) is hint and hint in _EXACT:
            return value
        return adapter.validate(value, f"step {step!r}: {name}", "invalid_input")

    return convert


class LazyAdapter:
    """A pydantic validator that is built at first use; pydantic is not imported before."""

    __slots__ = ("_dump", "_hint", "_invalid", "_unserializable", "_validate")

    def __init__(self, hint: Any) -> None:
        self._hint = hint
        self._validate: Any = None

    def validate(self, value: Any, subject: str, code: str) -> Any:
        """The validated value.

        Raises:
            StepFailed: it does not fit; the message lists the first places, the detail all of them.
        """
        if self._validate is None:
            self._build()
        try:
            return self._validate(value)
        except self._invalid as error:
            places = [f"{_place(item['loc'])}{item['msg']}" for item in error.errors(include_url=False)]
            more = f" (and {len(places) - 3} more)" if len(places) > 3 else ""
            raise StepFailed(
                f"{subject} does not fit its annotation: {'; '.join(places[:3])}{more}",
                code=code,
                detail="\n".join(places),
            ) from error

    def dump(self, valid: Any, step: str) -> Any:
        """The JSON form of a validated value, by the rules of its type.

        Raises:
            OutputNotSerializable: it has none.
        """
        try:
            return self._dump(valid, mode="json")
        except (self._unserializable, UnicodeDecodeError) as error:
            raise OutputNotSerializable(step, f"a value of type {type(valid).__name__}") from error

    def _build(self) -> None:
        from pydantic import TypeAdapter, ValidationError
        from pydantic_core import PydanticSerializationError

        adapter = TypeAdapter(self._hint)
        self._invalid, self._unserializable = ValidationError, PydanticSerializationError
        self._dump = adapter.serializer.to_python
        self._validate = adapter.validator.validate_python


def _reader(step: str, name: str, hint: Any) -> Reader:
    if name == "params":
        return lambda call: call.params
    if name == "ctx":
        return lambda call: call.context
    if is_output_hint(hint):
        return _output_reader(name, hint)
    convert = make_converter(step, name, hint)
    if name == "item":
        return _converted(lambda call: call.item, convert)
    return _converted(_value_reader(name, as_mapping=is_mapping_hint(hint)), convert)


def _converted(read: Reader, convert: Callable[[Any], Any] | None) -> Reader:
    if convert is None:
        return read
    return lambda call: convert(read(call))


def _value_reader(name: str, *, as_mapping: bool) -> Reader:
    def read(call: StepCall) -> Any:
        given = call.inputs[name]
        if isinstance(given, Output):
            return given.value
        if as_mapping:
            return {key: output.value for key, output in given.items()}
        return [output.value for output in given.values()]

    return read


def _output_reader(name: str, hint: Any) -> Reader:
    as_mapping = is_mapping_hint(hint)

    def read(call: StepCall) -> Any:
        given = call.inputs[name]
        if isinstance(given, Output):
            return given
        return dict(given) if as_mapping else list(given.values())

    return read


def _finisher(step: str, returns: Any) -> Callable[[StepCall, Any], StepOutput]:
    dump = _dumper(step, returns)

    def finish(call: StepCall, result: Any) -> StepOutput:
        value = dump(result)
        if call.context.has_files:
            return StepOutput(value=value, files=collect_files(call.context.files))
        return StepOutput(value=value)

    return finish


def _dumper(step: str, returns: Any) -> Callable[[Any], Any]:
    def plain(value: Any) -> Any:
        try:
            return to_plain(value, step=step)
        except RecursionError as error:
            raise OutputNotSerializable(step, f"a {type(value).__name__} that contains itself") from error

    if any(returns is unchecked for unchecked in _UNCHECKED):
        return plain
    adapter = LazyAdapter(returns)

    def dump(value: Any) -> Any:
        if type(value) is returns and returns in _EXACT:
            return value
        valid = adapter.validate(value, f"step {step!r}: what it returned", "invalid_output")
        return plain(adapter.dump(valid, step))

    return dump


def _place(loc: tuple[int | str, ...]) -> str:
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc]
    return f"{''.join(parts).removeprefix('.')}: " if parts else ""
