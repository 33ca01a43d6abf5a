"""One declared step: the function, its options, and where it stands; checked as far as it can be by itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from oncue.core.canonical import fingerprint
from oncue.core.definition import RetryPolicy, StepDefinition
from oncue.definitions.comment_reach import can_take_comment
from oncue.definitions.personas import Persona, read_persona
from oncue.definitions.step_signature import (
    SPECIAL,
    SignatureError,
    StepSignature,
    read_names,
    read_signature,
)
from oncue.definitions.step_source import describe_code, file_of
from oncue.errors import DefinitionError

STEP_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,119}")
KeyOption = str | Callable[[Any], str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepOptions:
    """What ``@workflow.step(...)`` was given, apart from id and phase."""

    each: str | None = None
    key: KeyOption = None
    is_source: bool = False
    is_deliverable: bool = False
    keeps_history: bool = False
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    timeout_seconds: float | None = None
    version: str = ""
    persona: str = ""
    rules: str | Sequence[str] = ()
    needs_model: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDeclaration:
    """A step function as it was declared; ``local_names`` are those its annotations may use besides the module's."""

    id: str
    phase: str
    function: Callable[..., Any]
    names: tuple[str, ...]
    options: StepOptions
    file: str
    line: int
    local_names: Mapping[str, object]

    @property
    def needs(self) -> tuple[str, ...]:
        """The steps whose whole output it consumes."""
        return tuple(name for name in self.names if name not in SPECIAL)

    def error(self, message: str, *, parameter: str = "", hint: str = "") -> DefinitionError:
        """A DefinitionError that says where the step is."""
        where = f"steps.{self.id}.{parameter}" if parameter else f"steps.{self.id}"
        return DefinitionError(message, file=self.file, line=self.line, field=where, hint=hint)

    def signature(self) -> StepSignature:
        """Its parameters with their types.

        Raises:
            DefinitionError: an annotation cannot be resolved, or used.
        """
        try:
            return read_signature(self.function, self.names, self.local_names)
        except NameError as error:
            raise self.error(
                f"an annotation uses {error.name!r}, which is not known when the step runs",
                hint="import it outside `if TYPE_CHECKING:`",
            ) from error
        except SignatureError as error:
            raise self.error(error.message, parameter=error.parameter) from error

    def define(self, persona: Persona) -> StepDefinition:
        """Its definition, once the names it consumes are known to be steps; ``persona`` is that of the workflow."""
        options = self.options
        takes_comment = "ctx" in self.names and can_take_comment(self.function)
        effective = persona.joined_by(read_persona(options.persona, options.rules)) if takes_comment else Persona()
        return StepDefinition(
            name=self.id,
            phase=self.phase,
            hash=fingerprint("step", self._identity() | effective.identity()),
            needs=self.needs,
            each=options.each,
            is_source=options.is_source,
            is_deliverable=options.is_deliverable,
            keeps_history=options.keeps_history,
            retry=options.retry,
            timeout_seconds=options.timeout_seconds,
            summary=first_line(self.function.__doc__),
            persona=effective.text,
            rules=effective.rules,
            takes_comment=takes_comment,
            needs_model=options.needs_model,
            body={"kind": "python", "function": f"{self.function.__module__}:{self.function.__qualname__}"},
        )

    def _identity(self) -> dict[str, object]:
        key = self.options.key
        return {
            "kind": "python",
            "code": dict(describe_code(self.function)),
            "version": self.options.version,
            "needs": list(self.needs),
            "each": self.options.each,
            "key": dict(describe_code(key)) if callable(key) else key,
        }


def declare_step(
    function: Callable[..., Any],
    *,
    id: str,
    phase: str,
    options: StepOptions,
    local_names: Mapping[str, object],
) -> StepDeclaration:
    """A checked declaration.

    Raises:
        DefinitionError: a name, option, parameter or annotation that cannot be meant.
    """
    file, line = file_of(function)
    bare = StepDeclaration(
        id=id,
        phase=phase,
        function=function,
        names=(),
        options=options,
        file=file,
        line=line,
        local_names=local_names,
    )
    _check_options(bare)
    try:
        names = read_names(function, is_fan_out=options.each is not None)
    except SignatureError as error:
        raise bare.error(error.message, parameter=error.parameter) from error
    declared = replace(bare, names=names)
    if id in declared.needs or id == options.each:
        raise declared.error("a step cannot consume its own output", hint="ctx.previous is the step's last output")
    if "ctx" not in names and (options.persona or options.rules or options.needs_model):
        raise declared.error("persona=, rules= and needs_model= are for steps that can call a model: they take ctx")
    _check_hints_known(declared)
    return declared


def _check_options(step: StepDeclaration) -> None:
    options = step.options
    if not STEP_ID.fullmatch(step.id):
        raise step.error(f"{step.id!r} cannot name a step: letters, digits, _ and -, not beginning with a digit or -")
    if step.id in SPECIAL:
        raise step.error(f"{step.id!r} cannot name a step: it is what steps call their {step.id}")
    if options.key is not None and options.each is None:
        raise step.error("key= names the elements of a fan-out and needs each=")
    if options.timeout_seconds is not None and not options.timeout_seconds > 0:
        raise step.error(f"timeout_seconds must be above 0, not {options.timeout_seconds}")
    if options.retry.retries < 0 or options.retry.backoff_seconds < 0:
        raise step.error("retries and backoff_seconds cannot be negative")
    try:
        read_persona(options.persona, options.rules)
    except ValueError as error:
        raise step.error(str(error)) from error
    if not isinstance(options.version, str):
        raise step.error(f"version must be text, not {options.version!r}")


def _check_hints_known(step: StepDeclaration) -> None:
    try:
        read_signature(step.function, step.names, step.local_names)
    except NameError:
        return  # a type that is defined further down: checked when the workflow is finished
    except SignatureError as error:
        raise step.error(error.message, parameter=error.parameter) from error


def first_line(doc: str | None) -> str:
    """The first line of a docstring, or the empty string."""
    return doc.strip().splitlines()[0].strip() if doc and doc.strip() else ""
