"""Answers in words, written by a language model from the evidence of a finding and nothing else.

A draft goes back to the model where a statement names no evidence, names some that it was not given, or quotes what no source
says; a draft that cannot be mended fails the step. Where there is no evidence, no model is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from oncue import StepContext
from oncue.workflows.research.claims import Claim, Draft, find_faults, read_claims
from oncue.workflows.research.evidence import Finding
from oncue.workflows.research.exhibits import Exhibit, exhibit, show_before
from oncue.workflows.research.steering import Steered
from oncue.workflows.research.summarizing import Summary
from oncue.workflows.research.synthesis import WHOLE, Synthesis

_STATEMENTS = (
    "Write statements of one or two sentences. With each, give the ids of all the evidence that it rests on, such as e1. "
    "Ids do not belong into the text."
)
_RULES = ("Every statement rests on evidence that was given, and names it by its ids.",)


def answer_in_words(finding: Finding, ctx: StepContext) -> Finding:
    """The finding with an answer to its question; without evidence it stays as it is."""
    if not finding.evidence:
        ctx.log.info("no evidence was found, so there is nothing to write an answer from")
        return finding
    shown = exhibit(finding.evidence)
    _log_unseen(shown, ctx)
    missing = ", ".join(gap.term for gap in finding.gaps)
    claims = _write(
        ctx,
        f"Answer this question from the evidence: {finding.item.question}\n\n{_STATEMENTS}",
        context={
            "evidence": shown.show(shown.sentences),
            **({"terms without evidence": missing} if missing else {}),
            **shown.note(),
        },
        shown=shown,
        previous=show_before(ctx.previous, "answer"),
    )
    return replace(finding, answer=claims, unseen=shown.unseen)


def summarize_in_words(synthesis: Synthesis, findings: Sequence[Finding], ctx: StepContext) -> Summary:
    """A summary over all findings, the further iterations included; an empty one where nothing was found."""
    shown = exhibit([sentence for finding in findings for sentence in finding.evidence])
    if not shown.sentences:
        ctx.log.info("no evidence was found, so there is nothing to summarize")
        return Summary()
    _log_unseen(shown, ctx)
    claims = _write(
        ctx,
        f"Summarize what the findings say to the question: {synthesis.question}\n"
        f"Say the most important first, in three to six statements, and where the documents leave it open.\n\n{_STATEMENTS}",
        context={
            "findings": "\n\n".join(_tell(finding, shown) for finding in findings),
            **shown.note(),
        },
        shown=shown,
        previous=show_before(ctx.previous, "claims"),
    )
    return replace(_summary(claims, shown), steered=Steered(is_read=True) if ctx.comment is not None else None)


def _write(ctx: StepContext, request: str, *, context: dict[str, str], shown: Exhibit, previous: str) -> tuple[Claim, ...]:
    draft: Draft = ctx.generate(
        request,
        context=context,
        output=Draft,
        rules=_RULES,
        checks=[lambda draft: find_faults(draft, shown.texts)],
        previous=previous,
    )
    return read_claims(draft, list(shown.texts))


def _tell(finding: Finding, shown: Exhibit) -> str:
    return "\n".join(_told(finding, shown))


def _told(finding: Finding, shown: Exhibit) -> Iterator[str]:
    yield "The question as a whole" if finding.item.id == WHOLE else f"On: {finding.item.title}"
    yield shown.show(finding.evidence) or "No evidence was found."
    if finding.gaps:
        yield f"Terms without evidence: {', '.join(gap.term for gap in finding.gaps)}."


def _summary(claims: Sequence[Claim], shown: Exhibit) -> Summary:
    """The summary with the sentences that it rests on, and no others."""
    used = sorted({place for claim in claims for place in claim.evidence})
    places = {old: new for new, old in enumerate(used, 1)}
    return Summary(
        claims=tuple(replace(claim, evidence=tuple(places[place] for place in claim.evidence)) for claim in claims),
        sentences=tuple(shown.sentences[place - 1].text for place in used),
        unseen=shown.unseen,
    )


def _log_unseen(shown: Exhibit, ctx: StepContext) -> None:
    if shown.unseen:
        ctx.log.warning("%d sentences of the evidence are left out of the prompt for its size", shown.unseen)
