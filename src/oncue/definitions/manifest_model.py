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
ASK_REFUSES = ("params", "env", "outputs", "comment", "timeout", "retries")
"""Keys of a step that mean nothing beside ``ask``."""
PROMPT_REFUSES = ("params", "env", "outputs", "comment")
"""Keys of a step that mean nothing beside ``prompt``."""
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


def _read_context(given: Any) -> Any:
    if given is None or isinstance(given, str) or (isinstance(given, list) and all(isinstance(one, str) for one in given)):
        return given
    raise PydanticCustomError("context", "must be a text, or a list of steps")


def _read_prompt(given: Any) -> Any:
    return {"request": given} if isinstance(given, str) else given


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
    alone: Annotated[bool, Field(description="It stands for all or for none: it is chosen without others.")] = False


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


class ManifestPrompt(_Part):
    """What a language model is asked for; its answer is the output of the step."""

    request: Annotated[
        str,
        Field(
            min_length=1,
            description="What is asked for; `{{ params.x }}` is replaced by the parameter, `{{ inputs.STEP }}` by the output "
            "of a needed step.",
        ),
    ]
    context: Annotated[
        str | list[str] | None,
        BeforeValidator(_read_context),
        Field(
            description="What the model is given to work on: a text, which may be a template, or a list of needed steps. "
            "Left out, the outputs of the needed steps that `request` does not mention. `[]` is none."
        ),
    ] = None
    persona: Annotated[str, Field(description="Who the model is, after what the workflow says of that. No template.")] = ""
    rules: Annotated[TextList, Field(description="What it must keep to, after the rules of the workflow. No templates.")] = []
    output: Annotated[
        dict[str, Any] | None, Field(description="A JSON Schema: the answer is JSON that fits it. Left out, it is text.")
    ] = None
    model: Annotated[
        str | None, Field(description="Another model than that of the workspace, such as `openai:NAME` or `ollama:NAME`.")
    ] = None
    max_tokens: Annotated[int | None, Field(ge=1, description="How long the answer may be, in tokens.")] = None
    temperature: Annotated[float | None, Field(ge=0, le=2, description="Passed on to the model.")] = None


BARE_PROMPT = {"type": ["string", "number", "boolean"], "minLength": 1, "description": "The request."}
Prompt = Annotated[ManifestPrompt, BeforeValidator(_read_prompt, json_schema_input_type=ManifestPrompt)]


class ManifestStep(_Part):
    """One step: a piece of shell, a prompt for a model, or a question."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": ["run"]},
                {"required": ["prompt"], "properties": dict.fromkeys(PROMPT_REFUSES, False)},
                {"required": ["ask"], "properties": dict.fromkeys(ASK_REFUSES, False)},
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
    prompt: Annotated[
        Prompt | None, Field(description="What a language model is asked for, in place of `run`: a text, or a mapping.")
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
    comment: Annotated[
        bool,
        Field(
            description="A program that it calls reads `$ONCUE_COMMENT`; not needed where `run` or `env` names the variable."
        ),
    ] = False
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
    """A workflow made of shell steps, prompts and questions."""

    name: Annotated[Name | None, Field(description="What people call it; left out, the name of the file.")] = None
    summary: Annotated[str, Field(description="A line about it.")] = ""
    params: Annotated[
        dict[Annotated[str, Field(pattern=f"^{NAME_PATTERN}$")], Param],
        Field(description="The parameters: name and default, or name and a mapping that says more."),
    ] = {}
    phases: Annotated[
        list[Name], Field(description="The names of the phases in order; left out, everything is in the phase `main`.")
    ] = []
    persona: Annotated[str, Field(description="Who the model is, in every prompt of the workflow. No template.")] = ""
    rules: Annotated[
        TextList, Field(description="What the model must keep to, in every prompt; they prevail over comments. No templates.")
    ] = []
    max_parallel: Annotated[int | None, Field(ge=1, description="How many steps of one run may execute at once.")] = None
    steps: Annotated[list[ManifestStep], Field(min_length=1, description="The steps, in the order in which they are shown.")]
