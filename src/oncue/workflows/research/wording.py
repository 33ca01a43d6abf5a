"""The topic and the questions of the plan in words, written by a language model from the goals that were found.

Retrieval stays what it is: every question is searched by the terms of its goal. What the model adds are further words to search
by, and only those that some passage has are taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from oncue import StepContext
from oncue.workflows.research.abstracts import Abstracts
from oncue.workflows.research.documents import Corpus, unwrap
from oncue.workflows.research.exhibits import show_before
from oncue.workflows.research.goals import Goal
from oncue.workflows.research.lexicon import split_words
from oncue.workflows.research.retrieval import PassageIndex
from oncue.workflows.research.synthesis import PlannedQuestion, Synthesis

MAX_SEARCH = 4
_MAX_QUESTION = 300
_REQUEST = """\
Documents are searched for this question: {question}
The context has the goals that were found in them: themes, with the words they are searched by and what the main document says.

Give the topic: one or two sentences that say what these documents cover, and what they do not.
For each goal give one question in words whose answer helps to answer the question above, and up to {count} further words to
search by, such as other words for the same thing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WordedQuestion:
    """The question of one goal, named by the goal's id, and further words to search by."""

    goal: str
    question: str
    search: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WordedPlan:
    """The topic and one question for each goal."""

    topic: str
    questions: tuple[WordedQuestion, ...]


def word_synthesis(synthesis: Synthesis, abstracts: Abstracts, corpus: Corpus, *, ctx: StepContext) -> Synthesis:
    """The synthesis in words; where no goal was chosen, or found, it stays as it is."""
    if not synthesis.goals:
        ctx.log.info("there is no goal to put into words")
        return synthesis
    plan: WordedPlan = ctx.generate(
        _REQUEST.format(question=synthesis.question, count=MAX_SEARCH),
        context={goal.id: _tell(goal, abstracts) for goal in synthesis.goals},
        output=WordedPlan,
        checks=[lambda plan: find_plan_faults(plan, [goal.id for goal in synthesis.goals])],
        previous=show_before(ctx.previous, "topic", "plan") if _was_worded(ctx.previous) else "",
    )
    worded = {question.goal: question for question in plan.questions}
    with PassageIndex(corpus) as index:
        items = tuple(_word(item, worded.get(item.goal), index) for item in synthesis.plan)
    return replace(synthesis, topic=unwrap(plan.topic), plan=items, is_worded=True)


def _was_worded(previous: object) -> bool:
    return isinstance(previous, Mapping) and bool(previous.get("is_worded"))


def find_plan_faults(plan: WordedPlan, goals: Sequence[str]) -> str | None:
    """What is wrong with a plan in words, for its writer; None where nothing is."""
    faults = [] if plan.topic.strip() else ["The topic is empty."]
    given = [question.goal for question in plan.questions]
    faults += [f"There is no question for the goal {goal}." for goal in goals if goal not in given]
    faults += [f"There are several questions for the goal {goal}." for goal in goals if given.count(goal) > 1]
    faults += [f"There is no goal {goal!r}; the goals are {', '.join(goals)}." for goal in given if goal not in goals]
    for question in plan.questions:
        if not question.question.strip() or len(question.question) > _MAX_QUESTION:
            faults.append(f"The question of {question.goal} must have between 1 and {_MAX_QUESTION} characters.")
        if len(question.search) > MAX_SEARCH:
            faults.append(f"There are more than {MAX_SEARCH} words to search by for {question.goal}.")
    return "\n".join(faults) or None


def _word(item: PlannedQuestion, worded: WordedQuestion | None, index: PassageIndex) -> PlannedQuestion:
    if worded is None:
        return item
    phrases = dict.fromkeys(" ".join(split_words(text)) for text in worded.search)
    known = tuple(term for term in phrases if term and index.count(term) and term not in item.query.excluded)
    query = replace(item.query, added=tuple(dict.fromkeys([*item.query.added, *known])))
    return replace(item, question=unwrap(worded.question), query=query)


def _tell(goal: Goal, abstracts: Abstracts) -> str:
    titles = {item.document: item for item in abstracts.documents}
    documents = [titles[name].title for name in goal.documents if name in titles]
    lines = [f"{goal.label}; searched by: {', '.join(goal.terms)}"]
    lines += [f"documents: {', '.join(documents[:5])}{_more(len(documents) - 5)}"] if documents else []
    first = titles.get(goal.documents[0]) if goal.documents else None
    lines += [f"{first.title} says: {first.text()}"] if first and first.sentences else []
    return "\n".join(lines)


def _more(count: int) -> str:
    return f" and {count} more" if count > 0 else ""
