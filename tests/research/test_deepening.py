"""The loop: it ends for one of four reasons, searches for what is missing, and its evidence stands in the report."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from oncue.workflows.research.abstracts import summarize_corpus
from oncue.workflows.research.citations import prove_citations
from oncue.workflows.research.deepening import (
    Deepening,
    Ending,
    Iteration,
    closable_terms,
    deepen,
    merge_findings,
    search_again,
)
from oncue.workflows.research.documents import Corpus
from oncue.workflows.research.evidence import Finding, find_evidence, uncovered_terms
from oncue.workflows.research.goals import derive_goals, question_query
from oncue.workflows.research.reporting import write_report
from oncue.workflows.research.synthesis import WHOLE, PlannedQuestion, Synthesis, synthesize
from tests.research.samples import TOPICS, corpus_of

QUESTION = f"{' '.join(TOPICS)} zebra"


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    """One sentence for each of six topics, none for a seventh."""
    return corpus_of(**{f"on_{word}": f"The {word} is described in one sentence of this text.\n" for word in TOPICS})


def ask(question: str = QUESTION) -> PlannedQuestion:
    return PlannedQuestion(id=WHOLE, title="whole", question=question, goal="", query=question_query(question))


def never(*_: object) -> Any:
    raise AssertionError("there was nothing to do")


def run_loop(corpus: Corpus, *, limit: int = 9, noes_at: int = 99) -> tuple[Deepening, list[tuple[int, int]], Finding]:
    """The loop over one question with one sentence a time; what was asked as (iteration, gaps)."""
    first = find_evidence(ask(), corpus, count=1)
    asked: list[tuple[int, int]] = []

    def go_on(iteration: int, uncovered: Sequence[str]) -> bool:
        asked.append((iteration, len(uncovered)))
        return iteration < noes_at

    deepening = deepen([first], limit=limit, search=lambda _, found: search_again(found, corpus, count=1), go_on=go_on)
    return deepening, asked, first


def test_every_iteration_closes_a_gap_until_none_can_be_closed(corpus: Corpus) -> None:
    deepening, asked, first = run_loop(corpus)

    assert asked == [(1, 6), (2, 5), (3, 4), (4, 3), (5, 2)]
    assert deepening.ending is Ending.CONVERGED
    assert [(iteration.number, iteration.gap_count) for iteration in deepening.iterations] == [
        (2, 5), (3, 4), (4, 3), (5, 2), (6, 1),
    ]  # fmt: skip
    (merged,) = merge_findings([first], deepening)
    assert uncovered_terms([merged]) == ("zebra",)
    assert merged.coverage == round(6 / 7, 3)
    assert len({sentence.text for sentence in merged.evidence}) == len(merged.evidence) == 6


def test_a_no_ends_the_loop_with_what_was_found(corpus: Corpus) -> None:
    deepening, asked, _ = run_loop(corpus, noes_at=2)

    assert asked == [(1, 6), (2, 5)]
    assert (deepening.ending, len(deepening.iterations)) == (Ending.STOPPED, 1)


@pytest.mark.parametrize("limit", [1, 3])
def test_after_the_last_iteration_that_is_allowed_nobody_is_asked(corpus: Corpus, limit: int) -> None:
    deepening, asked, _ = run_loop(corpus, limit=limit)

    assert len(asked) == limit - 1
    assert (deepening.ending, len(deepening.iterations)) == (Ending.LIMIT, limit - 1)


@pytest.mark.parametrize("question", ["sun", "zebra quagga"])
def test_without_a_gap_that_could_be_closed_nobody_is_asked(corpus: Corpus, question: str) -> None:
    finding = find_evidence(ask(question), corpus)

    deepening = deepen([finding], limit=5, search=never, go_on=never)

    assert deepening == Deepening(ending=Ending.CONVERGED)


def test_an_iteration_that_closes_nothing_is_the_last(corpus: Corpus) -> None:
    first = find_evidence(ask(), corpus, count=1)

    deepening = deepen([first], limit=9, search=lambda *_: (), go_on=lambda *_: True)

    assert deepening == Deepening(ending=Ending.CONVERGED, iterations=(Iteration(number=2, findings=(), gap_count=6),))


def test_only_what_some_passage_has_is_searched_again(corpus: Corpus) -> None:
    first = find_evidence(ask(), corpus, count=1)

    (further,) = search_again([first], corpus, count=1)

    assert "zebra" in uncovered_terms([first])
    assert set(further.item.query.terms) == set(closable_terms([first])) == set(uncovered_terms([first])) - {"zebra"}


def test_the_report_has_the_evidence_of_every_iteration_and_proves_it(corpus: Corpus) -> None:
    deepening, _, first = run_loop(corpus, noes_at=3)
    synthesis = Synthesis(question=QUESTION, topic="Topics.", sources=(), goals=(), plan=(first.item,))

    report = write_report(synthesis, [first], corpus, deepening=deepening)

    prove_citations(report, corpus)
    assert len(report.references) == 3
    assert "*Iteration 3 searched again for: " in report.markdown
    assert "- Searched in 3 iterations (4 terms left without evidence): a person said that it was enough." in report.markdown
    assert report != write_report(synthesis, [replace(first, evidence=())], corpus, deepening=deepening)
    assert report != write_report(synthesis, [first], corpus)


def test_where_no_goal_is_chosen_nothing_is_planned_and_the_report_says_so(corpus: Corpus) -> None:
    goals = derive_goals(QUESTION, corpus)

    synthesis = synthesize(QUESTION, (), summarize_corpus(corpus), left_out=goals)
    report = write_report(synthesis, [], corpus)

    assert goals
    assert (synthesis.plan, synthesis.is_declined, report.references) == ((), True, ())
    assert "None of the goals that were found was chosen, so nothing was searched for." in report.markdown
    assert "No goal was chosen to be pursued" in report.markdown
    assert all(goal.label in report.markdown for goal in goals)
    assert "is covered" not in report.markdown


def test_goals_that_were_left_out_are_named(corpus: Corpus) -> None:
    goals = derive_goals(QUESTION, corpus)

    synthesis = synthesize(QUESTION, goals[:1], summarize_corpus(corpus), left_out=goals[1:])
    report = write_report(synthesis, [find_evidence(item, corpus) for item in synthesis.plan], corpus)

    assert [item.id for item in synthesis.plan] == [WHOLE, goals[0].id]
    assert f"- Not pursued, by choice: {'; '.join(goal.label for goal in goals[1:])}." in report.markdown
