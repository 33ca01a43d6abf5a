"""Further iterations: what has no evidence yet is searched for again, alone, as long as that brings something.

::

    findings ─ iteration 1 ─→ gaps ─→ continue? ─ iteration 2 ─→ gaps ─→ continue? ─ …
                                │         └ No                     └ no fewer than before: converged
                                └ none, or none that any passage has: converged
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from oncue import StepContext
from oncue.workflows.research.documents import Corpus
from oncue.workflows.research.evidence import Finding, GapKind, has_converged, uncovered_terms
from oncue.workflows.research.guiding import Guidance, find_guided
from oncue.workflows.research.quotations import Quotation
from oncue.workflows.research.retrieval import PassageIndex
from oncue.workflows.research.synthesis import deepen_question


class Ending(StrEnum):
    """Why no further iteration was made."""

    ONCE = "once"
    """One was all that was asked for."""
    CONVERGED = "converged"
    STOPPED = "stopped"
    """A person said no."""
    LIMIT = "limit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Iteration:
    """A further iteration (from 2): its findings, each for a question that still had gaps, and the gaps left after it."""

    number: int
    findings: tuple[Finding, ...]
    gap_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Deepening:
    """All further iterations, in order, and why they ended."""

    ending: Ending
    iterations: tuple[Iteration, ...] = ()


def deepen(
    findings: Sequence[Finding],
    *,
    limit: int,
    search: Callable[[int, Sequence[Finding]], tuple[Finding, ...]],
    go_on: Callable[[int, Sequence[str]], bool],
) -> Deepening:
    """Iterate until coverage converges, ``go_on`` says no, or there are ``limit`` iterations, the first findings included.

    Args:
        findings: those of iteration 1.
        limit: how many iterations at most.
        search: makes the findings of an iteration from its number and everything found before.
        go_on: asked after each iteration with its number and the terms without evidence.
    """
    found = list(findings)
    iterations: list[Iteration] = []
    gaps_before: int | None = None
    while True:
        number = len(iterations) + 1
        uncovered = uncovered_terms(found)
        is_done = gaps_before is not None and has_converged(gaps_before=gaps_before, gaps_now=len(uncovered))
        if is_done or not closable_terms(found):
            return Deepening(ending=Ending.CONVERGED, iterations=tuple(iterations))
        if number >= limit:
            return Deepening(ending=Ending.LIMIT, iterations=tuple(iterations))
        if not go_on(number, uncovered):
            return Deepening(ending=Ending.STOPPED, iterations=tuple(iterations))
        further = search(number + 1, found)
        found.extend(further)
        gaps_before = len(uncovered)
        iterations.append(Iteration(number=number + 1, findings=further, gap_count=len(uncovered_terms(found))))


def closable_terms(findings: Sequence[Finding]) -> tuple[str, ...]:
    """The uncovered terms that some passage of the corpus has: only for these is it worth to search again."""
    absent = {gap.term for finding in findings for gap in finding.gaps if gap.kind is GapKind.ABSENT}
    return tuple(term for term in uncovered_terms(findings) if term not in absent)


def search_again(
    findings: Sequence[Finding], corpus: Corpus, *, count: int, guidance: Guidance | None = None
) -> tuple[Finding, ...]:
    """A finding for every question that wanted one of the uncovered terms, searched for these terms alone.

    A comment steers these searches as it does the first ones.
    """
    closable = closable_terms(findings)
    items = {finding.item.id: finding.item for finding in reversed(findings)}
    order = dict.fromkeys(finding.item.id for finding in findings)
    wanting = [items[id_] for id_ in order if set(items[id_].query.wanted()) & set(closable)]
    with PassageIndex(corpus) as index:
        further = [deepen_question(item, closable) for item in wanting]
        return tuple(find_guided(index, item, guidance=guidance, count=count) for item in further)


def remember_findings(ctx: StepContext, name: str, search: Callable[[], tuple[Finding, ...]]) -> tuple[Finding, ...]:
    """What a search found, made once however often the step is entered again."""
    from pydantic import TypeAdapter

    adapter = TypeAdapter(tuple[Finding, ...])
    kept = ctx.remember(name, lambda: adapter.dump_python(search(), mode="json"))
    return adapter.validate_python(kept)


def merge_findings(findings: Sequence[Finding], deepening: Deepening) -> tuple[Finding, ...]:
    """Each finding with the evidence of all iterations; coverage and gaps are those that are left."""
    further: dict[str, list[Finding]] = {}
    for iteration in deepening.iterations:
        for finding in iteration.findings:
            further.setdefault(finding.item.id, []).append(finding)
    return tuple(_merge(finding, further.get(finding.item.id, [])) for finding in findings)


def _merge(finding: Finding, further: Sequence[Finding]) -> Finding:
    if not further:
        return finding
    evidence = _distinct(sentence for one in (finding, *further) for sentence in one.evidence)
    covered = {term for sentence in evidence for term in sentence.terms}
    gaps = tuple(gap for gap in finding.gaps if gap.term not in covered)
    wanted = finding.item.query.wanted()
    coverage = round(1 - len(gaps) / len(wanted), 3) if wanted else 0.0
    searched = finding.searched + sum(one.searched for one in further)
    return replace(finding, evidence=evidence, gaps=gaps, coverage=coverage, searched=searched)


def _distinct(sentences: Iterable[Quotation]) -> tuple[Quotation, ...]:
    return tuple({sentence.text: sentence for sentence in reversed(list(sentences))}.values())[::-1]
