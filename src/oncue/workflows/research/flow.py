"""Research a question in a folder of documents, or in Python's language reference, and write a cited report.

::

    gather   corpus ─→ abstracts
    goals      └─→ goals ←─ question
                     └─→ selection (asks pillar_selection)
    plan                    └─→ synthesis ─→ plan, mode (asks run_mode)
    execute                                   └─→ finding[…] (one per planned question) ─→ deepening (asks continue)
    report                                            └─→ report, every quotation checked against the corpus
"""

from collections.abc import Sequence

from oncue import Param, Params, StepContext, StepFailed, Workflow
from oncue.workflows.research.abstracts import Abstracts, summarize_corpus
from oncue.workflows.research.choosing import (
    DEEP_LOOP,
    NO,
    ONCE,
    YES,
    ask_continue,
    ask_pillar_selection,
    ask_run_mode,
)
from oncue.workflows.research.citations import CitationError, Report, prove_citations
from oncue.workflows.research.deepening import Deepening, Ending, deepen, remember_findings, search_again
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
        "pillar_selection": Param(
            str, default="", help="Which goals to pursue: ALL, DEEP, NONE, or ids with commas; empty, a person is asked."
        ),
        "run_mode": Param(
            str, default="", choices=[ONCE, DEEP_LOOP, ""], help="Search once or in a loop; empty, a person is asked."
        ),
        "continue": Param(
            str, default="", choices=[YES, NO, ""], help="Whether the loop goes on; empty, a person is asked each time."
        ),
        "max_iterations": Param(int, default=5, help="How many iterations the loop has at most, the first included."),
        "timeout": Param(
            float, default=0.0, help="After how many seconds a question takes its default; 0, it waits for an answer."
        ),
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


@workflow.step(phase="goals")
def selection(goals: tuple[Goal, ...], params: Params, ctx: StepContext) -> tuple[Goal, ...]:
    """Ask which goals to pursue."""
    return ask_pillar_selection(goals, params, ctx)


@workflow.step(phase="plan")
def synthesis(*, params: Params, goals: tuple[Goal, ...], selection: tuple[Goal, ...], abstracts: Abstracts) -> Synthesis:
    """Say what the topic is, and which questions follow from the chosen goals."""
    chosen = {goal.id for goal in selection}
    left_out = [goal for goal in goals if goal.id not in chosen]
    return synthesize(params.question, selection, abstracts, left_out=left_out)


@workflow.step(phase="plan")
def plan(synthesis: Synthesis) -> list[PlannedQuestion]:
    """The planned questions, one for each goal and one for the whole."""
    return list(synthesis.plan)


@workflow.step(phase="plan")
def mode(plan: list[PlannedQuestion], params: Params, ctx: StepContext) -> str:
    """Ask whether to search once or in a loop; where nothing is planned, nobody is asked."""
    return ask_run_mode(params, ctx) if plan else ONCE


@workflow.step(phase="execute", each="plan", key="id")
def finding(item: PlannedQuestion, corpus: Corpus, params: Params) -> Finding:
    """Find the evidence for one planned question."""
    if params.evidence < 1:
        raise StepFailed(f"evidence={params.evidence}: a finding quotes at least one sentence", code="bad_parameter")
    return find_evidence(item, corpus, count=params.evidence)


@workflow.step(phase="execute")
def deepening(*, finding: list[Finding], mode: str, corpus: Corpus, params: Params, ctx: StepContext) -> Deepening:
    """In a loop, search again for what has no evidence, and ask after each iteration whether to go on."""
    if mode == ONCE:
        return Deepening(ending=Ending.ONCE)
    if params.max_iterations < 1:
        raise StepFailed(f"max_iterations={params.max_iterations}: at least one is made", code="bad_parameter")

    def search(number: int, found: Sequence[Finding]) -> tuple[Finding, ...]:
        return remember_findings(ctx, f"iteration-{number}", lambda: search_again(found, corpus, count=params.evidence))

    return deepen(
        finding,
        limit=params.max_iterations,
        search=search,
        go_on=lambda number, uncovered: ask_continue(number, uncovered, params=params, ctx=ctx),
    )


@workflow.step(phase="report", deliverable=True)
def report(*, synthesis: Synthesis, finding: list[Finding], deepening: Deepening, corpus: Corpus, ctx: StepContext) -> Report:
    """Write the report, prove its citations, and keep it as ``report.md``."""
    written = write_report(synthesis, finding, corpus, deepening=deepening)
    try:
        prove_citations(written, corpus)
    except CitationError as error:
        raise StepFailed(error.message, code="citation_failed", detail=error.hint) from error
    (ctx.files / "report.md").write_text(written.markdown, encoding="utf-8")
    return written
