"""Words and terms: which words are forms of one term, which carry meaning, how a term is shown.

Stems come from SQLite's FTS5 Porter tokenizer (M. F. Porter, *An algorithm for suffix stripping*, 1980). Porter alone puts
*generator* and *general* together, so a term is the stem plus the derivation that is left of the word when its inflection
(plural, *-ed*, *-ing*) is taken away: *generators* → ``gener0ator``, *handles*, *handled* → ``handl``.
"""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from itertools import pairwise

from oncue.workflows.research.documents import CorpusError

_WORD = re.compile(r"[^\W_]+")
_STOP_PHRASES = re.compile(
    r"\b(?:with (?:the|an) exception (?:of|that)|in (?:the )?case of|in order to|in terms of|in addition(?: to)?|on behalf of"
    r"|for the sake of|in the context of|at the same time|in the sense that|as a result(?: of)?|by means of|in other words"
    r"|for (?:example|instance))\b".replace(" ", r"\s+")
)
_DETERMINERS = frozenset("a an the this that these those each every any some no its their your our all".split())
_NOMINAL_SHARE = 0.1
_INFLECTIONS = frozenset(["", "e", "d", "ed", "ing", "y", "i", "ie", "ied"])

STOP_WORDS = frozenset(
    "a about above after again against all almost along already also although always am among an and another any are aren "
    "around as at away be because been before being below between both but by can cannot could couldn did didn do does "
    "doesn doing don done down during each either else enough etc even ever every few for from further get gets given got "
    "had has hasn have having he hence her here hers herself him himself his how however i if in instead into is isn it its "
    "itself just least less let like ll made make makes many may me might more most much must my myself near neither never "
    "no nor not now of off often on once one only onto or other others otherwise our ours out over own per perhaps please "
    "rather re really s same say says shall she should shouldn since so some somewhat still such t tell than that the their "
    "theirs them themselves then there therefore these they this those though through thus to too toward under unless until "
    "up upon us used using ve very via was wasn we well were what whatever when where whether which while who whole whom "
    "whose why will with within without won would wouldn yes yet you your yours yourself".split()
)
"""Words that never become a term of a query; lower case."""

WEAK_WORDS = frozenset(
    "able bad best better good well "
    "act actual actually allow allows although appear apply become becomes behave behavior behaviour besides call called "
    "calls case cases cause causes change changed changes common compare contain contains corresponding current currently "
    "default defined describe described describes description detail details different directly document documents "
    "effect equivalent example examples exist exists explain explicitly first following follows form general generally give "
    "gives happen happens implementation important include included includes including information instance kind last means "
    "mean method methods need needs new normal normally note number object objects occur occurs optional order part "
    "particular possible previous purpose python reference result results return returned returns section see semantics "
    "set similar simple simply single special specific specified specify statement statements support supported take "
    "takes text thing things three time two type types use uses usual usually value values version way ways work works "
    "working zero second next sequence item items".split()
)
"""Words too common in documentation to name a theme; they may still be searched for."""

_NAMED = re.compile(
    r"[\"“`]([^\"”`]+)[\"”`]|\b(?!(?:the|an?|th(?:is|at|ese|ose)|which|what|each|every|any|some|no|of|its)\b)("
    + "|".join(sorted(word for word in STOP_WORDS if len(word) > 1))
    + r")\s+(statements?|operators?|clauses?|keywords?|loops?|blocks?|expressions?|functions?|commands?)\b"
)


