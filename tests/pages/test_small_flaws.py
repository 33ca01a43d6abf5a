"""Numbers and words of the views where they once misled: phases after a failure, and two runs side by side."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from oncue.control.views.boardview import view_board
from oncue.control.views.comparison import view_comparison
from oncue.control.workspace import Workspace
from oncue.core.findings import Finding, FindingCode
from oncue.core.model import AttemptKey, JobId, StepId, step_name
from oncue.core.questions import Asking, Option, Question, QuestionId, QuestionKind
from oncue.core.questionwords import describe_response
from oncue.core.request import RunRequest, Scope
from oncue.web.findingwords import show_hint
from oncue.web.markdown import Beside, render_markdown, show_plain
from oncue.web.rendering import show_listed
from tests.export.jobs import make_job, run_job

FRAGILE = """
    from pathlib import Path
    from oncue import Workflow

    HERE = Path(__file__).parent
    fragile = Workflow("fragile", phases=["one"])

    @fragile.step(phase="one")
    def parts():
        return ["a", "b"]

    @fragile.step(phase="one", each="parts")
    def work(item):
        if (HERE / "broken").exists():
            raise ValueError("it broke")
        return item

    @fragile.step(phase="one")
    def last(parts):
        if (HERE / "broken").exists():
            raise ValueError("it broke")
        return len(parts)
