"""Text shaped like a secret: eleven anchored patterns, and the values a process knows to be secret.

A pattern names a vendor's prefix or a syntax around the secret, never entropy, so that ordinary prose is left alone. What is
found is replaced by a mark that names its kind; marking twice changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import Enum
from typing import TypeVar, cast

T = TypeVar("T")
MIN_KNOWN = 8
"""Shorter values of environment variables are words, not secrets."""
_SECRET_NAMES = ("KEY", "TOKEN", "SECRET", "PASSWORD")
_PASSWORD_WORDS = r"(?:password|passwd|passphrase|pwd|(?:api|secret)[_-]?key|client[_-]?secret|(?:access|auth)[_-]?token)"
_PASSWORD_KEY = re.compile(rf".*{_PASSWORD_WORDS}", re.IGNORECASE)
_SPOKEN_OF = frozenset({"password", "password in a URL"})
_ADDRESSES = ("sha256:", "fp1:")
_ADDRESS_LENGTHS = frozenset({len("sha256:") + 64, len("fp1:") + 64})
_MARK = re.compile(r"\[redacted: [^\]\n]{1,80}\]")
PATTERNS: Mapping[str, re.Pattern[str]] = {
    "Anthropic key": re.compile(r"\bsk-ant-[A-Za-z0-9_-]{20,}"),
    "OpenAI key": re.compile(r"\bsk-(?!ant-)[A-Za-z0-9_-]{20,}"),
    "AWS key": re.compile(r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b"),
    "GitHub token": re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})"),
    "Slack token": re.compile(
        r"\b(?:xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{10,}|hooks\.slack\.com/services/[\w/]{20,})"
    ),
    "Google key": re.compile(r"\bAIza[A-Za-z0-9_-]{35}"),
    "Hugging Face token": re.compile(r"\bhf_[A-Za-z0-9]{30,}"),
    "private key": re.compile(
        r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----"
        r"(?:(?!-----END ).)*(?:-----END (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----)?",
        re.DOTALL,
    ),
    "JSON web token": re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"),
    "password in a URL": re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s/:@]{0,200}:(?P<secret>[^\s/@]{1,400})@"),
    "password": re.compile(
        rf"{_PASSWORD_WORDS}(?:\s{{0,3}}=\s{{0,3}}|[\"']\s{{0,3}}:\s{{0,3}}(?=[\"']))"
        r"(?P<secret>\"[^\"\n]+\"|'[^'\n]+'|[^\s\"'&,;]{3,})",
        re.IGNORECASE,
    ),
}
"""Kind of secret → its shape; where a group ``secret`` is named, only that part is the secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSecret:
    """A value that is secret because of where it comes from; ``name`` says where, and is no secret."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSecret:
    """A part of a text that looks like a secret; it never carries the text itself."""

    kind: str
    start: int
    end: int


def known_secrets(environ: Mapping[str, str]) -> tuple[KnownSecret, ...]:
    """The values of environment variables whose names speak of keys, tokens, secrets or passwords; the longest first."""
    found = [
        KnownSecret(name=f"${name}", value=value)
        for name, value in environ.items()
        if len(value) >= MIN_KNOWN and any(word in name.upper() for word in _SECRET_NAMES)
    ]
    return tuple(sorted(found, key=lambda secret: (-len(secret.value), secret.name)))


def find_secrets(text: str, known: Iterable[KnownSecret] = ()) -> tuple[FoundSecret, ...]:
    """Every secret in a text, in order and without overlaps."""
    marks = [mark.span() for mark in _MARK.finditer(text)]
    found = [secret for secret in (*_known_in(text, known), *_shaped_in(text)) if not _is_within(secret, marks)]
    merged: list[FoundSecret] = []
    for secret in sorted(found, key=lambda one: (one.start, -one.end)):
        if merged and secret.start < merged[-1].end:
            last = merged.pop()
            merged.append(FoundSecret(kind=last.kind, start=last.start, end=max(last.end, secret.end)))
        else:
            merged.append(secret)
    return tuple(merged)


def redact(text: str, known: Iterable[KnownSecret] = ()) -> str:
    """The text with a mark in place of every secret."""
    return _marked(text, find_secrets(text, known))


def redact_keys(text: str, known: Iterable[KnownSecret] = ()) -> tuple[str, int]:
    """The text with a mark in place of every known secret and vendor's key, and how many there were.

    What merely stands beside the word *password* stays: prompts are full of code and documents that speak of passwords.
    """
    found = [secret for secret in find_secrets(text, known) if secret.kind not in _SPOKEN_OF]
    return _marked(text, found), len(found)


def redact_all(value: T, known: tuple[KnownSecret, ...] = ()) -> T:
    """A record or JSON value with marks in place of secrets: in texts, in keys, and in what ``password`` and the like name."""
    return cast("T", _redacted(value, known))


def texts_in(value: object) -> Iterator[str]:
    """Every text and key in a JSON value."""
    match value:
        case str():
            yield value
        case Mapping():
            for key, part in value.items():
                yield str(key)
                yield from texts_in(part)
        case list() | tuple():
            for part in value:
                yield from texts_in(part)


def _redacted(value: object, known: tuple[KnownSecret, ...]) -> object:
    match value:
        case Enum():
            return value
        case str():
            return value if value.startswith(_ADDRESSES) and len(value) in _ADDRESS_LENGTHS else redact(value, known)
        case Mapping():
            return {redact(str(key), known): _redacted_under(str(key), part, known) for key, part in value.items()}
        case list():
            return [_redacted(part, known) for part in value]
        case tuple():
            return tuple(_redacted(part, known) for part in value)
        case _ if is_dataclass(value) and not isinstance(value, type):
            return replace(value, **{part.name: _redacted(getattr(value, part.name), known) for part in fields(value)})
        case _:
            return value


def _redacted_under(key: str, part: object, known: tuple[KnownSecret, ...]) -> object:
    is_password = isinstance(part, str) and part and _PASSWORD_KEY.fullmatch(key) and not _MARK.fullmatch(part)
    return "[redacted: password]" if is_password else _redacted(part, known)


def _marked(text: str, found: Iterable[FoundSecret]) -> str:
    parts: list[str] = []
    end = 0
    for secret in found:
        parts += [text[end : secret.start], f"[redacted: {secret.kind}]"]
        end = secret.end
    return "".join([*parts, text[end:]]) if parts else text


def _known_in(text: str, known: Iterable[KnownSecret]) -> Iterator[FoundSecret]:
    for secret in known:
        start = text.find(secret.value)
        while start >= 0:
            yield FoundSecret(kind=secret.name, start=start, end=start + len(secret.value))
            start = text.find(secret.value, start + 1)


def _shaped_in(text: str) -> Iterator[FoundSecret]:
    if len(text) < MIN_KNOWN:
        return
    for kind, pattern in PATTERNS.items():
        group = "secret" if "secret" in pattern.groupindex else 0
        for match in pattern.finditer(text):
            start, end = match.span(group)
            yield FoundSecret(kind=kind, start=start, end=end)


def _is_within(secret: FoundSecret, marks: list[tuple[int, int]]) -> bool:
    """Whether it is (a part of) a mark that an earlier redaction left."""
    return any(start < secret.end and secret.start < end for start, end in marks)
