"""The summary of all findings: the evidence for the question as a whole, or what a person's comment asks for instead.

Without a model it is a choice of sentences; with one (see ``answering``) it is written from them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from oncue.workflows.research.claims import Claim
from oncue.workflows.research.evidence import Finding
from oncue.workflows.research.lexicon import Lexicon
from oncue.workflows.research.quotations import Quotation
from oncue.workflows.research.retrieval import mentions
from oncue.workflows.research.steering import Query, Steered, steer_from_comment
from oncue.workflows.research.synthesis import WHOLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What stands first in the report.

    ``sentences`` are texts of the findings' evidence. With ``claims`` they are what these rest on; without, they are the
    summary. ``unseen`` counts sentences that the prompt had no room for.
    """

    sentences: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()
    unseen: int = 0
    steered: Steered | None = None


def choose_summary(findings: Sequence[Finding], *, comment: str | None = None, count: int = 5) -> Summary:
    """The evidence for the question as a whole; with a comment, the sentences of all findings that it asks for.

    What it excludes is not quoted, what it requires stands in every sentence or in the headings above it, and sentences with
    what it adds come first.
    """
    plain = tuple(dict.fromkeys(text for finding in findings if finding.item.id == WHOLE for text in finding.texts))
    if comment is None:
        return Summary(sentences=plain)
    whole_first = sorted(findings, key=lambda finding: finding.item.id != WHOLE)
    pool = _Pool({sentence.text: sentence for finding in whole_first for sentence in finding.evidence}.values())
    steered = pool.understand(steer_from_comment(comment))
    chosen = pool.choose(steered, plain, count=len(plain) or count)
    return Summary(sentences=chosen, steered=replace(steered, has_effect=chosen != plain))


class _Pool:
    """The sentences that a summary can be chosen from, each with the terms of its text and of the headings above it."""

    def __init__(self, sentences: Iterable[Quotation]) -> None:
        searched = {
            sentence.text: " ".join([sentence.title, *sentence.location.headings, sentence.text]) for sentence in sentences
        }
        self._lexicon = Lexicon(searched.values())
        self._keys = {text: self._lexicon.keys(whole) for text, whole in searched.items()}

    def understand(self, wishes: Query) -> Steered:
        """The wishes in words that some sentence has; what is required stays."""
        unknown = [term for term in (*wishes.added, *wishes.excluded) if not any(self._has(text, term) for text in self._keys)]
        return Steered(
            added=tuple(term for term in wishes.added if term not in unknown),
            required=wishes.required,
            excluded=tuple(term for term in wishes.excluded if term not in unknown),
            unknown=tuple(unknown),
        )

    def choose(self, steered: Steered, plain: Sequence[str], *, count: int) -> tuple[str, ...]:
        """At most ``count`` sentences: those with most of what is added first, then the plain ones, then the others."""
        kept = [
            text
            for text in self._keys
            if all(self._has(text, term) for term in steered.required)
            and not any(self._has(text, term) for term in steered.excluded)
        ]
        first = frozenset(plain)
        ranked = sorted(kept, key=lambda text: (-sum(self._has(text, term) for term in steered.added), text not in first))
        return tuple(ranked[:count])

    def _has(self, text: str, term: str) -> bool:
        return mentions(self._lexicon, self._keys[text], term)
