"""What cannot be a comment: refused with the field that is at fault, and nowhere afterwards, neither whole nor in part."""

import pytest

from tests.acceptance.guided import calls, comments, guide, stored, study
from tests.acceptance.shipped import Answer, Shell

# Put together here, so that this file holds nothing that looks like a secret.
KEY = "sk-" + "ant-" + "aB3" * 14
KNOWN = "zebra-crossing-77"


@pytest.fixture
def job(shell: Shell) -> str:
    """A study that was run once."""
    return study(shell)


def give(shell: Shell, job: str, text: str, *options: str, **variables: str) -> Answer:
    return shell.run("job", "rerun", job, "--only", "--step", "draft", "--comment", text, *options, **variables)


@pytest.mark.proves("S0-21")
def test_six_hundred_characters_are_taken_whole_and_one_more_is_refused(shell: Shell, job: str) -> None:
    longest = "ü" * 599 + "."
    guide(shell, job, longest)

    refused = give(shell, job, f"{longest}!", "--json")

    assert (refused.code, refused.error["code"]) == (2, "invalid_comment")
    assert refused.error["fields"] == {"comment": "the comment has 601 characters, and at most 600 are taken"}
    assert [comment["text"] for comment in comments(shell, job)] == [longest]
    (call,) = calls(shell, job, 2)
    assert longest in next(part["text"] for part in call["sections"] if part["name"] == "comment")
    assert longest in shell.run("job", "comments", job).out
    assert len(shell.get("job", "history", job)["runs"]) == 2


@pytest.mark.parametrize("text", ["", " ", "\n\t "])
def test_an_empty_comment_is_refused(shell: Shell, job: str, text: str) -> None:
    refused = give(shell, job, text, "--json")

    assert (refused.code, refused.error["fields"]) == (2, {"comment": "the comment is empty"})
    assert "--comment TEXT says what to change" in refused.error["hint"]
    assert comments(shell, job) == []


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"use {KEY} for it", KEY),
        ("log in with password=correct-horse-42", "correct-horse-42"),
        ("read postgresql://ann:hunter2hunter2@db/x", "hunter2hunter2"),
        (f"the account is {KNOWN}, use it", KNOWN),
    ],
    ids=["key", "password", "address", "known to the process"],
)
@pytest.mark.proves("S0-22")
def test_a_secret_in_a_comment_is_refused_and_is_nowhere_afterwards(shell: Shell, job: str, text: str, secret: str) -> None:
    for options in (("--json",), ("--plan",), ("-vv",), ("--trigger-id", "again")):
        refused = give(shell, job, text, *options, SERVICE_TOKEN=KNOWN)
        assert (options, refused.code) == (options, 2)
        assert secret not in refused.out + refused.err
        assert "secret" in refused.err
    debugged = give(shell, job, text, "--json", SERVICE_TOKEN=KNOWN, ONCUE_DEBUG="1")

    assert debugged.code == 2
    assert secret not in debugged.out + debugged.err
    assert secret.encode() not in stored(shell)
    assert "No secrets." in " ".join(shell.run("job", "rerun", "--help").out.split())
    assert len(shell.get("job", "history", job)["runs"]) == 1
    assert comments(shell, job) == []


def test_the_error_names_the_field_and_never_the_secret(shell: Shell, job: str) -> None:
    refused = give(shell, job, f"use {KEY}", "--json")

    assert refused.error["code"] == "invalid_comment"
    assert list(refused.error["fields"]) == ["comment"]
    assert "Anthropic key" in refused.error["fields"]["comment"]
    assert KEY not in refused.err


def test_a_comment_cannot_steer_the_terminal_it_is_shown_on(shell: Shell, job: str) -> None:
    sly = "use \u202e red and \u2066 more"
    guide(shell, job, sly)

    shown = "".join(shell.run("job", word, job).out for word in ("show", "history", "comments", "trace"))
    planned = shell.run("job", "rerun", job, "--comment", sly, "--plan").out

    assert comments(shell, job)[0]["text"] == sly
    assert not set("\u202e\u2066") & set(shown + planned)
    for controls in ("use \x1b[31m red", "use \x9b31m red"):
        refused = give(shell, job, controls, "--json")
        assert refused.error["fields"] == {"comment": "the comment holds control characters"}
