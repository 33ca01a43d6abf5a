"""``{{ params.x }}`` in the texts of a manifest: sandboxed Jinja that sees the parameters, in prompts ``inputs`` too.

In ``run``, a value never becomes part of the shell's program: see ``shell_quoting``. ``| raw`` puts it in as it is.
Comments are written ``{#-- … --#}``, because ``{#`` has a meaning in the shell (``${#list[@]}``).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, Undefined, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from oncue.control.steps.calls import StepFailed

PARAMS = "params"
INPUTS = "inputs"
_REMOVED_FILTERS = ("random", "safe", "escape", "e", "forceescape", "urlize", "xmlattr", "pprint")


class Raw(str):
    """Text that goes into a shell program as it is, because the manifest says so."""

    __slots__ = ()


class TemplateProblem(Exception):
    """A template that cannot be used; ``line`` counts from 1 within the text."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A parameter or input named in a template, and the line within the text; ``name`` is None where all are meant."""

    name: str | None
    line: int
    root: str = PARAMS


def is_template(text: str) -> bool:
    """Whether there is anything in a text to fill in."""
    return "{{" in text or "{%" in text


def find_mentions(text: str, *, roots: Sequence[str] = (PARAMS,)) -> tuple[Mention, ...]:
    """Every parameter that a template names, or whatever else the ``roots`` hold.

    Raises:
        TemplateProblem: it is no template, or names something else than the roots.
    """
    if not is_template(text):
        return ()
    try:
        tree = _environment().parse(text)
        strangers = meta.find_undeclared_variables(tree) - set(roots)
    except TemplateSyntaxError as error:
        raise TemplateProblem(f"template: {error.message}", error.lineno) from error
    for node in tree.find_all(nodes.Name):
        if node.name in strangers and node.ctx == "load":
            raise TemplateProblem(f"template: {node.name!r} is not known; there is only {' and '.join(roots)}", node.lineno)
    return tuple(mention for root in roots for mention in _mentions(tree, root))


def render(
    text: str,
    params: Mapping[str, object],
    finalize: Callable[[object], str],
    *,
    inputs: Mapping[str, object] | None = None,
) -> str:
    """The text with every expression replaced by what ``finalize`` makes of its value.

    Raises:
        StepFailed: the template fails with these parameters (code ``template``).
    """
    if not is_template(text):
        return text
    try:
        environment = _environment().overlay(finalize=finalize)
        return environment.from_string(text).render({PARAMS: dict(params), INPUTS: inputs})
    except (TemplateError, ArithmeticError, TypeError, ValueError, LookupError, AttributeError) as error:
        raise StepFailed(f"template: {error}", code="template") from error


def as_text(value: object) -> str:
    """A parameter as the environment and templates show it: text as it is, nothing for null, else JSON."""
    if isinstance(value, str | Undefined):
        return str(value)  # of an undefined value: says what is undefined
    return "" if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _mentions(tree: nodes.Template, root: str) -> list[Mention]:
    found = []
    named: set[int] = set()
    lookups: list[nodes.Getattr | nodes.Getitem] = [*tree.find_all(nodes.Getattr), *tree.find_all(nodes.Getitem)]
    for node in lookups:
        name = node.attr if isinstance(node, nodes.Getattr) else _constant(node.arg)
        if isinstance(node.node, nodes.Name) and node.node.name == root and isinstance(name, str):
            named.add(id(node.node))
            found.append(Mention(name=name, line=node.lineno, root=root))
    for name_node in tree.find_all(nodes.Name):
        if name_node.name == root and id(name_node) not in named:
            found.append(Mention(name=None, line=name_node.lineno, root=root))
    return found


def _constant(node: nodes.Expr) -> object:
    return node.value if isinstance(node, nodes.Const) else None


class _Missing(StrictUndefined):
    """Something that is not there; where there are names to choose from, the error lists them."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        holder = self._undefined_obj
        if not isinstance(holder, Mapping):
            return str(super()._undefined_message)
        names = ", ".join(map(str, holder)) or "nothing"
        return f"there is no {self._undefined_name!r} (there is: {names[:200]})"


class _Environment(ImmutableSandboxedEnvironment):
    """Reads ``params.items`` as the parameter of this name, not as a method that every mapping has."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        return obj[attribute] if isinstance(obj, Mapping) and attribute in obj else super().getattr(obj, attribute)


@cache
def _environment() -> _Environment:
    environment = _Environment(
        undefined=_Missing,
        autoescape=False,
        keep_trailing_newline=True,
        comment_start_string="{#--",
        comment_end_string="--#}",
    )
    environment.globals.clear()
    for name in _REMOVED_FILTERS:
        environment.filters.pop(name, None)
    environment.filters["raw"] = lambda value: Raw(as_text(value))
    environment.filters["json"] = _to_json
    return environment


def _to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
