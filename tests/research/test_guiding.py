"""A comment changes what a search finds as it says, says so, and says also where nothing came of it."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oncue.workflows.research.abstracts import summarize_corpus
from oncue.workflows.research.citations import prove_citations
from oncue.workflows.research.deepening import Deepening, Ending, Iteration, search_again
from oncue.workflows.research.documents import Corpus, passages_by_id
from oncue.workflows.research.evidence import Finding, GapKind
from oncue.workflows.research.gathering import gather
from oncue.workflows.research.goals import Goal, derive_goals, question_query
from oncue.workflows.research.guiding import (
    Guidance,
    derive_guided_goals,
    find_guided_evidence,
    guide_synthesis,
)
from oncue.workflows.research.lexicon import Lexicon
from oncue.workflows.research.reporting import write_report
from oncue.workflows.research.retrieval import mentions
from oncue.workflows.research.steering import Steered
from oncue.workflows.research.summarizing import choose_summary
from oncue.workflows.research.synthesis import WHOLE, PlannedQuestion, Synthesis, synthesize
from tests.research.samples import corpus_of, write_folder

GENERATORS = "How do generators handle exceptions?"
BATTERIES = "How does heat affect the ageing of batteries?"


@pytest.fixture(scope="module")
def docs() -> Corpus:
    return gather("python-docs")


@pytest.fixture(scope="module")
def handbook(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return gather(str(write_folder(tmp_path_factory.mktemp("guiding") / "documents")))


def find(docs: Corpus, comment: str | None, *, question: str = GENERATORS, **options: bool) -> Finding:
    item = PlannedQuestion(id=WHOLE, title="whole", question=question, goal="", query=question_query(question))
    return find_guided_evidence(item, docs, guidance=None if comment is None else Guidance(comment=comment, **options))


def searched(finding: Finding, docs: Corpus) -> list[str]:
    """What each quotation was found by: title, headings and passage."""
    passages = passages_by_id(docs)
    return [
        " ".join([sentence.title, *sentence.location.headings, passages[sentence.passage].text]).lower()
        for sentence in finding.evidence
    ]


def test_what_is_excluded_is_in_no_passage_and_what_is_required_in_every_one(docs: Corpus) -> None:
    plain = find(docs, None)

    finding = find(docs, 'exclude: generators; require: "context manager"')

    assert finding.evidence
    assert finding.texts != plain.texts
    assert all("generator" not in text and "context manager" in text for text in searched(finding, docs))
    assert finding.steered == Steered(required=("context manager",), excluded=("generators",), has_effect=True)
    assert plain.steered is None


def test_words_are_searched_for_besides_the_others(docs: Corpus) -> None:
    finding = find(docs, "look at tracebacks")

    assert finding.item.query.added == ("tracebacks",)
    assert any("traceback" in sentence.text.lower() for sentence in finding.evidence)
    assert finding.steered == Steered(added=("tracebacks",), has_effect=True)


def test_an_excluded_word_is_not_searched_for_in_any_of_its_forms(docs: Corpus) -> None:
    finding = find(docs, "-generator")

    assert finding.item.query.terms == ("handle", "exceptions")
    assert [gap.term for gap in finding.gaps] == []


def test_excluding_everything_leaves_no_evidence_and_no_error(docs: Corpus) -> None:
    finding = find(docs, "exclude: generators, handle, exceptions")

    assert (finding.evidence, finding.gaps, finding.coverage, finding.searched) == ((), (), 0, 0)
    assert finding.steered
    assert finding.steered.has_effect


def test_a_requirement_that_nothing_meets_leaves_no_evidence(docs: Corpus) -> None:
    finding = find(docs, "require: zebra")

    assert finding.evidence == ()
    assert ("zebra", GapKind.ABSENT) in [(gap.term, gap.kind) for gap in finding.gaps]


@pytest.mark.parametrize(
    ("comment", "unknown"), [("add: zebra, quagga", ("zebra", "quagga")), ("-zebra", ("zebra",)), ("please", ())]
)
def test_a_comment_that_finds_nothing_to_do_leaves_the_evidence_and_says_so(
    docs: Corpus, comment: str, unknown: tuple[str, ...]
) -> None:
    finding = find(docs, comment)

    assert finding.texts == find(docs, None).texts
    assert finding.gaps == find(docs, None).gaps
    assert finding.steered == Steered(unknown=unknown)


def test_plain_words_are_left_to_a_model_that_reads_them(docs: Corpus) -> None:
    finding = find(docs, "write about tracebacks, -pdb", takes_words=False)

    assert finding.item.query.added == ()
    assert finding.item.query.excluded == ("pdb",)
    assert finding.steered
    assert finding.steered.is_read


WORDS = 'exclude: require: add: ignore the without -heat +cells "half charge" , ; . and winter NOT OR * " ( zebra'
COMMENTS = st.one_of(st.text(max_size=200), st.lists(st.sampled_from(WORDS.split(" "))).map(" ".join))


@settings(max_examples=60, deadline=None)
@given(COMMENTS)
def test_whatever_is_written_its_exclusions_and_requirements_hold(handbook: Corpus, comment: str) -> None:
    finding = find(handbook, comment, question=BATTERIES)

    steered = finding.steered
    assert steered is not None
    lexicon = Lexicon(searched(finding, handbook))
    for text in map(lexicon.keys, searched(finding, handbook)):
        assert not any(mentions(lexicon, text, term) for term in steered.excluded)
        assert all(mentions(lexicon, text, term) for term in steered.required)
    assert not set(finding.item.query.wanted()) & set(steered.excluded)


def test_a_comment_changes_the_goals(docs: Corpus) -> None:
    goals, steered = derive_guided_goals(GENERATORS, docs, Guidance(comment='exclude: generators; require: "context manager"'))
    same, nothing = derive_guided_goals(GENERATORS, docs, Guidance(comment="please"))
    none, all_out = derive_guided_goals(GENERATORS, docs, Guidance(comment="-generators -handle -exceptions"))

    assert "The with statement" in [goal.label for goal in goals]
    assert (steered.has_effect, nothing.has_effect, all_out.has_effect) == (True, False, True)
    assert (same, none) == (derive_goals(GENERATORS, docs), ())


def test_a_comment_on_the_synthesis_steers_every_planned_question(handbook: Corpus) -> None:
    made = synthesize(BATTERIES, derive_goals(BATTERIES, handbook), summarize_corpus(handbook))

    guided = guide_synthesis(made, handbook, Guidance(comment="exclude: climate. add: shade"))

    assert len(guided.plan) > 1
    assert all(item.query.excluded == ("climate",) and "shade" in item.query.added for item in guided.plan)
    assert not any("climate" in sentence.text for sentence in guided.sources)
    assert guided.steered == Steered(added=("shade",), excluded=("climate",), has_effect=True)


def test_a_comment_steers_what_is_searched_for_again() -> None:
    corpus = corpus_of(
        on_sun="The sun is described in one sentence of this text.\n",
        on_wind="The wind is described in one sentence of this text.\n",
        on_sea="The wind above the sea is described in another sentence.\n",
    )
    first = find(corpus, None, question="sun wind zebra")
    one = Finding(item=first.item, evidence=first.evidence[:1], coverage=0, gaps=first.gaps, searched=1)

    (further,) = search_again([one], corpus, count=2, guidance=Guidance(comment="exclude: sea"))

    assert further.steered == Steered(excluded=("sea",), has_effect=True)
    assert [sentence.document for sentence in further.evidence] == ["on_wind"]


def summarized(handbook: Corpus) -> tuple[Synthesis, list[Finding]]:
    goals: tuple[Goal, ...] = derive_goals(BATTERIES, handbook)
    made = synthesize(BATTERIES, goals, summarize_corpus(handbook))
    return made, [find_guided_evidence(item, handbook, guidance=None, count=3) for item in made.plan]


def test_without_a_comment_the_summary_is_the_evidence_for_the_whole_question(handbook: Corpus) -> None:
    _, findings = summarized(handbook)

    assert choose_summary(findings).sentences == findings[0].texts


@pytest.mark.parametrize(
    ("comment", "law"),
    [
        ("exclude: heat", lambda text: "heat" not in text.lower()),
        ("require: cells", lambda text: "cell" in text.lower()),
        ("more about shade", bool),
    ],
)
def test_a_comment_chooses_other_sentences_for_the_summary(handbook: Corpus, comment: str, law: Any) -> None:
    synthesis, findings = summarized(handbook)

    summary = choose_summary(findings, comment=comment)

    texts = {sentence.text: sentence for finding in findings for sentence in finding.evidence}
    assert summary.sentences
    assert summary.sentences != findings[0].texts
    assert all(law(" ".join([*texts[text].location.headings, texts[text].title, text])) for text in summary.sentences)
    assert summary.steered
    assert summary.steered.has_effect
    report = write_report(synthesis, findings, handbook, summary=summary)
    prove_citations(report, handbook)
    assert "## The question as a whole" in report.markdown
    assert f"- Comment on the summary: {summary.steered}." in report.markdown


def test_a_comment_without_effect_on_the_summary_says_so(handbook: Corpus) -> None:
    _, findings = summarized(handbook)

    summary = choose_summary(findings, comment="please mind the zebra")

    assert summary.sentences == findings[0].texts
    assert summary.steered == Steered(unknown=("mind", "zebra"))


def test_the_report_says_how_comments_steered_it(handbook: Corpus) -> None:
    synthesis, findings = summarized(handbook)
    item = synthesis.plan[1]
    findings[1] = find_guided_evidence(item, handbook, guidance=Guidance(comment="-heat"))
    further = find_guided_evidence(item, handbook, guidance=Guidance(comment="please"))
    deepening = Deepening(ending=Ending.LIMIT, iterations=(Iteration(number=2, findings=(further,), gap_count=0),))

    report = write_report(synthesis, findings, handbook, deepening=deepening)

    prove_citations(report, handbook)
    method = report.markdown.partition("## Method")[2].partition("## Limits")[0]
    assert "- Written without a language model: " in method
    assert f"- Comment on the finding “{item.title}”: excluded: heat." in method
    assert f"- Comment on iteration 2 of “{item.title}”: it has no word to search by; the result is the same" in method


def test_a_report_of_findings_without_evidence_claims_no_coverage(handbook: Corpus) -> None:
    synthesis, _ = summarized(handbook)
    out = ", ".join(synthesis.plan[0].query.terms)
    nothing = find_guided_evidence(synthesis.plan[0], handbook, guidance=Guidance(comment=f"exclude: {out}"))

    report = write_report(synthesis, [nothing], handbook)

    assert nothing.evidence == ()
    assert "No evidence was found." in report.markdown
    assert "- No evidence was found for: The question as a whole." in report.markdown
    assert "is covered" not in report.markdown
