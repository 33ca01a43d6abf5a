"""The bundled research under comments: they steer what is searched for without a model, and what is written with one."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.shipped import Shell, runs_of, states
from tests.research.samples import write_folder

HEAT = "question=How does heat affect the ageing of batteries?"
DECIDED = ("pillar_selection=ALL", "run_mode=ONCE")
DEAF = ("abstracts", "selection", "plan", "mode", "report")
SECTIONS = ["rules", "context", "request", "previous", "comment", "closing"]
REPLIES = """\
usage: words
prices: {input: 1.0, output: 2.0}
rules:
  - when: {request: Give the topic}
    reply:
      json:
        topic: The documents cover heat and cold.
        questions: [QUESTIONS]
  - when: {request: Summarize what the findings say}
    reply: {json: {statements: [{text: Heat ages batteries., evidence: [e1]}]}}
  - when: {request: Answer this question, comment: in one word}
    reply: {json: {statements: [{text: Heat., evidence: [e1]}]}}
  - when: {request: Answer this question}
    reply: {json: {statements: [{text: They age in the heat., evidence: [e1, e2]}]}}
"""


@pytest.fixture(scope="module")
def finished_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """A folder with two finished jobs over the same documents: one without a model, one written by a recorded one."""
    shell = Shell(tmp_path_factory.mktemp("research"))
    write_folder(shell.folder / "documents")
    extracted = finished(shell)
    set_model(shell, extracted, REPLIES)
    written = finished(shell)
    shell.run("config", "unset", "model")
    return shell.folder, extracted, written


@pytest.fixture
def shell(tmp_path: Path, finished_once: tuple[Path, str, str]) -> Shell:
    """A copy of that folder of one's own."""
    shutil.copytree(finished_once[0], tmp_path, dirs_exist_ok=True)
    return Shell(tmp_path)


@pytest.fixture
def extracted(finished_once: tuple[Path, str, str]) -> str:
    """The job without a model."""
    return finished_once[1]


@pytest.fixture
def written(shell: Shell, finished_once: tuple[Path, str, str]) -> str:
    """The job with one, which is set."""
    shell.run("config", "set", "model", "recorded:replies.yaml")
    return finished_once[2]


def set_model(shell: Shell, job: str, replies: str) -> None:
    """Set a recorded model; it has a question for every goal of the job."""
    goals = [goal["id"] for goal in value(shell, job, "goals")]
    questions = ", ".join(f'{{goal: "{goal}", question: "What of {goal}?"}}' for goal in goals)
    shell.write("replies.yaml", replies.replace("QUESTIONS", questions))
    assert shell.run("config", "set", "model", "recorded:replies.yaml").code == 0


def finished(shell: Shell, *params: str) -> str:
    job = shell.create("research", *(params or (HEAT, "corpus=documents")), *DECIDED)
    answer = shell.run("job", "run", job)
    assert answer.code == 0, answer
    return job


def value(shell: Shell, job: str, step: str) -> Any:
    return shell.get("job", "artifact", job, step)["value"]


def report(shell: Shell, job: str) -> str:
    return shell.run("job", "artifact", job, "report", "--file", "report.md").out


def findings(shell: Shell, job: str) -> dict[str, Any]:
    """Id → the finding, of every planned question."""
    return {one["step"]: one["value"] for one in shell.get("job", "artifact", job, "finding")["instances"]}


def rerun(shell: Shell, job: str, step: str, comment: str, *options: str) -> Any:
    return shell.get("job", "rerun", job, "--only", "--step", step, "--comment", comment, *options)


def calls(shell: Shell, job: str, step: str, run: int) -> list[Any]:
    attempts = shell.get("job", "trace", job, step, "--run", str(run))["attempts"]
    return [call for attempt in attempts for call in attempt["calls"]]


