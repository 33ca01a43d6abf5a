"""Name a theme so that a person recognizes it: its section heading where one prevails, else its most telling phrases."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

from oncue.workflows.research.lexicon import WEAK_WORDS, Lexicon, split_words
from oncue.workflows.research.retrieval import Hit

_MARKUP = re.compile(r"[\"“”`*]")
_SPACES = re.compile(r"\s+")
_VAGUE = frozenset(
    ["footnotes", "notes", "overview", "introduction", "examples", "summary", "contents", "see also", "background"]
)
_MAX_LABEL = 60


def telling_terms(
    lexicon: Lexicon, terms: Sequence[Sequence[str]], group: Sequence[int], *, asked: frozenset[str], count: int = 5
) -> tuple[str, ...]:
    """Terms that set a group of texts apart from the other relevant ones.

    Weight of a term: texts of the group that have it × ln(1 + (share in the group) / (share outside, at least one half of a
    text)); the terms of the question are left out, for they are searched for anyway.
    """
    members = set(group)
    inside = Counter(term for number in group for term in dict.fromkeys(terms[number]))
    outside = Counter(term for number, items in enumerate(terms) if number not in members for term in dict.fromkeys(items))
    rest = max(1, len(terms) - len(group))
    weights = {
        term: found * math.log(1 + (found / len(group)) / (max(0.5, outside[term]) / rest))
        for term, found in inside.items()
        if term not in asked and _can_name(lexicon, term) and (found > 1 or len(group) < 3)
    }
    ranked = sorted(weights, key=lambda term: (-weights[term], term))
    return tuple(ranked[:count])


def label_themes(themes: Sequence[tuple[Sequence[Hit], Sequence[str]]], asked: Sequence[str]) -> list[str]:
    """A label of about 60 characters for each theme (its passages, its telling terms), all different.

    A theme takes the heading that prevails in it, or one that is nearly as strong where another theme has taken that; the
    telling terms name it where there is none. ``asked`` are the words of the question: a heading that has one of them
    is preferred.
    """
    labels: list[str] = []
    for number, (members, terms) in enumerate(themes, 1):
        weights = _heading_weights(members, asked)
        ranked = sorted(weights, key=lambda heading: (-weights[heading], heading))
        free = [heading for heading in ranked if heading not in labels and weights[heading] >= 0.4 * weights[ranked[0]]]
        label = free[0] if free else _with_terms(ranked[0] if ranked else "", terms)
        labels.append(label if label and label not in labels else f"{label or 'Theme'} ({number})")
    return labels


def _with_terms(heading: str, terms: Sequence[str]) -> str:
    known = set(split_words(heading))
    extra = ", ".join([term for term in terms if term not in known][: 2 if heading else 3])
    label = f"{heading}: {extra}" if heading and extra else heading or extra
    return label[:1].upper() + label[1:]


def _heading_weights(members: Sequence[Hit], asked: Sequence[str]) -> Counter[str]:
    """How much relevance every heading (or title) carries; a specific one counts more than the one above it."""
    weights: Counter[str] = Counter()
    for hit in members:
        path = dict.fromkeys([_plain(hit.title), *map(_plain, hit.passage.location.headings)])
        named = [heading for heading in path if heading and heading.lower() not in _VAGUE and "(" not in heading]
        for depth, heading in enumerate(reversed(named)):
            bonus = 1.5 if not depth and any(_mentions(heading, term) for term in asked) else 1.0
            weights[_shortened(heading)] += round(1000 * bonus * hit.score / (1 + depth))
    return weights


def _mentions(heading: str, term: str) -> bool:
    """Whether a heading has a word of the question, plural or singular."""
    words = {word.removesuffix("s") for word in split_words(heading)}
    return all(word.removesuffix("s") in words for word in split_words(term))


def _shortened(heading: str) -> str:
    short = heading if len(heading) <= _MAX_LABEL else heading[: _MAX_LABEL - 1].rsplit(" ", 1)[0] + "…"
    return short[:1].upper() + short[1:]


def _plain(heading: str) -> str:
    return _SPACES.sub(" ", _MARKUP.sub("", heading)).strip()


def _can_name(lexicon: Lexicon, key: str) -> bool:
    word = lexicon.shown(key)
    return (
        len(word) > 2
        and not word.endswith(("ed", "ly"))
        and word not in WEAK_WORDS
        and not word.isdigit()
        and lexicon.is_nominal(key)
    )
