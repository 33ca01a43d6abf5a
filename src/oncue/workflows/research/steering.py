"""A query and how a person's comment steers it.

A comment is read word by word, so that it works without a language model:

=============================  ===========================================================================
``+term``, ``require: a, b``   the term must stand in every passage (``must have``, ``only`` do the same)
``-term``, ``exclude: a, b``   no passage with the term is used (``without``, ``not``, ``ignore`` do the same)
``add: a, b``                  the terms are searched for besides the others
``"two words"``                one phrase; by itself it is added, and it may stand in every list
``ignore a and b``             as ``exclude: a, b`` (``exclude``, ``without``, ``avoid``, ``skip``, ``don't use`` … do the same)
other words                    added, where they carry meaning
=============================  ===========================================================================

A list runs to the end of its sentence or line, or to the next one. The last two lines hold where no language model reads the
comment; where one does, plain words are meant for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from oncue.workflows.research.lexicon import WEAK_WORDS, is_content, split_words

_VERBS = r"(?:require|requires|required|exclude|excludes|excluded|add|must have|ignore|only|without|not)\s*:"
_LIST = re.compile(
    rf"\b(?P<verb>{_VERBS})\s*(?P<items>(?:\"[^\"\n]*\"|(?!\b{_VERBS})[^\n.;]|\.(?=\S))*)",
    re.IGNORECASE,
)
_NEGATED = re.compile(
    r"\b(?:exclud(?:e|ing)|ignor(?:e|ing)|without|omit(?:ting)?|skip(?:ping)?|avoid(?:ing)?|leav(?:e|ing) out"
    r"|(?:do not|don['’]t|never) (?:use|mention|quote|cite|include|show|search(?: for)?|look at|talk about|write about))"
    r"\s+(?P<items>(?:(?!\b(?:but|instead|because|since|as)\b)[^\n.;:?!])*)",
    re.IGNORECASE,
)
_SIGNED = re.compile(r"(?<![\w\"])(?P<sign>[+\-−])(?P<item>\"[^\"\n]+\"|[^\s,;+\"]+)")
_QUOTED = re.compile(r"\"([^\"\n]+)\"")
_ITEM = re.compile(r"\"([^\"]+)\"|([^,\"]+)")
_INSTRUCTIONS = frozenset(
    "look looking focus focusing concentrate consider emphasize emphasise shorter longer brief briefly concise "
    "everything anything something all please instead using".split()
)
"""Words of a comment that say what to do with the others; as a quoted phrase they are searched for all the same."""
_EXCLUDING = frozenset(["exclude", "excludes", "excluded", "ignore", "without", "not"])
_REQUIRING = frozenset(["require", "requires", "required", "must have", "only"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is searched for. Every entry is a word or a phrase.

    A passage matches if it has any of ``terms`` or ``added``, all of ``required``, and none of ``excluded``; terms are
    compared by their forms (*handles* finds *handled*) in the text, the headings and the title.
    """

    terms: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()

    def wanted(self) -> tuple[str, ...]:
        """Everything that evidence is hoped to mention, without repetition."""
        return _distinct([*self.terms, *self.added, *self.required])


@dataclass(frozen=True, slots=True, kw_only=True)
class Steered:
    """What a comment asked of a search, as far as the corpus knows its words, and whether anything came of it.

    ``unknown`` are words of the comment that no passage has; they are not searched for. ``has_effect`` says whether other
    sentences (goals, searches) were chosen than without the comment; ``is_read``, whether a language model that wrote from
    them was given the comment as well.
    """

    added: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    has_effect: bool = False
    is_read: bool = False

    def wishes(self) -> Query:
        """The same as a query without ``terms``."""
        return Query(added=self.added, required=self.required, excluded=self.excluded)

    def __str__(self) -> str:
        """``added: a, b; excluded: c; no passage has: d; the result is the same as without it``."""
        parts = {
            "added": self.added,
            "required": self.required,
            "excluded": self.excluded,
            "no passage has": self.unknown,
        }
        told = [f"{name}: {', '.join(terms)}" for name, terms in parts.items() if terms]
        told += [] if told or self.is_read else ["it has no word to search by"]
        told += [] if self.has_effect else [f"the {'evidence' if self.is_read else 'result'} is the same as without it"]
        return "; ".join([*told, *(["a model read it"] if self.is_read else [])])


def steer(query: Query, steering: Query) -> Query:
    """The query with a comment's wishes; what a comment excludes is no longer searched for, even if it was before."""
    excluded = _distinct([*query.excluded, *steering.excluded])
    out = frozenset(excluded)
    return replace(
        query,
        terms=tuple(term for term in query.terms if term not in out),
        added=_distinct(term for term in [*query.added, *steering.terms, *steering.added] if term not in out),
        required=_distinct(term for term in [*query.required, *steering.required] if term not in out),
        excluded=excluded,
    )


def steer_from_comment(text: str, *, takes_words: bool = True) -> Query:
    """The wishes of a comment as a query without ``terms``; an empty comment gives an empty query.

    ``takes_words`` False: words outside of lists, signs and quotes are passed over; they are meant for a model.
    """
    required: list[str] = []
    excluded: list[str] = []
    added: list[str] = []

    def take_list(match: re.Match[str]) -> str:
        verb = match["verb"].rstrip(": \t").lower()
        target = excluded if verb in _EXCLUDING else required if verb in _REQUIRING else added
        target.extend(_items(match["items"]))
        return " "

    def take_signed(match: re.Match[str]) -> str:
        (required if match["sign"] == "+" else excluded).append(_phrase(match["item"]))
        return " "

    def take_negated(match: re.Match[str]) -> str:
        for item in _split_list(match["items"]):
            excluded.extend([_phrase(quoted) for quoted in _QUOTED.findall(item)] or _telling(item))
        return " "

    def take_quoted(match: re.Match[str]) -> str:
        added.append(_phrase(match[1]))
        return " "

    rest = _SIGNED.sub(take_signed, _LIST.sub(take_list, text))
    rest = _NEGATED.sub(take_negated, rest) if takes_words else rest
    rest = _QUOTED.sub(take_quoted, rest)
    if takes_words:
        added.extend(word for phrase in _telling(rest) for word in phrase.split())
    return steer(Query(), Query(added=_clean(added), required=_clean(required), excluded=_clean(excluded)))


def _items(text: str) -> list[str]:
    """The entries of a comma list."""
    return [_phrase(quoted or plain) for item in _split_list(text) for quoted, plain in _ITEM.findall(item)]


def _split_list(text: str) -> list[str]:
    """The parts between commas outside of quotes; ``and`` between the last two counts as a comma."""
    return re.findall(r"(?:\"[^\"]*\"|[^,])+", re.sub(r"\s+(?:and|or)\s+(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", ",", text))


def _telling(text: str) -> list[str]:
    """The words of a text that carry meaning, those that follow each other as one phrase."""
    phrases: list[list[str]] = [[]]
    for word in split_words(text):
        if is_content(word) and word not in WEAK_WORDS and word not in _INSTRUCTIONS:
            phrases[-1].append(word)
        else:
            phrases.append([])
    return [" ".join(phrase) for phrase in phrases if phrase]


def _phrase(text: str) -> str:
    return " ".join(split_words(text))


def _clean(terms: Iterable[str]) -> tuple[str, ...]:
    return _distinct(term for term in terms if term)


def _distinct(terms: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(terms))
