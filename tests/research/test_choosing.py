"""What research asks: its questions, answers given beforehand, and whole jobs whose questions are answered from a script."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from oncue.control.jobs import create_job
from oncue.control.steps.context import Suspended
from oncue.control.views.artifactview import view_artifacts
from oncue.control.workspace import Workspace
from oncue.core.model import Job, RunState
from oncue.core.questions import How, InvalidAnswer, OnTimeout, Question, check_answer
from oncue.core.request import AnswersPolicy, Downstream, RunRequest, Scope
from oncue.workflows.research.choosing import goal_options, preset_selection
from oncue.workflows.research.flow import workflow
from oncue.workflows.research.goals import Goal
from tests.definitions.desk import MemoryDesk, make_call, output, run_body
from tests.definitions.people import open_folder, questions_of, run_answering
from tests.research.samples import TOPICS

GOALS = [
    {"id": name, "label": name.title(), "terms": [name], "evidence_strength": strength, "documents": [], "passages": []}
    for name, strength in (("sun", 0.9), ("wind", 0.2), ("rain", 0.5))
]
QUESTION = f"{' '.join(TOPICS)}?"
REUSE = RunRequest(scope=Scope.ALL, answers=AnswersPolicy.REUSE)


def select(folder: Path, desk: MemoryDesk | None = None, **params: object) -> list[str]:
    """The ids of the goals that the selection leaves."""
    loaded = workflow.load()
    call = make_call(loaded, "selection", folder=folder, inputs={"goals": output(GOALS)}, params=params, desk=desk)
    value: Any = run_body(loaded, call).value
    return [goal["id"] for goal in value]


def test_the_goals_are_offered_with_all_the_weakest_and_none(tmp_path: Path) -> None:
    desk = MemoryDesk(tmp_path)

    with pytest.raises(Suspended):
        select(tmp_path, desk)

    ((asking, configured),) = desk.asked
    assert (asking.type, asking.kind.value, asking.default, configured) == ("pillar_selection", "choices", ["ALL"], None)
    assert [option.id for option in asking.options] == ["ALL", "DEEP", "sun", "wind", "rain", "NONE"]
    assert [option.help for option in asking.options[1:3]] == ["Wind", "evidence 90%"]
    assert (asking.timeout_seconds, asking.on_timeout) == (None, OnTimeout.WAIT)


def test_all_goals_and_none_go_with_no_other_choice(tmp_path: Path) -> None:
    desk = MemoryDesk(tmp_path)
    with pytest.raises(Suspended):
        select(tmp_path, desk)
    ((asking, _),) = desk.asked

    for mix in (["ALL", "sun"], ["ALL", "NONE"], ["NONE", "DEEP"]):
        with pytest.raises(InvalidAnswer, match="goes with no other choice"):
            check_answer(asking, mix)
    assert check_answer(asking, ["DEEP", "sun"]) == ["DEEP", "sun"]


@pytest.mark.parametrize(
    ("answer", "chosen"),
    [(["ALL"], ["sun", "wind", "rain"]), (["DEEP"], ["wind"]), (["rain", "sun"], ["sun", "rain"]), (["NONE"], []), ([], [])],
)
def test_an_answer_leaves_the_chosen_goals(answer: list[str], chosen: list[str], tmp_path: Path) -> None:
    assert select(tmp_path, MemoryDesk(tmp_path, answers={"pillar_selection": [answer]})) == chosen


@pytest.mark.parametrize(
    ("preset", "chosen"),
    [
        ("ALL", ["sun", "wind", "rain"]),
        ("deep", ["wind"]),
        ("rain, sun", ["sun", "rain"]),
        ("None", []),
        ("DEEP,sun", ["sun", "wind"]),
    ],
)
def test_a_parameter_selects_and_nobody_is_asked(preset: str, chosen: list[str], tmp_path: Path) -> None:
    assert select(tmp_path, pillar_selection=preset) == chosen


def test_a_parameter_that_names_no_goal_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidAnswer, match="'snow' is not an option"):
        select(tmp_path, pillar_selection="snow")


def test_an_empty_parameter_selects_nothing() -> None:
    assert preset_selection("") is None
    assert preset_selection(" , ") is None


def test_a_timeout_takes_the_default(tmp_path: Path) -> None:
    desk = MemoryDesk(tmp_path)

    with pytest.raises(Suspended):
        select(tmp_path, desk, timeout=60.0)

    assert [(asking.timeout_seconds, asking.on_timeout) for asking, _ in desk.asked] == [(60.0, OnTimeout.DEFAULT)]


def test_options_name_the_weakest_goals() -> None:
    goals = [Goal(**{**goal, "terms": (), "documents": (), "passages": ()}) for goal in GOALS]  # type: ignore[arg-type]

    assert goal_options(goals)[1]["help"] == "Wind"


def test_where_no_goal_was_found_or_nothing_is_planned_nobody_is_asked(tmp_path: Path) -> None:
    loaded = workflow.load()

    none = run_body(loaded, make_call(loaded, "selection", folder=tmp_path, inputs={"goals": output([])}))
    mode = run_body(loaded, make_call(loaded, "mode", folder=tmp_path, inputs={"plan": output([])}))

    assert (none.value, mode.value) == ([], "ONCE")


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    """A folder with one sentence for each topic."""
    folder = tmp_path / "documents"
    folder.mkdir()
    for word in TOPICS:
        (folder / f"{word}.md").write_text(f"The {word} is described in one sentence of this text.\n", encoding="utf-8")
    return folder


def create(workspace: Workspace, documents: Path, **params: object) -> Job:
    given = {"question": QUESTION, "corpus": str(documents), "evidence": 1, **params}
    return create_job(workspace, "research", params=given, folder=documents)


def told(questions: Sequence[Question]) -> list[tuple[str, int, object, How | None]]:
    """What was asked and how it was settled, in order."""
    return [
        (
            question.asking.type,
            question.occurrence,
            question.decision.response if question.decision else None,
            question.decision.how if question.decision else None,
        )
        for question in questions
    ]


def report_of(workspace: Workspace, job: Job) -> str:
    value: Any = view_artifacts(workspace, job.id, "report")[0].output.value
    return str(value["markdown"])


def quoted_in_short(report: str) -> int:
    """How many sentences of the whole question stand in the summary."""
    return report.partition("In short")[2].partition("|")[0].count("\n> ")


def test_none_ends_in_a_report_that_says_so(tmp_path: Path, documents: Path) -> None:
    with open_folder(tmp_path) as workspace:
        job = create(workspace, documents)

        run = run_answering(workspace, job.id, {"pillar_selection": [["NONE"]]})

        assert run.state is RunState.SUCCEEDED
        assert told(questions_of(workspace, job.id)) == [("pillar_selection", 1, ["NONE"], How.PERSON)]
        assert "No goal was chosen to be pursued" in report_of(workspace, job)


def test_presets_are_recorded_as_configured_and_nobody_waits(tmp_path: Path, documents: Path) -> None:
    with open_folder(tmp_path) as workspace:
        job = create(workspace, documents, **{"pillar_selection": "ALL", "run_mode": "DEEP_LOOP", "continue": "No"})

        run = run_answering(workspace, job.id, {})

        assert run.state is RunState.SUCCEEDED
        assert {how for *_, how in told(questions_of(workspace, job.id))} == {How.CONFIGURED}


def test_a_loop_asks_after_each_iteration_and_the_same_decisions_serve_again(tmp_path: Path, documents: Path) -> None:
    with open_folder(tmp_path) as workspace:
        job = create(workspace, documents, pillar_selection="DEEP")
        script = {"run_mode": ["DEEP_LOOP"], "continue": ["Yes", "Yes", "No"]}

        run = run_answering(workspace, job.id, script)
        again = run_answering(workspace, job.id, {}, REUSE)

        assert (run.state, again.state) == (RunState.SUCCEEDED, RunState.SUCCEEDED)
        first, second = questions_of(workspace, job.id, run=1), questions_of(workspace, job.id, run=2)
        assert told(first)[2:] == [
            ("continue", 1, "Yes", How.PERSON),
            ("continue", 2, "Yes", How.PERSON),
            ("continue", 3, "No", How.PERSON),
        ]
        asked = [question.asking.extra for question in first if question.asking.type == "continue"]
        assert [extra["iteration"] for extra in asked] == [1, 2, 3]
        assert [extra["gap_count"] for extra in asked] == sorted((extra["gap_count"] for extra in asked), reverse=True)  # type: ignore[type-var]
        assert [how for *_, how in told(second)[2:]] == [How.REUSED] * 3
        assert "Searched in 3 iterations" in report_of(workspace, job)


def test_a_rerun_of_one_finding_changes_the_report(tmp_path: Path, documents: Path) -> None:
    with open_folder(tmp_path) as workspace:
        job = create(workspace, documents, pillar_selection="ALL", run_mode="ONCE")
        run_answering(workspace, job.id, {})
        before = report_of(workspace, job)
        request = RunRequest(scope=Scope.ONLY, steps=("finding[whole]",), downstream=Downstream.RERUN, params={"evidence": 2})

        run = run_answering(workspace, job.id, {}, request)

        assert run.state is RunState.SUCCEEDED
        assert quoted_in_short(report_of(workspace, job)) == 2
        assert quoted_in_short(before) == 1
