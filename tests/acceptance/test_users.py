"""``oncue user``: people, their tokens and roles, at the command; what the server makes of them is shown in tests/web."""

import hashlib

import pytest

from tests.acceptance.shipped import Shell


def names(shell: Shell) -> list[str]:
    return [person["name"] for person in shell.get("user", "list")["people"] if person["removed_at"] is None]


def test_a_token_is_printed_once_and_only_its_hash_is_kept(shell: Shell) -> None:
    added = shell.run("user", "add", "grace", "--role", "operator", "--token-label", "laptop")

    secret = added.out.strip()
    assert (added.code, len(secret) >= 43, secret in added.err) == (0, True, False)
    assert "grace is operator" in added.err
    kept = b"".join(path.read_bytes() for path in (shell.folder / ".oncue").rglob("*") if path.is_file())
    assert secret.encode() not in kept
    assert hashlib.sha256(secret.encode()).hexdigest().encode() in kept
    listed = shell.run("user", "list").out
    assert "grace" in listed
    assert "laptop" in listed
    assert secret not in listed
    (person,) = shell.get("user", "list")["people"]
    assert (person["role"], person["added_by"]) == ("operator", "ada")
    assert [(token["label"], token["scopes"], token["revoked_at"]) for token in person["tokens"]] == [("laptop", [], None)]
    assert ("never" in listed, person["tokens"][0]["last_used_at"]) == (True, None)


def test_a_token_for_an_adviser_may_look_and_recommend_and_nothing_else(shell: Shell) -> None:
    shell.get("user", "add", "grace", "--role", "operator")

    made = shell.get("user", "token", "grace", "--scope", "recommend", "--label", "agent")

    assert made["scopes"] == ["read", "recommend"]
    assert made["token"]
    both = shell.run("user", "token", "grace", "--scope", "recommend", "--scope", "operate", "--json")
    assert (both.code, both.error["code"]) == (2, "scopes_exclude_each_other")


def test_a_person_who_is_removed_stays_on_record_and_can_come_back(shell: Shell) -> None:
    shell.get("user", "add", "grace", "--role", "viewer")
    assert shell.get("user", "role", "grace", "answerer") == {"name": "grace", "role": "answerer"}
    shell.get("user", "token", "grace", "--label", "second")
    assert shell.get("user", "revoke", "grace", "--label", "second")["revoked"] == 1

    assert shell.get("user", "remove", "grace") == {"name": "grace", "removed": True}

    assert names(shell) == []
    (person,) = shell.get("user", "list")["people"]
    assert all(token["revoked_at"] for token in person["tokens"])
    assert "removed" in shell.run("user", "list").out
    shell.get("user", "add", "grace", "--role", "viewer")
    assert names(shell) == ["grace"]


@pytest.mark.parametrize(
    ("words", "exit_code", "code"),
    [
        (("add", "grace", "--role", "viewer"), 5, "conflict"),
        (("add", "", "--role", "viewer"), 2, "invalid_name"),
        (("add", " x", "--role", "viewer"), 2, "invalid_name"),
        (("add", "x\ny", "--role", "viewer"), 2, "invalid_name"),
        (("add", "x" * 65, "--role", "viewer"), 2, "invalid_name"),
        (("add", "anna", "--role", "viewer", "--token-label", "\t"), 2, "invalid_label"),
        (("token", "nobody"), 4, "unknown_person"),
        (("token", "grace", "--scope", "operate"), 2, "scope_beyond_role"),
        (("role", "nobody", "viewer"), 4, "unknown_person"),
        (("revoke", "grace", "--label", "nothing"), 4, "unknown_token"),
        (("revoke", "nobody"), 4, "unknown_person"),
        (("remove", "grac"), 4, "unknown_person"),
    ],
)
def test_what_cannot_be_meant_says_why(shell: Shell, words: tuple[str, ...], exit_code: int, code: str) -> None:
    shell.get("user", "add", "grace", "--role", "viewer")

    refused = shell.run("user", *words, "--json")

    assert (refused.code, refused.error["code"]) == (exit_code, code)
    assert names(shell) == ["grace"]


def test_nobody_is_asked_for_where_there_is_no_workspace(shell: Shell) -> None:
    refused = shell.run("user", "list", "--json")

    assert (refused.code, refused.error["code"]) == (4, "no_workspace")
