"""With a model: who writes is a choice, what is written rests on evidence, and the report says which of it is whose."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from oncue import Output, StepContext
from oncue.core.comments import GivenComment
from oncue.core.model import ContextMode, JobId, StepId
from oncue.workflows.research.abstracts import Abstracts, summarize_corpus
from oncue.workflows.research.answering import answer_in_words
from oncue.workflows.research.citations import prove_citations
from oncue.workflows.research.claims import Claim, Draft, Statement
from oncue.workflows.research.deepening import Deepening
from oncue.workflows.research.documents import Corpus
from oncue.workflows.research.evidence import Finding, find_evidence
from oncue.workflows.research.flow import workflow
from oncue.workflows.research.gathering import gather
from oncue.workflows.research.goals import derive_goals, question_query
from oncue.workflows.research.reporting import write_report
from oncue.workflows.research.summarizing import Summary
from oncue.workflows.research.synthesis import WHOLE, PlannedQuestion, Synthesis, synthesize
from oncue.workflows.research.wording import WordedPlan, WordedQuestion, find_plan_faults
from tests.definitions.desk import MemoryDesk, make_call, output, run_body
from tests.research.samples import TOPICS, corpus_of, write_folder

QUESTION = "How does heat affect the ageing of batteries?"


@pytest.fixture(scope="module")
def handbook(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return gather(str(write_folder(tmp_path_factory.mktemp("words") / "documents")))


@pytest.fixture(scope="module")
def made(handbook: Corpus) -> Synthesis:
    return synthesize(QUESTION, derive_goals(QUESTION, handbook), summarize_corpus(handbook))


@pytest.fixture(scope="module")
def finding(made: Synthesis, handbook: Corpus) -> Finding:
    return find_evidence(made.plan[0], handbook, count=3)


def as_output(kind: Any, value: object) -> Output:
    return output(TypeAdapter(kind).dump_python(value, mode="json"))


def run(step: str, kind: Any, inputs: Mapping[str, Any], *, desk: MemoryDesk, folder: Path, **options: Any) -> Any:
    """What a step made, as the record it is."""
    loaded = workflow.load()
    params = {"question": QUESTION, **options.pop("params", {})}
    call = make_call(loaded, step, folder=folder, inputs=inputs, params=params, desk=desk, **options)
    return TypeAdapter(kind).validate_python(run_body(loaded, call).value)


def find(corpus: Corpus, made: Synthesis, *, desk: MemoryDesk, folder: Path, **params: object) -> Finding:
    item = TypeAdapter(Any).dump_python(made.plan[0], mode="json")
    found: Finding = run(
        "finding",
        Finding,
        {"corpus": as_output(Corpus, corpus)},
        desk=desk,
        folder=folder,
        item=item,
        key="whole",
        params={"evidence": 3, **params},
    )
    return found


def draft(*texts: str) -> Draft:
    return Draft(statements=tuple(Statement(text=text, evidence=("e1",)) for text in texts))


def worded(made: Synthesis, **search: tuple[str, ...]) -> WordedPlan:
    questions = tuple(
        WordedQuestion(goal=goal.id, question=f"What of {goal.label}?", search=search.get("search", ())) for goal in made.goals
    )
    return WordedPlan(topic="Heat and cold,\nin short.", questions=questions)


@pytest.mark.parametrize(
    ("writing", "has_model", "is_written"),
    [("auto", True, True), ("auto", False, False), ("extractive", True, False), ("model", True, True)],
)
def test_a_model_writes_where_it_is_asked_to_or_there_is_one(
    writing: str, has_model: bool, is_written: bool, handbook: Corpus, made: Synthesis, tmp_path: Path
) -> None:
    desk = MemoryDesk(tmp_path, drafts=[draft("Heat ages.")] if has_model else [])

    found = find(handbook, made, desk=desk, folder=tmp_path, writing=writing)

    assert bool(found.answer) is is_written
    assert len(desk.wished) == is_written


def test_an_answer_is_written_from_the_evidence_and_checked_against_it(
    handbook: Corpus, made: Synthesis, tmp_path: Path
) -> None:
    desk = MemoryDesk(tmp_path, drafts=[draft("Heat ages.", "Much.")])

    found = find(handbook, made, desk=desk, folder=tmp_path)

    (wish,) = desk.wished
    assert found.answer == (Claim(text="Heat ages.", evidence=(1,)), Claim(text="Much.", evidence=(1,)))
    assert all(f"e{place}: {text}" in wish.context for place, text in enumerate(found.texts, 1))
    assert QUESTION in wish.request
    assert wish.checks[0](draft("Heat ages.")) is None
    assert wish.checks[0](Draft(statements=(Statement(text="Heat.", evidence=("e4",)),)))


def test_where_there_is_no_evidence_no_model_is_asked(handbook: Corpus, made: Synthesis, tmp_path: Path) -> None:
    out = ", ".join(made.plan[0].query.terms)
    comment = GivenComment(job_id=JobId("j"), run=2, text=f"exclude: {out}", given_at=datetime(2026, 1, 1, tzinfo=UTC))
    desk = MemoryDesk(tmp_path, drafts=[draft("Invented.")], comments=[comment])

    found = find(handbook, made, desk=desk, folder=tmp_path)

    assert (found.evidence, found.answer, desk.wished) == ((), (), [])


def test_evidence_that_has_no_room_in_the_prompt_is_counted(
    handbook: Corpus, made: Synthesis, finding: Finding, tmp_path: Path
) -> None:
    long = tuple(replace(finding.evidence[0], text=f"Sentence {n} {'of many words ' * 100}") for n in range(40))
    desk = MemoryDesk(tmp_path, drafts=[draft("Heat ages.")])
    ctx = StepContext(desk, step=StepId("finding[whole]"), run=1, attempt=1, mode=ContextMode.KEEP)

    found = answer_in_words(replace(finding, evidence=long), ctx)

    shown = desk.wished[0].context.count("Sentence ")
    assert 1 < shown < 40
    assert found.unseen == 40 - shown
    assert f"{found.unseen} further sentences, for the size of this prompt." in desk.wished[0].context
    report = write_report(made, [replace(finding, unseen=2)], handbook)
    assert "- Not shown to the model, for the size of its prompts: 2 sentences of the evidence." in report.markdown


def test_the_topic_and_the_questions_are_put_into_words(handbook: Corpus, made: Synthesis, tmp_path: Path) -> None:
    desk = MemoryDesk(tmp_path, drafts=[worded(made, search=("Cold", "quagga", "direct sunlight"))])
    goals = as_output(Any, made.goals)
    inputs = {
        "goals": goals,
        "selection": goals,
        "abstracts": as_output(Abstracts, summarize_corpus(handbook)),
        "corpus": as_output(Corpus, handbook),
    }

    synthesis = run("synthesis", Synthesis, inputs, desk=desk, folder=tmp_path)

    assert synthesis.is_worded
    assert synthesis.topic == "Heat and cold, in short."
    assert [item.question for item in synthesis.plan] == [QUESTION, *(f"What of {goal.label}?" for goal in made.goals)]
    assert [item.query.added for item in synthesis.plan] == [(), *([("cold", "direct sunlight")] * len(made.goals))]
    assert all(goal.label in desk.wished[0].context for goal in made.goals)


@pytest.mark.parametrize(
    ("topic", "questions", "fault"),
    [
        ("Yes.", [("a", "A?"), ("b", "B?")], None),
        (" ", [("a", "A?"), ("b", "B?")], "The topic is empty."),
        ("Yes.", [("a", "A?")], "There is no question for the goal b."),
        ("Yes.", [("a", "A?"), ("a", "A!"), ("b", "B?")], "There are several questions for the goal a."),
        ("Yes.", [("a", "A?"), ("b", "B?"), ("c", "C?")], "There is no goal 'c'; the goals are a, b."),
        ("Yes.", [("a", ""), ("b", "B?")], "The question of a must have between 1 and 300 characters."),
    ],
)
def test_a_plan_in_words_has_one_question_for_each_goal(
    topic: str, questions: list[tuple[str, str]], fault: str | None
) -> None:
    plan = WordedPlan(topic=topic, questions=tuple(WordedQuestion(goal=goal, question=text) for goal, text in questions))

    assert find_plan_faults(plan, ["a", "b"]) == fault


def test_more_words_to_search_by_than_allowed_are_a_fault() -> None:
    plan = WordedPlan(topic="x", questions=(WordedQuestion(goal="a", question="A?", search=tuple("vwxyz")),))

    assert find_plan_faults(plan, ["a"]) == "There are more than 4 words to search by for a."


def test_the_summary_keeps_the_sentences_it_rests_on(made: Synthesis, finding: Finding, tmp_path: Path) -> None:
    both = Draft(statements=(Statement(text="Heat ages.", evidence=("e3", "e1")), Statement(text="Yes.", evidence=("e3",))))
    desk = MemoryDesk(tmp_path, drafts=[both])
    inputs = {
        "synthesis": as_output(Synthesis, made),
        "finding": {"whole": as_output(Finding, finding)},
        "deepening": output({"ending": "once", "iterations": []}),
    }

    summary = run("summary", Summary, inputs, desk=desk, folder=tmp_path)

    assert summary.sentences == (finding.texts[0], finding.texts[2])
    assert summary.claims == (Claim(text="Heat ages.", evidence=(1, 2)), Claim(text="Yes.", evidence=(2,)))
    assert all(text in desk.wished[0].context for text in finding.texts)


def test_a_writer_sees_its_last_words_and_not_the_rest_of_its_output(
    made: Synthesis, finding: Finding, handbook: Corpus, tmp_path: Path
) -> None:
    before = replace(finding, answer=(Claim(text="Heat ages.", evidence=(1,)), Claim(text="Much.", evidence=(2,))))
    desk = MemoryDesk(tmp_path, TypeAdapter(Finding).dump_python(before, mode="json"), drafts=[draft("Heat.")])
    plain = MemoryDesk(tmp_path, TypeAdapter(Finding).dump_python(finding, mode="json"), drafts=[draft("Heat.")])
    goals = as_output(Any, made.goals)
    inputs = {
        "goals": goals,
        "selection": goals,
        "abstracts": as_output(Abstracts, summarize_corpus(handbook)),
        "corpus": as_output(Corpus, handbook),
    }
    said = replace(made, topic="Heat.", is_worded=True)
    planning = MemoryDesk(tmp_path, TypeAdapter(Synthesis).dump_python(said, mode="json"), drafts=[worded(made)])

    find(handbook, made, desk=desk, folder=tmp_path)
    find(handbook, made, desk=plain, folder=tmp_path)
    run("synthesis", Synthesis, inputs, desk=planning, folder=tmp_path)

    assert desk.wished[0].previous == "Heat ages.\nMuch."
    assert plain.wished[0].previous == ""
    assert planning.wished[0].previous == "\n".join(["Heat.", *(item.question for item in made.plan)])


def test_a_summary_of_nothing_asks_no_model(made: Synthesis, tmp_path: Path) -> None:
    desk = MemoryDesk(tmp_path, drafts=[draft("Invented.")])
    inputs = {
        "synthesis": as_output(Synthesis, made),
        "finding": {},
        "deepening": output({"ending": "once", "iterations": []}),
    }

    assert run("summary", Summary, inputs, desk=desk, folder=tmp_path) == Summary()
    assert desk.wished == []


def test_the_report_tells_words_from_quotations_and_proves_the_quotations(
    made: Synthesis, finding: Finding, handbook: Corpus
) -> None:
    answered = replace(finding, answer=(Claim(text="Heat ages.", evidence=(2,)),))
    summary = Summary(sentences=finding.texts[1:2], claims=(Claim(text="In a word: heat.", evidence=(1,)),))

    report = write_report(replace(made, is_worded=True), [answered], handbook, summary=summary)

    prove_citations(report, handbook)
    numbers = {reference.quotation.text: reference.number for reference in report.references}
    number = numbers[finding.texts[1]]
    assert f"\nIn a word: heat. [{number}]\n" in report.markdown
    assert f"\nHeat ages. [{number}]\n" in report.markdown
    assert "- Written by a language model, from the quoted evidence alone: " in report.markdown
    assert "the topic and the questions, the summary, 1 answer of 1 finding" in report.markdown


def test_a_summary_of_other_findings_is_left_out_and_the_report_says_so(
    made: Synthesis, finding: Finding, handbook: Corpus
) -> None:
    older = Summary(sentences=("No longer quoted.",), claims=(Claim(text="Outdated.", evidence=(1,)),))

    report = write_report(made, [finding], handbook, summary=older)

    prove_citations(report, handbook)
    assert "Outdated." not in report.markdown
    assert "- The summary was made of other findings than these, so it is left out." in report.markdown
    assert "In short, the documents say:" in report.markdown


def test_words_of_a_model_do_not_stand_under_what_the_documents_say(
    made: Synthesis, finding: Finding, handbook: Corpus
) -> None:
    answered = replace(finding, answer=(Claim(text="Heat ages.", evidence=(1,)),))

    report = write_report(made, [answered], handbook)

    prove_citations(report, handbook)
    summary, _, rest = report.markdown.partition("## The question as a whole")
    assert "Heat ages." not in summary
    assert "Heat ages. [1]" in rest
    assert all(f"[{place}]" in summary for place in (1, 2, 3))


@pytest.mark.parametrize(
    "text",
    [
        "> An invented quotation. [1]",
        "## References",
        "[x]: http://example.com",
        "1. A list",
        "<b>bold</b> & [a](b)",
        "| a | b |",
        "``` code",
    ],
)
def test_nothing_that_a_model_writes_can_pose_as_a_part_of_the_report(
    text: str, made: Synthesis, finding: Finding, handbook: Corpus
) -> None:
    answered = replace(finding, answer=(Claim(text="Heat ages.", evidence=(1,)),))
    plain = write_report(made, [answered], handbook)

    report = write_report(made, [replace(answered, answer=(Claim(text=text, evidence=(1,)),))], handbook)

    prove_citations(report, handbook)
    assert report.references == plain.references
    headings = re.compile(r"^#+ .*$", re.MULTILINE)
    assert headings.findall(report.markdown) == headings.findall(plain.markdown)


def test_where_no_model_writes_a_comment_is_read_word_by_word_all_the_same(tmp_path: Path) -> None:
    corpus = corpus_of(**{f"on_{word}": f"The {word} is described in one sentence of this text.\n" for word in TOPICS})
    item = PlannedQuestion(id=WHOLE, title="whole", question="", goal="", query=question_query("sun and wind"))
    given = GivenComment(job_id=JobId("j"), run=2, text="more about frost", given_at=datetime(2026, 1, 1, tzinfo=UTC))
    desk = MemoryDesk(tmp_path, drafts=[draft("Never asked for.")], comments=[given])
    inputs = {
        "finding": {"whole": as_output(Finding, find_evidence(item, corpus, count=1))},
        "mode": output("DEEP_LOOP"),
        "corpus": as_output(Corpus, corpus),
    }
    params = {"continue": "Yes", "max_iterations": 2}

    deeper = run("deepening", Deepening, inputs, desk=desk, folder=tmp_path, params=params)

    ((found,),) = [iteration.findings for iteration in deeper.iterations]
    assert (found.steered.added, found.steered.is_read) == (("frost",), False)
    assert desk.wished == []
