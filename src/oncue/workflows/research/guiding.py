"""Searches that follow a person's comment, and what came of it: every one is made with the comment and without.

The words of a comment are looked up in the corpus first. What no passage has is not searched for, and is said to be unknown;
except what is required, because a requirement that nothing meets is an answer: there is no evidence.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from oncue.workflows.research.documents import Corpus
from oncue.workflows.research.evidence import MAX_SENTENCES, Finding, find_in
from oncue.workflows.research.goals import Goal, find_goals, question_query
from oncue.workflows.research.retrieval import PassageIndex, mentions
from oncue.workflows.research.steering import Query, Steered, steer, steer_from_comment
from oncue.workflows.research.synthesis import PlannedQuestion, Synthesis


@dataclass(frozen=True, slots=True, kw_only=True)
class Guidance:
    """A comment; ``takes_words`` False where a model reads its plain words, and only lists, signs and quotes steer."""

    comment: str
    takes_words: bool = True


def understand(index: PassageIndex, guidance: Guidance) -> Steered:
    """What the comment asks for, in words that the corpus has; ``has_effect`` is not known yet."""
    wishes = steer_from_comment(guidance.comment, takes_words=guidance.takes_words)
    unknown = [term for term in (*wishes.added, *wishes.excluded) if not index.count(term)]
    return Steered(
        added=tuple(term for term in wishes.added if term not in unknown),
        required=wishes.required,
        excluded=tuple(term for term in wishes.excluded if term not in unknown),
        unknown=tuple(unknown),
        is_read=not guidance.takes_words,
    )


def guide(index: PassageIndex, query: Query, steered: Steered) -> Query:
    """The query as the comment wishes; a term that has an excluded one in any of its forms is no longer searched for."""
    lexicon = index.lexicon

    def is_out(term: str) -> bool:
        keys = lexicon.keys(term)
        return any(mentions(lexicon, keys, excluded) for excluded in steered.excluded)

    return steer(
        replace(
            query,
            terms=tuple(term for term in query.terms if not is_out(term)),
            added=tuple(term for term in query.added if not is_out(term)),
        ),
        steered.wishes(),
    )


def find_guided(
    index: PassageIndex, item: PlannedQuestion, *, guidance: Guidance | None, count: int = MAX_SENTENCES
) -> Finding:
    """The finding for a planned question, as a comment wishes where there is one."""
    plain = find_in(index, item, count=count)
    if guidance is None:
        return plain
    steered = understand(index, guidance)
    guided = find_in(index, replace(item, query=guide(index, item.query, steered)), count=count)
    return replace(guided, steered=replace(steered, has_effect=guided.texts != plain.texts))


def find_guided_evidence(
    item: PlannedQuestion, corpus: Corpus, *, guidance: Guidance | None, count: int = MAX_SENTENCES
) -> Finding:
    """The same in a corpus."""
    with PassageIndex(corpus) as index:
        return find_guided(index, item, guidance=guidance, count=count)


def derive_guided_goals(question: str, corpus: Corpus, guidance: Guidance) -> tuple[tuple[Goal, ...], Steered]:
    """The goals as a comment wishes, and what came of it."""
    with PassageIndex(corpus) as index:
        query = question_query(question)
        steered = understand(index, guidance)
        guided = find_goals(index, guide(index, query, steered))
        return guided, replace(steered, has_effect=guided != find_goals(index, query))


def guide_synthesis(synthesis: Synthesis, corpus: Corpus, guidance: Guidance) -> Synthesis:
    """The synthesis with every planned question to be searched as a comment wishes, and no source that it excludes."""
    with PassageIndex(corpus) as index:
        steered = understand(index, guidance)
        plan = tuple(replace(item, query=guide(index, item.query, steered)) for item in synthesis.plan)
        sources = tuple(
            sentence
            for sentence in synthesis.sources
            if not any(mentions(index.lexicon, index.lexicon.keys(sentence.text), term) for term in steered.excluded)
        )
    guided = replace(synthesis, plan=plan, sources=sources)
    return replace(guided, steered=replace(steered, has_effect=guided != synthesis))
