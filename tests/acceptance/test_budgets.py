"""What a run may spend on models, and what preflight says of models and prices before it starts."""

from typing import Any

import pytest

from tests.acceptance.shipped import Shell, states

FLOW = """\
steps:
  - {id: one, prompt: First.}
  - {id: two, prompt: Second.}
  - {id: three, prompt: Third.}
"""
PRICED = "usage: {input: 100, output: 20}\nprices: {input: 10, output: 100}\nrules: [{reply: An answer.}]\n"
UNPRICED = "usage: {input: 100, output: 20}\nrules: [{reply: An answer.}]\n"


@pytest.fixture
def job(shell: Shell) -> str:
    """A job of three prompts, not run yet; each call is 120 tokens and costs 0.003 dollars."""
    shell.write("flow.yaml", FLOW)
    shell.write("replies.yaml", PRICED)
    shell.write("unpriced.yaml", UNPRICED)
    job = shell.create("flow.yaml")
    shell.get("config", "set", "model", "recorded:replies.yaml")
    return job


def spent(shell: Shell, job: str) -> Any:
    return shell.get("job", "trace", job)["spending"]


def test_every_run_says_what_it_cost_and_what_is_unknown_is_not_called_free(shell: Shell, job: str) -> None:
    shell.get("job", "run", job)
    shell.get("job", "rerun", job, "--only", "--step", "two")
    shell.get("config", "set", "model", "recorded:unpriced.yaml")
    shell.get("job", "rerun", job, "--only", "--step", "three")

    first, second, third = shell.get("job", "history", job)["runs"]
    told = [line for line in shell.run("job", "history", job).out.splitlines() if line.startswith("  run ")]
    latest = shell.get("job", "show", job)["latest_run"]

    assert [run["spending"]["calls"] for run in (first, second, third)] == [3, 1, 1]
    assert [run["spending"]["tokens"] for run in (first, second, third)] == [360, 120, 120]
    assert [round(run["spending"]["usd"], 6) for run in (first, second)] == [0.009, 0.003]
    assert third["spending"]["calls_of_unknown_usd"] == 1
    assert [line.rpartition(", ")[2] for line in told] == ["$0.009", "$0.003", "120 tokens"]
    assert latest["spending"] == third["spending"]


@pytest.mark.parametrize(
    ("option", "limit", "code", "said"),
    [
        ("--max-calls", "2", "budget_calls", "the run used 2 of its limit of 2 calls"),
        ("--max-tokens", "240", "budget_tokens", "the run used 240 of its limit of 240 tokens"),
        ("--max-tokens", "130", "budget_tokens", "the run used 240 of its limit of 130 tokens"),
        ("--max-usd", "0.006", "budget_usd", "the run used $0.006 of its limit of $0.006"),
    ],
)
def test_a_run_stops_at_its_budget_keeps_what_it_paid_for_and_goes_on(
    shell: Shell, job: str, option: str, limit: str, code: str, said: str
) -> None:
    halted = shell.run("job", "run", job, option, limit)
    shown = shell.get("job", "show", job)
    paid = spent(shell, job)

    rest = shell.get("job", "run", job, "--max-calls", "1")["run"]

    assert halted.code == 1
    assert (said in halted.out, f"oncue job run {job}" in halted.out) == (True, True)
    assert (shown["latest_run"]["status"], shown["latest_run"]["error"]["code"]) == ("halted", code)
    assert states(shown) == {"one": "fresh", "two": "fresh", "three": "missing"}
    assert (paid["calls"], paid["tokens"], round(paid["usd"], 6)) == (2, 240, 0.006)
    assert (rest["executed"], rest["reused"], rest["status"]) == (["three"], ["one", "two"], "succeeded")
    assert spent(shell, job)["calls"] == 3


def test_the_budget_of_a_rerun_is_its_own(shell: Shell, job: str) -> None:
    shell.get("job", "run", job)

    halted = shell.run("job", "rerun", job, "--max-calls", "1", "--json")

    assert (halted.code, halted.json["run"]["executed"]) == (1, ["one", "two"])
    assert halted.json["run"]["error"]["code"] == "budget_calls"
    assert spent(shell, job)["calls"] == 4
    assert shell.get("job", "run", job)["run"]["executed"] == ["two"]


def test_a_guided_rerun_that_halted_goes_on_with_its_comment(shell: Shell, job: str) -> None:
    shell.get("job", "run", job)

    halted = shell.run("job", "rerun", job, "--comment", "in rhyme", "--max-calls", "1", "--json")
    rest = shell.get("job", "run", job)["run"]

    assert halted.json["run"]["status"] == "halted"
    assert (rest["executed"], rest["comments_read"]) == (["two"], {"two": [2]})


