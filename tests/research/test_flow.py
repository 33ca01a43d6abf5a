"""The workflow: its steps fit together through JSON, and importing it costs little."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from pydantic import TypeAdapter

from oncue import Output, Params, StepFailed
from oncue.control.calls import StepOutput
from oncue.workflows.research.citations import Report, check_citations
from oncue.workflows.research.flow import corpus, workflow
from oncue.workflows.research.gathering import gather
from tests.definitions.desk import make_call, output, run_body


def test_the_steps_depend_on_each_other_as_drawn() -> None:
    steps = {step.name: (step.phase, step.needs, step.each) for step in workflow.definition.steps}

    assert steps == {
        "corpus": ("gather", (), None),
        "abstracts": ("gather", ("corpus",), None),
        "goals": ("goals", ("corpus",), None),
        "selection": ("goals", ("goals",), None),
        "synthesis": ("plan", ("goals", "selection", "abstracts"), None),
        "plan": ("plan", ("synthesis",), None),
        "mode": ("plan", ("plan",), None),
        "finding": ("execute", ("corpus",), "plan"),
        "deepening": ("execute", ("finding", "mode", "corpus"), None),
        "report": ("report", ("synthesis", "finding", "deepening", "corpus"), None),
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
    written = run("report")

    report = TypeAdapter(Report).validate_python(written.value)
    assert written.files["report.md"].read_text(encoding="utf-8") == report.markdown
    assert check_citations(report, gather("python-docs")) == ()
    assert next(iter(planned)) == "whole"
    assert "## 1. " in report.markdown
