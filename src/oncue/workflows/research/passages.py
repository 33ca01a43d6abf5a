"""Put blocks of prose together into passages: the unit of retrieval, about one thought long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from oncue.workflows.research.documents import Location, Passage, Span, Unit, hash_text
from oncue.workflows.research.prose import Block
from oncue.workflows.research.sentences import is_quotable, split_sentences

PASSAGE_CHARS = 900
"""Blocks are joined while the passage stays within this many characters, and longer blocks are cut between sentences."""

MAX_GAP_LINES = 3
"""Blocks whose lines are further apart than this (something between them was left out) are not joined."""


def cut_passages(blocks: Sequence[Block], *, document: str, source: str, start: int = 1) -> tuple[Passage, ...]:
    """Passages ``document#p1 …`` of the blocks of one source measured in lines, numbered from ``start``.

    A passage never crosses a heading, nor anything that was left out. Blocks without a sentence fit for quotation are
    kept, for they are searched too.
    """
    groups = _grouped([piece for block in blocks for piece in _pieces(block)])
    return tuple(_passage(group, number=number, document=document, source=source) for number, group in enumerate(groups, start))


def place_on_page(passages: Sequence[Passage], page: int) -> tuple[Passage, ...]:
    """The same passages, located on a page (1-based) instead of in lines."""
    return tuple(replace(item, location=replace(item.location, unit=Unit.PAGE, first=page, last=page)) for item in passages)


def name_of(source: str) -> str:
    """A readable title from a path: ``guides/name-lookup.md`` → ``name lookup``."""
    return PurePosixPath(source).stem.replace("-", " ").replace("_", " ").strip() or source


def _pieces(block: Block) -> Iterator[Block]:
    """The block itself, or where it is too long its parts, cut between sentences."""
    if len(block.text) <= PASSAGE_CHARS:
        yield block
        return
    spans = split_sentences(block.text)
    begin, is_first = 0, True
    for number, span in enumerate(spans):
        is_last = number + 1 == len(spans)
        following = len(block.text) if is_last else spans[number + 1].end
        if is_last or following - begin > PASSAGE_CHARS:
            yield _part(block, begin, span.end, is_first=is_first)
            is_first = False
            begin = spans[number + 1].start if not is_last else begin


def _part(block: Block, begin: int, end: int, *, is_first: bool) -> Block:
    first = block.first + block.text.count("\n", 0, begin)
    text = block.text[begin:end]
    return replace(
        block,
        first=first,
        last=first + text.count("\n"),
        text=text,
        offset=block.offset if is_first else 0,
        is_item=block.is_item and is_first,
    )


def _grouped(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    group: list[Block] = []
    size = 0
    for block in blocks:
        if group and (not _continues(group[-1], block) or size + len(block.text) > PASSAGE_CHARS):
            yield group
            group, size = [], 0
        group.append(block)
        size += len(block.text)
    if group:
        yield group


def _continues(before: Block, block: Block) -> bool:
    return block.headings == before.headings and 0 < block.first - before.last <= MAX_GAP_LINES


def _passage(group: Sequence[Block], *, number: int, document: str, source: str) -> Passage:
    text = ""
    spans: list[Span] = []
    line = group[0].first
    for block in group:
        text += "\n" * (block.first - line if text else 0)
        spans.extend(_quotable_spans(block, at=len(text)))
        text += block.text
        line = block.last
    location = Location(source=source, unit=Unit.LINE, first=group[0].first, last=group[-1].last, headings=group[0].headings)
    return Passage(
        id=f"{document}#p{number}",
        document=document,
        location=location,
        text=text,
        sentences=tuple(spans),
        content_hash=hash_text(text),
    )


def _quotable_spans(block: Block, *, at: int) -> Iterator[Span]:
    for span in split_sentences(block.text[block.offset :]):
        start, end = span.start + block.offset, span.end + block.offset
        if is_quotable(block.text[start:end], is_item=block.is_item):
            yield Span(start=at + start, end=at + end)
