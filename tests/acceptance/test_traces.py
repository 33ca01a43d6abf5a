"""What was said to models, and how it changed: read through the shipped command."""

import json
from typing import Any

import pytest

from tests.acceptance.shipped import Shell

FLOW = '''\
"""A letter that is checked twice."""

from oncue import StepContext, Workflow

letters = Workflow("letters", phases=["write"], persona="You are a clerk.", rules=["Never promise."], params={"year": 2023})


def holds_a_number(text: str) -> None:
    if not any(character.isdigit() for character in text):
        raise ValueError("no number in it")


def is_signed(text: str) -> str | None:
    return None if "Yours" in text else "it is not signed"


@letters.step(phase="write")
def table() -> str:
    return "2023: 11 mm; 2024: 12 mm"


@letters.step(phase="write")
def letter(table: str, ctx: StepContext) -> str:
    return ctx.generate("Write the letter.", context={"table": table}, checks=[holds_a_number, is_signed])


@letters.step(phase="write")
def archive(letter: str) -> str:
    return f"filed: {letter}"
'''
REPLIES = """\
usage: words
prices: {input: 1, output: 2}
rules:
  - when: {problem: {contains: no number}, comment: true}
    reply: 12 mm of rain.
  - when: {problem: {contains: no number}}
    reply: 11 mm of rain.
  - when: {problem: {contains: not signed}, comment: true}
    reply: 12 mm of rain. Yours
  - when: {problem: {contains: not signed}}
    reply: 11 mm of rain. Yours
  - reply: Much rain.
"""
COMMENT = "use the 2024 column, not 2023"


def write_letter(shell: Shell) -> str:
    """A job with a letter that was written once, and mended twice."""
    shell.write("letters.py", FLOW)
    shell.write("replies.yaml", REPLIES)
    created = shell.create("letters:letters")
    shell.get("config", "set", "model", "recorded:replies.yaml")
    assert shell.get("job", "run", created)["run"]["status"] == "succeeded"
    return created


@pytest.fixture
def job(shell: Shell) -> str:
    """Such a job, in a folder of its own."""
    return write_letter(shell)


@pytest.fixture(scope="module")
def letter(tmp_path_factory: pytest.TempPathFactory) -> tuple[Shell, str]:
    """Such a job, shared by tests that change nothing of it."""
    shell = Shell(tmp_path_factory.mktemp("letter"))
    return shell, write_letter(shell)


def rerun(shell: Shell, job: str, *options: str) -> Any:
    """Rerun only the letter."""
    return shell.get("job", "rerun", job, "--only", "--step", "letter", *options)


def calls(shell: Shell, job: str, run: int) -> Any:
    """The calls of the letter in a run, with all that was said."""
    (attempt,) = shell.get("job", "trace", job, "letter", "--run", str(run), "--payload")["attempts"]
    return attempt["calls"]


def section(call: Any, name: str) -> Any:
    """One section of a call, None where it has none of that name."""
    return next((part for part in call["sections"] if part["name"] == name), None)


def test_a_trace_says_why_each_call_was_made_with_what_and_what_it_cost(letter: tuple[Shell, str]) -> None:
    shell, job = letter

    found = calls(shell, job, 1)

    assert [call["purpose"] for call in found] == ["generate", "fix_error", "self_correct"]
    assert [call["reply_text"] for call in found] == ["Much rain.", "11 mm of rain.", "11 mm of rain. Yours"]
    assert "no number in it" in section(found[1], "problem")["text"]
    assert section(found[2], "draft")["text"] == "11 mm of rain."
    messages = json.loads(found[0]["payload_text"])["messages"]
    assert messages[0]["content"] == section(found[0], "rules")["text"]
    spent = shell.get("job", "trace", job)["spending"]
    assert spent["tokens"] == sum(call["usage"]["input_tokens"] + call["usage"]["output_tokens"] for call in found)
    assert spent["usd"] == pytest.approx(sum(call["usd"] for call in found))
    assert {call["price_source"] for call in found} == {f"the script {shell.folder / 'replies.yaml'}"}
    assert found[0]["attributes"]["gen_ai.usage.input_tokens"] == found[0]["usage"]["input_tokens"]


