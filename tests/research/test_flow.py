"""The workflow: its steps fit together through JSON, and importing it costs little."""

import logging
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from pydantic import TypeAdapter

from oncue import Output, Params, StepFailed
from oncue.control.steps.calls import StepOutput
from oncue.core.comments import GivenComment
from oncue.core.model import JobId
from oncue.workflows.research.citations import Report, check_citations
from oncue.workflows.research.flow import corpus, workflow
from oncue.workflows.research.gathering import gather
from tests.definitions.desk import MemoryDesk, make_call, output, run_body


def test_the_steps_depend_on_each_other_as_drawn() -> None:
    steps = {step.name: (step.phase, step.needs, step.each) for step in workflow.definition.steps}

    assert steps == {
        "corpus": ("gather", (), None),
        "abstracts": ("gather", ("corpus",), None),
        "goals": ("goals", ("corpus",), None),
        "selection": ("goals", ("goals",), None),
        "synthesis": ("plan", ("goals", "selection", "abstracts", "corpus"), None),
        "plan": ("plan", ("synthesis",), None),
        "mode": ("plan", ("plan",), None),
        "finding": ("execute", ("corpus",), "plan"),
        "deepening": ("execute", ("finding", "mode", "corpus"), None),
        "summary": ("report", ("synthesis", "finding", "deepening"), None),
        "report": ("report", ("synthesis", "finding", "deepening", "summary", "corpus"), None),
    }
    assert [step.name for step in workflow.definition.steps if step.is_source] == ["corpus"]
    assert [step.name for step in workflow.definition.steps if step.is_deliverable] == ["report"]


def test_a_corpus_that_cannot_be_used_fails_its_step_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(StepFailed) as caught:
        corpus(Params({"corpus": str(tmp_path / "nowhere")}))

    assert caught.value.code == "unusable_corpus"
    assert "python-docs" in caught.value.message


def test_declaring_the_workflow_imports_no_heavy_library() -> None:
    heavy = ["igraph", "pypdf", "bs4", "markdown_it"]
    code = f"import sys, oncue.workflows.research.flow; print([name for name in {heavy} if name in sys.modules])"

    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert shown.stdout.strip() == "[]"


def test_the_steps_run_through_json_from_question_to_proved_report(tmp_path: Path) -> None:
    loaded = workflow.load()
    params = {"question": "How do generators handle exceptions?", "pillar_selection": "ALL", "run_mode": "ONCE"}
    outputs: dict[str, Output | Mapping[str, Output]] = {}

    def run(step: str, **instance: Any) -> StepOutput:
        return run_body(loaded, make_call(loaded, step, folder=tmp_path, inputs=outputs, params=params, **instance))

    for step in ("corpus", "abstracts", "goals", "selection", "synthesis", "plan", "mode"):
        outputs[step] = output(run(step).value)
    planned = loaded.name_instances("finding", cast(Output, outputs["plan"]).value)
    outputs["finding"] = {key: output(run("finding", item=item, key=key).value) for key, item in planned.items()}
    outputs["deepening"] = output(run("deepening").value)
    outputs["summary"] = output(run("summary").value)
    written = run("report")

    report = TypeAdapter(Report).validate_python(written.value)
    assert written.files["report.md"].read_text(encoding="utf-8") == report.markdown
    assert check_citations(report, gather("python-docs")) == ()
    assert next(iter(planned)) == "whole"
    assert "## 1. " in report.markdown


def comment(text: str) -> GivenComment:
    return GivenComment(job_id=JobId("job-1"), run=2, text=text, given_at=datetime(2026, 1, 1, tzinfo=UTC))


def test_steps_follow_their_comment_and_log_what_came_of_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="oncue.step")
    loaded = workflow.load()
    inputs: dict[str, Output | Mapping[str, Output]] = {
        "corpus": output(TypeAdapter(Any).dump_python(gather("python-docs"), mode="json"))
    }
    params = {"question": "How do generators handle exceptions?", "pillar_selection": "ALL", "run_mode": "ONCE"}

    def run(step: str, text: str | None, **instance: Any) -> Any:
        desk = MemoryDesk(tmp_path, comments=[comment(text)] if text else [])
        inputs[step] = output(
            run_body(
                loaded, make_call(loaded, step, folder=tmp_path, inputs=inputs, params=params, desk=desk, **instance)
            ).value
        )
        return cast(Output, inputs[step]).value

    run("abstracts", None)
    goals = run("goals", "-pdb")
    run("selection", None)
    synthesis = run("synthesis", "exclude: bdb")
    plan = run("plan", None)
    finding = run("finding", 'require: "context manager"', item=plan[0], key="whole")
    inputs["finding"] = {"whole": cast(Output, inputs["finding"])}
    run("mode", None)
    deepening = run("deepening", "-asyncio")
    summary = run("summary", "please")

    assert goals
    assert synthesis["steered"]["excluded"] == ["bdb"]
    assert all("bdb" in item["query"]["excluded"] for item in plan)
    assert finding["steered"]["required"] == ["context manager"]
    assert deepening["ending"] == "once"
    assert summary["steered"]["has_effect"] is False
    told = [record.getMessage() for record in caplog.records if record.name == "oncue.step"]
    assert told == [
        "comment: excluded: pdb",
        "comment: excluded: bdb",
        "comment: required: context manager",
        "comment: it was searched once, and there is no further iteration that it could steer",
        "comment: it has no word to search by; the result is the same as without it",
    ]


def test_it_is_plain_beforehand_which_steps_have_a_use_for_a_comment() -> None:
    steps = {step.name: step for step in workflow.definition.steps}

    assert [name for name, step in steps.items() if step.takes_comment] == [
        "goals",
        "synthesis",
        "finding",
        "deepening",
        "summary",
    ]
    assert not any(step.needs_model for step in steps.values())