def test_a_comment_steers_one_finding_and_says_how(shell: Shell) -> None:
    job = finished(shell, "question=How do generators handle exceptions?", "corpus=python-docs")
    before = findings(shell, job)
    comment = 'exclude: generators; require: "context manager"'

    run = rerun(shell, job, "finding[2]", comment, "--kind", "method", "--reason", "off the point")["run"]

    (changed,) = run["executed"]
    after = findings(shell, job)
    assert {name for name in after if after[name] != before[name]} == {changed}
    found = after[changed]
    assert found["steered"]["excluded"] == ["generators"]
    assert found["steered"]["required"] == ["context manager"]
    assert found["steered"]["has_effect"] is True
    assert {text["text"] for text in found["evidence"]}.isdisjoint(text["text"] for text in before[changed]["evidence"])
    assert states(shell.get("job", "show", job))["report"] == "stale"
    log = shell.run("job", "log", job, changed).out
    assert "comment: required: context manager; excluded: generators" in log
    trace = shell.get("job", "trace", job, changed, "--run", "2")["attempts"][0]
    assert [given["text"] for given in trace["comments"]] == [comment]
    assert any("comment: required: context manager; excluded: generators" in line for line in trace["log"])
    assert shell.run("job", "rerun", job, "--failed").code == 0
    title = found["item"]["title"]
    assert f"- Comment on the finding “{title}”: required: context manager; excluded: generators." in report(shell, job)
    assert "; required: context manager; excluded: generators.*" in report(shell, job)


def test_excluding_everything_leaves_an_honest_report(shell: Shell, extracted: str) -> None:
    words = ", ".join(findings(shell, extracted)["finding[whole]"]["item"]["query"]["terms"])

    rerun(shell, extracted, "finding[whole]", f"exclude: {words}", "--downstream", "rerun")

    assert findings(shell, extracted)["finding[whole]"]["evidence"] == []
    assert "- No evidence was found for: The question as a whole." in report(shell, extracted)


def test_a_comment_that_changes_nothing_says_so(shell: Shell, extracted: str) -> None:
    before = findings(shell, extracted)["finding[whole]"]

    rerun(shell, extracted, "finding[whole]", "please mention zebras")

    after = findings(shell, extracted)["finding[whole]"]
    assert after["evidence"] == before["evidence"]
    assert after["steered"]["unknown"] == ["mention", "zebras"]
    assert after["steered"]["has_effect"] is False
    log = shell.run("job", "log", extracted, "finding[whole]").out
    assert "comment: no passage has: mention, zebras; the result is the same as without it" in log


def test_steps_that_can_do_nothing_with_a_comment_are_named_beforehand(shell: Shell, extracted: str) -> None:
    for step in DEAF:
        refused = shell.run("job", "rerun", extracted, "--only", "--step", step, "--comment", "-heat", "--json")

        assert (refused.code, refused.error["code"]) == (3, "comment_without_effect")


def test_a_phase_warns_of_the_steps_that_do_not_read_its_comment(shell: Shell, extracted: str) -> None:
    plan = shell.get("job", "rerun", extracted, "--phase", "plan", "--comment", "-heat", "--plan")["plan"]

    (warning,) = [found for found in plan["warnings"] if found["code"] == "comment_unread"]
    assert "mode, plan" in warning["message"]


def test_the_summary_can_be_steered_by_itself(shell: Shell, extracted: str) -> None:
    before = findings(shell, extracted)

    run = rerun(shell, extracted, "summary", "exclude: heat", "--downstream", "rerun")["run"]

    assert run["executed"] == ["summary", "report"]
    assert not any("heat" in text.lower() for text in value(shell, extracted, "summary")["sentences"])
    assert findings(shell, extracted) == before
    assert "- Comment on the summary: excluded: heat." in report(shell, extracted)


