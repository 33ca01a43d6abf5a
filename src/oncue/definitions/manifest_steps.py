"""The steps of a manifest as definitions: what each needs, reads and says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from oncue.core.canonical import fingerprint
from oncue.core.definition import ParamDefinition, RetryPolicy, StepDefinition
from oncue.definitions.ask_step import AskStep
from oncue.definitions.manifest_asks import ask_templates, define_ask
from oncue.definitions.manifest_model import Manifest, ManifestStep
from oncue.definitions.manifest_prompts import PROMPT_ROOTS, check_guidance, define_prompt, prompt_templates
from oncue.definitions.personas import Persona
from oncue.definitions.prompt_step import PromptStep
from oncue.definitions.shell import COMMENT_VARIABLE, ShellStep
from oncue.definitions.templates import PARAMS, TemplateProblem, find_mentions
from oncue.definitions.yaml_nodes import YamlDocument, YamlPath
from oncue.errors import nearest

Body = ShellStep | PromptStep | AskStep
_KINDS = ("run", "prompt", "ask")
_EITHER = "run:, prompt: or ask:"
_VARIABLE = re.compile(r"ONCUE_PARAM_([A-Za-z0-9_]*)")


def define_steps(
    document: YamlDocument, manifest: Manifest, *, phases: Sequence[str], params: Sequence[ParamDefinition]
) -> tuple[StepDefinition, ...]:
    """The definitions of all steps, in order.

    Raises:
        DefinitionError: an id twice; an unknown phase, step or parameter; a template or an output that cannot be meant.
    """
    ids = [step.id for step in manifest.steps]
    names = [param.name for param in params]
    phase = phases[0]
    check_guidance(document, (), manifest)
    defined = []
    for index, step in enumerate(manifest.steps):
        path: YamlPath = ("steps", index)
        if step.id in ids[:index]:
            first = document.line_of(("steps", ids.index(step.id)))
            raise document.error((*path, "id"), f"step {step.id!r} is there twice, first in line {first}")
        phase = _phase(document, path, given=step.phase or phase, phases=phases)
        needs = _needs(document, path, step=step, ids=ids)
        body = _body(document, path, step, needs=needs)
        reads = _Reads(document, path, names).of(step)
        defined.append(_define(step, body, _persona(manifest, step), phase=phase, needs=needs, reads=reads))
    return tuple(defined)


def _body(document: YamlDocument, path: YamlPath, step: ManifestStep, *, needs: Sequence[str]) -> Body:
    given = [key for key in _KINDS if getattr(step, key) is not None]
    if len(given) > 1:
        raise document.error((*path, given[1]), f"a step has {_EITHER}, and this one has {' and '.join(given)}")
    if step.ask is not None:
        return define_ask(document, path, step=step, ask=step.ask)
    if step.prompt is not None:
        return define_prompt(document, path, step=step, prompt=step.prompt, needs=needs)
    if step.run is None:
        raise document.error(path, f"a step has {_EITHER}, and this one has none of them")
    _check_env(document, path, step)
    _check_outputs(document, path, step.outputs)
    return ShellStep(run=step.run, env=dict(step.env), outputs=tuple(step.outputs), folder=str(Path(document.file).parent))


def _define(
    step: ManifestStep, body: Body, persona: Persona, *, phase: str, needs: tuple[str, ...], reads: tuple[str, ...]
) -> StepDefinition:
    identity = {**body.identity(), **persona.identity(), "version": step.version, "needs": list(needs), "reads": list(reads)}
    return StepDefinition(
        name=step.id,
        phase=phase,
        hash=fingerprint("step", identity),
        needs=needs,
        reads=reads,
        is_source=step.source,
        is_deliverable=step.deliverable,
        retry=RetryPolicy(retries=step.retries),
        timeout_seconds=step.timeout,
        summary=step.summary,
        persona=persona.text,
        rules=persona.rules,
        takes_comment=_takes_comment(step),
        needs_model=step.prompt is not None,
        body=body.as_body(),
    )


def _persona(manifest: Manifest, step: ManifestStep) -> Persona:
    """What stands above the prompt of a step."""
    if step.prompt is None:
        return Persona()
    own = Persona(text=step.prompt.persona, rules=tuple(step.prompt.rules))
    return Persona(text=manifest.persona, rules=tuple(manifest.rules)).joined_by(own)


def _takes_comment(step: ManifestStep) -> bool:
    """Whether a comment can have an effect: in every prompt, and in a program that is known to look at it."""
    texts = (step.run or "", *step.env.values())
    return step.prompt is not None or step.comment or any(COMMENT_VARIABLE in text for text in texts)


def _phase(document: YamlDocument, path: YamlPath, *, given: str, phases: Sequence[str]) -> str:
    if given not in phases:
        raise document.error(
            (*path, "phase"), f"no phase {given!r}{nearest(given, phases)}", hint=f"phases: {', '.join(phases)}"
        )
    return given


def _needs(document: YamlDocument, path: YamlPath, *, step: ManifestStep, ids: Sequence[str]) -> tuple[str, ...]:
    if step.needs is None:
        index = int(path[1])
        return (ids[index - 1],) if index else ()
    for position, name in enumerate(step.needs):
        where = (*path, "needs", position)
        if name not in ids:
            raise document.error(where, f"{name!r} is not a step{nearest(name, ids)}", hint=f"steps: {', '.join(ids)}")
        if name == step.id:
            raise document.error(where, "a step cannot need itself")
    return tuple(dict.fromkeys(step.needs))


def _check_env(document: YamlDocument, path: YamlPath, step: ManifestStep) -> None:
    for name in step.env:
        if name.startswith("ONCUE_"):
            raise document.error((*path, "env", name), "names that begin with ONCUE_ are set by Oncue itself")


def _check_outputs(document: YamlDocument, path: YamlPath, outputs: Sequence[str]) -> None:
    for position, output in enumerate(outputs):
        parts = PurePosixPath(output).parts
        if not parts or output.startswith(("/", "~")) or ".." in parts or "\\" in output or not output.isprintable():
            raise document.error(
                (*path, "outputs", position),
                f"{output!r} must be a path within $ONCUE_OUTPUTS: relative, with / and without ..",
            )


class _Reads:
    """The parameters a step is known to read: named in its texts, in its environment, or listed."""

    def __init__(self, document: YamlDocument, path: YamlPath, names: Sequence[str]) -> None:
        self._document = document
        self._path = path
        self._names = names
        self._by_variable = {name.upper(): name for name in names}

    def of(self, step: ManifestStep) -> tuple[str, ...]:
        found: set[str] = set()
        for position, name in enumerate(step.params):
            found |= self._known(name, (*self._path, "params", position))
        if step.ask is not None:
            for place, text in ask_templates(step.ask):
                found |= self._in_template((*self._path, "ask", *place), text)
        if step.prompt is not None:
            for place, text in prompt_templates(step.prompt):
                found |= self._in_template((*self._path, "prompt", *place), text, roots=PROMPT_ROOTS)
        if step.run is not None:
            found |= self._in_program((*self._path, "run"), step.run)
        for name, text in step.env.items():
            found |= self._in_program((*self._path, "env", name), text)
        return tuple(name for name in self._names if name in found)

    def _in_template(self, path: YamlPath, text: str, *, roots: Sequence[str] = (PARAMS,)) -> set[str]:
        path = path if path in self._document.places else path[:-1]  # a prompt may be one text
        start = self._document.places[path].text_line
        try:
            mentions = [mention for mention in find_mentions(text, roots=roots) if mention.root == PARAMS]
        except TemplateProblem as error:
            raise self._document.error(path, error.message, line=start + error.line - 1) from error
        found: set[str] = set()
        for mention in mentions:
            line = start + mention.line - 1
            found |= set(self._names) if mention.name is None else self._known(mention.name, path, line=line)
        return found

    def _in_program(self, path: YamlPath, text: str) -> set[str]:
        found = self._in_template(path, text)
        start = self._document.places[path].text_line
        for match in _VARIABLE.finditer(text):
            line = start + text.count("\n", 0, match.start())
            found |= self._variable(match[1], path, line=line)
        return found

    def _variable(self, variable: str, path: YamlPath, *, line: int) -> set[str]:
        if not variable:  # a name that is put together when it runs: it may be any
            return set(self._names)
        if variable not in self._by_variable:
            near = nearest(variable, list(self._by_variable))
            raise self._document.error(path, f"$ONCUE_PARAM_{variable} is no parameter{near}", line=line)
        return {self._by_variable[variable]}

    def _known(self, name: str, path: YamlPath, *, line: int = 0) -> set[str]:
        if name not in self._names:
            hint = f"parameters: {', '.join(self._names)}" if self._names else "declare it under params:"
            raise self._document.error(path, f"no parameter {name!r}{nearest(name, self._names)}", hint=hint, line=line)
        return {name}
