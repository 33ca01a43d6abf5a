"""YAML as people expect it, with the line of everything: YAML 1.2 words, no duplicate keys, no tags.

``on``, ``no`` and dates are text; ``010`` is ten. Every value keeps its line, column and text as written, by its path
(``("steps", 0, "run")``), so that an error found later can say where.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from oncue.errors import DefinitionError

YamlPath = tuple[str | int, ...]
MAX_NODES = 50_000
MAX_DEPTH = 50
_INTEGER = re.compile(r"[-+]?[0-9]+")
_RADIX = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: Mapping[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_TEXT_TAG = "tag:yaml.org,2002:str"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a value stands: line and column from 1, its text as written, and the line its text begins on."""

    line: int
    column: int
    text: str = ""
    text_line: int = 0


@dataclass(slots=True)
class YamlDocument:
    """A document as plain values, with the place of every path; ``keys`` has the places of the keys of mappings."""

    file: str
    data: Any = None
    places: dict[YamlPath, Place] = field(default_factory=dict)
    keys: dict[YamlPath, Place] = field(default_factory=dict)

    def line_of(self, path: YamlPath) -> int:
        """The line of a path, or of the nearest thing around it."""
        for length in range(len(path), -1, -1):
            place = self.keys.get(path[:length]) or self.places.get(path[:length])
            if place is not None:
                return place.line
        return 1

    def error(self, path: YamlPath, message: str, *, hint: str = "", line: int = 0) -> DefinitionError:
        """A DefinitionError for a path: file, line and field."""
        while path and isinstance(path[-1], int) and path not in self.places:
            path = path[:-1]  # one text where a list may stand has no positions
        return DefinitionError(message, file=self.file, line=line or self.line_of(path), field=show_path(path), hint=hint)


def show_path(path: YamlPath) -> str:
    """A path as people write it: ``steps[0].run`` counts from 1 as everything shown does, so ``steps[1].run``."""
    parts = [f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in path]
    return "".join(parts).removeprefix(".")


def parse_yaml(text: str, file: str) -> YamlDocument:
    """Read one document.

    Raises:
        DefinitionError: it is not YAML, a key is there twice, or it uses what data does not need (tags, several documents).
    """
    document = YamlDocument(file)
    loader = _NodeLoader(text)
    try:
        node = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(file, error) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise DefinitionError(f"this is not YAML: {str(error).splitlines()[0]}", file=file, line=1) from error
    finally:
        loader.dispose()
    if node is None:
        raise DefinitionError("the file is empty", file=file, line=1)
    document.data = _Builder(document).build(node, ())
    return document


class _NodeLoader(yaml.SafeLoader):
    """Composes nodes without giving plain scalars a type; ``_Builder`` does."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - how PyYAML is told


class _Builder:
    def __init__(self, document: YamlDocument) -> None:
        self._document = document
        self._count = 0

    def build(self, node: yaml.Node, path: YamlPath) -> Any:
        self._count += 1
        if self._count > MAX_NODES or len(path) > MAX_DEPTH:
            raise self._error(node, path, "too large or too deep once its aliases are written out")
        self._document.places[path] = _place(node)
        match node:
            case yaml.ScalarNode():
                return self._scalar(node, path)
            case yaml.SequenceNode():
                self._check_tag(node, path, "tag:yaml.org,2002:seq")
                return [self.build(part, (*path, index)) for index, part in enumerate(node.value)]
            case yaml.MappingNode():
                self._check_tag(node, path, "tag:yaml.org,2002:map")
                return dict(self._pairs(node, path))
            case _:
                raise self._error(node, path, "this is no YAML value")

    def _pairs(self, node: yaml.MappingNode, path: YamlPath) -> Iterator[tuple[str, Any]]:
        seen: dict[str, int] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise self._error(key_node, path, "a key must be text (a value that begins with {{ is put in quotes)")
            key = key_node.value
            if key in seen:
                raise self._error(key_node, (*path, key), f"the key is there twice, first in line {seen[key]}")
            seen[key] = key_node.start_mark.line + 1
            self._document.keys[*path, key] = _place(key_node)
            yield key, self.build(value_node, (*path, key))

    def _scalar(self, node: yaml.ScalarNode, path: YamlPath) -> Any:
        self._check_tag(node, path, _TEXT_TAG)
        text: str = node.value
        if node.style is not None:
            return text
        if text in _WORDS:
            return _WORDS[text]
        if len(text) > 400:
            return text
        if _INTEGER.fullmatch(text):
            return int(text)
        if _RADIX.fullmatch(text):
            return int(text, 0)
        return float(text) if _FLOAT.fullmatch(text) else text

    def _check_tag(self, node: yaml.Node, path: YamlPath, plain: str) -> None:
        if node.tag not in (plain, "!"):
            raise self._error(node, path, f"the tag {node.tag} is not known here; write the value without it")

    def _error(self, node: yaml.Node, path: YamlPath, message: str) -> DefinitionError:
        return self._document.error(path, message, line=node.start_mark.line + 1)


def _place(node: yaml.Node) -> Place:
    mark = node.start_mark
    text = node.value if isinstance(node, yaml.ScalarNode) else ""
    is_block = isinstance(node, yaml.ScalarNode) and node.style in ("|", ">")
    return Place(line=mark.line + 1, column=mark.column + 1, text=text, text_line=mark.line + (2 if is_block else 1))


def _syntax_error(file: str, error: yaml.MarkedYAMLError) -> DefinitionError:
    mark = error.problem_mark or error.context_mark
    problem = error.problem or error.context or "it cannot be read"
    if "'\\t'" in problem:
        problem = "a tab is used for indentation; YAML takes spaces only"
    if "expected a single document" in f"{error.context} {error.problem}":
        problem = "there are several documents (---); a manifest is one"
    column = f", column {mark.column + 1}" if mark else ""
    return DefinitionError(f"this is not YAML: {problem}{column}", file=file, line=mark.line + 1 if mark else 1)
