"""Text shaped like a secret is found, prose is not, and marking twice changes nothing."""

from dataclasses import dataclass

import pytest

from oncue.core.model import RunKind
from oncue.core.secrets import PATTERNS, KnownSecret, find_secrets, known_secrets, redact, redact_all

LONG = "aB3" * 14
# Put together here, so that this file holds nothing that looks like a secret.
SAMPLES = {
    "Anthropic key": "sk-" + "ant-" + LONG,
    "OpenAI key": "sk-" + "proj-" + LONG,
    "AWS key": "AKIA" + "ABCDEFGH" + "12345678",
    "GitHub token": "gh" + "p_" + LONG,
    "Slack token": "xo" + "xb-" + "1234567890-" + LONG,
    "Google key": "AI" + "za" + LONG[:35],
    "Hugging Face token": "h" + "f_" + LONG,
    "private key": "-----BEGIN RSA " + f"PRIVATE KEY-----\n{LONG}\n-----END RSA " + "PRIVATE KEY-----",
    "JSON web token": "ey" + "JhbGciOiJI." + "ey" + f"JzdWIiOiIx.{LONG}",
    "password in a URL": "hunter2!",
    "password": "correct-horse",
}
AROUND = {"password in a URL": "see postgresql://ann:{}@db/x", "password": "then PGPASSWORD={} psql"}


@pytest.mark.parametrize("kind", PATTERNS)
def test_each_kind_is_found_and_nothing_around_it_is_lost(kind: str) -> None:
    around = AROUND.get(kind, "before {} after")

    assert redact(around.format(SAMPLES[kind])) == around.format(f"[redacted: {kind}]")


def test_there_are_eleven_patterns() -> None:
    assert len(PATTERNS) == 11


@pytest.mark.parametrize(
    "text",
    [
        "Use monthly data from 2015 on and keep the tone neutral.",
        "The password must be long; secrets: none. A token has max_tokens=512 and key=solar.",
        "sha256:" + "0af3" * 16,
        "https://example.org/a:b@c and ann@example.org",
        "skip-this-very-long-hyphenated-word-please-now",
        "task-force-on-renewable-energy-in-europe",
    ],
)
def test_harmless_text_is_left_alone(text: str) -> None:
    assert find_secrets(text) == ()
    assert redact(text) == text


def test_values_of_secret_variables_are_known_from_eight_characters_on() -> None:
    environ = {
        "MY_API_KEY": "swordfish-1",
        "db_password": "hunter22",
        "A_TOKEN": "short",
        "HOME": "a-place-to-live",
        "X_KEY": "",
    }

    assert known_secrets(environ) == (
        KnownSecret(name="$MY_API_KEY", value="swordfish-1"),
        KnownSecret(name="$db_password", value="hunter22"),
    )


def test_known_values_are_marked_by_name_and_the_longest_wins() -> None:
    known = known_secrets({"A_KEY": "abcdefgh", "B_KEY": "abcdefghij"})

    assert redact("x abcdefghij y abcdefgh z", known) == "x [redacted: $B_KEY] y [redacted: $A_KEY] z"


def test_marking_twice_changes_nothing() -> None:
    text = " ".join(AROUND.get(kind, "{}").format(sample) for kind, sample in SAMPLES.items())
    known = known_secrets({"SECRET_THING": "password"})
    once = redact(text, known)

    assert redact(once, known) == once
    assert redact_all({"password": once}) == redact_all(redact_all({"password": once}))


@dataclass(frozen=True)
class Sample:
    kind: RunKind
    texts: tuple[str, ...]
    data: dict[str, object]


def test_records_are_redacted_to_their_depth_and_states_stay_what_they_are() -> None:
    key = SAMPLES["OpenAI key"]
    sample = Sample(RunKind.RUN, (key,), {"password": "short", "n": 1, "nested": [{"a": key}], key: None})

    clean = redact_all(sample)

    assert clean == Sample(
        RunKind.RUN,
        ("[redacted: OpenAI key]",),
        {
            "password": "[redacted: password]",
            "n": 1,
            "nested": [{"a": "[redacted: OpenAI key]"}],
            "[redacted: OpenAI key]": None,
        },
    )
    assert clean.kind is RunKind.RUN
