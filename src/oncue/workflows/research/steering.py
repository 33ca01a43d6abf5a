"""A query and how a person's comment steers it.

A comment is read word by word, so that it works without a language model:

=============================  ===========================================================================
``+term``, ``require: a, b``   the term must stand in every passage (``must have``, ``only`` do the same)
``-term``, ``exclude: a, b``   no passage with the term is used (``without``, ``not``, ``ignore`` do the same)
``add: a, b``                  the terms are searched for besides the others
other words                    added, where they carry meaning
=============================  ===========================================================================

A list runs to the end of its sentence or line. ``"two words"`` in quotes is one phrase everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from oncue.workflows.research.lexicon import WEAK_WORDS, is_content, split_words

_LIST = re.compile(
    r"\b(?P<verb>require|requires|required|exclude|excludes|excluded|add|must have|ignore|only|without|not)\s*:\s*"
    r"(?P<items>(?:\"[^\"\n]*\"|[^\n.;])*)",
    re.IGNORECASE,
)
_SIGNED = re.compile(r"(?<![\w\"])(?P<sign>[+\-−])(?P<item>\"[^\"\n]+\"|[^\s,;+\"]+)")
_QUOTED = re.compile(r"\"([^\"\n]+)\"")
_ITEM = re.compile(r"\"([^\"]+)\"|([^,\"]+)")
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


def steer_from_comment(text: str) -> Query:
    """The wishes of a comment as a query without ``terms``; an empty comment gives an empty query."""
    required: list[str] = []
    excluded: list[str] = []
    added: list[str] = []

    def take_list(match: re.Match[str]) -> str:
        verb = match["verb"].lower()
        target = excluded if verb in _EXCLUDING else required if verb in _REQUIRING else added
        target.extend(_items(match["items"]))
        return " "

    def take_signed(match: re.Match[str]) -> str:
        (required if match["sign"] == "+" else excluded).append(_phrase(match["item"]))
        return " "

    def take_quoted(match: re.Match[str]) -> str:
        added.append(_phrase(match[1]))
        return " "

    rest = _QUOTED.sub(take_quoted, _SIGNED.sub(take_signed, _LIST.sub(take_list, text)))
    added.extend(word for word in split_words(rest) if is_content(word) and word not in WEAK_WORDS)
    return steer(Query(), Query(added=_clean(added), required=_clean(required), excluded=_clean(excluded)))


def _items(text: str) -> list[str]:
    """The entries of a comma list; ``and`` between the last two counts as a comma."""
    parted = re.sub(r"\s+(?:and|or)\s+", ",", text)
    return [_phrase(quoted or plain) for quoted, plain in _ITEM.findall(parted)]


def _phrase(text: str) -> str:
    return " ".join(split_words(text))


def _clean(terms: Iterable[str]) -> tuple[str, ...]:
    return _distinct(term for term in terms if term)


def _distinct(terms: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(terms))