@pytest.mark.proves("S0-7", "S0-15")
def test_the_comment_is_in_the_payload_and_in_the_trace_of_the_call_that_generates(shell: Shell, job: str) -> None:
    rerun(shell, job, "--comment", COMMENT, "--kind", "data", "--reason", "wrong year")

    generated = calls(shell, job, 2)[0]

    assert generated["purpose"] == "generate"
    assert f"> (on: data) {COMMENT}" in json.loads(generated["payload_text"])["messages"][1]["content"]
    (comment,) = generated["comments"]
    assert (comment["text"], comment["kind"], comment["author"], comment["reason"]) == (COMMENT, "data", "ada", "wrong year")
    assert [call["comments"] for call in calls(shell, job, 1)] == [[], [], []]
    text = shell.run("job", "trace", job, "letter", "--run", "2").out
    assert f"comment of run 2 by ada (data): {COMMENT}" in text


@pytest.mark.proves("S0-8", "S0-9")
def test_every_correction_of_the_run_carries_the_comment(shell: Shell, job: str) -> None:
    rerun(shell, job, "--comment", COMMENT)

    found = calls(shell, job, 2)

    assert [call["purpose"] for call in found] == ["generate", "fix_error", "self_correct"]
    assert [section(call, "comment")["text"] for call in found] == [f"> {COMMENT}"] * 3
    assert all(f"> {COMMENT}" in json.loads(call["payload_text"])["messages"][1]["content"] for call in found)
    assert shell.get("job", "artifact", job, "letter")["value"] == "12 mm of rain. Yours"


@pytest.mark.proves("S0-10")
def test_keep_shows_the_same_context_and_the_last_output_and_clean_what_comes_from_upstream_alone(
    shell: Shell, job: str
) -> None:
    rerun(shell, job, "--context", "keep")
    rerun(shell, job, "--context", "clean")

    first, kept, clean = (calls(shell, job, run)[0] for run in (1, 2, 3))

    assert section(kept, "context") == section(first, "context") | {"change": "same"}
    assert section(kept, "previous")["text"] == "11 mm of rain. Yours"
    assert [part["name"] for part in clean["sections"]] == ["rules", "context", "request", "closing"]
    assert [(part["hash"], part["text"]) for part in clean["sections"]] == [
        (part["hash"], part["text"]) for part in first["sections"]
    ]
    attempts = shell.get("job", "trace", job, "letter")["attempts"]
    assert [attempt["context"] for attempt in attempts] == ["clean", "keep", "clean"]
    assert [[one["kind"] for one in attempt["carried"]] for attempt in attempts] == [
        ["upstream"],
        ["upstream", "previous"],
        ["upstream"],
    ]
    assert "its own output of run 1 (shown to the model)" in shell.run("job", "trace", job, "letter", "--run", "2").out


@pytest.mark.proves("S0-16")
def test_the_delta_names_the_sections_that_changed_since_the_run_before(shell: Shell, job: str) -> None:
    rerun(shell, job, "--context", "clean", "--comment", COMMENT)

    (step,) = shell.get("job", "delta", job, "letter")["steps"]
    traced = calls(shell, job, 2)[0]
    text = shell.run("job", "delta", job, "letter").out

    assert (step["run"], step["against_run"], step["changed"]) == (2, 1, True)
    generated = step["calls"][0]
    changes = {part["name"]: part["change"] for part in generated["sections"]}
    assert changes == {"rules": "same", "context": "same", "request": "same", "comment": "added", "closing": "same"}
    assert {part["name"]: part["change"] for part in traced["sections"]} == changes
    assert (traced["against_run"], generated["after"]["prompt"]) == (1, traced["prompt"])
    assert [comment["text"] for comment in step["comments_came"]] == [COMMENT]
    assert f"+> {COMMENT}" in text
    assert "-11 mm of rain. Yours" in text
    assert "+12 mm of rain. Yours" in text


