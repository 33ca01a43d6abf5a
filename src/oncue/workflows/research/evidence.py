"""Answer one planned question with evidence: the sentences of the corpus that say most about it, word for word."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from oncue.workflows.research.claims import Claim
from oncue.workflows.research.documents import Corpus
from oncue.workflows.research.lexicon import Lexicon
from oncue.workflows.research.quotations import Quotation, quote
from oncue.workflows.research.ranking import Vector, inverse_frequencies, rank_by_centrality, select_diverse, weigh
from oncue.workflows.research.retrieval import Hit, PassageIndex, mentions
from oncue.workflows.research.sentences import is_dangling
from oncue.workflows.research.steering import Query, Steered
from oncue.workflows.research.synthesis import PlannedQuestion

MAX_SENTENCES = 5
_PASSAGES = 12
_FLOOR = 0.35
_PREFERENCE = 2.0
_ABOVE = 0.75


class GapKind(StrEnum):
    """Why a term has no evidence."""

    ABSENT = "absent"
    """No passage of the corpus has it."""
    UNQUOTED = "unquoted"
    """Passages have it, but no sentence that was chosen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A term that was searched for and that neither a sentence of the evidence nor the headings above one mention.

    ``passages`` counts the passages of the corpus that do.
    """

    term: str
    kind: GapKind
    passages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the corpus says to one planned question.

    ``evidence`` stands in reading order: sections by the rank of their best passage, sentences as in the section.
    ``coverage`` is the share of the wanted terms that the evidence mentions, 0 to 1. ``searched`` counts the passages the
    sentences were chosen from. ``steered`` is what a comment asked of the search. ``answer`` is what a language model
    wrote from the evidence alone (empty without one), ``unseen`` the number of sentences, from the end of the evidence,
    that its prompt had no room for.
    """

    item: PlannedQuestion
    evidence: tuple[Quotation, ...]
    coverage: float
    gaps: tuple[Gap, ...]
    searched: int
    steered: Steered | None = None
    answer: tuple[Claim, ...] = ()
    unseen: int = 0

    @property
    def texts(self) -> tuple[str, ...]:
        """The sentences of the evidence, in order."""
        return tuple(sentence.text for sentence in self.evidence)


def find_evidence(item: PlannedQuestion, corpus: Corpus, *, count: int = MAX_SENTENCES) -> Finding:
    """The finding for one planned question: at most ``count`` sentences, none where nothing matches."""
    with PassageIndex(corpus) as index:
        return find_in(index, item, count=count)


def find_in(index: PassageIndex, item: PlannedQuestion, *, count: int = MAX_SENTENCES) -> Finding:
    """The same in an open index."""
    usable = _passages(index, item)
    candidates = _candidates(index.lexicon, usable, item.query)
    scores, vectors = _scores(index, candidates, item)
    weights = dict(index.term_weights(item.query))
    topics = [candidate.quotation.terms for candidate in candidates]
    chosen = select_diverse(scores, vectors, count=count, topics=topics, weights=weights)
    evidence = _in_reading_order([replace(candidates[n].quotation, score=scores[n]) for n in sorted(chosen)])
    wanted = item.query.wanted()
    gaps = _gaps(index, evidence, wanted)
    return Finding(
        item=item,
        evidence=evidence,
        coverage=round(1 - len(gaps) / len(wanted), 3) if wanted else 0.0,
        gaps=gaps,
        searched=len(usable),
    )


def uncovered_terms(findings: Iterable[Finding]) -> tuple[str, ...]:
    """The terms that some finding wanted and no finding has evidence for, in the order in which they were wanted."""
    findings = tuple(findings)
    covered = {term for finding in findings for sentence in finding.evidence for term in sentence.terms}
    wanted = dict.fromkeys(term for finding in findings for term in finding.item.query.wanted())
    return tuple(term for term in wanted if term not in covered)


def count_gaps(findings: Iterable[Finding]) -> int:
    """How many terms are left uncovered."""
    return len(uncovered_terms(findings))


def has_converged(*, gaps_before: int, gaps_now: int) -> bool:
    """Whether another iteration has nothing to gain: no gap is left, or their number no longer falls."""
    return gaps_now == 0 or gaps_now >= gaps_before


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    """A sentence that could be evidence; ``own`` are the wanted terms in the sentence itself, without its headings."""

    quotation: Quotation
    keys: tuple[str, ...]
    own: frozenset[str]
    passage_score: float


