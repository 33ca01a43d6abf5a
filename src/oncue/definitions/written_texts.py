"""Texts of a manifest that look like something else stay as they were written: ``version: 1.10``, an option ``yes``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from oncue.definitions.yaml_nodes import YamlDocument, YamlPath

_ASK_TEXTS = ("message", "type", "answer")
_PROMPT_TEXTS = ("request", "context", "persona", "model")
_OPTION_TEXTS = ("id", "label", "help")
_PARSED_KINDS = ("number", "confirm", "form")
"""Kinds of questions whose default is a value, not a text."""


def each_step(document: YamlDocument) -> Iterator[tuple[int, dict[str, Any]]]:
    """The steps that are mappings, with their positions; nothing is validated yet."""
    steps = document.data.get("steps")
    for index, step in enumerate(steps if isinstance(steps, list) else ()):
        if isinstance(step, dict):
            yield index, step


def keep_as_written(document: YamlDocument) -> None:
    """Put the text as it was written wherever a text is meant and YAML saw a number or a boolean."""
    _keep_rules(document, document.data, ())
    _restore_given(document, document.data, (), names=("persona",))
    for index, step in each_step(document):
        path: YamlPath = ("steps", index)
        if "version" in step:
            _restore(document, step, (*path, "version"))
        for name in step["env"] if isinstance(step.get("env"), dict) else ():
            _restore(document, step["env"], (*path, "env", name))
        _keep_prompt(document, step, path)
        if isinstance(step.get("ask"), dict):
            _keep_ask(document, step["ask"], (*path, "ask"))


def _keep_prompt(document: YamlDocument, step: dict[str, Any], path: YamlPath) -> None:
    prompt = step.get("prompt")
    if isinstance(prompt, dict):
        _restore_given(document, prompt, (*path, "prompt"), names=_PROMPT_TEXTS)
        _keep_rules(document, prompt, (*path, "prompt"))
    else:
        _restore_given(document, step, path, names=("prompt",))


def _keep_rules(document: YamlDocument, holder: dict[str, Any], path: YamlPath) -> None:
    """The rules of a workflow or a prompt: one, or a list of them."""
    rules = holder.get("rules")
    if isinstance(rules, list):
        for index in range(len(rules)):
            _restore(document, rules, (*path, "rules", index))
    else:
        _restore_given(document, holder, path, names=("rules",))


def _keep_ask(document: YamlDocument, ask: dict[str, Any], path: YamlPath) -> None:
    _restore_given(document, ask, path, names=_ASK_TEXTS)
    options = ask["options"] if isinstance(ask.get("options"), list) else []
    for index, option in enumerate(options):
        where = (*path, "options", index)
        if isinstance(option, dict):
            _restore_given(document, option, where, names=_OPTION_TEXTS)
        else:
            _restore(document, options, where)
    if ask.get("kind") in _PARSED_KINDS or "schema" in ask:
        return
    default = ask.get("default")
    if isinstance(default, list):
        for index in range(len(default)):
            _restore(document, default, (*path, "default", index))
    else:
        _restore_given(document, ask, path, names=("default",))


def _restore_given(document: YamlDocument, holder: dict[str, Any], path: YamlPath, *, names: Sequence[str]) -> None:
    for name in names:
        if holder.get(name) is not None:
            _restore(document, holder, (*path, name))


def _restore(document: YamlDocument, holder: Any, path: YamlPath) -> None:
    if not isinstance(holder[path[-1]], dict | list):
        holder[path[-1]] = document.places[path].text
