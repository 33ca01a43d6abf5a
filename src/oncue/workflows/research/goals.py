"""Goals: the themes under which a corpus bears on a question.

The passages that answer to the question form a graph (edges: similar words, or the same section); its Leiden communities are
the themes. Each becomes a goal with a label from its headings and most telling phrases, and the terms to search it by.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from oncue.workflows.research.documents import Corpus
from oncue.workflows.research.labels import label_themes, telling_terms
from oncue.workflows.research.lexicon import content_words
from oncue.workflows.research.ranking import Edge, Vector, find_groups, inverse_frequencies, similar_pairs, weigh
from oncue.workflows.research.retrieval import Hit, PassageIndex
from oncue.workflows.research.steering import Query

MAX_GOALS = 6
MIN_GOALS = 3
_RELEVANT = 48
_ENOUGH = 4
_FLOOR = 0.33
_RESOLUTIONS = (0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0)
_SAME_SECTION = 0.6
_NEIGHBOURS = 6
_SLUG = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """One theme worth pursuing, strongest first.

    ``evidence_strength`` is the mean BM25 score of the theme's best three passages for the question, relative to the best
    passage of all (0 to 1): the smallest is where the corpus says least. ``documents`` are ids, most relevant first.
    """

    id: str
    label: str
    terms: tuple[str, ...]
    evidence_strength: float
    documents: tuple[str, ...]
    passages: tuple[str, ...]


def derive_goals(question: str, corpus: Corpus) -> tuple[Goal, ...]:
    """At most six goals; fewer where little of the corpus answers to the question, none where nothing does."""
    with PassageIndex(corpus) as index:
        return find_goals(index, question_query(question))


def question_query(question: str) -> Query:
    """The query of a question in words."""
    return Query(terms=content_words(question))


def find_goals(index: PassageIndex, query: Query) -> tuple[Goal, ...]:
    """The goals of a query in an open index."""
    hits = [hit for hit in index.search(query, _RELEVANT * 2) if hit.passage.sentences][:_RELEVANT]
    hits = [hit for hit in hits if hit.score >= _FLOOR * hits[0].score]
    if not hits:
        return ()
    terms = [index.lexicon.content_keys(hit.passage.text) for hit in hits]
    asked = frozenset(key for term in query.wanted() for key in index.lexicon.keys(term))
    vectors = _theme_vectors(terms, asked)
    groups = _strongest(_themes(hits, vectors), hits)
    themes = [
        (
            [hits[number] for number in group],
            tuple(map(index.lexicon.shown, telling_terms(index.lexicon, terms, group, asked=asked))),
        )
        for group in groups
    ]
    labels = label_themes(themes, query.wanted())
    return tuple(
        _goal(label, members, shown, best=hits[0].score) for label, (members, shown) in zip(labels, themes, strict=True)
    )


def choose_goals(goals: Sequence[Goal], choice: Sequence[str]) -> tuple[Goal, ...]:
    """The goals a person chose: ``ALL``, ``NONE``, ``DEEP`` (those with the weakest evidence), or ids; others are ignored."""
    wanted = set(choice)
    if "ALL" in wanted:
        return tuple(goals)
    if "DEEP" in wanted:
        wanted.update(goal.id for goal in weakest_goals(goals))
    return tuple(goal for goal in goals if goal.id in wanted)


def weakest_goals(goals: Sequence[Goal]) -> tuple[Goal, ...]:
    """The third of the goals with the weakest evidence, at least one, in the order of the goals."""
    count = max(1, len(goals) // 3)
    weakest = {goal.id for goal in sorted(goals, key=lambda goal: goal.evidence_strength)[:count]}
    return tuple(goal for goal in goals if goal.id in weakest)


def _theme_vectors(terms: Sequence[Sequence[str]], asked: frozenset[str]) -> list[Vector]:
    """Vectors in which the words of the question, which all passages share, count little."""
    inverse = {term: value * (0.25 if term in asked else 1.0) for term, value in inverse_frequencies(terms).items()}
    return [weigh(items, inverse) for items in terms]


def _themes(hits: Sequence[Hit], vectors: Sequence[Vector]) -> list[list[int]]:
    """The best of several groupings: many themes of two passages or more (up to ``_ENOUGH``), few lone passages.

    A grouping is worth its number of themes and three times the share of the relevance that they hold; of equals the
    coarsest is taken. Where so little answers that there is one theme only, every document is a theme.
    """
    edges = _edges(hits, vectors)
    groupings = [find_groups(len(hits), edges, resolution=resolution) for resolution in _RESOLUTIONS]
    best = max(groupings, key=lambda groups: _worth([group for group in groups if len(group) > 1], hits))
    return best if len(best) > 1 else _by_document(hits)


def _by_document(hits: Sequence[Hit]) -> list[list[int]]:
    groups: dict[str, list[int]] = {}
    for number, hit in enumerate(hits):
        groups.setdefault(hit.passage.document, []).append(number)
    return list(groups.values())


def _worth(themes: Sequence[Sequence[int]], hits: Sequence[Hit]) -> float:
    held = math.fsum(hits[number].score for theme in themes for number in theme)
    return min(_ENOUGH, len(themes)) + 3 * held / math.fsum(hit.score for hit in hits)


def _edges(hits: Sequence[Hit], vectors: Sequence[Vector]) -> list[Edge]:
    """The strongest similarities of every passage, raised between passages of one section."""
    weights = {(one, other): weight for one, other, weight in similar_pairs(vectors, at_least=0.05)}
    for other, hit in enumerate(hits):
        for one in range(other):
            if hits[one].passage.location.headings == hit.passage.location.headings and hits[one].title == hit.title:
                weights[one, other] = weights.get((one, other), 0.0) + _SAME_SECTION
    nearest: list[list[tuple[float, int, int]]] = [[] for _ in hits]
    for (one, other), weight in weights.items():
        nearest[one].append((-weight, one, other))
        nearest[other].append((-weight, one, other))
    kept = {(one, other) for entries in nearest for _, one, other in sorted(entries)[:_NEIGHBOURS]}
    return [(one, other, weights[one, other]) for one, other in sorted(kept)]


def _strongest(groups: Sequence[list[int]], hits: Sequence[Hit]) -> list[list[int]]:
    """At most six groups, those whose passages answer best; a single passage makes a theme only where little else does."""
    sized = [group for group in groups if len(group) > 1]
    usable = sized if len(sized) >= MIN_GOALS else list(groups)
    ranked = sorted(usable, key=lambda group: (-_mass(group, hits), group))
    return ranked[:MAX_GOALS]


def _mass(group: Sequence[int], hits: Sequence[Hit]) -> float:
    return math.fsum(sorted((hits[number].score for number in group), reverse=True)[:3])


def _goal(label: str, members: Sequence[Hit], terms: tuple[str, ...], *, best: float) -> Goal:
    top = sorted((hit.score for hit in members), reverse=True)[:3]
    documents = Counter[str]()
    for hit in members:
        documents[hit.passage.document] += round(hit.score * 1000)
    return Goal(
        id=_SLUG.sub("-", label.lower()).strip("-") or "theme",
        label=label,
        terms=terms,
        evidence_strength=round(math.fsum(top) / 3 / best, 3),
        documents=tuple(name for name, _ in sorted(documents.items(), key=lambda entry: (-entry[1], entry[0]))),
        passages=tuple(hit.passage.id for hit in members),
    )
