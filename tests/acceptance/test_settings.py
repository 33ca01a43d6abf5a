"""``oncue config``: which model a workspace calls, what it costs, and what is refused."""

from typing import Any

import pytest

from tests.acceptance.shipped import Shell

REPLIES = 'rules:\n  - reply: "an answer"\n'


def model_check(shell: Shell, **variables: str) -> Any:
    """The line of the doctor that is about the model."""
    (check,) = [check for check in shell.get_with(variables, "doctor")["checks"] if check["name"] == "model"]
    return check


def test_what_is_set_is_there_for_every_later_command(shell: Shell) -> None:
    shell.write("replies.yaml", REPLIES)

    first = shell.get("config", "set", "model", "recorded:replies.yaml")
    shell.get("config", "set", "price.gpt-5.input", "0.25")

    path = str(shell.folder / "replies.yaml")
    assert (first["name"], first["value"], first["set_by"]) == ("model", f"recorded:{path}", "ada")
    assert shell.run("config", "get", "model").out == f"recorded:{path}\n"
    listed = shell.get("config", "list")
    assert [(one["name"], one["value"]) for one in listed["settings"]] == [
        ("model", f"recorded:{path}"),
        ("price.gpt-5.input", "0.25"),
    ]
    assert listed["model"] | {"priced": None} == {
        "model": f"recorded:{path}",
        "origin": "setting",
        "usable": True,
        "trouble": "",
        "priced": None,
    }
    assert "can be called" in shell.run("config", "list").out


def test_setting_something_again_replaces_it_and_unsetting_forgets_it(shell: Shell) -> None:
    shell.get("config", "set", "model", "openai:one")
    shell.get("config", "set", "model", "anthropic:two", "--actor", "bob")

    (setting,) = shell.get("config", "list")["settings"]
    forgotten = shell.get("config", "unset", "model")

    assert (setting["value"], setting["set_by"]) == ("anthropic:two", "bob")
    assert forgotten == {"name": "model", "value": None}
    assert shell.get("config", "list") == {"settings": [], "model": None}
    again = shell.run("config", "unset", "model", "--json")
    assert (again.code, again.error["code"]) == (4, "unknown_setting")
    assert shell.run("config", "get", "model").err.startswith("error: model is not set")


def test_nothing_but_a_value_that_is_good_makes_a_workspace(shell: Shell) -> None:
    for words in (("list",), ("get", "model"), ("unset", "model")):
        refused = shell.run("config", *words, "--json")
        assert (refused.code, refused.error["code"]) == (4, "no_workspace")
    assert shell.run("config", "set", "model", "nonsense").code == 2

    assert not (shell.folder / ".oncue").exists()
    assert shell.run("config", "set", "model", "openai:some").code == 0
    assert (shell.folder / ".oncue").is_dir()


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("model", "nonsense", "invalid_model"),
        ("model", "openai:m@ftp://host", "invalid_model"),
        ("model", "openai:m@http://user:pass-word@host", "secret_in_setting"),
        ("modl", "openai:m", "unknown_setting"),
        ("price.m.input", "cheap", "invalid_setting"),
        ("price.m.input", "inf", "invalid_setting"),
        ("price.m.input", "nan", "invalid_setting"),
        ("model", "openai:sk-abcdefghijklmnopqrstuvwx", "secret_in_setting"),
    ],
)
def test_what_cannot_be_meant_is_refused(shell: Shell, name: str, value: str, code: str) -> None:
    refused = shell.run("config", "set", name, value, "--json")

    assert (refused.code, refused.error["code"]) == (2, code)
    assert "sk-abc" not in refused.err
    assert "pass-word" not in refused.err


def test_the_environment_prevails_over_the_setting(shell: Shell) -> None:
    shell.get("config", "set", "model", "openai:set")

    answer = shell.run("config", "get", "model", ONCUE_MODEL="ollama:named")
    listed = shell.get_with({"ONCUE_MODEL": "ollama:named"}, "config", "list")

    assert answer.out == "openai:set\n"
    assert "ollama:named, and prevails" in answer.err
    assert (listed["model"]["model"], listed["model"]["origin"]) == ("ollama:named", "ONCUE_MODEL")


def test_the_doctor_says_whether_the_model_can_be_used(shell: Shell) -> None:
    shell.write("replies.yaml", REPLIES)
    shell.get("config", "set", "price.m.input", "1")

    none = model_check(shell)
    good = model_check(shell, ONCUE_MODEL="recorded:replies.yaml")
    absent = model_check(shell, ONCUE_MODEL="recorded:elsewhere.yaml")
    wrong = model_check(shell, ONCUE_MODEL="nonsense")

    assert (none["status"], good["status"], absent["status"], wrong["status"]) == ("ok", "ok", "warn", "warn")
    assert "none is set" in none["message"]
    assert "recorded:replies.yaml, named by ONCUE_MODEL" in good["message"]
    assert "elsewhere.yaml" in absent["message"]
    assert "names no model" in wrong["message"]
