"""What the report says of its own making: who wrote it, how comments steered it, what was decided, what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from oncue.workflows.research.citations import escape
from oncue.workflows.research.deepening import Deepening, Ending
from oncue.workflows.research.documents import Corpus
from oncue.workflows.research.evidence import Finding, Gap, GapKind, uncovered_terms
from oncue.workflows.research.steering import Steered
from oncue.workflows.research.summarizing import Summary
from oncue.workflows.research.synthesis import Synthesis

_ENDINGS = {
    Ending.CONVERGED: "another one had nothing to gain",
    Ending.STOPPED: "a person said that it was enough",
    Ending.LIMIT: "that was the most that was allowed",
}


def tell_method(
    synthesis: Synthesis, findings: Sequence[Finding], deepening: Deepening, *, summary: Summary | None
) -> Iterator[str]:
    """Who wrote what, and how people steered it; ``summary`` None where there is one that no longer fits."""
    if summary is None:
        yield "- The summary was made of other findings than these, so it is left out. Rerun it to have one."
        summary = Summary()
    written = [name for name, is_written in _written(synthesis, findings, summary) if is_written]
    if written:
        yield (
            f"- Written by a language model, from the quoted evidence alone: {escape(', '.join(written))}. "
            "The quotations are the documents' own words; the statements above them are not, and can be wrong."
        )
    else:
        yield "- Written without a language model: the report consists of sentences of the documents, chosen and ordered."
    unseen = summary.unseen + sum(finding.unseen for finding in findings)
    if unseen:
        yield f"- Not shown to the model, for the size of its prompts: {count(range(unseen), 'sentence')} of the evidence."
    for name, steered in _steered(synthesis, findings, deepening, summary=summary):
        yield f"- Comment on {escape(name)}: {escape(str(steered))}."
    yield from _choices(synthesis, deepening)
    yield ""


def tell_limits(findings: Sequence[Finding], corpus: Corpus) -> Iterator[str]:
    """What is without evidence, and what was not read."""
    uncovered = uncovered_terms(findings)
    gaps: dict[str, Gap] = {gap.term: gap for finding in findings for gap in finding.gaps if gap.term in uncovered}
    for term in uncovered:
        gap = gaps.get(term, Gap(term=term, kind=GapKind.UNQUOTED, passages=0))
        if gap.kind is GapKind.ABSENT:
            yield f"- *{escape(term)}*: no passage of the corpus has this term."
        else:
            known = f"{count(range(gap.passages), 'passage')} of the corpus" if gap.passages else "passages"
            verb = "mentions" if gap.passages == 1 else "mention"
            yield f"- *{escape(term)}*: {known} {verb} it, but none of the sentences quoted."
    if any(finding.evidence for finding in findings) and not uncovered:
        yield "- Every term that was searched for is covered by at least one quotation."
    empty = [finding.item.title for finding in findings if not finding.evidence]
    if empty:
        yield f"- No evidence was found for: {escape('; '.join(empty))}."
    verb = "Searched" if findings else "Not searched"
    yield (
        f"- {verb}: {count(corpus.documents, 'document')} of {escape(corpus.source)}; "
        f"{corpus.ignored} files of other kinds ignored, {len(corpus.problems)} unreadable."
    )
    for problem in corpus.problems:
        yield f"- Not read: {escape(problem.path)} ({escape(problem.reason)})."
    if findings:
        yield "- Sentences were chosen by the words they share with the question; what is said in other words can be missing."
    yield ""


def count(things: Iterable[object], name: str) -> str:
    """How many, in words: ``1 sentence``, ``2 sentences``."""
    number = len(list(things))
    return f"{number} {name}{'s' if number != 1 else ''}"


def _written(synthesis: Synthesis, findings: Sequence[Finding], summary: Summary) -> Iterator[tuple[str, bool]]:
    yield "the topic and the questions", synthesis.is_worded
    yield "the summary", bool(summary.claims)
    answered = [finding for finding in findings if finding.answer]
    yield f"{count(answered, 'answer')} of {count(findings, 'finding')}", bool(answered)


def _steered(
    synthesis: Synthesis, findings: Sequence[Finding], deepening: Deepening, *, summary: Summary
) -> Iterator[tuple[str, Steered]]:
    """What a comment was about, and what came of it, in the order of the steps."""
    if synthesis.steered:
        yield "the searches of the plan", synthesis.steered
    for finding in findings:
        if finding.steered:
            yield f"the finding “{finding.item.title}”", finding.steered
    for iteration in deepening.iterations:
        for finding in iteration.findings:
            if finding.steered:
                yield f"iteration {iteration.number} of “{finding.item.title}”", finding.steered
    if summary.steered:
        yield "the summary", summary.steered


def _choices(synthesis: Synthesis, deepening: Deepening) -> Iterator[str]:
    """What people decided, where it limits what the report says."""
    if synthesis.is_declined:
        yield "- No goal was chosen to be pursued, so this report has no findings. That says nothing about the documents."
    if synthesis.left_out:
        yield f"- Not pursued, by choice: {escape('; '.join(goal.label for goal in synthesis.left_out))}."
    if deepening.ending in _ENDINGS:
        number = len(deepening.iterations) + 1
        gaps = deepening.iterations[-1].gap_count if deepening.iterations else None
        left = "" if gaps is None else f" ({count(range(gaps), 'term')} left without evidence)"
        yield f"- Searched in {count(range(number), 'iteration')}{left}: {_ENDINGS[deepening.ending]}."