class Lexicon:
    """The terms of a body of text: built once from all its words, then asked for keys and for the form to show."""

    def __init__(self, texts: Iterable[str]) -> None:
        counts: Counter[str] = Counter()
        named: Counter[str] = Counter()
        for text in texts:
            words = split_words(text)
            counts.update(words)
            named.update(word for before, word in pairwise(words) if before in _DETERMINERS)
        self._keys = term_keys(counts)
        self._named = {word: named[word] / count for word, count in counts.items()}
        self._shown: dict[str, str] = {}
        for word, _ in sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])):
            self._shown.setdefault(self._keys[word], word)

    def keys(self, text: str) -> list[str]:
        """The term of every word of a text, in order; words never seen before are stemmed on the spot."""
        words = split_words(text)
        unknown = [word for word in words if word not in self._keys]
        if unknown:
            self._keys.update(term_keys(unknown))
        return [self._keys[word] for word in words]

    def content_keys(self, text: str) -> list[str]:
        """Terms of the words that carry meaning: no stop words, no single characters."""
        return [key for word, key in zip(split_words(text), self.keys(text), strict=True) if is_content(word)]

    def is_telling(self, key: str) -> bool:
        """Whether the shown form of a term carries meaning."""
        return is_content(self.shown(key))

    def is_nominal(self, key: str) -> bool:
        """Whether a term is used as a noun or as a part of one: its shown form follows a determiner often enough."""
        return self._named.get(self.shown(key), 0.0) >= _NOMINAL_SHARE

    def shown(self, key: str) -> str:
        """The most frequent form of a term, in lower case."""
        return self._shown.get(key, key.partition("0")[0])


def split_words(text: str) -> list[str]:
    """Runs of letters and digits in lower case; ``__init__`` gives ``init``, ``nested_scopes`` two words.

    Prepositions of several words (*with the exception of*) are passed over: their nouns are not meant.
    """
    return _WORD.findall(_STOP_PHRASES.sub(" ", text.lower()))


def is_content(word: str) -> bool:
    """Whether a lower-case word can be a term of a query."""
    return len(word) > 1 and word not in STOP_WORDS


def content_words(text: str) -> tuple[str, ...]:
    """The distinct words of a question that carry meaning, in order; all its words where none does.

    A word that is otherwise passed over counts where it is named as a thing: in quotes or backticks, or before a word such
    as *statement* or *operator* (``the with statement`` gives the phrase ``with statement``).
    """
    named = dict.fromkeys(
        " ".join(split_words(quoted or f"{word} {kind}")) for quoted, word, kind in _NAMED.findall(text.lower())
    )
    words = tuple(dict.fromkeys(split_words(_NAMED.sub(" ", text.lower()))))
    strong = (*(term for term in named if term), *(word for word in words if is_content(word) and word not in WEAK_WORDS))
    return strong or tuple(word for word in words if is_content(word)) or words


def term_keys(words: Iterable[str]) -> dict[str, str]:
    """The term of every word; two words have one term if they differ in inflection only."""
    return {word: _family(word, stem) for word, stem in porter_stems(words).items()}


def porter_stems(words: Iterable[str]) -> dict[str, str]:
    """The Porter stem of every word by SQLite's FTS5; raises ``CorpusError`` where SQLite has no FTS5."""
    distinct = list(dict.fromkeys(words))
    stems = dict.fromkeys(distinct, "")
    with closing(connect_fts5()) as connection:
        connection.execute("CREATE VIRTUAL TABLE word USING fts5(form, tokenize = 'porter unicode61')")
        connection.execute("CREATE VIRTUAL TABLE stem USING fts5vocab('word', 'instance')")
        connection.executemany("INSERT INTO word(rowid, form) VALUES (?, ?)", enumerate(distinct, 1))
        for row, term in connection.execute("SELECT doc, term FROM stem ORDER BY doc, offset"):
            stems[distinct[row - 1]] += term
    return {word: stem or word for word, stem in stems.items()}


def connect_fts5() -> sqlite3.Connection:
    """A database in memory that has FTS5; raises ``CorpusError`` naming the SQLite version where it does not."""
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("CREATE VIRTUAL TABLE probe USING fts5(x)")
        connection.execute("DROP TABLE probe")
    except sqlite3.OperationalError as cause:
        connection.close()
        raise CorpusError(
            f"full-text search needs SQLite with FTS5; this Python has SQLite {sqlite3.sqlite_version} without it",
            hint="use a Python whose sqlite3 module has FTS5 (those from python.org and the distributions do)",
        ) from cause
    return connection


def _family(word: str, stem: str) -> str:
    shared = 0
    while shared < min(len(word), len(stem)) and word[shared] == stem[shared]:
        shared += 1
    rest = word[shared:]
    if len(rest) > 1 or rest == "s":
        rest = rest.removesuffix("s")
    is_doubled = len(rest) > 2 and stem and rest[0] == stem[-1] and rest[1:] in ("ed", "ing")
    return stem if rest in _INFLECTIONS or is_doubled else f"{stem}0{rest}"
