"""Research a question in a folder of documents, or in Python's language reference, and write a cited report.

::

    gather   corpus ─→ abstracts
    goals      └─→ goals ←─ question
    plan             └─→ synthesis ─→ plan
    execute                             └─→ finding[…] (one per planned question)
    report                                      └─→ report, every quotation checked against the corpus
"""

from oncue import Param, Params, StepContext, StepFailed, Workflow
from oncue.workflows.research.abstracts import Abstracts, summarize_corpus
from oncue.workflows.research.citations import CitationError, Report, prove_citations
from oncue.workflows.research.documents import Corpus, CorpusError
from oncue.workflows.research.evidence import Finding, find_evidence
from oncue.workflows.research.gathering import PYTHON_DOCS, gather
from oncue.workflows.research.goals import Goal, derive_goals
from oncue.workflows.research.reporting import write_report
from oncue.workflows.research.synthesis import PlannedQuestion, Synthesis, synthesize

workflow = Workflow(
    "research",
    phases=["gather", "goals", "plan", "execute", "report"],
    params={
        "question": Param(str, help="What the documents are asked, in words."),
        "corpus": Param(
            str,
            default=PYTHON_DOCS,
            help=f"A folder of Markdown, text, HTML or PDF files; or {PYTHON_DOCS}, the language reference inside CPython.",
        ),
        "evidence": Param(int, default=5, help="How many sentences a finding quotes at most."),
    },
)


@workflow.step(phase="gather", source=True)
def corpus(params: Params) -> Corpus:
    """Read every document; a rerun does not read them again unless a refresh is asked for."""
    try:
        return gather(params.corpus)
    except CorpusError as error:
        raise StepFailed(error.message, code="unusable_corpus", detail=error.hint) from error


@workflow.step(phase="gather")
def abstracts(corpus: Corpus) -> Abstracts:
    """Summarize every document, and the whole, in its own sentences."""
    return summarize_corpus(corpus)


@workflow.step(phase="goals")
def goals(params: Params, corpus: Corpus) -> tuple[Goal, ...]:
    """Find the themes under which the documents bear on the question."""
    return derive_goals(params.question, corpus)


@workflow.step(phase="plan")
def synthesis(params: Params, goals: tuple[Goal, ...], abstracts: Abstracts) -> Synthesis:
    """Say what the topic is, and which questions follow from the goals."""
    return synthesize(params.question, goals, abstracts)


@workflow.step(phase="plan")
def plan(synthesis: Synthesis) -> list[PlannedQuestion]:
    """The planned questions, one for each goal and one for the whole."""
    return list(synthesis.plan)


@workflow.step(phase="execute", each="plan", key="id")
def finding(item: PlannedQuestion, corpus: Corpus, params: Params) -> Finding:
    """Find the evidence for one planned question."""
    if params.evidence < 1:
        raise StepFailed(f"evidence={params.evidence}: a finding quotes at least one sentence", code="bad_parameter")
    return find_evidence(item, corpus, count=params.evidence)


@workflow.step(phase="report", deliverable=True)
def report(*, synthesis: Synthesis, finding: list[Finding], corpus: Corpus, ctx: StepContext) -> Report:
    """Write the report, prove its citations, and keep it as ``report.md``."""
    written = write_report(synthesis, finding, corpus)
    try:
        prove_citations(written, corpus)
    except CitationError as error:
        raise StepFailed(error.message, code="citation_failed", detail=error.hint) from error
    (ctx.files / "report.md").write_text(written.markdown, encoding="utf-8")
    return written
