"""Values at the boundary of a step: validated on the way in, plain JSON on the way out, or refused with their place."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import Enum, StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from oncue import StepFailed, Workflow
from oncue.core.canonical import canonical_json
from oncue.definitions.element_keys import key_function
from oncue.definitions.plain_values import to_plain
from oncue.errors import OutputNotSerializable
from tests.definitions.desk import make_call, output, run_body


class Colour(StrEnum):
    RED = "red"


class Level(Enum):
    LOW = 1


@dataclass
class Row:
    id: str
    when: date | None = None
    parts: list[int] = field(default_factory=list)


class Model(BaseModel):
    name: str
    count: int = 1


class Typed(TypedDict):
    a: int


def passing(annotation: Any) -> Callable[..., Any]:
    def through(given: Any) -> Any:
        return given

    through.__annotations__ = {"given": annotation, "return": annotation}
    return through


def returned(function: Callable[..., Any], value: object, folder: Path) -> Any:
    """What a step that gets this value returns."""
    flow = Workflow("w")

    @flow.step(id="given")
    def source() -> Any:
        return None

    flow.step(id="step")(function)
    loaded = flow.load()
    return run_body(loaded, make_call(loaded, "step", folder=folder, inputs={"given": output(value)})).value


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (int, 1), (str, "a"), (bool, True), (float, 1.5), (list[int], [1]), (dict[str, int], {"a": 1}),
        (dict[int, str], {"1": "a"}), (int | None, None), (Literal["a", "b"], "b"), (Colour, "red"), (Level, 1),
        (Row, {"id": "a", "when": "2024-01-02", "parts": [1]}), (Model, {"name": "a", "count": 2}), (Typed, {"a": 1}),
        (list[Row], [{"id": "a", "when": None, "parts": []}]), (datetime, "2024-01-02T03:04:05Z"), (bytes, "ab"),
        (set[int], [1]), (tuple[int, str], [1, "a"]), (Annotated[int, Field(gt=0)], 1), (Path, "a/b"), (Any, {"a": [1]}),
    ],
)  # fmt: skip
def test_a_value_passes_through_its_type_and_back(annotation: Any, value: object, tmp_path: Path) -> None:
    assert returned(passing(annotation), value, tmp_path) == value


@pytest.mark.parametrize(
    ("annotation", "value", "message"),
    [
        (int, "x", "step 'step': given does not fit its annotation: Input should be a valid integer"),
        (list[Row], [{"id": "a"}, {}], r"given does not fit its annotation: \[1\]\.id: Field required"),
        (dict[str, int], {"a": "x", "b": "y"}, r"a: Input should be .*; b: Input should be"),
        (list[int], ["a"] * 5, r"\(and 2 more\)"),
        (Annotated[int, Field(gt=0)], 0, "greater than 0"),
    ],
)
def test_an_input_that_does_not_fit_fails_the_step_with_its_place(
    annotation: Any, value: object, message: str, tmp_path: Path
) -> None:
    with pytest.raises(StepFailed, match=message) as caught:
        returned(passing(annotation), value, tmp_path)

    assert caught.value.code == "invalid_input"


def test_a_result_that_does_not_fit_its_annotation_fails_the_step(tmp_path: Path) -> None:
    def wrong(given: Any) -> list[int]:
        return given  # type: ignore[no-any-return]

    with pytest.raises(StepFailed, match="what it returned does not fit its annotation") as caught:
        returned(wrong, "x", tmp_path)

    assert caught.value.code == "invalid_output"


def test_dicts_of_a_result_become_the_declared_type_and_its_defaults_are_filled_in(tmp_path: Path) -> None:
    def rows(given: Any) -> list[Row]:
        return [{"id": given}]  # type: ignore[list-item]

    assert returned(rows, "a", tmp_path) == [{"id": "a", "when": None, "parts": []}]


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        ((1, (2,)), [1, [2]]),
        (Row("a", date(2024, 1, 2)), {"id": "a", "when": "2024-01-02", "parts": []}),
        ([Model(name="a")], [{"name": "a", "count": 1}]),
        ({"a": datetime(2024, 1, 2, tzinfo=UTC)}, {"a": "2024-01-02T00:00:00Z"}),
        ({1: "a"}, {"1": "a"}),
        ({Colour.RED: Colour.RED}, {"red": "red"}),
        ([Level.LOW], [1]),
        ({"s": {1}}, {"s": [1]}),
        (Path("a"), "a"),
        (b"ab", "ab"),
    ],
)
def test_what_has_a_json_form_is_brought_into_it(value: object, plain: object) -> None:
    found = to_plain(value, step="s")

    assert found == plain
    canonical_json(found)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (object(), "step 's' returned a value of type object, which cannot"),
        ({"a": [1, object()]}, r"returned a value of type object at a\[1\]"),
        ({"a": {"b": float("nan")}}, r"returned the number nan at a\.b"),
        ([float("inf")], r"returned the number inf at \[0\]"),
        ({(1, 2): 3}, r"returned the key \(1, 2\) \(tuple\)"),
        ({"a": {None: 1}}, r"returned the key None \(NoneType\) at a"),
        ({1: "a", "1": "b"}, "two keys that are the same as text"),
        (b"\xff", "a value of type bytes"),
        ([lambda: 1], r"a value of type function at \[0\]"),
    ],
)
def test_what_has_no_json_form_is_refused_with_its_type_and_place(value: object, message: str) -> None:
    with pytest.raises(OutputNotSerializable, match=message):
        to_plain(value, step="s")


def test_a_value_that_contains_itself_is_refused(tmp_path: Path) -> None:
    def circular(given: Any) -> Any:
        given = [given]
        given.append(given)
        return given

    with pytest.raises(OutputNotSerializable, match="a list that contains itself"):
        returned(circular, 1, tmp_path)


def test_not_a_number_is_refused_in_a_typed_result_too(tmp_path: Path) -> None:
    def share(given: Any) -> dict[str, float]:
        return {"a": float(given)}

    with pytest.raises(OutputNotSerializable, match="the number nan at a"):
        returned(share, "nan", tmp_path)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
)


@given(json_values)
def test_plain_json_stays_as_it_is_and_is_another_object(value: Any) -> None:
    found = to_plain(value, step="s")

    assert json.dumps(found) == json.dumps(value)
    assert found is not value or not isinstance(value, dict | list)


def name(item: object, key: str | Callable[[Any], str] | None = None, index: int = 2) -> str:
    return key_function("s", key)(index, item)


@pytest.mark.parametrize(
    ("item", "key"),
    [
        ({"id": "a", "key": "b"}, "a"), ({"key": "b", "name": "c"}, "b"), ({"name": "c"}, "c"), ({"id": 7}, "7"),
        ({"id": None, "name": "c"}, "c"), ({"id": True}, "3"), ({"id": "a[1]"}, "3"), ({"url": "u"}, "3"),
        ("solar", "solar"), ("two words", "two words"), ("a\nb", "3"), ("x" * 121, "3"), ("", "3"), (5, "3"), ([1], "3"),
    ],
)  # fmt: skip
def test_an_element_is_named_by_what_it_is_called_else_by_its_position(item: object, key: str) -> None:
    assert name(item) == key


def test_a_key_may_be_a_field_or_computed() -> None:
    assert name({"url": "u"}, "url") == "u"
    assert name({"a": {"b": 1}}, lambda item: f"k{item['a']['b']}") == "k1"


@pytest.mark.parametrize(
    ("item", "key", "message"),
    [
        ({"ulr": "u"}, "url", r"step 's': the element at position 3 has no field 'url' \(did you mean ulr\?\)"),
        ("text", "url", "has no field 'url'"),
        ({"url": "a]"}, "url", r"the key of the element at position 3 is 'a\]'; a key is 1 to 120 characters"),
        ({"url": None}, "url", "position 3 is not text"),
        ({}, lambda _: "", "is ''"),
        ({}, lambda item: item["a"], "key= fails for the element at position 3: KeyError: 'a'"),
        ({}, lambda _: "x" * 121, "a key is 1 to 120 characters"),
    ],
)
def test_a_key_that_cannot_be_used_is_refused_with_step_and_position(
    item: object, key: str | Callable[[Any], str], message: str
) -> None:
    with pytest.raises(StepFailed, match=message) as caught:
        name(item, key)

    assert caught.value.code == "invalid_key"


def test_a_key_function_gets_the_element_in_the_type_of_item() -> None:
    flow = Workflow("w")

    @flow.step
    def rows() -> list[Row]:
        return []

    @flow.step(each="rows", key=lambda row: row.id.upper())
    def one(item: Row) -> Mapping[str, str]:
        return {item.id: ""}

    assert list(flow.load().name_instances("one", [{"id": "a"}, {"id": "b"}])) == ["A", "B"]


def test_a_fan_out_over_something_else_than_a_list_fails() -> None:
    flow = Workflow("w")

    @flow.step
    def rows() -> Any:
        return {}

    @flow.step(each="rows")
    def one(item: Any) -> None: ...

    with pytest.raises(StepFailed, match="step 'one' fans out over a list and got dict"):
        flow.load().name_instances("one", {})
