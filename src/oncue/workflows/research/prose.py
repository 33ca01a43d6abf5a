"""Find the prose in plain text and reStructuredText: paragraphs and list items with their lines, under their headings.

Code, grammar productions, tables, directives and field lists are recognized in order to be left out. The form of a page
decides: underlined headings, indentation, bullets, a colon before an indented block.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

_UNDERLINE = re.compile(r"^([*=\-~^\"#+'`:.])\1{2,}\s*$")
_FOOTNOTES = re.compile(r"^-\[ (.+) \]-$")
_BULLET = re.compile(r"^(\s*)((?:[*+•\-–]|\(?\d{1,3}[.)]|\(?[a-zA-Z][.)]|#\.|\[\d+\]|\.\. \[[#\d]\w*\])\s+)(?=\S)")
_SIGNATURE = re.compile(r"^(?:(?:class|exception|async|awaitable|static|classmethod|abstractmethod|property)\s+)*[\w.]+\(.*\)$")
_DIRECTIVE = re.compile(r"^\s*\.\.(?:\s|$)")
_PROSE_DIRECTIVE = re.compile(
    r"^\s*\.\. (?:note|warning|tip|important|caution|hint|attention|danger|admonition|topic|epigraph|sidebar)::"
)
_SEE_ALSO = re.compile(r"^\s*(?:see also|references|further reading):\s*$", re.IGNORECASE)
_FIELD = re.compile(r"^\s*:[^:`]+:(?:\s|$)")
_TABLE = re.compile(r"^\s*(?:\+[-=]{2,}|\||=+\s+=+)")
_CODE_SIGN = re.compile(
    r"::=|^\s*(?:>>>|\.\.\. |\$ |\(Pdb\)|def |class \w+[(:]|import |from \w+ import|return\b|@\w|#|//|File \")"
    r"|[;{}]\s*$|\w\s*(?:[-+*/|&]?=)\s*[\w\"'(\[{]|^\s*[\w.]+\(.*\)\s*(?:#.*)?$"
)
_CLOSED = re.compile(r"[.!?:;,][\"'”’»)\]*_`]*\s*(?:\[\d+\]\s*)?$")
_WORD = re.compile(r"[A-Za-z]+")
_COMMON = frozenset(
    "a an the of to in is are be it its this that which for with by as or and not on if when from can has have was will "
    "may must any no at".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A paragraph or a list item: source lines ``first`` to ``last`` (1-based) under ``headings``.

    ``text`` keeps its line breaks; ``offset`` is where the words begin, behind a bullet.
    """

    first: int
    last: int
    text: str
    headings: tuple[str, ...]
    is_item: bool = False
    offset: int = 0


@dataclass(slots=True)
class _Outline:
    """Headings open at a line, as (level, text); the level of a heading mark is the order in which marks appear."""

    marks: list[str] = field(default_factory=list)
    open: list[tuple[int, str]] = field(default_factory=list)

    def enter(self, level: int, title: str) -> None:
        self.open = [entry for entry in self.open if entry[0] < level]
        self.open.append((level, title))

    def mark(self, sign: str) -> int:
        if sign not in self.marks:
            self.marks.append(sign)
        return self.marks.index(sign)

    def titles(self) -> tuple[str, ...]:
        return tuple(title for _, title in self.open)


