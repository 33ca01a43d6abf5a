"""What a step function says, as text that survives reformatting around it: the basis of its definition hash.

Decorators, comments, blank lines, trailing space and the indentation of the whole function do not count; the text of
strings does. Where there is no source (an interactive session) the byte code and its constants stand in.
"""

from __future__ import annotations

import ast
import inspect
import io
import tokenize
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from pathlib import Path
from types import CodeType
from typing import Any

from oncue.core.canonical import content_hash

_STRING_TOKENS = frozenset(
    getattr(tokenize, name) for name in ("STRING", "FSTRING_MIDDLE", "TSTRING_MIDDLE") if hasattr(tokenize, name)
)


def describe_code(function: Callable[..., Any]) -> dict[str, object]:
    """What identifies the code of a function, as plain JSON: its text, or its byte code where there is none."""
    plain = inspect.unwrap(function)
    try:
        if getattr(plain, "__name__", "") == "<lambda>":
            return {"text": _lambda_text(plain)}
        return {"text": normalized_text(read_source(plain))}
    except (OSError, TypeError, SyntaxError, tokenize.TokenError):
        return {"code": _describe_bytecode(plain.__code__)} if hasattr(plain, "__code__") else {"code": repr(plain)}


@lru_cache(maxsize=1)
def read_source(function: Callable[..., Any]) -> str:
    """The text of a function as it stands in its file; kept for whoever asks next, because finding it takes long.

    Raises:
        OSError, TypeError: there is none.
    """
    return inspect.getsource(function)


def normalized_text(source: str) -> str:
    """The text of one function from its ``def`` on, without what does not matter."""
    lines = source.split("\n")
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    first = _first_line(tokens)
    inside = _lines_inside_strings(tokens)
    for token in reversed(tokens):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column].rstrip()
    indent = len(lines[first - 1]) - len(lines[first - 1].lstrip())
    kept = []
    for number, line in enumerate(lines[first - 1 :], start=first):
        text = line if number in inside else line[indent:]
        text = text if number + 1 in inside else text.rstrip()
        if text or number in inside:
            kept.append(text)
    return "\n".join(kept)


def file_of(function: Callable[..., Any]) -> tuple[str, int]:
    """The absolute path and the line of a function; an empty path where it has no file."""
    code: CodeType | None = getattr(inspect.unwrap(function), "__code__", None)
    if code is None:
        return "", 0
    return _absolute(code.co_filename), code.co_firstlineno


@cache
def _absolute(name: str) -> str:
    """Asked for every function of a file: a look at the disk for each would be a fifth of importing a long workflow."""
    path = Path(name)
    return str(path.resolve()) if path.is_file() else ""


def file_hash(path: str) -> str:
    """The content hash of a file; empty where it cannot be read."""
    try:
        return content_hash(Path(path).read_bytes())
    except OSError:
        return ""


def _lambda_text(function: Callable[..., Any]) -> str:
    """The text of a lambda, or of all that begin in its line: the interpreter does not tell them apart."""
    lines, _ = inspect.findsource(function)
    line = function.__code__.co_firstlineno
    found = [
        ast.unparse(node)
        for node in ast.walk(ast.parse("".join(lines)))
        if isinstance(node, ast.Lambda) and node.lineno == line
    ]
    if not found:
        raise SyntaxError("no lambda there")
    return "; ".join(found)


def _first_line(tokens: Sequence[tokenize.TokenInfo]) -> int:
    starts_line = True
    for token in tokens:
        if starts_line and token.type == tokenize.NAME and token.string in ("def", "async"):
            return token.start[0]
        if token.type not in (tokenize.INDENT, tokenize.DEDENT, tokenize.NL, tokenize.COMMENT):
            starts_line = token.type == tokenize.NEWLINE
    raise SyntaxError("no function definition")


def _lines_inside_strings(tokens: Sequence[tokenize.TokenInfo]) -> set[int]:
    """The lines that begin within a string: their white space is content."""
    return {row for token in tokens if token.type in _STRING_TOKENS for row in range(token.start[0] + 1, token.end[0] + 1)}


def _describe_bytecode(code: CodeType) -> list[object]:
    constants = [
        _describe_bytecode(constant) if isinstance(constant, CodeType) else repr(constant) for constant in code.co_consts
    ]
    return [code.co_code.hex(), constants, list(code.co_names)]
