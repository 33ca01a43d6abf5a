"""Research a question in a folder of documents, or in Python's language reference, and write a cited report.

::

    gather   corpus ─→ abstracts
    goals      └─→ goals* ←─ question
                     └─→ selection (asks pillar_selection)
    plan                    └─→ synthesis*° ─→ plan, mode (asks run_mode)
    execute                                     └─→ finding*°[…] (one per planned question) ─→ deepening* (asks continue)
    report                                             └─→ summary*° ─→ report, every quotation checked against the corpus

A comment steers what has a star. What has a ring is written by a language model where there is one (parameter ``writing``),
from quoted evidence alone; without one it is chosen from it.
"""

from collections.abc import Sequence

from oncue import Param, Params, StepContext, StepFailed, Workflow
from oncue.workflows.research.abstracts import Abstracts, summarize_corpus
from oncue.workflows.research.answering import answer_in_words, summarize_in_words
from oncue.workflows.research.choosing import (
    DEEP_LOOP,
    NO,
    ONCE,
    YES,
    continue_question,
    pillar_selection_question,
    run_mode_question,
)
from oncue.workflows.research.citations import CitationError, Report, prove_citations
from oncue.workflows.research.deepening import (
    Deepening,
    Ending,
    deepen,
    merge_findings,
    remember_findings,
    search_again,
)
from oncue.workflows.research.documents import Corpus, CorpusError
from oncue.workflows.research.evidence import Finding
from oncue.workflows.research.exhibits import PERSONA, RULES
from oncue.workflows.research.gathering import PYTHON_DOCS, gather
from oncue.workflows.research.goals import Goal, choose_goals, derive_goals
from oncue.workflows.research.guiding import Guidance, derive_guided_goals, find_guided_evidence, guide_synthesis
from oncue.workflows.research.reporting import write_report
from oncue.workflows.research.steering import Steered
from oncue.workflows.research.summarizing import Summary, choose_summary
from oncue.workflows.research.synthesis import PlannedQuestion, Synthesis, synthesize
from oncue.workflows.research.wording import word_synthesis

AUTO, EXTRACTIVE, MODEL = "auto", "extractive", "model"