def test_an_unfinished_run_keeps_the_budget_it_began_with(shell: Shell, job: str) -> None:
    shell.get("job", "step", job)

    refused = shell.run("job", "run", job, "--max-tokens", "10", "--json")

    assert (refused.code, refused.error["code"]) == (2, "usage")
    assert "--max-tokens is for a new run, and run 1 has not ended" in refused.error["message"]
    assert shell.get("job", "run", job)["run"]["status"] == "succeeded"


@pytest.mark.parametrize(
    ("option", "value"),
    [("--max-calls", "0"), ("--max-tokens", "1.5"), ("--max-usd", "0"), ("--max-usd", "nan"), ("--max-seconds", "inf")],
)
def test_what_is_no_limit_is_refused_by_name(shell: Shell, job: str, option: str, value: str) -> None:
    refused = shell.run("job", "run", job, option, value, "--json")

    assert refused.code == 2
    assert list(refused.error["fields"]) == [option.removeprefix("--").replace("-", "_")]


def test_a_budget_in_money_needs_a_price_or_a_limit_in_tokens(shell: Shell, job: str) -> None:
    unpriced = {"ONCUE_MODEL": "recorded:unpriced.yaml"}

    refused = shell.run("job", "run", job, "--max-usd", "1", "--json", **unpriced)
    both = shell.run("job", "run", job, "--max-usd", "1", "--max-tokens", "120", "--json", **unpriced)
    shell.get("config", "set", "price.unpriced.yaml.input", "1")
    shell.get("config", "set", "price.unpriced.yaml.output", "1")
    priced = shell.run("job", "run", job, "--max-usd", "1", "--json", **unpriced)

    assert (refused.code, refused.error["code"]) == (3, "price_unknown")
    assert "--max-tokens" in refused.error["hint"]
    assert "price.unpriced.yaml.input" in refused.error["hint"]
    assert (both.code, both.json["run"]["error"]["code"]) == (1, "budget_tokens")
    assert (priced.code, priced.json["run"]["status"]) == (0, "succeeded")


def test_a_step_that_needs_a_model_does_not_start_without_one(shell: Shell, job: str) -> None:
    shell.get("config", "unset", "model")

    none = shell.run("job", "run", job, "--json")
    absent = shell.run("job", "run", job, "--json", ONCUE_MODEL="recorded:nowhere.yaml")
    wrong = shell.run("job", "run", job, "--json", ONCUE_MODEL="nonsense")

    assert [answer.code for answer in (none, absent, wrong)] == [3, 3, 3]
    assert {answer.error["code"] for answer in (none, absent, wrong)} == {"no_model"}
    assert "one, two, three need a language model, and none is set" in none.error["message"]
    assert "oncue config set model" in none.error["hint"]
    assert "nowhere.yaml" in absent.error["message"]
    assert "names no model" in wrong.error["message"]
    assert shell.get("job", "history", job)["runs"] == []


def test_a_step_with_a_model_of_its_own_is_judged_by_that(shell: Shell) -> None:
    shell.write("replies.yaml", PRICED)
    shell.write("own.yaml", "steps:\n  - {id: one, prompt: {request: First., model: 'recorded:replies.yaml'}}\n")
    shell.write("gone.yaml", "steps:\n  - {id: one, prompt: {request: First., model: 'recorded:gone.txt'}}\n")
    own, gone = shell.create("own.yaml"), shell.create("gone.yaml")

    done = shell.get("job", "run", own)["run"]
    refused = shell.run("job", "run", gone, "--json")

    assert done["status"] == "succeeded"
    assert (refused.code, refused.error["code"]) == (3, "no_model")
    assert "recorded:gone.txt cannot be used" in refused.error["message"]


def test_what_calls_no_model_needs_none(shell: Shell) -> None:
    shell.write("plain.yaml", "steps:\n  - {id: one, run: echo 1}\n")
    job = shell.create("plain.yaml")

    run = shell.run("job", "run", job, "--max-usd", "1", "--json", ONCUE_MODEL="recorded:nowhere.yaml")

    assert (run.code, run.json["run"]["status"]) == (0, "succeeded")


def test_a_plan_says_what_tokens_and_money_it_may_take(shell: Shell, job: str) -> None:
    shell.get("job", "run", job)
    shell.get("job", "rerun", job, "--only", "--step", "one", "--step", "two")

    estimate = shell.get("job", "rerun", job, "--step", "two", "--plan")["plan"]["estimate"]
    text = shell.run("job", "rerun", job, "--step", "two", "--plan").out

    assert estimate["tokens"] == {"low": 240.0, "high": 240.0}
    assert estimate["usd"] == {"low": 0.006, "high": 0.006}
    assert "of work, 240 tokens, $0.006" in text