def read_prose(text: str) -> tuple[Block, ...]:
    """The blocks of prose of a text, in order."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").expandtabs(4).split("\n")
    return tuple(_each_block(lines))


def is_code(lines: Sequence[str]) -> bool:
    """Whether lines look like program text, grammar or a table rather than prose."""
    if any("::=" in line for line in lines) or _TABLE.match(lines[0]):
        return True
    words = _WORD.findall(" ".join(lines))
    if not words:
        return True
    signs = sum(1 for line in lines if _CODE_SIGN.search(line))
    common = sum(1 for word in words if word.lower() in _COMMON)
    return signs / len(lines) > 0.5 or (common < len(words) / 12 and signs > 0) or (common == 0 and len(words) > 3)


def _each_block(lines: Sequence[str]) -> Iterator[Block]:
    outline, literal_indent, before = _Outline(), -1, ""
    for first, chunk in _chunks(lines):
        indent = _indent(chunk[0])
        if literal_indent >= 0 and indent > literal_indent:
            continue
        literal_indent = -1
        kind = _classify(chunk, outline)
        if kind == "prose" and not _is_indented_code(chunk, before):
            yield from _paragraphs(first, chunk, outline.titles())
            before = chunk[-1]
        if kind == "literal" or (chunk[-1].rstrip().endswith("::") and not _PROSE_DIRECTIVE.match(chunk[0])):
            literal_indent = indent


def _is_indented_code(chunk: Sequence[str], before: str) -> bool:
    """Whether a chunk stands deeper than the prose before it and does not close a sentence."""
    is_deeper = _indent(chunk[0]) > _indent(before)
    return is_deeper and not _BULLET.match(chunk[0]) and not _CLOSED.search(chunk[-1])


def _classify(chunk: Sequence[str], outline: _Outline) -> str:
    """What a chunk is: ``heading``, ``prose``, ``literal`` (opens a block to skip) or ``other``."""
    indent = _indent(chunk[0])
    outline.open = [entry for entry in outline.open if entry[0] < 100 or entry[0] - 100 < indent]
    if _enter_heading(chunk, outline):
        return "heading"
    if _SIGNATURE.match(" ".join(line.strip() for line in chunk)) or all(_SIGNATURE.match(x.strip()) for x in chunk):
        outline.enter(100 + indent, chunk[0].strip())
        return "heading"
    if _DIRECTIVE.match(chunk[0]) and not _BULLET.match(chunk[0]):
        return "other" if _PROSE_DIRECTIVE.match(chunk[0]) else "literal"
    if _SEE_ALSO.match(chunk[0]):
        return "literal"
    return "other" if _FIELD.match(chunk[0]) or is_code(chunk) else "prose"


def _enter_heading(chunk: Sequence[str], outline: _Outline) -> bool:
    footnotes = _FOOTNOTES.match(chunk[0])
    if footnotes:
        outline.enter(1, footnotes.group(1))
        return True
    title, rule = (chunk[1], chunk[2]) if len(chunk) == 3 and _UNDERLINE.match(chunk[0]) else (chunk[0], chunk[-1])
    mark = _UNDERLINE.match(rule)
    if len(chunk) not in (2, 3) or not mark or _UNDERLINE.match(title) or _indent(title) > 1:
        return False
    if len(rule.strip()) < 0.6 * len(title.strip()):
        return False
    over = mark.group(1) if len(chunk) == 3 else ""
    outline.enter(outline.mark(over + mark.group(1)), title.strip())
    return True


def _chunks(lines: Sequence[str]) -> Iterator[tuple[int, Sequence[str]]]:
    """Runs of lines that are not blank, with the 1-based number of their first line; a heading is a run of its own."""
    start = 0
    for number in range(len(lines) + 1):
        is_blank = number == len(lines) or not lines[number].strip()
        if is_blank:
            if number > start:
                yield from _headings_apart(start + 1, lines[start:number])
            start = number + 1


def _headings_apart(first: int, chunk: Sequence[str]) -> Iterator[tuple[int, Sequence[str]]]:
    is_headed = len(chunk) > 2 and _UNDERLINE.match(chunk[1]) and not _UNDERLINE.match(chunk[0])
    if is_headed and not (len(chunk) == 3 and _UNDERLINE.match(chunk[2])):
        yield first, chunk[:2]
        yield first + 2, chunk[2:]
    else:
        yield first, chunk


def _paragraphs(first: int, chunk: Sequence[str], headings: tuple[str, ...]) -> Iterator[Block]:
    """Cut a chunk where a list item begins or the indentation falls or rises behind a term."""
    starts = [0, *(n for n in range(1, len(chunk)) if _begins_paragraph(chunk, n))]
    for begin, end in zip(starts, [*starts[1:], len(chunk)], strict=True):
        part = chunk[begin:end]
        if is_code(part):
            continue
        bullet = _BULLET.match(part[0])
        yield Block(
            first=first + begin,
            last=first + end - 1,
            text="\n".join(part),
            headings=headings,
            is_item=bullet is not None,
            offset=bullet.end() if bullet else 0,
        )


def _begins_paragraph(chunk: Sequence[str], number: int) -> bool:
    here, before = chunk[number], chunk[number - 1]
    bullet = _BULLET.match(here)
    if bullet and (_BULLET.match(before) or before.rstrip().endswith((":", ".", ",", ";"))):
        return True
    if _BULLET.match(before):
        return _indent(here) <= _indent(before)
    return abs(_indent(here) - _indent(before)) >= 2


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