"""


def test_a_failed_rerun_leaves_a_phase_as_done_as_its_outputs_are(workspace: Workspace, tmp_path: Path) -> None:
    job = make_job(workspace, tmp_path, FRAGILE)
    run_job(workspace, job.id)
    (tmp_path / "broken").touch()
    for step in ("work", "last"):
        run_job(workspace, job.id, RunRequest(scope=Scope.ONLY, steps=(step,)))

    (column,) = view_board(workspace, job.id).columns

    assert {card.name: (card.word, card.is_sound) for card in column.cards} == {
        "parts": ("fresh", True),
        "work": ("failed", True),
        "last": ("failed", True),
    }
    assert (column.done, column.total) == (3, 3)


def test_a_step_that_failed_without_an_output_is_not_done(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "broken").touch()
    job = make_job(workspace, tmp_path, FRAGILE)
    run_job(workspace, job.id)

    (column,) = view_board(workspace, job.id).columns

    assert {card.name: card.is_sound for card in column.cards} == {"parts": True, "work": False, "last": False}
    assert (column.done, column.total) == (1, 3)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Which **tone** should `eu` have?", "Which tone should eu have?"),
        ("# Title\n\nfirst\nsecond, [a link](https://example.org)\n\n- item", "Title first second, a link item"),
        ("1 < 2 & *3*", "1 < 2 & 3"),
        ("", ""),
    ],
)
def test_where_there_is_room_for_words_only_markdown_is_plain_text(text: str, plain: str) -> None:
    assert show_plain(text) == plain


def test_an_option_whose_id_and_label_say_the_same_is_named_once() -> None:
    asking = Asking(
        type="mode",
        message="?",
        kind=QuestionKind.CHOICES,
        options=(Option(id="ONCE", label="Once"), Option(id="dry", label="Dry"), Option(id="jobs", label="Many jobs")),
    )
    key = AttemptKey(job_id=JobId("j"), run=1, step=StepId("s"), number=1)
    question = Question(id=QuestionId("q"), key=key, occurrence=1, asking=asking, asked_at=datetime(2026, 1, 1, tzinfo=UTC))

    assert describe_response(question, ["ONCE", "dry", "jobs"]) == "Once, Dry, jobs (Many jobs)"


def test_the_answer_to_a_form_is_told_field_by_field() -> None:
    asking = Asking(type="contact", message="?", kind=QuestionKind.FORM, schema={"type": "object"})
    key = AttemptKey(job_id=JobId("j"), run=1, step=StepId("s"), number=1)
    question = Question(id=QuestionId("q"), key=key, occurrence=1, asking=asking, asked_at=datetime(2026, 1, 1, tzinfo=UTC))

    assert (
        describe_response(question, {"name": "Ann", "urgent": True, "mails": ["a@b.c"]})
        == "name: Ann; urgent: yes; mails: a@b.c"
    )


def test_a_list_that_goes_with_a_question_is_named_item_by_item() -> None:
    assert [show_listed(value) for value in (["shout", "count"], list(range(12)), {"a": 1}, "x")] == [
        "shout, count",
        "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more",
        '{"a": 1}',
        "x",
    ]


def test_a_page_names_no_option_of_the_command_line() -> None:
    changed = Finding(code=FindingCode.DEFINITION_CHANGED, message="it changed", hint="--definition original plans with it")
    typed = Finding(code=FindingCode.PRICE_UNKNOWN, message="stale", hint="oncue job why JOB s says why")
    gone = Finding(code=FindingCode.SOURCE_GONE, message="gone", hint="put the manifest back")

    assert "--definition" not in show_hint(changed)
    assert (show_hint(typed), show_hint(gone)) == ("", "put the manifest back")
    for code in FindingCode:
        assert "--" not in show_hint(Finding(code=code, message="m", hint="mend it, or --definition original"))


FILES = Beside(names=frozenset({"chart.svg", "data/table.csv", "data/map 1.png"}), address="/file?run=3&name=", folder="")


@pytest.mark.parametrize(
    ("folder", "text", "html"),
    [
        ("", "![the **chart**](chart.svg)", '<img src="/file?run=3&amp;name=chart.svg" alt="the chart" loading="lazy">'),
        ("", "![c](./chart.svg)", '<img src="/file?run=3&amp;name=chart.svg" alt="c" loading="lazy">'),
        ("data", "![m](map%201.png)", '<img src="/file?run=3&amp;name=data%2Fmap%201.png" alt="m" loading="lazy">'),
        ("data", "![c](../chart.svg)", '<img src="/file?run=3&amp;name=chart.svg" alt="c" loading="lazy">'),
        ("", "![table](data/table.csv)", '<a href="/file?run=3&amp;name=data%2Ftable.csv"'),
        ("", "[the data](data/table.csv)", '<a href="/file?run=3&amp;name=data%2Ftable.csv"'),
        ("", "![c](https://x.example/chart.svg)", '<a href="https://x.example/chart.svg"'),
        ("", "![c](//x.example/chart.svg)", '<a href="//x.example/chart.svg"'),
        ("", '![a"b](chart.svg)', 'alt="a&quot;b"'),
    ],
)
def test_a_text_shows_the_pictures_and_links_the_files_beside_it(folder: str, text: str, html: str) -> None:
    shown = render_markdown(text, replace(FILES, folder=folder))

    assert html in shown
    assert ("<img" in shown) == html.startswith(("<img", "alt"))


@pytest.mark.parametrize(
    "target", ["other.svg", "../chart.svg", "javascript:chart.svg", "data:image/svg+xml,chart.svg", "/chart.svg"]
)
def test_a_text_shows_no_picture_that_is_not_beside_it(target: str) -> None:
    assert "<img" not in render_markdown(f"![c]({target})", FILES)


def test_tables_keep_their_alignment_without_a_style_and_scroll_by_themselves() -> None:
    html = render_markdown("| a | b | c |\n|---|---:|:---:|\n| 1 | 2 | 3 |\n")

    assert '<div class="scroll" tabindex="0"><table>' in html
    assert '<th class="is-right">b</th>' in html
    assert '<td class="is-center">3</td>' in html
    assert "style" not in html


def test_an_output_that_a_run_left_alone_is_the_one_that_was_current_then(workspace: Workspace, tmp_path: Path) -> None:
    job = make_job(workspace, tmp_path)
    run_job(workspace, job.id)
    run_job(workspace, job.id, RunRequest(scope=Scope.ONLY, steps=("table",)))
    run_job(workspace, job.id, RunRequest(scope=Scope.ALL, params={"depth": 1, "region": "us"}))

    partly = view_comparison(workspace, job.id, left=1, right=2)
    fewer = view_comparison(workspace, job.id, left=2, right=3)

    assert {pair.name: (pair.right, pair.differs) for pair in partly.outputs} == {
        "pages": ("the same, of run 1", False),
        "summary[eu/0]": ("the same, of run 1", False),
        "summary[eu/1]": ("the same, of run 1", False),
        "table": ("the same, of run 2", False),
        "report": ("the same, of run 1", False),
    }
    assert {pair.name: (pair.left, pair.right) for pair in fewer.outputs if step_name(StepId(pair.name)) == "summary"} == {
        "summary[eu/0]": ("of run 1", "none"),
        "summary[eu/1]": ("of run 1", "none"),
        "summary[us/0]": ("none", "of run 3"),
    }


ONCE = """
    from oncue import Workflow

    once = Workflow("once", phases=["one"])

    @once.step(phase="one")
    def asks(ctx):
        return ctx.ask("tone", "Which?", options=["a", "b"], default="a", timeout_seconds=0.1, on_timeout="default")

    @once.step(phase="one")
    def other():
        return 1
"""


def test_a_decision_that_one_run_did_not_need_is_no_difference(workspace: Workspace, tmp_path: Path) -> None:
    job = make_job(workspace, tmp_path, ONCE)
    run_job(workspace, job.id)
    run_job(workspace, job.id, RunRequest(scope=Scope.ONLY, steps=("other",)))

    (decision,) = view_comparison(workspace, job.id, left=1, right=2).decisions

    assert (decision.right, decision.is_unasked, decision.differs) == ("not asked", True, False)
