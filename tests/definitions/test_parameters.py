"""Parameters: what may be declared, how text becomes a value, and what is refused with which words."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oncue.core.definition import ParamDefinition, ParamType, WorkflowDefinition
from oncue.core.parameters import infer_type, normalize_param, resolve_params
from oncue.errors import InvalidParam


def workflow(*params: ParamDefinition) -> WorkflowDefinition:
    return WorkflowDefinition(name="w", phases=("main",), steps=(), params=params)


def declared(kind: ParamType, **options: object) -> WorkflowDefinition:
    return workflow(ParamDefinition(name="p", type=kind, **options))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("default", "kind"),
    [
        ("eu", ParamType.STRING), (1, ParamType.INTEGER), (1.5, ParamType.NUMBER), (True, ParamType.BOOLEAN),
        ([1], ParamType.ARRAY), ({"a": 1}, ParamType.OBJECT), (None, ParamType.ANY),
    ],
)  # fmt: skip
def test_the_type_of_a_bare_default_is_its_own(default: object, kind: ParamType) -> None:
    assert infer_type(default) is kind


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (ParamType.STRING, "10", "10"),
        (ParamType.STRING, " eu ", " eu "),
        (ParamType.STRING, "", ""),
        (ParamType.INTEGER, "10", 10),
        (ParamType.INTEGER, " -3 ", -3),
        (ParamType.INTEGER, "+007", 7),
        (ParamType.NUMBER, "0.5", 0.5),
        (ParamType.NUMBER, "1", 1.0),
        (ParamType.NUMBER, "-1e-3", -0.001),
        (ParamType.NUMBER, ".5", 0.5),
        (ParamType.BOOLEAN, "true", True),
        (ParamType.BOOLEAN, "Yes", True),
        (ParamType.BOOLEAN, "FALSE", False),
        (ParamType.BOOLEAN, "no", False),
        (ParamType.ARRAY, "[1, 2]", [1, 2]),
        (ParamType.OBJECT, '{"a": [null]}', {"a": [None]}),
        (ParamType.ANY, "10", 10),
        (ParamType.ANY, '"10"', "10"),
        (ParamType.ANY, "eu", "eu"),
        (ParamType.ANY, "null", None),
        (ParamType.ANY, "NaN", "NaN"),
        (ParamType.ANY, "[1", "[1"),
    ],
)
def test_text_is_read_by_the_declared_type(kind: ParamType, text: str, value: object) -> None:
    found = resolve_params(declared(kind), {"p": text}, from_text=True)["p"]

    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("kind", "given", "message"),
    [
        (ParamType.INTEGER, "ten", "parameter 'p' must be an integer, not the text 'ten'"),
        (ParamType.INTEGER, "1_000", "must be an integer"),
        (ParamType.INTEGER, "1.0", "must be an integer"),
        (ParamType.INTEGER, "9" * 5_000, "must be an integer"),
        (ParamType.INTEGER, True, "must be an integer, not the boolean true"),
        (ParamType.INTEGER, 1.0, "must be an integer, not the number 1.0"),
        (ParamType.NUMBER, "nan", "must be a number"),
        (ParamType.NUMBER, "1e999", "must be a number"),
        (ParamType.NUMBER, math.inf, "must be a number, not the number inf"),
        (ParamType.NUMBER, 10**400, "must be a number"),
        (ParamType.BOOLEAN, "1", "must be a boolean, not the text '1'"),
        (ParamType.BOOLEAN, 1, "must be a boolean, not the number 1"),
        (ParamType.STRING, 1, "must be a string, not the number 1"),
        (ParamType.STRING, None, "must be a string, not null"),
        (ParamType.ARRAY, "1", "must be an array, not the number 1"),
        (ParamType.ARRAY, "[" * 100_000, "must be an array"),
        (ParamType.OBJECT, [1], r"must be an object, not the array \[1\]"),
        (ParamType.OBJECT, {1: 2}, "must be plain JSON and has the key 1"),
        (ParamType.ANY, {1, 2}, "must be plain JSON and has a value of type set"),
        (ParamType.ANY, "\ud800", "must be plain JSON and has text with a lone surrogate"),
    ],
)
def test_a_value_of_another_type_is_refused_with_what_was_expected_and_found(
    kind: ParamType, given: object, message: str
) -> None:
    with pytest.raises(InvalidParam, match=message):
        resolve_params(declared(kind, default="d" if kind is ParamType.STRING else 0), {"p": given}, from_text=True)


def test_defaults_fill_in_and_the_order_is_that_of_the_declaration() -> None:
    params = workflow(ParamDefinition(name="b", default=1), ParamDefinition(name="a", default=None))

    assert list(resolve_params(params, {"a": 2}, from_text=False).items()) == [("b", 1), ("a", 2)]


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    params = workflow(ParamDefinition(name="region"), ParamDefinition(name="limit"))

    with pytest.raises(InvalidParam, match=r"no parameter 'regoin' \(did you mean region\?\)") as caught:
        resolve_params(params, {"regoin": "eu"}, from_text=True)

    assert caught.value.hint == "parameters: region, limit"


def test_all_missing_parameters_are_named_at_once() -> None:
    params = workflow(*(ParamDefinition(name=name, is_required=True) for name in ("a", "b")))

    with pytest.raises(InvalidParam, match="required parameters are missing: a, b"):
        resolve_params(params, {}, from_text=True)


def test_null_is_taken_where_the_default_is_null_only() -> None:
    optional = declared(ParamType.STRING, default=None)

    assert resolve_params(optional, {"p": None}, from_text=False) == {"p": None}
    with pytest.raises(InvalidParam, match="must be a string, not null"):
        resolve_params(declared(ParamType.STRING, is_required=True), {"p": None}, from_text=False)


def test_a_value_is_one_of_the_choices() -> None:
    params = declared(ParamType.INTEGER, choices=(1, 2))

    assert resolve_params(params, {"p": "2"}, from_text=True) == {"p": 2}
    with pytest.raises(InvalidParam, match="'p': the number 3 is not one of 1, 2"):
        resolve_params(params, {"p": "3"}, from_text=True)


def test_a_choice_of_another_type_is_another_value() -> None:
    with pytest.raises(InvalidParam, match="the boolean true is not one of 1"):
        resolve_params(declared(ParamType.ANY, choices=(1,)), {"p": True}, from_text=False)


def test_a_number_is_kept_as_a_float_however_it_is_given() -> None:
    param = normalize_param(ParamDefinition(name="p", type=ParamType.NUMBER, default=1, choices=(1, 2)))

    assert (repr(param.default), repr(param.choices)) == ("1.0", "(1.0, 2.0)")
    assert repr(resolve_params(workflow(param), {"p": 2}, from_text=False)["p"]) == "2.0"


@pytest.mark.parametrize("name", ["", "a-b", "1a", "_a", "ä", "items", "keys", "values", "get", "names_read"])
def test_a_name_that_cannot_be_read_as_an_attribute_is_refused(name: str) -> None:
    with pytest.raises(InvalidParam, match="cannot name a parameter"):
        normalize_param(ParamDefinition(name=name))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=8,
).filter(lambda value: "\\ud" not in json.dumps(value))


@given(json_values)
def test_any_json_written_as_text_is_read_back_as_itself(value: object) -> None:
    found = resolve_params(declared(ParamType.ANY), {"p": json.dumps(value)}, from_text=True)["p"]

    assert json.dumps(found) == json.dumps(value)


@given(st.sampled_from(list(ParamType)), st.text())
def test_any_text_is_read_or_refused_and_nothing_else(kind: ParamType, text: str) -> None:
    try:
        value = resolve_params(declared(kind, default=0), {"p": text}, from_text=True)["p"]
    except InvalidParam:
        return
    assert resolve_params(declared(kind, default=0), {"p": value}, from_text=False)["p"] == value
