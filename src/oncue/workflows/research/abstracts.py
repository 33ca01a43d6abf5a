"""Abstracts made of the documents' own sentences: of every document, and of the whole corpus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from oncue.workflows.research.documents import Corpus, Document
from oncue.workflows.research.lexicon import STOP_WORDS, split_words
from oncue.workflows.research.quotations import Quotation, each_quotation
from oncue.workflows.research.ranking import inverse_frequencies, rank_by_centrality, select_diverse, weigh
from oncue.workflows.research.sentences import is_dangling

MAX_CANDIDATES = 250
"""Sentences of one document that are compared, from its beginning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Abstract:
    """The sentences that stand for a document (or, with an empty ``document``, for the corpus), in reading order."""

    document: str
    title: str
    sentences: tuple[Quotation, ...]

    def text(self) -> str:
        """The sentences as one paragraph."""
        return " ".join(sentence.text for sentence in self.sentences)


@dataclass(frozen=True, slots=True, kw_only=True)
class Abstracts:
    """The abstract of every document, in the order of the corpus, and of the whole."""

    documents: tuple[Abstract, ...]
    whole: Abstract


def summarize_corpus(corpus: Corpus, *, per_document: int = 3, whole: int = 6) -> Abstracts:
    """Abstracts by TextRank; the whole is summarized from the abstracts of its parts."""
    parts = tuple(summarize_document(document, count=per_document) for document in corpus.documents)
    candidates: dict[str, Quotation] = {}
    for part in parts:
        for sentence in part.sentences[:1]:
            candidates.setdefault(sentence.text, sentence)
    sentences = tuple(candidates.values())
    chosen = _best(sentences, [1.0] * len(sentences), count=whole)
    return Abstracts(documents=parts, whole=Abstract(document="", title=corpus.source, sentences=chosen))


def summarize_document(document: Document, *, count: int = 3) -> Abstract:
    """The ``count`` most central sentences; early ones are preferred, and those that lean on a sentence before them avoided."""
    sentences = tuple(each_quotation(document.passages, document.title))[:MAX_CANDIDATES]
    priors = [(1 + 1 / (1 + place)) * (0.5 if is_dangling(item.text) else 1.0) for place, item in enumerate(sentences)]
    return Abstract(document=document.id, title=document.title, sentences=_best(sentences, priors, count=count))


def _best(sentences: Sequence[Quotation], priors: Sequence[float], *, count: int) -> tuple[Quotation, ...]:
    terms = [[word for word in split_words(item.text) if word not in STOP_WORDS] for item in sentences]
    inverse = inverse_frequencies(terms)
    vectors = [weigh(words, inverse) for words in terms]
    central = rank_by_centrality(vectors)
    scores = [rank * prior for rank, prior in zip(central, priors, strict=True)]
    top = max(scores, default=1.0)
    scores = [score / top for score in scores]
    chosen = sorted(select_diverse(scores, vectors, count=count))
    return tuple(replace(sentences[number], score=round(scores[number], 6)) for number in chosen)
