"""What can be a comment: its bounds, its kinds, and the secrets it must not hold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oncue.core.comments import (
    MAX_COMMENT_CHARS,
    Comment,
    CommentKind,
    GivenComment,
    InvalidComment,
    check_comment_text,
    comments_by_run,
    read_comment,
)
from oncue.core.model import JobId, StepId
from oncue.core.secrets import KnownSecret
from tests.core.bench import NOW

GIVEN = GivenComment(job_id=JobId("job"), run=2, text="Use 2024.", given_at=NOW)
KNOWN = KnownSecret(name="$HOST_TOKEN", value="correct-horse-battery")
SECRETS = {
    "OpenAI key": "sk-" + "a1" * 20,
    "Anthropic key": "sk-ant-" + "a1" * 20,
    "AWS key": "AKIA" + "A1B2C3D4E5F6G7H8",
    "GitHub token": "ghp_" + "a1" * 18,
    "password": "hunter2hunter2",
    "$HOST_TOKEN": KNOWN.value,
}


def refused(text: str, kind: str | None = None) -> InvalidComment:
    with pytest.raises(InvalidComment) as caught:
        read_comment(text, kind, known=[KNOWN])
    return caught.value


@pytest.mark.parametrize("text", ["", " \n\t ", "\u200b\u2060", "\u3164\u2800\ufe0f"])
def test_a_comment_with_nothing_to_see_is_refused(text: str) -> None:
    error = refused(text)

    assert str(error) == "the comment is empty"
    assert (error.code, error.field) == ("invalid_comment", "comment")


@pytest.mark.parametrize("sign", ["a", "é", "🌞", "\u0301", "\n"])
def test_the_bound_counts_characters_and_nothing_is_cut(sign: str) -> None:
    text = "a" + sign * (MAX_COMMENT_CHARS - 1)

    assert read_comment(text, None) == Comment(text=text)
    assert str(refused(text + sign)).startswith("the comment has 601 characters, and at most 600 are taken")


def test_a_comment_is_kept_as_it_was_written() -> None:
    text = "  Use\t2024.\r\n\nNot 2023 \u202e\u200b  "

    assert read_comment(text, None).text == text


@pytest.mark.parametrize("sign", ["\0", "\x07", "\x1b", "\x1c", "\v", "\f", "\x7f", "\x85", "\x9b", "\ud800"])
def test_control_characters_are_refused(sign: str) -> None:
    assert str(refused(f"a{sign}b")) == "the comment holds control characters"


@pytest.mark.parametrize("kind", CommentKind)
def test_a_comment_may_have_a_kind(kind: CommentKind) -> None:
    comment = read_comment("Use 2024.", kind.value)

    assert comment == Comment(text="Use 2024.", kind=kind)
    assert comment.as_dict() == {"text": "Use 2024.", "kind": kind.value}


def test_a_comment_may_have_no_kind() -> None:
    assert read_comment("Use 2024.", None).as_dict() == {"text": "Use 2024."}


@pytest.mark.parametrize("kind", ["Data", "formt", "", "data "])
def test_an_unknown_kind_is_refused_with_the_known_ones(kind: str) -> None:
    error = refused("Use 2024.", kind)

    assert error.field == "comment_kind"
    assert "data, method, persona, format, other" in str(error)


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize(
    "shape",
    ["{}", "Use {} for it.", "line\n{}\nline", "api_key={}", "\u200b{}\u200b"],
    ids=["alone", "prose", "line", "named", "wrapped"],
)
def test_a_secret_is_refused_and_never_repeated(name: str, shape: str) -> None:
    secret = SECRETS[name]
    text = shape.format(f"password={secret}" if name == "password" else secret)

    error = refused(text)

    assert "looks as if it held a secret" in str(error)
    assert "was not stored" in str(error)
    assert secret not in f"{error} {error.hint} {error!r}"
    assert error.__cause__ is None


@pytest.mark.parametrize("hiding", ["\u200b", "\u00ad", "\u2060", "\U000e0041", "\ufe0f"])
def test_a_secret_with_hidden_characters_in_it_is_still_one(hiding: str) -> None:
    secret = SECRETS["OpenAI key"]
    text = f"Use {secret[:7]}{hiding}{secret[7:]}."

    assert "OpenAI key" in str(refused(text))


def test_a_secret_in_wide_letters_is_still_one() -> None:
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in SECRETS["AWS key"])

    assert "AWS key" in str(refused(wide))


@pytest.mark.parametrize(
    "text",
    [
        "Never print the password.",
        "The sk-learn API keys are fine.",
        "See https://example.invalid/a:b",
        "[redacted: OpenAI key]",
    ],
)
def test_prose_about_secrets_is_no_secret(text: str) -> None:
    check_comment_text(text, known=[KNOWN])


@pytest.mark.parametrize(
    ("steps", "meant", "others"),
    [
        ((), ["plan", "find[a]"], []),
        (("plan",), ["plan"], ["plans", "find[a]", "find[plan]"]),
        (("find",), ["find", "find[a]", "find[b]"], ["plan"]),
        (("find[a]",), ["find[a]"], ["find", "find[b]"]),
    ],
)
def test_a_comment_knows_which_steps_it_is_for(steps: tuple[str, ...], meant: list[str], others: list[str]) -> None:
    comment = replace(GIVEN, steps=steps)

    assert [step for step in [*meant, *others] if comment.is_for(StepId(step))] == meant


def test_comments_are_named_by_their_runs() -> None:
    later = replace(GIVEN, run=5)

    assert comments_by_run([GIVEN, later]) == {2: GIVEN, 5: later}
