"""One way to turn a value into bytes, and bytes into an address.

Canonical JSON: keys sorted by code point, no white space, UTF-8, no NaN, only string keys; floats stay floats (``1`` and
``1.0`` differ) and text is not normalized. Addresses are ``sha256:<hex>`` of content; fingerprints are ``fp1:<hex>`` of
a domain and a canonical value, so that a later scheme marks nothing stale by accident.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256

from oncue.core.model import ContentHash

_ENCODE = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode
MAX_LEVELS = 100
"""JSON readers give up somewhere between 128 and 1,000 levels."""
_SCALARS = frozenset({str, int, float, bool, type(None)})


class NotCanonical(ValueError):
    """A value that has no canonical JSON; ``where`` is the path to the offending part."""

    def __init__(self, found: str, where: str) -> None:
        super().__init__(f"{found} at {where or 'the top'}")
        self.found = found
        self.where = where


def canonical_json(value: object) -> bytes:
    """The canonical bytes of a JSON value.

    Raises:
        NotCanonical: not JSON, a key that is not text, NaN or infinity, or a lone surrogate.
    """
    check_json(value)
    try:
        return _ENCODE(value).encode()
    except UnicodeEncodeError as error:
        raise NotCanonical("text with a lone surrogate", "") from error
    except ValueError as error:
        raise NotCanonical(str(error), "") from error


def check_json(value: object, where: str = "", *, levels: int = MAX_LEVELS) -> None:
    """Refuse whatever the JSON encoder would take in silence: other classes, tuples aside, and keys that are not text.

    So is what is nested deeper than other programs read, which would be stored and never be answered with.
    """
    kind = type(value)
    if kind in _SCALARS:
        return
    if not levels:
        raise NotCanonical(f"a value nested more than {MAX_LEVELS} levels deep", f"{where[:40]}…")
    if isinstance(value, Mapping) and kind is dict:
        for key, part in value.items():
            if type(key) is not str:
                raise NotCanonical(f"the key {key!r} ({type(key).__name__})", where)
            if type(part) not in _SCALARS:
                check_json(part, f"{where}.{key}", levels=levels - 1)
        return
    if isinstance(value, list | tuple):
        for index, part in enumerate(value):
            if type(part) not in _SCALARS:
                check_json(part, f"{where}[{index}]", levels=levels - 1)
        return
    raise NotCanonical(f"a value of type {kind.__name__}", where)


def mend_text(text: str) -> str:
    """A text without halves of surrogate pairs, which could be stored and never be sent: each becomes a question mark."""
    return text.encode("utf-8", "replace").decode()


def content_hash(body: bytes) -> ContentHash:
    """The address of a body."""
    return ContentHash("sha256:" + sha256(body).hexdigest())


def fingerprint(domain: str, value: object) -> str:
    """The fingerprint of a JSON value within a domain, such as ``param`` or ``plan``."""
    return fingerprint_bytes(domain, canonical_json(value))


def fingerprint_bytes(domain: str, canonical: bytes) -> str:
    """The fingerprint of bytes that are canonical already."""
    return "fp1:" + sha256(domain.encode() + b"\0" + canonical).hexdigest()
