"""A YAML manifest read into a definition; every error says file, line and field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from oncue.control.steps.calls import AsyncBody, Composer, LoadedWorkflow, SyncBody
from oncue.core.canonical import content_hash
from oncue.core.definition import ParamDefinition, ParamType, StepDefinition, WorkflowDefinition
from oncue.core.model import SourceKind, WorkflowSource
from oncue.core.parameters import check_names_differ, infer_type, normalize_param
from oncue.definitions.ask_step import ASK, AskStep, make_ask_body
from oncue.definitions.assembly import check_graph
from oncue.definitions.manifest_errors import first_error
from oncue.definitions.manifest_model import Manifest, ManifestParam
from oncue.definitions.manifest_steps import define_steps
from oncue.definitions.prompt_step import PROMPT, PromptStep, make_composer, make_prompt_body
from oncue.definitions.shell import ShellStep, make_shell_body
from oncue.definitions.written_texts import keep_as_written
from oncue.definitions.yaml_nodes import YamlDocument, YamlPath, parse_yaml
from oncue.errors import DefinitionError, InvalidParam, UnknownWorkflow, nearest

MAX_BYTES = 256 * 1024
DEFAULT_PHASE = "main"


def load_manifest(path: Path) -> LoadedWorkflow:
    """Read a manifest file.

    Raises:
        UnknownWorkflow: there is no such file, or it cannot be read.
        DefinitionError: it is wrong; says where.
    """
    file = path.resolve()
    body = _read(file)
    definition = parse_manifest(_decode(body, str(file)), file=str(file))
    source = WorkflowSource(kind=SourceKind.MANIFEST, ref=str(file), folder=str(file.parent))
    return restore_manifest(source, replace(definition, files={str(file): content_hash(body)}))


def restore_manifest(source: WorkflowSource, definition: WorkflowDefinition) -> LoadedWorkflow:
    """Make the stored definition of a manifest executable; the file itself is not needed."""
    composers = {step.name: make_composer(PromptStep.of(step)) for step in definition.steps if step.body["kind"] == PROMPT}
    bodies = {step.name: _make_body(step, composers) for step in definition.steps}
    return LoadedWorkflow(source=source, definition=definition, bodies=bodies, composers=composers)


def _make_body(step: StepDefinition, composers: Mapping[str, Composer]) -> AsyncBody | SyncBody:
    if step.name in composers:
        return make_prompt_body(composers[step.name])
    if step.body["kind"] == ASK:
        return make_ask_body(AskStep.of(step))
    return make_shell_body(ShellStep.of(step))


def parse_manifest(text: str, *, file: str) -> WorkflowDefinition:
    """The definition that the text of a manifest means; ``file`` is its absolute path.

    Raises:
        DefinitionError: it is wrong; says where.
    """
    document = parse_yaml(text, file)
    manifest = _validate(document)
    phases = tuple(manifest.phases) or (DEFAULT_PHASE,)
    _check_phases(document, manifest)
    params = _define_params(document, manifest.params)
    definition = WorkflowDefinition(
        name=manifest.name or Path(file).stem,
        phases=phases,
        steps=define_steps(document, manifest, phases=phases, params=params),
        params=params,
        summary=manifest.summary,
        max_parallel=manifest.max_parallel,
    )
    places = {step.id: index for index, step in enumerate(manifest.steps)}
    check_graph(definition, file=file, line_of=lambda name: document.line_of(("steps", places[name])))
    return definition


def _read(file: Path) -> bytes:
    if file.is_dir():
        raise UnknownWorkflow(str(file), why="this is a folder; give the manifest file in it")
    try:
        size = file.stat().st_size
        if size > MAX_BYTES:
            raise DefinitionError(
                f"the file has {size:,} bytes, and a manifest at most {MAX_BYTES:,}; keep programs in files beside it",
                file=str(file),
            )
        return file.read_bytes()
    except FileNotFoundError as error:
        raise UnknownWorkflow(str(file), why="there is no such file") from error
    except OSError as error:
        raise UnknownWorkflow(str(file), why=f"it cannot be read ({error.strerror})") from error


def _decode(body: bytes, file: str) -> str:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise DefinitionError("the file is not UTF-8 text", file=file, line=line) from error
    if "\0" in text:
        raise DefinitionError("the file is binary, not text", file=file)
    return text


def _validate(document: YamlDocument) -> Manifest:
    if not isinstance(document.data, dict):
        raise document.error((), "a manifest is a mapping with the keys name, params, phases and steps")
    keep_as_written(document)
    try:
        return Manifest.model_validate(document.data)
    except ValidationError as error:
        raise first_error(document, error) from error


def _check_phases(document: YamlDocument, manifest: Manifest) -> None:
    for index, phase in enumerate(manifest.phases):
        if phase in manifest.phases[:index]:
            raise document.error(("phases", index), f"phase {phase!r} is named twice")


def _define_params(document: YamlDocument, params: Mapping[str, ManifestParam]) -> tuple[ParamDefinition, ...]:
    try:
        check_names_differ(tuple(params))
    except InvalidParam as error:
        raise document.error(("params",), error.message) from error
    return tuple(_define_param(document, name, param) for name, param in params.items())


def _define_param(document: YamlDocument, name: str, param: ManifestParam) -> ParamDefinition:
    path: YamlPath = ("params", name)
    if param.required and param.default is not None:
        raise document.error((*path, "required"), "a required parameter has no default")
    try:
        return normalize_param(
            ParamDefinition(
                name=name,
                type=_param_type(document, path, param),
                default=param.default,
                is_required=param.required,
                help=param.help,
                choices=tuple(param.choices),
            )
        )
    except InvalidParam as error:
        raise document.error(path, error.message) from error


def _param_type(document: YamlDocument, path: YamlPath, param: ManifestParam) -> ParamType:
    if param.type is None:
        return infer_type(param.default)
    known = [kind.value for kind in ParamType]
    if param.type not in known:
        raise document.error(
            (*path, "type"), f"no type {param.type!r}{nearest(param.type, known)}", hint=f"types: {', '.join(known)}"
        )
    return ParamType(param.type)
