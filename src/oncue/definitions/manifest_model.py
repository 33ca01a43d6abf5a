"""What a manifest may contain, as pydantic models: the source of the JSON Schema and of the reference page.

Durations are seconds, or text such as ``90s``, ``10m`` or ``1h30m``.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from oncue.core.definition import ParamType
from oncue.core.parameters import NAME_PATTERN
from oncue.core.questions import OnTimeout, QuestionKind

STEP_PATTERN = r"^[A-Za-z_][A-Za-z0-9_-]{0,119}$"
SHELL_KEYS = ("params", "env", "outputs", "timeout", "retries")
"""Keys of a step that mean something beside ``run`` only."""
ENV_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]*$"
DURATION_PATTERN = r"^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$"
_UNIT_SECONDS = (86_400, 3_600, 60, 1)


def _read_duration(given: Any) -> Any:
    if isinstance(given, str):
        match = re.fullmatch(DURATION_PATTERN, given)
        if not given or match is None:
            raise PydanticCustomError("duration", "must be seconds, or text such as 90s, 10m or 1h30m")
        parts = [int(part[:-1]) if part else 0 for part in match.groups()]
        return float(sum(count * unit for count, unit in zip(parts, _UNIT_SECONDS, strict=True)))
    return given


def _read_list(given: Any) -> Any:
    return [given] if isinstance(given, str) else given


def _read_param(given: Any) -> Any:
    return given if isinstance(given, dict) else {"default": given}


def _read_option(given: Any) -> Any:
    return {"id": given} if isinstance(given, str) else given


Duration = Annotated[
    float,
    BeforeValidator(_read_duration),
    Field(gt=0),
    WithJsonSchema({"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "string", "pattern": DURATION_PATTERN}]}),
]
TextList = Annotated[
    list[str],
    BeforeValidator(_read_list),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
EnvText = Annotated[str, WithJsonSchema({"type": ["string", "number", "boolean", "null"]})]
Version = Annotated[str, WithJsonSchema({"type": ["string", "number"]})]
Name = Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ManifestParam(_Part):
    """A parameter that says more than its default."""

    type: Annotated[
        str | None,
        Field(description="The type of the values; left out, that of the default."),
        WithJsonSchema({"enum": [kind.value for kind in ParamType]}),
    ] = None
    default: Annotated[Any, Field(description="The value where none is given. It must fit the type.")] = None
    required: Annotated[bool, Field(description="Whether a value must be given; then there is no default.")] = False
    choices: Annotated[list[Any], Field(description="The only values it may have.")] = []
    help: Annotated[str, Field(description="A line shown to people.")] = ""


BARE_PARAM = {"type": ["string", "number", "boolean", "array", "null"], "description": "The default; its type is inferred."}
Param = Annotated[ManifestParam, BeforeValidator(_read_param, json_schema_input_type=ManifestParam)]


class ManifestOption(_Part):
    """One thing to choose."""

    id: Annotated[Name, Field(description="What is recorded when it is chosen; keep it when the label changes.")]
    label: Annotated[str | None, Field(min_length=1, description="What people read; left out, the id. May be a template.")] = (
        None
    )
    help: Annotated[str, Field(description="A line that explains it. May be a template.")] = ""


BARE_OPTION = {"type": ["string", "number", "boolean"], "description": "The id, which is also the label."}
Option = Annotated[ManifestOption, BeforeValidator(_read_option, json_schema_input_type=ManifestOption)]


class ManifestAsk(_Part):
    """A question to a person; the answer is the output of the step."""

    message: Annotated[str, Field(min_length=1, description="What people read; `{{ params.x }}` is replaced by the parameter.")]
    type: Annotated[
        Name | None, Field(description="What it is about, a word that people filter by; left out, the id of the step.")
    ] = None
    kind: Annotated[
        str | None,
        Field(description="What an answer is; left out, `choice` with options, `form` with a schema, else `text`."),
        WithJsonSchema({"enum": [kind.value for kind in QuestionKind]}),
    ] = None
    options: Annotated[list[Option], Field(description="What can be chosen (`choice`, `choices`).")] = []
    default: Annotated[
        Any, Field(description="What is suggested, and taken at the deadline with `on_timeout: default`. Must be an answer.")
    ] = None
    timeout: Annotated[
        Duration | None, Field(description="How long to wait: seconds, or `90s`, `10m`, `1h30m`; left out, for ever.")
    ] = None
    on_timeout: Annotated[
        str | None,
        Field(description="What happens then: end the run (where nothing is said), take the default, or go on waiting."),
        WithJsonSchema({"enum": [policy.value for policy in OnTimeout]}),
    ] = None
    form_schema: Annotated[dict[str, Any] | None, Field(alias="schema", description="A JSON Schema of an object (`form`).")] = (
        None
    )
    answer: Annotated[
        str | None,
        Field(description="An answer given beforehand, mostly `{{ params.x }}`; then nobody is asked. Nothing if it is empty."),
    ] = None


class ManifestStep(_Part):
    """One step: a piece of shell, or a question."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": ["run"]},
                {"required": ["ask"], "properties": dict.fromkeys(SHELL_KEYS, False)},
            ]
        }
    )

    id: Annotated[str, Field(pattern=STEP_PATTERN, description="What other steps, people and folders call it.")]
    run: Annotated[
        str | None,
        Field(
            min_length=1,
            description="Shell commands. `{{ params.x }}` is replaced by the parameter, protected from the shell.",
        ),
    ] = None
    ask: Annotated[ManifestAsk | None, Field(description="A question to a person, in place of `run`.")] = None
    phase: Annotated[
        str | None, Field(description="The phase it belongs to; left out, that of the step before, or the first.")
    ] = None
    needs: Annotated[
        TextList | None,
        Field(description="The steps whose outputs it gets; left out, the step before. `[]` is none."),
    ] = None
    params: Annotated[
        list[str],
        Field(description="Parameters that the programs it calls read, besides those named in `run` and `env`."),
    ] = []
    env: Annotated[
        dict[Annotated[str, Field(pattern=ENV_PATTERN)], EnvText],
        Field(description="Environment variables; `{{ params.x }}` is replaced by the parameter as it is."),
    ] = {}
    outputs: Annotated[
        TextList,
        Field(
            description="Files it writes into `$ONCUE_OUTPUTS`: relative paths, folders or globs (`*`, `?`, `**`). "
            "Left out, its standard output is its result."
        ),
    ] = []
    timeout: Annotated[
        Duration | None, Field(description="How long one attempt may take: seconds, or `90s`, `10m`, `1h30m`.")
    ] = None
    retries: Annotated[int, Field(ge=0, le=100, description="How often a failed attempt is repeated.")] = 0
    source: Annotated[
        bool, Field(description="It fetches from outside: reruns reuse its output unless a refresh is asked for.")
    ] = False
    deliverable: Annotated[bool, Field(description="All its outputs are kept for ever.")] = False
    version: Annotated[
        Version, Field(description="Change it when a program that it calls changes its meaning: the step becomes stale.")
    ] = ""
    summary: Annotated[str, Field(description="A line about it.")] = ""


class Manifest(_Part):
    """A workflow made of shell steps and questions."""

    name: Annotated[Name | None, Field(description="What people call it; left out, the name of the file.")] = None
    summary: Annotated[str, Field(description="A line about it.")] = ""
    params: Annotated[
        dict[Annotated[str, Field(pattern=f"^{NAME_PATTERN}$")], Param],
        Field(description="The parameters: name and default, or name and a mapping that says more."),
    ] = {}
    phases: Annotated[
        list[Name], Field(description="The names of the phases in order; left out, everything is in the phase `main`.")
    ] = []
    max_parallel: Annotated[int | None, Field(ge=1, description="How many steps of one run may execute at once.")] = None
    steps: Annotated[list[ManifestStep], Field(min_length=1, description="The steps, in the order in which they are shown.")]
