r"""What a corpus is: documents, cut into passages that know exactly where they stand in their source.

    Corpus ─┬─ Document ─┬─ Passage (contiguous text under one heading) ── Span (one sentence fit for quotation)
            │            └─ …
            └─ Problem (a file that could not be read, and why)

The line law: in a passage measured in lines, the character at offset ``o`` stands in source line
``location.first + text.count("\n", 0, o)``. Every reader keeps or restores the line breaks of its source for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256

_WRAPPED_HYPHEN = re.compile(r"(?<=\w)-\n\s*(?=\w)")
_WHITESPACE = re.compile(r"\s+")


class CorpusError(Exception):
    """A source of documents that cannot be used: what was found, what was expected, and what to do."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Unit(StrEnum):
    """What the numbers of a location count; both are 1-based."""

    LINE = "line"
    PAGE = "page"


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A range in a source: first and last line (or page), both inclusive, under a path of headings."""

    source: str
    unit: Unit
    first: int
    last: int
    headings: tuple[str, ...] = ()

    def __str__(self) -> str:
        """``guide.md, lines 3–5`` or ``paper.pdf, page 2``."""
        name = self.unit.value
        if self.first == self.last:
            return f"{self.source}, {name} {self.first}"
        return f"{self.source}, {name}s {self.first}–{self.last}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A half-open range of character offsets in a passage's text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A contiguous piece of prose; ``sentences`` are the spans that may be quoted, in order and disjoint."""

    id: str
    document: str
    location: Location
    text: str
    sentences: tuple[Span, ...]
    content_hash: str

    def quote(self, span: Span) -> str:
        """The words of a span as they are shown: on one line."""
        return unwrap(self.text[span.start : span.end])

    def locate(self, span: Span) -> Location:
        """The location of a span, narrowed to its own lines by the line law."""
        if self.location.unit is not Unit.LINE:
            return self.location
        first = self.location.first + self.text.count("\n", 0, span.start)
        return replace(self.location, first=first, last=first + self.text.count("\n", span.start, span.end))


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One source: ``id`` is a slug of its path and survives changes of its content; the hash is of its bytes."""

    id: str
    title: str
    source: str
    kind: str
    content_hash: str
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A file that was found and could not be used."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """Documents in stable order; ``ignored`` counts files that are hidden, linked or of an unknown kind."""

    source: str
    documents: tuple[Document, ...]
    problems: tuple[Problem, ...] = ()
    ignored: int = 0


def unwrap(text: str) -> str:
    """Text on one line: white space collapsed, a word wrapped at its hyphen closed (``post-⏎mortem``)."""
    return _WHITESPACE.sub(" ", _WRAPPED_HYPHEN.sub("-", text)).strip()


def hash_text(text: str) -> str:
    """SHA-256 of the text as shown on one line, in hexadecimal: rewrapping a paragraph is not a change."""
    return sha256(unwrap(text).encode()).hexdigest()


def passages_by_id(corpus: Corpus) -> Mapping[str, Passage]:
    """Every passage under its id."""
    return {passage.id: passage for passage in each_passage(corpus)}


def each_passage(corpus: Corpus) -> Iterator[Passage]:
    """Every passage, in the order of the documents."""
    for document in corpus.documents:
        yield from document.passages
