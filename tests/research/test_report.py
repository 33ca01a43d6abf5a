"""The report: every quotation cited once and proved by its source; a change anywhere is seen."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from oncue.workflows.research.abstracts import summarize_corpus
from oncue.workflows.research.citations import (
    CitationError,
    Fault,
    Report,
    check_citations,
    escape,
    prove_citations,
    unescape,
)
from oncue.workflows.research.documents import Corpus
from oncue.workflows.research.evidence import Finding, find_evidence
from oncue.workflows.research.gathering import gather
from oncue.workflows.research.goals import derive_goals
from oncue.workflows.research.reporting import write_report
from oncue.workflows.research.synthesis import Synthesis, synthesize
from tests.research.samples import write_folder

QUESTION = "How does heat affect the ageing of batteries?"
Made = tuple[Synthesis, list[Finding], Corpus]
MARKUP = st.lists(
    st.sampled_from("__init__ * ** _ 1. 2) - [a](b) <b> &amp; \\ a_b `` # > = + ~~ ~~x~~ ! word | \\*".split()), min_size=1
).map(" ".join)
LINES = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1).map(lambda t: t.strip())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    corpus = gather(str(write_folder(tmp_path_factory.mktemp("report") / "documents")))
    synthesis = synthesize(QUESTION, derive_goals(QUESTION, corpus), summarize_corpus(corpus))
    return synthesis, [find_evidence(item, corpus) for item in synthesis.plan], corpus


@pytest.fixture(scope="module")
def report(made: Made) -> Report:
    return write_report(*made)


def faults(report: Report, corpus: Corpus) -> list[Fault]:
    return [problem.fault for problem in check_citations(report, corpus)]


def test_a_report_has_its_parts_and_proves_its_citations(report: Report, made: Made) -> None:
    synthesis, findings, corpus = made

    prove_citations(report, corpus)

    assert report.markdown.startswith(f"# {QUESTION}\n\n## Summary\n")
    headings = [line for line in report.markdown.split("\n") if line.startswith("## ")]
    sections = [f"## {number}. {goal.label}" for number, goal in enumerate(synthesis.goals, 1)]
    assert headings == ["## Summary", *sections, "## Method", "## Limits and gaps", "## References"]
    assert len(findings) == len(sections) + 1
    assert "broken.pdf" in report.markdown


def test_every_sentence_of_evidence_is_quoted_exactly_once(report: Report, made: Made) -> None:
    _, findings, _ = made
    texts = {sentence.text for finding in findings for sentence in finding.evidence}

    cited = [reference.quotation.text for reference in report.references]

    assert texts <= set(cited)
    assert len(set(cited)) == len(cited)
    assert [reference.number for reference in report.references] == list(range(1, len(cited) + 1))


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("roughly doubles", "hardly changes", [Fault.ALTERED]),
        (" [1]\n", "\n", [Fault.UNCITED, Fault.UNUSED]),
        (" [1]\n", " [99]\n", [Fault.UNKNOWN_NUMBER, Fault.UNUSED]),
        ("## Method", "> An invented sentence of evidence. [1]\n\n## Method", [Fault.ALTERED, Fault.REPEATED]),
        ("## Method", "> An invented sentence of evidence.\n\n## Method", [Fault.UNCITED]),
    ],
)
def test_tampering_with_the_text_is_found(report: Report, made: Made, old: str, new: str, found: list[Fault]) -> None:
    assert old in report.markdown

    tampered = replace(report, markdown=report.markdown.replace(old, new, 1))

    assert faults(tampered, made[2]) == found
    with pytest.raises(CitationError):
        prove_citations(tampered, made[2])


def test_tampering_with_text_and_reference_alike_is_found(report: Report, made: Made) -> None:
    first = report.references[0]
    invented = replace(first, quotation=replace(first.quotation, text="Something else altogether."))
    markdown = report.markdown.replace(f"> {escape(first.quotation.text)} [1]", "> Something else altogether. [1]")

    tampered = replace(report, markdown=markdown, references=(invented, *report.references[1:]))

    assert faults(tampered, made[2]) == [Fault.ALTERED]


def test_a_source_that_changed_or_went_away_is_found(report: Report, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "documents")
    handbook = folder / "guides" / "handbook.md"
    handbook.write_text(handbook.read_text(encoding="utf-8").replace("roughly doubles", "slightly grows"), encoding="utf-8")
    (folder / "faq.html").unlink()

    found = faults(report, gather(str(folder)))

    assert set(found) == {Fault.SOURCE_CHANGED, Fault.NO_PASSAGE}


def test_changing_one_finding_changes_the_report(report: Report, made: Made) -> None:
    synthesis, findings, corpus = made

    for number, finding in enumerate(findings):
        shorter = replace(finding, evidence=finding.evidence[:-1])
        changed = write_report(synthesis, [*findings[:number], shorter, *findings[number + 1 :]], corpus)
        assert changed.markdown != report.markdown
        prove_citations(changed, corpus)


def test_a_report_without_findings_is_still_a_report(made: Made) -> None:
    synthesis, _, corpus = made

    empty = write_report(replace(synthesis, sources=(), goals=(), plan=()), [], corpus)

    assert empty.references == ()
    assert "## Limits and gaps" in empty.markdown
    prove_citations(empty, corpus)


@given(
    LINES
    | MARKUP
    | st.sampled_from(
        ["__init__()", "*a* b*", "a * b", "1. x", "- x", "[a](b)", "<b>", "&amp;", "\\", "a_b", "``", "#", "[a]: b"]
    )
)
def test_escaped_text_renders_to_itself(text: str) -> None:
    inline = MarkdownIt("commonmark").parse(escape(text))[1]

    assert "".join(child.content for child in inline.children or ()) == text
    assert {child.type for child in inline.children or ()} <= {"text", "text_special"}
    assert unescape(escape(text)) == text
