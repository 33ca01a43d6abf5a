"""The answer to a form, from a file or from standard input."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from oncue.errors import InvalidInput

MAX_FORM_BYTES = 1_000_000


def read_form(name: str) -> object:
    """The value in a JSON file.

    Raises:
        InvalidInput: it cannot be read, or is no JSON.
    """
    try:
        body = sys.stdin.buffer.read(MAX_FORM_BYTES + 1) if name == "-" else _read_bytes(Path(name))
    except OSError as error:
        raise InvalidInput(f"{name} cannot be read: {error.strerror}", hint="--form FILE is a file with JSON") from error
    if len(body) > MAX_FORM_BYTES:
        raise InvalidInput(f"{name} has more than {MAX_FORM_BYTES} bytes")
    return parse_form(body, name=name)


def parse_form(body: bytes, *, name: str) -> object:
    """The value of a JSON text.

    Raises:
        InvalidInput: it is none; says where.
    """
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{name} is no JSON: {error}", hint='for example {"name": "value"}') from error


def _read_bytes(path: Path) -> bytes:
    with path.open("rb") as source:
        return source.read(MAX_FORM_BYTES + 1)