def _passages(index: PassageIndex, item: PlannedQuestion) -> list[Hit]:
    """The passages to choose from, best first; those of the goal count twice."""
    preferred = frozenset(item.passages)
    found = [
        replace(hit, score=hit.score * (_PREFERENCE if hit.passage.id in preferred else 1.0))
        for hit in index.search(item.query, 2 * _PASSAGES)
        if hit.passage.sentences
    ]
    best = max((hit.score for hit in found), default=0.0)
    ranked = sorted((hit for hit in found if hit.score >= _FLOOR * best), key=lambda hit: -hit.score)
    return ranked[:_PASSAGES]


def _in_reading_order(sentences: Sequence[Quotation]) -> tuple[Quotation, ...]:
    """Sentences of one section together, in its order; the sections in the order of their best passages."""
    sections: dict[tuple[str, tuple[str, ...]], int] = {}
    for sentence in sentences:
        sections.setdefault((sentence.document, sentence.location.headings), len(sections))

    def place(sentence: Quotation) -> tuple[int, int]:
        return sections[sentence.document, sentence.location.headings], sentence.location.first

    return tuple(sorted(sentences, key=place))


def _candidates(lexicon: Lexicon, hits: Sequence[Hit], query: Query) -> list[_Candidate]:
    """Every quotable sentence of the passages, each text once, in the order of the passages."""
    found: dict[str, _Candidate] = {}
    for hit in hits:
        above = tuple(lexicon.keys(" ".join([hit.title, *hit.passage.location.headings])))
        for span in hit.passage.sentences:
            keys = tuple(lexicon.keys(hit.passage.quote(span)))
            own = frozenset(term for term in query.wanted() if mentions(lexicon, keys, term))
            terms = [term for term in query.wanted() if term in own or mentions(lexicon, above, term)]
            quotation = quote(hit.passage, hit.title, span, terms=terms)
            found.setdefault(
                quotation.text,
                _Candidate(quotation=quotation, keys=keys, own=own, passage_score=hit.score / hits[0].score),
            )
    return list(found.values())


def _scores(index: PassageIndex, candidates: Sequence[_Candidate], item: PlannedQuestion) -> tuple[list[float], list[Vector]]:
    """How good each sentence is as evidence, the best 1.0, and its vector.

    Half of the score is relevance (the weighted share of the wanted terms in the sentence, terms in its headings counting
    three quarters, times the root of its passage's score; halved without a word of the original question), half is
    centrality biased by relevance. A sentence without a wanted term counts 0; one that leans on the sentence before it
    loses a third.
    """
    inverse = inverse_frequencies([candidate.keys for candidate in candidates])
    is_telling = index.lexicon.is_telling
    vectors = [weigh(filter(is_telling, candidate.keys), inverse) for candidate in candidates]
    weights = index.term_weights(item.query)
    asked = frozenset([*item.asked, *item.query.added, *item.query.required] if item.asked else item.query.wanted())
    relevance = [_relevance(candidate, weights, asked) for candidate in candidates]
    central = rank_by_centrality(vectors, relevance)
    top = max(relevance, default=0.0) or 1.0
    scores = [
        0.0 if not value else (value / top + rank) / 2 * (0.67 if is_dangling(candidate.quotation.text) else 1.0)
        for value, rank, candidate in zip(relevance, central, candidates, strict=True)
    ]
    best = max(scores, default=0.0) or 1.0
    return [round(score / best, 6) for score in scores], vectors


def _relevance(candidate: _Candidate, weights: Sequence[tuple[str, float]], asked: frozenset[str]) -> float:
    if not candidate.own:
        return 0.0
    total = math.fsum(weight for _, weight in weights)
    own = math.fsum(weight for term, weight in weights if term in candidate.own)
    all_ = math.fsum(weight for term, weight in weights if term in candidate.quotation.terms)
    share = (own + _ABOVE * (all_ - own)) / total
    return share * math.sqrt(candidate.passage_score) * (1.0 if asked & candidate.own else 0.5)


def _gaps(index: PassageIndex, evidence: Sequence[Quotation], wanted: Sequence[str]) -> tuple[Gap, ...]:
    covered = {term for sentence in evidence for term in sentence.terms}
    counts = [(term, index.count(term)) for term in wanted if term not in covered]
    return tuple(Gap(term=term, kind=GapKind.UNQUOTED if count else GapKind.ABSENT, passages=count) for term, count in counts)