@pytest.mark.proves("S0-16")
def test_a_plan_shows_the_delta_before_anything_is_sent_and_it_is_what_is_sent_then(shell: Shell, job: str) -> None:
    words = ("--comment", COMMENT, "--kind", "data")

    plan = rerun(shell, job, *words, "--plan")["plan"]
    text = shell.run("job", "rerun", job, "--only", "--step", "letter", *words, "--plan").out
    before = len(shell.rows()["model_call"])
    rerun(shell, job, *words, "--digest", plan["digest"])

    assert before == 3, "the plans sent nothing"
    assert f"+> (on: data) {COMMENT}" in text
    (planned,) = plan["prompts"]
    sent = calls(shell, job, 2)[0]
    assert {part["name"]: part["after"] for part in planned["sections"]} == {
        part["name"]: part["hash"] for part in sent["sections"]
    }
    (delta,) = shell.get("job", "delta", job, "letter")["steps"]
    assert delta["calls"][0]["sections"] == planned["sections"]


def test_a_plan_of_a_manifest_composes_the_prompt_that_is_sent_then(shell: Shell) -> None:
    shell.write("replies.yaml", REPLIES)
    shell.write(
        "rain.yaml",
        "params: {tone: dry}\nsteps:\n"
        "  - {id: table, run: echo 11 mm}\n"
        "  - id: draft\n    prompt: {request: 'Write in a {{ params.tone }} tone.', context: '{{ inputs.table }}'}\n",
    )
    rain = shell.create("rain.yaml")
    shell.get("config", "set", "model", "recorded:replies.yaml")
    assert shell.run("job", "run", rain).code == 0
    words = ("--only", "--step", "draft", "--param", "tone=warm", "--comment", COMMENT)

    (planned,) = shell.get("job", "rerun", rain, *words, "--plan")["plan"]["prompts"]
    assert shell.run("job", "rerun", rain, *words).code == 0

    (attempt,) = shell.get("job", "trace", rain, "draft", "--run", "2")["attempts"]
    assert planned["basis"] == "composed"
    assert {part["name"]: part["after"] for part in planned["sections"]} == {
        part["name"]: part["hash"] for part in attempt["calls"][0]["sections"]
    }
    assert {part["name"]: part["change"] for part in planned["sections"]}["request"] == "changed"


@pytest.mark.proves("S0-18")
def test_earlier_traces_and_deltas_read_the_same_after_more_reruns(shell: Shell, job: str) -> None:
    rerun(shell, job, "--comment", COMMENT)
    trace, delta = calls(shell, job, 1), shell.get("job", "delta", job, "letter", "--run", "2")

    rerun(shell, job, "--comment", "shorter", "--keep-comments")
    rerun(shell, job, "--context", "clean")

    assert calls(shell, job, 1) == trace
    assert shell.get("job", "delta", job, "letter", "--run", "2") == delta
    assert [comment["text"] for comment in calls(shell, job, 3)[0]["comments"]] == [COMMENT, "shorter"]


@pytest.mark.parametrize(
    ("words", "exit_code", "code"),
    [
        (("trace", "JOB", "lettre"), 4, "unknown_step"),
        (("trace", "JOB", "--run", "7"), 4, "unknown_run"),
        (("trace", "JOB", "letter", "--call", "9"), 4, "unknown_call"),
        (("trace", "JOB", "letter", "more"), 2, "usage"),
        (("trace", "JOB", "--run", "0"), 2, "usage"),
        (("trace",), 2, "usage"),
        (("delta", "JOB"), 2, "usage"),
        (("delta", "JOB", "table"), 4, "no_model_call"),
        (("delta", "JOB", "letter", "--run", "1", "--against", "1"), 2, "same_run"),
        (("delta", "JOB", "letter", "--against", "7"), 4, "unknown_run"),
    ],
)
def test_what_cannot_be_shown_is_an_error_with_a_code(
    letter: tuple[Shell, str], words: tuple[str, ...], exit_code: int, code: str
) -> None:
    shell, job = letter

    answer = shell.run("job", *(job if word == "JOB" else word for word in words), "--json")

    assert (answer.code, answer.error["code"]) == (exit_code, code)


