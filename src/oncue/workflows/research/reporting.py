"""The report: a summary, one section per finding, limits, and references, in Markdown.

Every sentence that is evidence is quoted once, under the number of its reference; a section whose evidence was quoted before
leads back to those numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from oncue.workflows.research.citations import Reference, Report, cite, escape
from oncue.workflows.research.deepening import Deepening, Ending, merge_findings
from oncue.workflows.research.documents import Corpus
from oncue.workflows.research.evidence import Finding, Gap, GapKind, uncovered_terms
from oncue.workflows.research.quotations import Quotation
from oncue.workflows.research.steering import Query
from oncue.workflows.research.synthesis import WHOLE, Synthesis

Numbers = dict[str, int]
NOT_DEEPENED = Deepening(ending=Ending.ONCE)
_ENDINGS = {
    Ending.CONVERGED: "another one had nothing to gain",
    Ending.STOPPED: "a person said that it was enough",
    Ending.LIMIT: "that was the most that was allowed",
}


def write_report(
    synthesis: Synthesis, findings: Sequence[Finding], corpus: Corpus, *, deepening: Deepening = NOT_DEEPENED
) -> Report:
    """The report of the findings in the order given; the finding for the whole question becomes the summary.

    What a further iteration found stands in the section of its question, under what the findings say.
    """
    numbers: Numbers = {}
    references: list[Reference] = []
    merged = merge_findings(findings, deepening)
    whole = [finding for finding in merged if finding.item.id == WHOLE]
    sections = [finding for finding in merged if finding.item.id != WHOLE]
    lines = [f"# {escape(synthesis.question)}", "", *_summary(synthesis, whole, sections)]
    for finding in findings:
        if finding.item.id == WHOLE:
            lines += _evidence(finding.evidence, numbers, references)
            lines += _further(finding, deepening, numbers, references=references)
    lines += [*_overview(sections), *_sources(synthesis.sources, numbers, references)]
    for place, finding in enumerate([finding for finding in findings if finding.item.id != WHOLE], 1):
        lines += [f"## {place}. {escape(finding.item.title)}", "", _searched(finding.item.query), ""]
        lines += _evidence(finding.evidence, numbers, references)
        lines += _further(finding, deepening, numbers, references=references)
    lines += ["## Limits and gaps", "", *_choices(synthesis, deepening), *_limits(merged, corpus)]
    if references:
        lines += ["## References", "", *map(_reference, references)]
    return Report(title=synthesis.question, markdown="\n".join(lines).rstrip() + "\n", references=tuple(references))


def _summary(synthesis: Synthesis, whole: Sequence[Finding], sections: Sequence[Finding]) -> Iterator[str]:
    findings = [*whole, *sections]
    quoted = {sentence.text: sentence.document for sentence in synthesis.sources}
    quoted |= {sentence.text: sentence.document for finding in findings for sentence in finding.evidence}
    yield "## Summary"
    yield ""
    yield escape(synthesis.topic)
    yield ""
    if quoted:
        yield (
            f"The report quotes {_count(quoted, 'sentence')} from {_count(set(quoted.values()), 'document')}, "
            "each word for word and with its place in the source."
        )
        yield ""
    if any(finding.evidence for finding in whole):
        yield "In short, the documents say:"
        yield ""


def _overview(sections: Sequence[Finding]) -> Iterator[str]:
    if not sections:
        return
    yield "| Section | Evidence | Terms covered | Without evidence |"
    yield "|---|---|---|---|"
    for place, finding in enumerate(sections, 1):
        documents = dict.fromkeys(sentence.document for sentence in finding.evidence)
        evidence = f"{_count(finding.evidence, 'sentence')}, {_count(documents, 'document')}"
        missing = ", ".join(gap.term for gap in finding.gaps) or "–"
        yield f"| {place}. {_cell(finding.item.title)} | {evidence} | {finding.coverage:.0%} | {_cell(missing)} |"
    yield ""


def _sources(sources: Sequence[Quotation], numbers: Numbers, references: list[Reference]) -> Iterator[str]:
    sources = [sentence for sentence in sources if sentence.text not in numbers]
    if sources:
        yield "The main sources, in a sentence each:"
        yield ""
        yield from _evidence(sources, numbers, references)


def _evidence(evidence: Sequence[Quotation], numbers: Numbers, references: list[Reference]) -> Iterator[str]:
    """The quotations that are new, under their sources, and the numbers of the others."""
    known = sorted(numbers[sentence.text] for sentence in evidence if sentence.text in numbers)
    fresh = [sentence for sentence in evidence if sentence.text not in numbers]
    for source, group in groupby(fresh, key=_source):
        yield f"**{escape(source)}**"
        yield ""
        for place, sentence in enumerate(group):
            numbers[sentence.text] = len(references) + 1
            references.append(Reference(number=numbers[sentence.text], quotation=sentence))
            if place:
                yield ">"
            yield cite(sentence, numbers[sentence.text])
        yield ""
    if known:
        yield f"{'Also' if fresh else 'All'} quoted above: {', '.join(f'[{n}]' for n in known)}."
        yield ""
    if not evidence:
        yield "No evidence was found."
        yield ""


def _further(finding: Finding, deepening: Deepening, numbers: Numbers, *, references: list[Reference]) -> Iterator[str]:
    for iteration in deepening.iterations:
        for found in iteration.findings:
            if found.item.id == finding.item.id:
                terms = ", ".join(found.item.query.wanted())
                yield f"*Iteration {iteration.number} searched again for: {escape(terms)}.*"
                yield ""
                yield from _evidence(found.evidence, numbers, references)


def _choices(synthesis: Synthesis, deepening: Deepening) -> Iterator[str]:
    """What people decided, where it limits what the report says."""
    if synthesis.is_declined:
        yield "- No goal was chosen to be pursued, so this report has no findings. That says nothing about the documents."
    if synthesis.left_out:
        yield f"- Not pursued, by choice: {escape('; '.join(goal.label for goal in synthesis.left_out))}."
    if deepening.ending in _ENDINGS:
        count = len(deepening.iterations) + 1
        gaps = deepening.iterations[-1].gap_count if deepening.iterations else None
        left = "" if gaps is None else f" ({_count(range(gaps), 'term')} left without evidence)"
        yield f"- Searched in {_count(range(count), 'iteration')}{left}: {_ENDINGS[deepening.ending]}."


def _limits(findings: Sequence[Finding], corpus: Corpus) -> Iterator[str]:
    uncovered = uncovered_terms(findings)
    gaps: dict[str, Gap] = {gap.term: gap for finding in findings for gap in finding.gaps if gap.term in uncovered}
    for term in uncovered:
        gap = gaps.get(term, Gap(term=term, kind=GapKind.UNQUOTED, passages=0))
        if gap.kind is GapKind.ABSENT:
            yield f"- *{escape(term)}*: no passage of the corpus has this term."
        else:
            known = f"{_count(range(gap.passages), 'passage')} of the corpus" if gap.passages else "passages"
            yield f"- *{escape(term)}*: {known} mention it, but none of the sentences quoted."
    if findings and not uncovered:
        yield "- Every term that was searched for is covered by at least one quotation."
    verb = "Searched" if findings else "Not searched"
    yield (
        f"- {verb}: {_count(corpus.documents, 'document')} of {escape(corpus.source)}; "
        f"{corpus.ignored} files of other kinds ignored, {len(corpus.problems)} unreadable."
    )
    for problem in corpus.problems:
        yield f"- Not read: {escape(problem.path)} ({escape(problem.reason)})."
    if findings:
        yield "- Sentences were chosen by the words they share with the question; what is said in other words can be missing."
    yield ""


def _reference(reference: Reference) -> str:
    quotation = reference.quotation
    return f"{reference.number}. {escape(_source(quotation))} — {escape(str(quotation.location))}"


def _source(quotation: Quotation) -> str:
    """Title and headings, without the repetitions that come from a title that is the first heading."""
    return " › ".join(dict.fromkeys([quotation.title, *quotation.location.headings]))


def _searched(query: Query) -> str:
    parts = [f"Searched for: {', '.join([*query.terms, *query.added])}"]
    parts += [f"required: {', '.join(query.required)}"] if query.required else []
    parts += [f"excluded: {', '.join(query.excluded)}"] if query.excluded else []
    return f"*{escape('; '.join(parts))}.*"


def _cell(text: str) -> str:
    return escape(text).replace("|", "\\|")


def _count(things: Iterable[object], name: str) -> str:
    number = len(list(things))
    return f"{number} {name}{'s' if number != 1 else ''}"
