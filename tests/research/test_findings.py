"""Abstracts, goals, the plan and findings: verbatim, deterministic, honest about gaps."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from oncue.workflows.research.abstracts import Abstracts, summarize_corpus
from oncue.workflows.research.documents import Corpus, passages_by_id, unwrap
from oncue.workflows.research.evidence import Finding, GapKind, count_gaps, find_evidence, has_converged, uncovered_terms
from oncue.workflows.research.gathering import gather
from oncue.workflows.research.goals import Goal, choose_goals, derive_goals, question_query, weakest_goals
from oncue.workflows.research.steering import Query
from oncue.workflows.research.synthesis import (
    WHOLE,
    PlannedQuestion,
    deepen_question,
    plan_question,
    synthesize,
)
from tests.research.samples import corpus_of

GENERATORS = "How do generators handle exceptions?"
SCOPES = "How are names resolved in nested scopes?"
WORDS = "heat frost charge cell cycle winter (shade) cooling e.g. 3.5 *star* __init__".split()
DOCUMENTS = st.lists(st.lists(st.sampled_from(WORDS), min_size=5, max_size=40), min_size=1, max_size=5)


@pytest.fixture(scope="module")
def docs() -> Corpus:
    return gather("python-docs")


def ask(question: str, **wishes: tuple[str, ...]) -> PlannedQuestion:
    return PlannedQuestion(
        id=WHOLE, title="whole", question=question, goal="", query=replace(question_query(question), **wishes)
    )


@settings(max_examples=40, deadline=None)
@given(DOCUMENTS)
def test_every_sentence_of_evidence_is_verbatim_in_its_passage(documents: list[list[str]]) -> None:
    texts = {f"d{n}": "\n".join(f"The {word} is what the\ncell needs." for word in words) for n, words in enumerate(documents)}
    corpus = corpus_of(**texts)

    finding = find_evidence(ask("heat of the charged cell in winter"), corpus)

    passages = passages_by_id(corpus)
    assert finding.evidence
    for sentence in finding.evidence:
        passage = passages[sentence.passage]
        assert sentence.span in passage.sentences
        assert unwrap(passage.text[sentence.span.start : sentence.span.end]) == sentence.text


@pytest.mark.parametrize("question", [GENERATORS, SCOPES])
def test_the_same_question_gives_the_same_bytes(docs: Corpus, question: str) -> None:
    def run() -> list[bytes]:
        goals = derive_goals(question, docs)
        plan = synthesize(question, goals, summarize_corpus(docs)).plan
        return [TypeAdapter(Finding).dump_json(find_evidence(item, docs)) for item in plan]

    assert run() == run()


@pytest.mark.parametrize(
    ("question", "labels"),
    [
        # the documentation of the first releases of Python 3.11 has no heading of its own for generator functions
        (GENERATORS, {"Generator functions", "The standard type hierarchy"}),
        (GENERATORS, {"The raise statement"}),
        (SCOPES, {"Resolution of names"}),
        ("How does the with statement work?", {"The with statement"}),
    ],
)
def test_goals_are_named_as_a_reader_would_name_them(docs: Corpus, question: str, labels: set[str]) -> None:
    goals = derive_goals(question, docs)

    assert labels & {goal.label for goal in goals}
    assert 3 <= len(goals) <= 6
    assert len({goal.id for goal in goals}) == len(goals)
    assert all(0 < goal.evidence_strength <= 1 for goal in goals)
    assert all(goal.terms and goal.documents and goal.passages for goal in goals)


def test_a_question_that_nothing_answers_has_no_goals_and_an_empty_finding(docs: Corpus) -> None:
    finding = find_evidence(ask("zebra quagga"), docs)

    assert derive_goals("zebra quagga", docs) == ()
    assert finding.evidence == ()
    assert finding.coverage == 0
    assert [(gap.term, gap.kind) for gap in finding.gaps] == [("zebra", GapKind.ABSENT), ("quagga", GapKind.ABSENT)]


@pytest.mark.parametrize(
    ("choice", "ids"),
    [(["ALL"], ["a", "b", "c"]), (["NONE"], []), (["DEEP"], ["b"]), (["c", "a"], ["a", "c"]), (["DEEP", "a"], ["a", "b"])],
)
def test_goals_are_chosen_by_id_all_none_or_the_weakest(choice: list[str], ids: list[str]) -> None:
    strengths = {"a": 0.9, "b": 0.2, "c": 0.5}
    goals = [
        Goal(id=id_, label=id_, terms=(), evidence_strength=strength, documents=(), passages=())
        for id_, strength in strengths.items()
    ]

    assert [goal.id for goal in choose_goals(goals, choice)] == ids


@pytest.mark.parametrize(("count", "weakest"), [(0, 0), (1, 1), (3, 1), (5, 1), (6, 2)])
def test_the_weakest_goals_are_a_third_and_at_least_one(count: int, weakest: int) -> None:
    goals = [
        Goal(id=str(n), label=str(n), terms=(), evidence_strength=1 - n / 10, documents=(), passages=()) for n in range(count)
    ]

    assert [goal.id for goal in weakest_goals(goals)] == [str(n) for n in range(count)][count - weakest :]


def test_the_plan_asks_the_whole_question_and_one_for_each_goal(docs: Corpus) -> None:
    goals = derive_goals(GENERATORS, docs)

    synthesis = synthesize(GENERATORS, goals, summarize_corpus(docs))

    assert [item.id for item in synthesis.plan] == [WHOLE, *(goal.id for goal in goals)]
    assert synthesis.plan[0].query.terms == ("generators", "handle", "exceptions")
    assert all(item.query.terms[:3] == ("generators", "handle", "exceptions") for item in synthesis.plan)
    assert all(goal.label in synthesis.topic for goal in goals)


def test_the_best_known_passages_are_found(docs: Corpus) -> None:
    texts = [sentence.text for sentence in find_evidence(ask(SCOPES), docs).evidence]

    assert "When a name is used in a code block, it is resolved using the nearest enclosing scope." in texts


def test_a_finding_has_no_sentence_twice(docs: Corpus) -> None:
    evidence = find_evidence(ask(GENERATORS), docs).evidence

    assert 3 <= len(evidence) <= 6
    assert len({sentence.text for sentence in evidence}) == len(evidence)
    assert max(sentence.score for sentence in evidence) == 1


def test_gaps_are_the_terms_that_no_finding_covers(docs: Corpus) -> None:
    one, other = find_evidence(ask("generators zebra"), docs), find_evidence(ask("zebra exceptions quagga"), docs)

    assert uncovered_terms([one, other]) == ("zebra", "quagga")
    assert count_gaps([one]) == 1
    assert count_gaps([]) == 0


@pytest.mark.parametrize(
    ("before", "now", "converged"), [(3, 0, True), (3, 3, True), (3, 4, True), (3, 2, False), (0, 0, True)]
)
def test_a_loop_ends_when_no_gap_is_left_or_none_was_closed(before: int, now: int, converged: bool) -> None:
    assert has_converged(gaps_before=before, gaps_now=now) is converged


def test_a_deeper_iteration_searches_for_what_is_missing() -> None:
    item = ask("generators handle exceptions", added=("frames",))

    assert deepen_question(item, ("frames", "handle", "other")).query == Query(terms=("handle", "frames"))
    assert deepen_question(item, ()) == item


def test_a_goal_keeps_its_words_and_the_words_of_the_question() -> None:
    goal = Goal(id="x", label="X", terms=("a1", "b2", "c3", "d4"), evidence_strength=1, documents=(), passages=("p#p1",))

    item = plan_question(GENERATORS, goal)

    assert item.query.terms == ("generators", "handle", "exceptions", "a1", "b2", "c3")
    assert item.asked == ("generators", "handle", "exceptions")
    assert item.passages == ("p#p1",)


def test_abstracts_quote_their_documents_and_survive_json(docs: Corpus) -> None:
    few = replace(docs, documents=docs.documents[:8])

    abstracts = summarize_corpus(few)

    assert [item.document for item in abstracts.documents] == [document.id for document in few.documents]
    assert all(sentence.document == item.document for item in abstracts.documents for sentence in item.sentences)
    assert 1 <= len(abstracts.whole.sentences) <= 6
    adapter = TypeAdapter(Abstracts)
    assert adapter.validate_json(adapter.dump_json(abstracts)) == abstracts
