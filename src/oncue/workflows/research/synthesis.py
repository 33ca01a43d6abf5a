"""Synthesis: what the research is about in a few sentences, and the plan: one question per goal and one for the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from oncue.workflows.research.abstracts import Abstracts
from oncue.workflows.research.goals import Goal, question_query
from oncue.workflows.research.lexicon import Lexicon
from oncue.workflows.research.quotations import Quotation
from oncue.workflows.research.retrieval import mentions
from oncue.workflows.research.steering import Query, Steered

WHOLE = "whole"
"""The id of the planned question that asks the original question as it is."""
_GOAL_TERMS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedQuestion:
    """One question of the plan; ``goal`` is the id of its goal, or empty for the original question.

    ``passages`` are those the goal came from; retrieval prefers them, so that every goal brings evidence of its own.
    ``asked`` are the words of the original question; a sentence that has none of them counts half.
    """

    id: str
    title: str
    question: str
    goal: str
    query: Query
    asked: tuple[str, ...] = ()
    passages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Synthesis:
    """The question, the topic it opens in this corpus, and the plan: the whole question first, then the goals in order.

    ``left_out`` are the goals that were found and not chosen. Where none of several was chosen, the plan is empty.
    ``sources`` introduces the documents that support the goals best, each by the sentence of its abstract that says most
    about the question; a document whose abstract does not mention it is left out. ``steered`` is what a comment asked of the
    searches of the plan; ``is_worded`` says that a language model wrote the topic and the questions.
    """

    question: str
    topic: str
    sources: tuple[Quotation, ...]
    goals: tuple[Goal, ...]
    plan: tuple[PlannedQuestion, ...]
    left_out: tuple[Goal, ...] = ()
    steered: Steered | None = None
    is_worded: bool = False

    @property
    def is_declined(self) -> bool:
        """Whether there were goals, and a person chose none."""
        return not self.goals and bool(self.left_out)


def synthesize(question: str, goals: Sequence[Goal], abstracts: Abstracts, *, left_out: Sequence[Goal] = ()) -> Synthesis:
    """The topic and the plan for the goals that were chosen."""
    whole = PlannedQuestion(
        id=WHOLE, title="The question as a whole", question=question, goal="", query=question_query(question)
    )
    is_declined = not goals and bool(left_out)
    return Synthesis(
        question=question,
        topic=_declined(left_out) if is_declined else _topic(goals, abstracts),
        sources=_sources(whole.query, goals, abstracts),
        goals=tuple(goals),
        plan=() if is_declined else (whole, *(plan_question(question, goal) for goal in goals)),
        left_out=tuple(left_out),
    )


def plan_question(question: str, goal: Goal) -> PlannedQuestion:
    """The question of one goal: the words of the original question and the goal's most telling terms."""
    asked = question_query(question).terms
    return PlannedQuestion(
        id=goal.id,
        title=goal.label,
        question=f"What does “{goal.label}” contribute to the question: {question}",
        goal=goal.id,
        query=Query(terms=tuple(dict.fromkeys([*asked, *goal.terms[:_GOAL_TERMS]]))),
        asked=asked,
        passages=goal.passages,
    )


def deepen_question(item: PlannedQuestion, uncovered: Sequence[str]) -> PlannedQuestion:
    """The planned question of the next iteration: those of its own terms that are still uncovered, searched for alone.

    A question without uncovered terms stays as it is.
    """
    missing = tuple(term for term in item.query.wanted() if term in set(uncovered))
    if not missing:
        return item
    return replace(item, query=replace(item.query, terms=missing, added=()))


def _declined(left_out: Sequence[Goal]) -> str:
    labels = "; ".join(goal.label for goal in left_out)
    return f"None of the goals that were found was chosen, so nothing was searched for. Found were: {labels}."


def _topic(goals: Sequence[Goal], abstracts: Abstracts) -> str:
    total = f"{len(abstracts.documents)} documents of {abstracts.whole.title}"
    supporting = frozenset(document for goal in goals for document in goal.documents)
    if not goals:
        return f"None of the {total} was found to bear on the question under a goal."
    return f"{len(supporting)} of the {total} bear on the question, under: {'; '.join(goal.label for goal in goals)}."


def _sources(query: Query, goals: Sequence[Goal], abstracts: Abstracts) -> tuple[Quotation, ...]:
    best = dict.fromkeys(goal.documents[0] for goal in goals if goal.documents)
    found = {item.document: item.sentences for item in abstracts.documents}
    lexicon = Lexicon(sentence.text for document in best for sentence in found.get(document, ()))
    chosen: list[Quotation] = []
    for document in best:
        counts = [(_count_terms(lexicon, query, sentence.text), sentence) for sentence in found.get(document, ())]
        count, sentence = max(counts, key=lambda entry: entry[0], default=(0, None))
        if count and sentence:
            chosen.append(sentence)
    return tuple(chosen)


def _count_terms(lexicon: Lexicon, query: Query, text: str) -> int:
    keys = lexicon.keys(text)
    return sum(mentions(lexicon, keys, term) for term in query.wanted())