def test_the_job_may_come_from_the_environment(letter: tuple[Shell, str]) -> None:
    shell, job = letter

    whole = shell.run("job", "trace", "--json", ONCUE_JOB=job)
    step = shell.run("job", "trace", "letter", "--json", ONCUE_JOB=job)
    delta = shell.run("job", "delta", "letter", "--json", ONCUE_JOB=job)

    assert [answer.json["job_id"] for answer in (whole, step, delta)] == [job] * 3
    assert [attempt["step"] for attempt in step.json["attempts"]] == ["letter"]


def test_a_job_without_models_has_an_empty_trace(shell: Shell) -> None:
    shell.write("plain.yaml", "steps:\n  - {id: a, run: echo 1}\n")
    plain = shell.create("plain.yaml")
    assert shell.run("job", "run", plain).code == 0

    assert shell.get("job", "trace", plain)["attempts"] == []
    assert "no step has called a model or read a comment" in shell.run("job", "trace", plain).out
    assert "no model was called" in shell.run("job", "trace", plain, "a").out


def test_a_look_at_a_plan_imports_no_code_of_a_workflow(shell: Shell) -> None:
    shell.write("letters.py", f"{FLOW}\nopen('imported.txt', 'a').close()\n")
    shell.write("replies.yaml", REPLIES)
    job = shell.create("letters:letters")
    shell.get("config", "set", "model", "recorded:replies.yaml")
    assert shell.run("job", "run", job).code == 0
    (shell.folder / "imported.txt").unlink()

    plan = rerun(shell, job, "--comment", COMMENT, "--plan")["plan"]

    assert [prompt["basis"] for prompt in plan["prompts"]] == ["recorded"]
    assert not (shell.folder / "imported.txt").exists()


def test_a_call_that_its_process_did_not_survive_is_of_unknown_outcome_and_cost(shell: Shell) -> None:
    shell.write("rain.yaml", "steps:\n  - {id: draft, prompt: Write.}\n")
    shell.write(
        "replies.yaml", "usage: words\nprices: {input: 1, output: 2}\nrules: [{when: {call: 1}, reply: {hang: true}}]\n"
    )
    job = shell.create("rain.yaml")
    shell.get("config", "set", "model", "recorded:replies.yaml")
    process = shell.start("job", "run", job)
    assert process.stderr is not None
    assert next(line for line in process.stderr if "calls a model" in line)
    process.kill()
    process.communicate()

    trace = shell.get("job", "trace", job)
    text = shell.run("job", "trace", job).out
    shell.write("replies.yaml", "usage: words\nprices: {input: 1, output: 2}\nrules: [{reply: It rained.}]\n")
    assert shell.run("job", "run", job).code == 0

    (call,) = trace["attempts"][0]["calls"]
    assert (call["state"], call["outcome"], call["usd"], call["usage"]) == ("sent", "unknown", None, None)
    assert trace["spending"] | {"tokens": 0, "usd": 0.0} == {
        "calls": 1,
        "tokens": 0,
        "usd": 0.0,
        "calls_of_unknown_tokens": 1,
        "calls_of_unknown_usd": 1,
    }
    assert "sent, outcome unknown" in text
    assert "the cost of it is unknown" in text
    again = shell.get("job", "trace", job)["attempts"][0]["calls"]
    assert [one["outcome"] for one in again] == ["unknown", "answered"]
