"""The report: a summary, one section per finding, its method, limits, and references, in Markdown.

Every sentence that is evidence is quoted once, under the number of its reference; a section whose evidence was quoted before
leads back to those numbers. What a model wrote stands above the quotations, each statement with the numbers it rests on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from oncue.workflows.research.citations import Reference, Report, cite, escape
from oncue.workflows.research.claims import Claim
from oncue.workflows.research.deepening import Deepening, Ending, merge_findings
from oncue.workflows.research.documents import Corpus
from oncue.workflows.research.evidence import Finding
from oncue.workflows.research.exhibits import name_source
from oncue.workflows.research.method import count, tell_limits, tell_method
from oncue.workflows.research.quotations import Quotation
from oncue.workflows.research.steering import Query
from oncue.workflows.research.summarizing import Summary, choose_summary
from oncue.workflows.research.synthesis import WHOLE, Synthesis

NOT_DEEPENED = Deepening(ending=Ending.ONCE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Citing:
    """The references made so far, and the number of each sentence that has one."""

    numbers: dict[str, int] = field(default_factory=dict)
    references: list[Reference] = field(default_factory=list)

    def quote(self, evidence: Sequence[Quotation]) -> Iterator[str]:
        """The quotations that are new, under their sources, and the numbers of the others."""
        known = sorted(self.numbers[sentence.text] for sentence in evidence if sentence.text in self.numbers)
        fresh = [sentence for sentence in evidence if sentence.text not in self.numbers]
        for source, group in groupby(fresh, key=name_source):
            yield f"**{escape(source)}**"
            yield ""
            for place, sentence in enumerate(group):
                self.numbers[sentence.text] = len(self.references) + 1
                self.references.append(Reference(number=self.numbers[sentence.text], quotation=sentence))
                if place:
                    yield ">"
                yield cite(sentence, self.numbers[sentence.text])
            yield ""
        if known:
            yield f"{'Also' if fresh else 'All'} quoted above: {', '.join(f'[{n}]' for n in known)}."
            yield ""
        if not evidence:
            yield "No evidence was found."
            yield ""

    def state(self, claims: Sequence[Claim], texts: Sequence[str]) -> Iterator[str]:
        """What a model wrote, as one paragraph; every sentence that it rests on must have its number by now."""
        if claims:
            yield " ".join(f"{escape(claim.text)} {self._marks(claim, texts)}" for claim in claims)
            yield ""

    def _marks(self, claim: Claim, texts: Sequence[str]) -> str:
        return "".join(f"[{number}]" for number in sorted(self.numbers[texts[place - 1]] for place in claim.evidence))


def write_report(
    synthesis: Synthesis,
    findings: Sequence[Finding],
    corpus: Corpus,
    *,
    deepening: Deepening = NOT_DEEPENED,
    summary: Summary | None = None,
) -> Report:
    """The report of the findings in the order given; the evidence for the whole question is its summary unless there is one.

    What a further iteration found stands in the section of its question, under what the findings say. A summary of sentences
    that the findings no longer have is left out, and that is said.
    """
    merged = merge_findings(findings, deepening)
    plain = choose_summary(merged)
    is_outdated = summary is not None and not _is_of(summary, merged)
    summary = plain if summary is None or is_outdated else summary
    whole = [finding for finding in findings if finding.item.id == WHOLE]
    is_plain = not summary.claims and summary.sentences == plain.sentences and not any(finding.answer for finding in whole)
    citing = _Citing()
    chosen = [] if is_plain or summary.claims else list(_chosen(summary, merged, citing))
    first = [line for finding in whole for line in _section(finding, deepening, citing)] if is_plain else []
    overview = [*_overview([finding for finding in merged if finding.item.id != WHOLE]), *_sources(synthesis.sources, citing)]
    sections = list(_sections(synthesis, findings, deepening, citing=citing, has_whole=not is_plain))
    lines = [f"# {escape(synthesis.question)}", "", *_summary(synthesis, merged)]
    lines += citing.state(summary.claims, summary.sentences)
    lines += ["In short, the documents say:", ""] if chosen or (is_plain and summary.sentences) else []
    lines += [*chosen, *first, *overview, *sections]
    lines += ["## Method", "", *tell_method(synthesis, findings, deepening, summary=None if is_outdated else summary)]
    lines += ["## Limits and gaps", "", *tell_limits(merged, corpus)]
    if citing.references:
        lines += ["## References", "", *map(_reference, citing.references)]
    return Report(title=synthesis.question, markdown="\n".join(lines).rstrip() + "\n", references=tuple(citing.references))


def _is_of(summary: Summary, merged: Sequence[Finding]) -> bool:
    """Whether the findings still have every sentence of the summary: it may be older than they are."""
    return set(summary.sentences) <= {text for finding in merged for text in finding.texts}


def _sections(
    synthesis: Synthesis, findings: Sequence[Finding], deepening: Deepening, *, citing: _Citing, has_whole: bool
) -> Iterator[str]:
    """A section for every finding; for the question as a whole only where the summary says something else."""
    place = 0
    for finding in findings:
        if finding.item.id != WHOLE:
            place += 1
            yield f"## {place}. {escape(finding.item.title)}"
            yield ""
            yield from _asked(finding, synthesis)
            yield _searched(finding.item.query)
        elif has_whole:
            yield "## The question as a whole"
            yield ""
            yield _searched(finding.item.query)
        else:
            continue
        yield ""
        yield from _section(finding, deepening, citing)


def _section(finding: Finding, deepening: Deepening, citing: _Citing) -> list[str]:
    """What a model wrote, the quotations below it, and what further iterations found."""
    quoted = list(citing.quote(finding.evidence))
    return [*citing.state(finding.answer, finding.texts), *quoted, *_further(finding, deepening, citing)]


def _chosen(summary: Summary, merged: Sequence[Finding], citing: _Citing) -> Iterator[str]:
    """The sentences of a summary that a comment asked for."""
    known = {sentence.text: sentence for finding in merged for sentence in finding.evidence}
    return citing.quote([known[text] for text in summary.sentences if text in known])


def _summary(synthesis: Synthesis, findings: Sequence[Finding]) -> Iterator[str]:
    quoted = {sentence.text: sentence.document for sentence in synthesis.sources}
    quoted |= {sentence.text: sentence.document for finding in findings for sentence in finding.evidence}
    yield "## Summary"
    yield ""
    yield escape(synthesis.topic)
    yield ""
    if quoted:
        yield (
            f"The report quotes {count(quoted, 'sentence')} from {count(set(quoted.values()), 'document')}, "
            "each word for word and with its place in the source."
        )
        yield ""


def _overview(sections: Sequence[Finding]) -> Iterator[str]:
    if not sections:
        return
    yield "| Section | Evidence | Terms covered | Without evidence |"
    yield "|---|---|---|---|"
    for place, finding in enumerate(sections, 1):
        documents = dict.fromkeys(sentence.document for sentence in finding.evidence)
        evidence = f"{count(finding.evidence, 'sentence')}, {count(documents, 'document')}"
        missing = ", ".join(gap.term for gap in finding.gaps) or "–"
        yield f"| {place}. {_cell(finding.item.title)} | {evidence} | {finding.coverage:.0%} | {_cell(missing)} |"
    yield ""


def _sources(sources: Sequence[Quotation], citing: _Citing) -> Iterator[str]:
    sources = [sentence for sentence in sources if sentence.text not in citing.numbers]
    if sources:
        yield "The main sources, in a sentence each:"
        yield ""
        yield from citing.quote(sources)


def _further(finding: Finding, deepening: Deepening, citing: _Citing) -> Iterator[str]:
    for iteration in deepening.iterations:
        for found in iteration.findings:
            if found.item.id == finding.item.id:
                terms = ", ".join(found.item.query.wanted())
                yield f"*Iteration {iteration.number} searched again for: {escape(terms)}.*"
                yield ""
                yield from citing.quote(found.evidence)


def _reference(reference: Reference) -> str:
    quotation = reference.quotation
    return f"{reference.number}. {escape(name_source(quotation))} — {escape(str(quotation.location))}"


def _asked(finding: Finding, synthesis: Synthesis) -> list[str]:
    """The question of a section, where a model put it into words."""
    return [f"*Asked: {escape(finding.item.question)}*", ""] if synthesis.is_worded else []


def _searched(query: Query) -> str:
    parts = [f"Searched for: {', '.join([*query.terms, *query.added]) or 'nothing'}"]
    parts += [f"required: {', '.join(query.required)}"] if query.required else []
    parts += [f"excluded: {', '.join(query.excluded)}"] if query.excluded else []
    return f"*{escape('; '.join(parts))}.*"


def _cell(text: str) -> str:
    return escape(text).replace("|", "\\|")
