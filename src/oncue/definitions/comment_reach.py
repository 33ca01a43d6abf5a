"""Whether a comment can have an effect on a step function: worked out from its text, and yes where that cannot be known.

A comment has one if the step reads it or calls a model, and it can do both through ``ctx`` only. So there is none without
``ctx``, and none where every use of ``ctx`` is plain to see and something else.
"""

from __future__ import annotations

import ast
import inspect
import tokenize
from collections.abc import Callable, Iterator
from typing import Any

from oncue.definitions.step_source import read_source

_VALUES = frozenset(
    {
        "job",
        "step",
        "key",
        "run",
        "attempt",
        "mode",
        "log",
        "previous",
        "folder",
        "files",
        "has_files",
        "is_cancelled",
        "has_model",
    }
)
_CALLS = frozenset({"progress", "remember", "ask"})
"""Harmless when they are called; handed on as they are, they carry ``ctx`` with them."""
_REFLECTION = frozenset({"locals", "vars", "eval", "exec"})


def can_take_comment(function: Callable[..., Any]) -> bool:
    """Whether a step function that takes ``ctx`` may read a comment or call a model."""
    if inspect.unwrap(function) is not function:
        return True
    body = _parse(function)
    return body is None or any(_is_open(node, parents) for node, parents in _walk(body))


def _is_open(node: ast.AST, parents: tuple[ast.AST, ...]) -> bool:
    """Whether a name in the text of a step may lead to a comment."""
    if not isinstance(node, ast.Name):
        return False
    if node.id != "ctx":
        return node.id in _REFLECTION
    *_, caller, access = parents
    if not isinstance(access, ast.Attribute):
        return True
    is_called = isinstance(caller, ast.Call) and caller.func is access
    return access.attr not in _VALUES and not (is_called and access.attr in _CALLS)


def _walk(node: ast.AST, parents: tuple[ast.AST, ...] = ()) -> Iterator[tuple[ast.AST, tuple[ast.AST, ...]]]:
    """Every node below one, with the nodes around it, the nearest last."""
    for child in ast.iter_child_nodes(node):
        around = (*parents, node)
        yield child, around
        yield from _walk(child, around)


def _parse(function: Callable[..., Any]) -> ast.AST | None:
    """The function as a tree; None where there is no text, or it is no ``def``."""
    try:
        source = read_source(function)
        tree = ast.parse(f"if True:\n{source}" if source[:1].isspace() else source)
    except (OSError, TypeError, SyntaxError, RecursionError, tokenize.TokenError):
        return None
    found = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return found[0] if found and found[0].name == function.__name__ else None
