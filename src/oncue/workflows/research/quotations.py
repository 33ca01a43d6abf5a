"""A quotation: one sentence of a passage, word for word, with all that is needed to find and to check it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from oncue.workflows.research.documents import Location, Passage, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotation:
    """The words ``text`` (on one line) stand in the passage at the offsets of ``span``; ``location`` is that of the span.

    ``score`` is between 0 and 1, relative to the best candidate of the same selection; ``terms`` are the query's terms
    that the sentence or the headings above it mention.
    """

    document: str
    title: str
    passage: str
    passage_hash: str
    location: Location
    span: Span
    text: str
    score: float = 0.0
    terms: tuple[str, ...] = ()


def quote(passage: Passage, title: str, span: Span, *, score: float = 0.0, terms: Iterable[str] = ()) -> Quotation:
    """A quotation of one of the passage's sentences."""
    return Quotation(
        document=passage.document,
        title=title,
        passage=passage.id,
        passage_hash=passage.content_hash,
        location=passage.locate(span),
        span=span,
        text=passage.quote(span),
        score=round(score, 6),
        terms=tuple(terms),
    )


def each_quotation(passages: Iterable[Passage], title: str) -> Iterator[Quotation]:
    """Every sentence that may be quoted, in order, each text once."""
    seen: set[str] = set()
    for passage in passages:
        for span in passage.sentences:
            item = quote(passage, title, span)
            if item.text not in seen:
                seen.add(item.text)
                yield item