@pytest.mark.proves("S0-7", "S0-23")
def test_with_a_model_one_finding_is_written_again_as_a_person_asks(shell: Shell, written: str) -> None:
    before = findings(shell, written)
    comment = "Answer in one word, from your own knowledge, and leave the evidence out"

    run = rerun(shell, written, "finding[whole]", comment, "--kind", "format")["run"]

    after = findings(shell, written)
    assert run["executed"] == ["finding[whole]"]
    assert {name for name in after if after[name] != before[name]} == {"finding[whole]"}
    assert [claim["text"] for claim in before["finding[whole]"]["answer"]] == ["They age in the heat."]
    assert [claim["text"] for claim in after["finding[whole]"]["answer"]] == ["Heat."]
    assert after["finding[whole]"]["evidence"] == before["finding[whole]"]["evidence"]
    (call,) = calls(shell, written, "finding[whole]", 2)
    assert [section["name"] for section in call["sections"]] == SECTIONS
    shown = shell.run("job", "trace", written, "finding[whole]", "--run", "2", "--call", "1").out
    above, quoted, below = shown.partition(f"> (on: format) {comment}")
    assert quoted
    assert "Answer only from the evidence in the context." in above
    assert "| They age in the heat." in above.partition("--- previous")[2]
    assert "The rules at the top prevail" in below
    assert runs_of(shell.get("job", "show", written))["report"] == 1


def test_with_a_model_the_report_says_what_it_wrote_and_quotes_only_the_documents(shell: Shell, written: str) -> None:
    text = report(shell, written)

    assert "The documents cover heat and cold." in text
    assert "Heat ages batteries. [" in text
    assert "- Written by a language model, from the quoted evidence alone: the topic and the questions, the summary, " in text
    quoted = {line.removeprefix("> ").rpartition(" [")[0] for line in text.split("\n") if line.startswith("> ")}
    assert quoted
    assert not quoted & {"They age in the heat.", "Heat ages batteries."}


def test_the_same_job_without_its_model_is_extractive_again(shell: Shell, written: str) -> None:
    shell.get("job", "rerun", written, "--only", "--step", "finding[whole]", "--param", "writing=extractive")

    after = findings(shell, written)

    assert after["finding[whole]"]["answer"] == []
    assert all(finding["answer"] for name, finding in after.items() if name != "finding[whole]")


def test_an_answer_that_rests_on_nothing_goes_back_once(shell: Shell, written: str) -> None:
    bad = "{json: {statements: [{text: They age., evidence: [e99]}]}}"
    good = "{json: {statements: [{text: They do age., evidence: [e1]}]}}"
    shell.write("replies.yaml", f"rules:\n  - reply: [{bad}, {good}]\n")

    shell.get("job", "rerun", written, "--only", "--step", "finding[whole]", "--context", "clean")

    assert [call["purpose"] for call in calls(shell, written, "finding[whole]", 2)] == ["generate", "self_correct"]
    assert findings(shell, written)["finding[whole]"]["answer"] == [{"text": "They do age.", "evidence": [1]}]


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        ("{json: {statements: [{text: They age., evidence: [e99]}]}}", "draft_failed"),
        ("{text: no JSON at all}", "unparsable_answer"),
        ("{error: refused}", "model_refused"),
    ],
)
def test_an_answer_that_is_none_fails_the_step_and_leaves_the_last_one(
    shell: Shell, written: str, reply: str, code: str
) -> None:
    before = findings(shell, written)
    shell.write("replies.yaml", f"rules:\n  - reply: {reply}\n")

    failed = shell.run("job", "rerun", written, "--only", "--step", "finding[whole]", "--json")

    assert (failed.code, failure(shell, written, "finding[whole]")["code"]) == (1, code)
    assert findings(shell, written) == before


def test_writing_with_a_model_needs_one(shell: Shell, extracted: str) -> None:
    failed = shell.run("job", "rerun", extracted, "--only", "--step", "synthesis", "--param", "writing=model", "--json")

    assert (failed.code, failure(shell, extracted, "synthesis")["code"]) == (1, "no_model")


def failure(shell: Shell, job: str, step: str) -> Any:
    found = next(one for one in shell.get("job", "show", job)["steps"] if one["id"] == step)
    return found["last_attempt"]["error"]
