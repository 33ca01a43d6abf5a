"""Rank, thin out and group short texts by what they have in common; igraph does the graph work.

* centrality: PageRank over the cosine similarity of TF-IDF vectors (R. Mihalcea and P. Tarau, *TextRank*, 2004; G. Erkan and
  D. Radev, *LexRank*, 2004), biased by relevance where there is a question (J. Otterbacher et al., *Biased LexRank*, 2009)
* diversity: maximal marginal relevance (J. Carbonell and J. Goldstein, 1998)
* groups: Leiden with modularity (V. Traag et al., *From Louvain to Leiden*, 2019)
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from threading import Lock

Vector = Mapping[str, float]
Edge = tuple[int, int, float]

_SEED = 20230917
_RANDOM = Lock()


def inverse_frequencies(texts: Sequence[Iterable[str]]) -> dict[str, float]:
    """Of every term ``ln(1 + N / n)``, N texts of which n have the term."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(dict.fromkeys(text, 1))
    return {term: math.log(1 + len(texts) / count) for term, count in counts.items()}


def weigh(terms: Iterable[str], inverse: Mapping[str, float]) -> Vector:
    """A TF-IDF vector of length 1, with damped counts ``1 + ln n``; empty for a text without known terms."""
    counts = Counter(term for term in terms if term in inverse)
    raw = {term: (1 + math.log(count)) * inverse[term] for term, count in counts.items()}
    length = math.sqrt(math.fsum(value * value for value in raw.values()))
    return {term: value / length for term, value in raw.items()} if length else {}


def cosine(one: Vector, other: Vector) -> float:
    """The similarity of two vectors of length 1, between 0 and 1."""
    small, large = (one, other) if len(one) <= len(other) else (other, one)
    return math.fsum(value * large[term] for term, value in small.items() if term in large)


def similar_pairs(vectors: Sequence[Vector], *, at_least: float = 0.08) -> list[Edge]:
    """Every pair (i, j, cosine) with i < j that reaches a similarity, in order."""
    postings: dict[str, list[tuple[int, float]]] = {}
    edges: list[Edge] = []
    for number, vector in enumerate(vectors):
        sums: dict[int, float] = {}
        for term, value in vector.items():
            for other, weight in postings.get(term, ()):
                sums[other] = sums.get(other, 0.0) + value * weight
            postings.setdefault(term, []).append((number, value))
        edges.extend((other, number, total) for other, total in sums.items() if total >= at_least)
    return sorted(edges)


def rank_by_centrality(vectors: Sequence[Vector], bias: Sequence[float] | None = None) -> list[float]:
    """PageRank of every vector in the similarity graph, the best 1.0; ``bias`` is where the walk restarts (≥ 0)."""
    import igraph

    if not vectors:
        return []
    edges = similar_pairs(vectors)
    graph = igraph.Graph(n=len(vectors), edges=[(one, other) for one, other, _ in edges])
    weights = [weight for _, _, weight in edges]
    reset = list(bias) if bias is not None and math.fsum(bias) > 0 else None
    scores = graph.personalized_pagerank(directed=False, damping=0.85, reset=reset, weights=weights or None)
    top = max(scores)
    return [round(score / top, 9) for score in scores]


def select_diverse(
    scores: Sequence[float],
    vectors: Sequence[Vector],
    *,
    count: int,
    topics: Sequence[Iterable[str]] = (),
    weights: Mapping[str, float] | None = None,
) -> list[int]:
    """Indices of at most ``count`` texts by maximal marginal relevance, in the order of choice.

    A choice is worth 0.7 × its score − 0.3 × its similarity to the nearest text chosen before, and 0.5 × the share that the
    topics it is the first to cover have in all ``weights`` (H. Lin and J. Bilmes, *A class of submodular functions for
    document summarization*, 2011). Texts with score 0 are not chosen, nor are two together that are more than 0.8 alike.
    """
    shares = _shares(weights or {})
    covers = [frozenset(topic) for topic in topics] or [frozenset[str]()] * len(scores)
    open_topics = set(shares)
    nearest = [0.0] * len(scores)
    rest = [number for number, score in enumerate(scores) if score > 0]
    chosen: list[int] = []
    while rest and len(chosen) < count:
        worth = {
            number: 0.7 * scores[number]
            - 0.3 * nearest[number]
            + 0.5 * math.fsum(shares[topic] for topic in covers[number] & open_topics)
            for number in rest
        }
        best = max(rest, key=lambda number: (worth[number], -number))
        chosen.append(best)
        open_topics -= covers[best]
        for number in rest:
            nearest[number] = max(nearest[number], cosine(vectors[best], vectors[number]))
        rest = [number for number in rest if number != best and nearest[number] <= 0.8]
    return chosen


def _shares(weights: Mapping[str, float]) -> dict[str, float]:
    total = math.fsum(weights.values())
    return {topic: weight / total for topic, weight in weights.items()} if total else {}


def find_groups(size: int, edges: Sequence[Edge], *, resolution: float = 1.0) -> list[list[int]]:
    """Communities of the nodes 0 … size - 1, each in order, the largest first.

    Leiden draws random numbers from igraph's one generator, so it is seeded and held for the call.
    """
    import igraph

    graph = igraph.Graph(n=size, edges=[(one, other) for one, other, _ in edges])
    weights = [weight for _, _, weight in edges]
    with _RANDOM:
        igraph.set_random_number_generator(random.Random(_SEED))
        try:
            parts = graph.community_leiden(
                objective_function="modularity", weights=weights or None, resolution=resolution, n_iterations=-1
            )
        finally:
            igraph.set_random_number_generator(random)
    return sorted((sorted(part) for part in parts), key=lambda part: (-len(part), part))
