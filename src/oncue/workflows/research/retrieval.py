"""Find passages with BM25 in an in-memory SQLite FTS5 table, then prefer those that answer to more of the query.

BM25 is FTS5's ``bm25()`` (k1 = 1.2, b = 0.75; S. Robertson and H. Zaragoza, *The Probabilistic Relevance Framework*, 2009)
over terms as ``lexicon`` defines them, with the columns title, headings and text weighted 1.5 : 2 : 1. A score is
BM25 × (¼ + ¾ × coverage); coverage is the share of the wanted terms that the passage has, each term counted by its
``ln(1 + N / n)`` (N passages, n with the term), so that one frequent word repeated is no answer to three.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from oncue.workflows.research.documents import Corpus, Document, Passage
from oncue.workflows.research.lexicon import Lexicon, connect_fts5
from oncue.workflows.research.steering import Query

_WEIGHTS = "1.5, 2.0, 1.0"
_CANDIDATES = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A passage that matches; ``score`` is positive, larger is better, comparable within one search only."""

    passage: Passage
    title: str
    score: float


class PassageIndex:
    """All passages of a corpus, each text once; a context manager, for one thread.

    Where several documents hold the same passage, the shortest document (then the first by id) stands for it: it is the
    one that is about it.
    """

    def __init__(self, corpus: Corpus) -> None:
        self._entries = _distinct_passages(corpus.documents)
        self.lexicon = Lexicon(_searched_text(passage, title) for passage, title in self._entries)
        self._keys = [self.lexicon.keys(_searched_text(passage, title)) for passage, title in self._entries]
        self._connection = connect_fts5()
        self._connection.execute("CREATE VIRTUAL TABLE passage USING fts5(title, headings, text, tokenize = 'unicode61')")
        self._connection.executemany(
            "INSERT INTO passage(rowid, title, headings, text) VALUES (?, ?, ?, ?)",
            (
                (row, self._joined(title), self._joined(" ".join(passage.location.headings)), self._joined(passage.text))
                for row, (passage, title) in enumerate(self._entries)
            ),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._connection.close()

    def search(self, query: Query, limit: int = 20) -> tuple[Hit, ...]:
        """The best passages that match, at most ``limit``, best first; equal scores in the order of the corpus."""
        expression = self._expression(query)
        if not expression:
            return ()
        rows = self._connection.execute(
            f"SELECT rowid, -bm25(passage, {_WEIGHTS}) AS score FROM passage WHERE passage MATCH ? "
            "ORDER BY score DESC, rowid LIMIT ?",
            [expression, max(_CANDIDATES, 4 * limit)],
        ).fetchall()
        weights = self.term_weights(query)
        scored = sorted((-score * (0.25 + 0.75 * self._coverage(row, weights)), row) for row, score in rows)
        return tuple(
            Hit(passage=self._entries[row][0], title=self._entries[row][1], score=round(-score, 6))
            for score, row in scored[:limit]
        )

    def count(self, term: str) -> int:
        """How many passages have a term."""
        phrase = self._phrase(term)
        if not phrase:
            return 0
        rows = self._connection.execute("SELECT count(*) FROM passage WHERE passage MATCH ?", [phrase])
        return int(rows.fetchone()[0])

    def term_weights(self, query: Query) -> list[tuple[str, float]]:
        """What each wanted term that some passage has weighs: ``ln(1 + N / n)``."""
        counts = [(term, self.count(term)) for term in query.wanted()]
        return [(term, math.log(1 + self.size / count)) for term, count in counts if count]

    @property
    def size(self) -> int:
        """How many distinct passages there are."""
        return len(self._entries)

    def _coverage(self, row: int, weights: Sequence[tuple[str, float]]) -> float:
        found = math.fsum(weight for term, weight in weights if mentions(self.lexicon, self._keys[row], term))
        return found / total if (total := math.fsum(weight for _, weight in weights)) else 0.0

    def _expression(self, query: Query) -> str:
        wanted = self._phrases([*query.terms, *query.added])
        required = self._phrases(query.required)
        excluded = self._phrases(query.excluded)
        if not wanted and not required:
            return ""
        parts = [*required, *([f"({' OR '.join(wanted)})"] if wanted and not required else [])]
        if wanted and required:
            # ``required OR wanted`` lets the wanted terms raise the rank without being demanded as well
            parts.append(f"({' OR '.join([*required, *wanted])})")
        expression = " AND ".join(parts)
        return f"({expression}) NOT ({' OR '.join(excluded)})" if excluded else expression

    def _phrases(self, terms: Iterable[str]) -> list[str]:
        return [phrase for phrase in map(self._phrase, terms) if phrase]

    def _phrase(self, term: str) -> str:
        keys = self.lexicon.keys(term)
        return f'"{" ".join(keys)}"' if keys else ""

    def _joined(self, text: str) -> str:
        return " ".join(self.lexicon.keys(text))


def mentions(lexicon: Lexicon, text_keys: Sequence[str], term: str) -> bool:
    """Whether a text, given as its terms, has a word or phrase."""
    phrase = lexicon.keys(term)
    width = len(phrase)
    return bool(phrase) and any(list(text_keys[n : n + width]) == phrase for n in range(len(text_keys) - width + 1))


def _distinct_passages(documents: Iterable[Document]) -> list[tuple[Passage, str]]:
    """Passages with their titles in corpus order, of each text the one in the shortest document."""
    owners: dict[str, tuple[int, str]] = {}
    documents = tuple(documents)
    sizes = {document.id: sum(len(passage.text) for passage in document.passages) for document in documents}
    for document in documents:
        for passage in document.passages:
            claim = (sizes[document.id], document.id)
            owners[passage.content_hash] = min(owners.get(passage.content_hash, claim), claim)
    chosen: dict[str, tuple[Passage, str]] = {}
    for document in documents:
        for passage in document.passages:
            if owners[passage.content_hash][1] == document.id:
                chosen.setdefault(passage.content_hash, (passage, document.title))
    return list(chosen.values())


def _searched_text(passage: Passage, title: str) -> str:
    return f"{title} {' '.join(passage.location.headings)} {passage.text}"
