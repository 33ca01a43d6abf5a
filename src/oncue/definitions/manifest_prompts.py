"""The prompt of a manifest's step, checked as far as it can be before a model is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from oncue.control.forms import explain_schema
from oncue.core.canonical import NotCanonical, canonical_json
from oncue.core.modelport import read_model
from oncue.definitions.manifest_model import PROMPT_REFUSES, Manifest, ManifestPrompt, ManifestStep
from oncue.definitions.prompt_step import PromptStep
from oncue.definitions.templates import INPUTS, PARAMS, TemplateProblem, find_mentions, is_template
from oncue.definitions.yaml_nodes import YamlDocument, YamlPath
from oncue.errors import InvalidInput, nearest

PROMPT_ROOTS = (PARAMS, INPUTS)
"""What the templates of a prompt know."""


def define_prompt(
    document: YamlDocument, path: YamlPath, *, step: ManifestStep, prompt: ManifestPrompt, needs: Sequence[str]
) -> PromptStep:
    """The prompt step that a manifest means.

    Raises:
        DefinitionError: a key that belongs to shell steps, an input that is not needed, a schema that is none, a persona or
            rule that is a template; names the key.
    """
    for key in PROMPT_REFUSES:
        if key in step.model_fields_set:
            hint = "a prompt is given every comment" if key == "comment" else ""
            raise document.error((*path, key), "means nothing in a step with prompt:", hint=hint)
    return _PromptReader(document, (*path, "prompt"), prompt, needs=needs).read()


def prompt_templates(prompt: ManifestPrompt) -> Iterator[tuple[YamlPath, str]]:
    """The texts of a prompt that may name parameters and inputs, by their place under ``prompt``."""
    yield ("request",), prompt.request
    if isinstance(prompt.context, str):
        yield ("context",), prompt.context


def check_guidance(document: YamlDocument, path: YamlPath, part: Manifest | ManifestPrompt) -> None:
    """Persona and rules are the same in every run, so that nothing a person enters can change them.

    Raises:
        DefinitionError: one of them is a template, or a rule is empty.
    """
    texts: list[tuple[YamlPath, str]] = [(("persona",), part.persona)]
    texts += [(("rules", position), rule) for position, rule in enumerate(part.rules)]
    for place, text in texts:
        if is_template(text):
            raise document.error(
                (*path, *place),
                "persona and rules are the same in every run: they cannot be templates",
                hint="put what depends on parameters or inputs into request: or context:",
            )
        if place[0] == "rules" and not text.strip():
            raise document.error((*path, *place), "a rule must say something")


class _PromptReader:
    """Reads one ``prompt``; every error names the key to change."""

    def __init__(self, document: YamlDocument, path: YamlPath, prompt: ManifestPrompt, *, needs: Sequence[str]) -> None:
        self._document = document
        self._path = path
        self._prompt = prompt
        self._needs = needs

    def read(self) -> PromptStep:
        prompt = self._prompt
        check_guidance(self._document, self._path, prompt)
        self._check_model()
        self._check_output()
        return PromptStep(
            request=prompt.request,
            context=prompt.context if isinstance(prompt.context, str) else "",
            given=self._given(),
            output=prompt.output,
            model=prompt.model or "",
            max_output_tokens=prompt.max_tokens,
            temperature=prompt.temperature,
        )

    def _given(self) -> tuple[str, ...]:
        """The inputs of the context: those listed; where nothing is said, all that no text mentions."""
        context = self._prompt.context
        mentioned = self._mentioned_inputs()
        if context is None:
            return tuple(name for name in self._needs if name not in mentioned)
        if isinstance(context, str):
            if context.strip() in self._needs:
                raise self._error(("context",), f"{context!r} is a text here, not a step", hint=f"context: [{context.strip()}]")
            return ()
        for position, name in enumerate(context):
            self._check_needed(name, ("context", position))
        return tuple(dict.fromkeys(context))

    def _mentioned_inputs(self) -> set[str]:
        found: set[str] = set()
        for place, text in prompt_templates(self._prompt):
            start = self._text_line(place)
            try:
                mentions = find_mentions(text, roots=PROMPT_ROOTS)
            except TemplateProblem as error:
                raise self._error(place, error.message, line=start + error.line - 1) from error
            for mention in mentions:
                if mention.root != INPUTS:
                    continue
                if mention.name is not None:
                    self._check_needed(mention.name, place, line=start + mention.line - 1)
                found |= set(self._needs) if mention.name is None else {mention.name}
        return found

    def _check_needed(self, name: str, place: YamlPath, *, line: int = 0) -> None:
        if name not in self._needs:
            hint = f"needs: [{', '.join((*self._needs, name))}]"
            raise self._error(
                place, f"{name!r} is no step that this one needs{nearest(name, self._needs)}", hint=hint, line=line
            )

    def _check_model(self) -> None:
        if self._prompt.model is None:
            return
        try:
            read_model(self._prompt.model)
        except InvalidInput as error:
            raise self._error(("model",), error.message, hint=error.hint) from error

    def _check_output(self) -> None:
        schema = self._prompt.output
        if schema is None:
            return
        try:
            canonical_json(schema)
        except NotCanonical as error:
            raise self._error(("output",), f"must be plain JSON and has {error}") from error
        wrong = explain_schema(schema)
        if wrong:
            raise self._error(("output",), f"the JSON Schema is wrong: {wrong}")

    def _text_line(self, place: YamlPath) -> int:
        return self._document.places[self._existing(place)].text_line

    def _existing(self, place: YamlPath) -> YamlPath:
        """The path of a part; that of the whole where the prompt is one text."""
        return (*self._path, *place) if (*self._path, *place) in self._document.places else self._path

    def _error(self, place: YamlPath, message: str, *, hint: str = "", line: int = 0) -> Exception:
        return self._document.error(self._existing(place), message, hint=hint, line=line)
