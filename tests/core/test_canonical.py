"""One way to turn a value into bytes, and bytes into an address."""

from __future__ import annotations

import json
import math
from enum import StrEnum
from hashlib import sha256
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oncue.core.canonical import NotCanonical, canonical_json, content_hash, fingerprint, fingerprint_bytes


class Colour(StrEnum):
    RED = "red"


class Pair(NamedTuple):
    left: int
    right: int


TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda part: st.lists(part) | st.dictionaries(TEXT, part),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("value", "body"),
    [
        (None, b"null"),
        (True, b"true"),
        (1, b"1"),
        (1.0, b"1.0"),
        (-0.0, b"-0.0"),
        (1e100, b"1e+100"),
        (10**30, b"1000000000000000000000000000000"),
        ("é\n\u2028", '"é\\n\u2028"'.encode()),
        ([1, [2, {}]], b"[1,[2,{}]]"),
        ((1, 2), b"[1,2]"),
        ({"b": 1, "a": {"d": 2, "c": 3}}, b'{"a":{"c":3,"d":2},"b":1}'),
        ({"é": 1, "z": 2, "Z": 3, "😀": 4, "\uffff": 5}, '{"Z":3,"z":2,"é":1,"\uffff":5,"😀":4}'.encode()),
    ],
)
def test_a_value_has_one_form(value: object, body: bytes) -> None:
    assert canonical_json(value) == body


@pytest.mark.parametrize(
    ("value", "found", "where"),
    [
        ({1, 2}, "a value of type set", ""),
        ({"a": [1, {"b": b"x"}]}, "a value of type bytes", ".a[1].b"),
        ([object()], "a value of type object", "[0]"),
        (Colour.RED, "a value of type Colour", ""),
        ([Colour.RED], "a value of type Colour", "[0]"),
        ({"a": {1: "x"}}, "the key 1 (int)", ".a"),
        ({None: 1}, "the key None (NoneType)", ""),
        ({True: 1}, "the key True (bool)", ""),
        ({Colour.RED: 1}, "the key <Colour.RED: 'red'> (Colour)", ""),
        (type("Table", (dict,), {})(), "a value of type Table", ""),
        (1j, "a value of type complex", ""),
    ],
)
def test_what_is_not_json_is_refused_with_its_place(value: object, found: str, where: str) -> None:
    with pytest.raises(NotCanonical) as refused:
        canonical_json(value)

    assert refused.value.found == found
    assert refused.value.where == where
    assert str(refused.value) == f"{found} at {where or 'the top'}"


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("wrap", [lambda part: part, lambda part: [part], lambda part: {"a": {"b": part}}])
def test_numbers_that_json_does_not_have_are_refused(number: float, wrap: Any) -> None:
    with pytest.raises(NotCanonical):
        canonical_json(wrap(number))


@pytest.mark.parametrize("value", ["\ud800", ["a\udfff"], {"\ud800": 1}, {"a": {"b": "\udc00"}}])
def test_half_a_character_is_refused(value: object) -> None:
    with pytest.raises(NotCanonical, match="lone surrogate"):
        canonical_json(value)


def test_a_value_that_contains_itself_is_refused() -> None:
    circle: list[object] = []
    circle.append(circle)

    with pytest.raises((NotCanonical, RecursionError)):
        canonical_json(circle)


def test_tuples_are_lists() -> None:
    assert canonical_json({"a": (1, Pair(2, 3))}) == canonical_json({"a": [1, [2, 3]]})


@given(JSON)
def test_what_is_read_back_is_the_same_value(value: object) -> None:
    body = canonical_json(value)

    assert json.loads(body) == value
    assert canonical_json(json.loads(body)) == body


@given(st.dictionaries(TEXT, JSON), st.randoms(use_true_random=False))
def test_the_order_of_a_mapping_does_not_matter(value: dict[str, object], random: Any) -> None:
    shuffled = list(value.items())
    random.shuffle(shuffled)

    assert canonical_json(dict(shuffled)) == canonical_json(value)


@given(JSON, JSON)
def test_different_values_have_different_bytes(one: object, other: object) -> None:
    def exactly(value: object) -> object:
        """The value with its types, so that 1, 1.0 and True differ, and the two zeros."""
        if isinstance(value, list):
            return [exactly(part) for part in value]
        if isinstance(value, dict):
            return {key: exactly(part) for key, part in value.items()}
        return (type(value).__name__, repr(value))

    assert (canonical_json(one) == canonical_json(other)) is (exactly(one) == exactly(other))


@given(st.binary())
def test_an_address_is_the_hash_of_the_bytes(body: bytes) -> None:
    assert content_hash(body) == f"sha256:{sha256(body).hexdigest()}"


@given(JSON)
def test_a_fingerprint_names_its_scheme(value: object) -> None:
    print_ = fingerprint("param", value)

    assert print_.startswith("fp1:")
    assert len(print_) == len("fp1:") + 64
    assert print_ == fingerprint_bytes("param", canonical_json(value))


@given(JSON, TEXT, TEXT)
def test_domains_are_separate(value: object, one: str, other: str) -> None:
    assert (fingerprint(one, value) == fingerprint(other, value)) is (one == other)


def test_a_domain_does_not_run_into_the_value() -> None:
    assert fingerprint_bytes("a", b"bc") != fingerprint_bytes("ab", b"c")


def test_a_fingerprint_never_changes() -> None:
    expected = sha256(b'param\0{"a":[1,2.5,"\xc3\xa9"]}').hexdigest()

    assert fingerprint("param", {"a": [1, 2.5, "é"]}) == f"fp1:{expected}"
