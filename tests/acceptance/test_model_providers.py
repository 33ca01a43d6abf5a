"""Every provider through the shipped command, over HTTP: what the server gets is what is on record, and nothing else is."""

import json
from pathlib import Path

import pytest

from oncue.testing import ModelStub
from tests.acceptance.shipped import Shell

KEY = "zq-0123456789abcdefghijklmnop"
MANIFEST = """
rules: [Never promise a return.]
steps:
  - id: figures
    run: echo "sun 12 GW"
  - id: list
    prompt:
      request: List the figures.
      output:
        type: object
        properties: {gigawatts: {type: number}}
        required: [gigawatts]
  - id: letter
    needs: [figures, list]
    prompt: Write the letter about {{ inputs.list.gigawatts }} GW.
"""
SCRIPT = {
    "usage": {"input": 1000, "output": 100},
    "rules": [
        {
            "when": {"request": "List the figures"},
            "reply": [{"error": "overloaded", "retry_after": 0}, {"json": {"gigawatts": 12}}],
        },
        {"when": {"comment": "Dear"}, "reply": "Dear all, the sun gives 12 GW."},
        {"when": {"request": "about 12"}, "reply": "The sun gives 12 GW."},
    ],
}


def payloads(shell: Shell, job: str) -> list[str]:
    """The bodies on record, in the order in which they were sent."""
    trace = shell.get("job", "trace", job, "--payload")
    calls = sorted((call for attempt in trace["attempts"] for call in attempt["calls"]), key=lambda call: str(call["sent_at"]))
    return [str(call["payload_text"]) for call in calls]


def files_with(folder: Path, text: str) -> list[Path]:
    """The files below a folder that hold a text."""
    return [path for path in folder.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


@pytest.mark.proves("S0-7", "S0-19")
@pytest.mark.parametrize(
    ("provider", "name"), [("openai", "gpt-4o-mini"), ("anthropic", "claude-sonnet-4-6"), ("ollama", "qwen3")]
)
def test_a_run_and_a_guided_rerun_leave_every_body_on_record_and_no_key(shell: Shell, provider: str, name: str) -> None:
    shell.write("letter.yaml", MANIFEST)
    with ModelStub(SCRIPT) as stub:
        keys = {
            "OPENAI_API_KEY": KEY,
            "ANTHROPIC_API_KEY": KEY,
            "OLLAMA_API_KEY": KEY,
            "ONCUE_MODEL": stub.model(provider, name),
        }
        job = shell.create("letter.yaml")
        run = shell.run("job", "run", job, **keys)
        rerun = shell.run("job", "rerun", job, "--only", "--step", "letter", "--comment", "Begin with Dear all", **keys)

    assert (run.code, rerun.code) == (0, 0), run.err + rerun.err
    assert shell.run("job", "artifact", job, "letter").out == "Dear all, the sun gives 12 GW.\n"
    assert [request.body.decode() for request in stub.requests] == payloads(shell, job)
    assert len(stub.requests) == 4
    assert {request.key for request in stub.requests} == {KEY}
    assert files_with(shell.folder, KEY) == []
    assert KEY not in run.err + run.out + rerun.err + rerun.out
    spent = shell.get("job", "trace", job)["spending"]
    assert (spent["calls"], spent["tokens"], spent["calls_of_unknown_usd"]) == (4, 3300, 3)


def test_prices_that_were_set_are_what_calls_cost(shell: Shell) -> None:
    shell.write("letter.yaml", MANIFEST)
    for way, price in (("input", "2"), ("output", "10")):
        assert shell.run("config", "set", f"price.qwen3.{way}", price).code == 0
    with ModelStub(SCRIPT) as stub:
        job = shell.create("letter.yaml")
        run = shell.run("job", "run", job, ONCUE_MODEL=stub.model("ollama", "qwen3"))

    assert run.code == 0, run.err
    spent = json.loads(shell.run("job", "trace", job, "--json").out)["spending"]
    assert spent["usd"] == pytest.approx(2 * (1000 * 2 + 100 * 10) / 1e6)
    assert spent["calls_of_unknown_usd"] == 0