workflow = Workflow(
    "research",
    phases=["gather", "goals", "plan", "execute", "report"],
    persona=PERSONA,
    rules=RULES,
    params={
        "question": Param(str, help="What the documents are asked, in words."),
        "corpus": Param(
            str,
            default=PYTHON_DOCS,
            help=f"A folder of Markdown, text, HTML or PDF files; or {PYTHON_DOCS}, the language reference inside CPython.",
        ),
        "evidence": Param(int, default=5, help="How many sentences a finding quotes at most."),
        "writing": Param(
            str,
            default=AUTO,
            choices=[AUTO, EXTRACTIVE, MODEL],
            help="Who writes: a language model, or nobody (extractive: sentences are chosen); auto, a model where one is set.",
        ),
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
def goals(params: Params, corpus: Corpus, ctx: StepContext) -> tuple[Goal, ...]:
    """Find the themes under which the documents bear on the question."""
    comment = ctx.comment
    if comment is None:
        return derive_goals(params.question, corpus)
    found, steered = derive_guided_goals(params.question, corpus, Guidance(comment=comment))
    _log_steering(steered, ctx)
    return found


@workflow.step(phase="goals")
def selection(goals: tuple[Goal, ...], params: Params, ctx: StepContext) -> tuple[Goal, ...]:
    """Ask which goals to pursue."""
    return choose_goals(goals, ctx.ask(**pillar_selection_question(goals, params))) if goals else ()


@workflow.step(phase="plan")
def synthesis(
    *,
    params: Params,
    goals: tuple[Goal, ...],
    selection: tuple[Goal, ...],
    abstracts: Abstracts,
    corpus: Corpus,
    ctx: StepContext,
) -> Synthesis:
    """Say what the topic is, and which questions follow from the chosen goals."""
    chosen = {goal.id for goal in selection}
    left_out = [goal for goal in goals if goal.id not in chosen]
    made = synthesize(params.question, selection, abstracts, left_out=left_out)
    guidance = _guidance(params, ctx)
    if guidance is not None:
        made = guide_synthesis(made, corpus, guidance)
        _log_steering(made.steered, ctx)
    return word_synthesis(made, abstracts, corpus, ctx=ctx) if _is_written(params, ctx) else made


@workflow.step(phase="plan")
def plan(synthesis: Synthesis) -> list[PlannedQuestion]:
    """The planned questions, one for each goal and one for the whole."""
    return list(synthesis.plan)


@workflow.step(phase="plan")
def mode(plan: list[PlannedQuestion], params: Params, ctx: StepContext) -> str:
    """Ask whether to search once or in a loop; where nothing is planned, nobody is asked."""
    return str(ctx.ask(**run_mode_question(params))) if plan else ONCE


@workflow.step(phase="execute", each="plan", key="id")
def finding(*, item: PlannedQuestion, corpus: Corpus, params: Params, ctx: StepContext) -> Finding:
    """Find the evidence for one planned question."""
    if params.evidence < 1:
        raise StepFailed(f"evidence={params.evidence}: a finding quotes at least one sentence", code="bad_parameter")
    found = find_guided_evidence(item, corpus, guidance=_guidance(params, ctx), count=params.evidence)
    _log_steering(found.steered, ctx)
    return answer_in_words(found, ctx) if _is_written(params, ctx) else found


@workflow.step(phase="execute")
def deepening(*, finding: list[Finding], mode: str, corpus: Corpus, params: Params, ctx: StepContext) -> Deepening:
    """In a loop, search again for what has no evidence, and ask after each iteration whether to go on."""
    guidance = Guidance(comment=ctx.comment) if ctx.comment is not None else None
    if mode == ONCE:
        return _end_at_once(guidance, ctx)
    if params.max_iterations < 1:
        raise StepFailed(f"max_iterations={params.max_iterations}: at least one is made", code="bad_parameter")

    def search(number: int, found: Sequence[Finding]) -> tuple[Finding, ...]:
        return remember_findings(
            ctx,
            f"iteration-{number}",
            lambda: search_again(found, corpus, count=params.evidence, guidance=guidance),
        )

    made = deepen(
        finding,
        limit=params.max_iterations,
        search=search,
        go_on=lambda number, uncovered: ctx.ask(**continue_question(number, uncovered, params)) == YES,
    )
    if guidance is not None and not made.iterations:
        ctx.log.info("comment: no further iteration was made, so it changes nothing")
    for iteration in made.iterations:
        for further in iteration.findings:
            _log_steering(further.steered, ctx)
    return made


@workflow.step(phase="report")
def summary(*, synthesis: Synthesis, finding: list[Finding], deepening: Deepening, params: Params, ctx: StepContext) -> Summary:
    """Summarize all findings: in words, or by the sentences that answer to the question as a whole."""
    found = merge_findings(finding, deepening)
    made = (
        summarize_in_words(synthesis, found, ctx)
        if _is_written(params, ctx)
        else choose_summary(found, comment=ctx.comment, count=params.evidence)
    )
    _log_steering(made.steered, ctx)
    return made


@workflow.step(phase="report", deliverable=True)
def report(
    *,
    synthesis: Synthesis,
    finding: list[Finding],
    deepening: Deepening,
    summary: Summary,
    corpus: Corpus,
    ctx: StepContext,
) -> Report:
    """Put the report together, prove its citations, and keep it as ``report.md``."""
    written = write_report(synthesis, finding, corpus, deepening=deepening, summary=summary)
    try:
        prove_citations(written, corpus)
    except CitationError as error:
        raise StepFailed(error.message, code="citation_failed", detail=error.hint) from error
    (ctx.files / "report.md").write_text(written.markdown, encoding="utf-8")
    return written


def _is_written(params: Params, ctx: StepContext) -> bool:
    """Whether a model writes; where ``writing=model`` asks for one that there is not, the call fails and says so."""
    return params.writing == MODEL or (params.writing == AUTO and ctx.has_model)


def _guidance(params: Params, ctx: StepContext) -> Guidance | None:
    """The comment as a wish for retrieval: where a model reads its words, only its lists, signs and quotes steer."""
    comment = ctx.comment
    return None if comment is None else Guidance(comment=comment, takes_words=not _is_written(params, ctx))


def _end_at_once(guidance: Guidance | None, ctx: StepContext) -> Deepening:
    if guidance is not None:
        ctx.log.info("comment: it was searched once, and there is no further iteration that it could steer")
    return Deepening(ending=Ending.ONCE)


def _log_steering(steered: Steered | None, ctx: StepContext) -> None:
    if steered is not None:
        ctx.log.info("comment: %s", steered)
