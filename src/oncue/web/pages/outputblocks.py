"""An output as blocks that a page can show: text, tables, lists, images, data, files. What is cut says so."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from oncue.control.steps.outputs import StoredFile
from oncue.control.views.artifactview import ArtifactView
from oncue.web.filekinds import is_image

MAX_ROWS = 200
MAX_COLUMNS = 24
MAX_TEXT = 200_000
"""Characters of a text, or of the JSON of a value, that a page shows; the rest is in the download."""
PREVIEW_BYTES = 100_000
"""Of one file that a page shows; larger ones are downloaded."""
ALL_PREVIEW_BYTES = 2_000_000
"""Of all files of one output."""
STDOUT = "stdout"
"""What a shell step printed, where it declares no outputs: as much its result as a text that a step returns."""
_MARKDOWN = re.compile(r"^(?:#{1,6} \S|```|\|.*\|$|> \S|[-*] \S|\d+\. \S)|\]\([^)\s]+\)|\*\*\S", re.MULTILINE)
_TEXTS = (".txt", ".md", ".csv", ".tsv", ".json", ".jsonl", ".log", ".yaml", ".yml", ".py", ".toml", ".html", ".xml")
_BINARY = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")


class BlockKind(StrEnum):
    """What a page makes of a value."""

    PROSE = "prose"
    PLAIN = "plain"
    TABLE = "table"
    LIST = "list"
    PAIRS = "pairs"
    DATA = "data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A value as it is shown; ``left_out`` is how many rows, items or characters are not."""

    kind: BlockKind
    text: str = ""
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[object, ...], ...] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FileBlock:
    """A file of an output; ``preview`` is its text where it is short."""

    name: str
    size: int
    is_image: bool
    preview: Block | None = None


def show_value(value: object) -> Block | None:
    """How a value is shown; nothing for null."""
    match value:
        case None:
            return None
        case str():
            return show_text(value)
        case list() | tuple() if value and all(isinstance(row, Mapping) for row in value):
            return _table(value)
        case list() | tuple() if value and not any(isinstance(row, list | tuple | Mapping) for row in value):
            left = max(0, len(value) - MAX_ROWS)
            return Block(kind=BlockKind.LIST, rows=tuple((item,) for item in value[:MAX_ROWS]), left_out=left)
        case Mapping() if value and all(_is_short(part) for part in value.values()):
            pairs = tuple((str(name), part) for name, part in islice(value.items(), MAX_ROWS))
            return Block(kind=BlockKind.PAIRS, rows=pairs, left_out=max(0, len(value) - MAX_ROWS))
        case _:
            return _cut(BlockKind.DATA, json.dumps(value, ensure_ascii=False, indent=2))


def show_text(text: str) -> Block:
    """Markdown where it looks like it, else the text as it is."""
    return _cut(BlockKind.PROSE if _MARKDOWN.search(text) else BlockKind.PLAIN, text)


def show_files(view: ArtifactView) -> list[FileBlock]:
    """The files of an output, with short texts as they are."""
    found: list[FileBlock] = []
    left = ALL_PREVIEW_BYTES
    for file in view.output.files.values():
        is_shown = is_image(file.name)
        preview = None if is_shown or file.size > min(left, PREVIEW_BYTES) else _preview(view, file)
        left -= file.size if preview else 0
        found.append(FileBlock(name=file.name, size=file.size, is_image=is_shown, preview=preview))
    return found


def _preview(view: ArtifactView, file: StoredFile) -> Block | None:
    """A text as it is, whatever its name; bytes that are none only under the name of one."""
    with view.output.open(file.name) as stream:
        body = stream.read(PREVIEW_BYTES)
    name = file.name.lower()
    try:
        text = body.decode()
    except UnicodeDecodeError:
        if not name.endswith(_TEXTS):
            return None
        text = body.decode("utf-8", "replace")
    if _BINARY.search(text) and not name.endswith(_TEXTS):
        return None
    if name == STDOUT:
        return show_text(text)
    return _cut(BlockKind.PROSE if name.endswith(".md") else BlockKind.PLAIN, text)


def _table(rows: Sequence[Mapping[str, object]]) -> Block:
    columns = list(dict.fromkeys(str(name) for row in rows[:MAX_ROWS] for name in row))[:MAX_COLUMNS]
    shown = tuple(tuple(row.get(name) for name in columns) for row in rows[:MAX_ROWS])
    return Block(kind=BlockKind.TABLE, columns=tuple(columns), rows=shown, left_out=max(0, len(rows) - MAX_ROWS))


def _is_short(value: object) -> bool:
    return isinstance(value, int | float | None) or (isinstance(value, str) and len(value) <= 500)


def _cut(kind: BlockKind, text: str) -> Block:
    return Block(kind=kind, text=text[:MAX_TEXT], left_out=max(0, len(text) - MAX_TEXT))
