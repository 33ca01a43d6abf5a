"""What the arguments of ``ctx.generate`` mean."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from pydantic import BaseModel

from oncue.control.steps.context import make_wish
from oncue.control.steps.drafts import DraftWish
from oncue.core.prompts import Purpose


class Figure(BaseModel):
    what: str
    on: date


@dataclass
class Row:
    name: str


@pytest.mark.parametrize(
    ("context", "text"),
    [
        ("as it is\n", "as it is\n"),
        ("", ""),
        (None, ""),
        ([1, "ä"], '[\n  1,\n  "ä"\n]'),
        (Figure(what="wind", on=date(2026, 1, 2)), '{\n  "what": "wind",\n  "on": "2026-01-02"\n}'),
        ({"a": "text", "b": [Row(name="x")], "c": None}, '[a]\ntext\n\n[b]\n[\n  {\n    "name": "x"\n  }\n]\n\n[c]\n'),
    ],
)
def test_a_context_is_text_or_anything_that_json_can_hold(context: object, text: str) -> None:
    assert make_wish("Go", context).context == text


def test_a_context_that_json_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="Unable to serialize unknown type"):
        make_wish("Go", object())


def check(draft: object) -> str:
    return f"not {draft}"


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ({}, DraftWish(request="Go")),
        ({"rules": "Be brief."}, DraftWish(request="Go", rules=("Be brief.",))),
        ({"rules": ["a", "b"]}, DraftWish(request="Go", rules=("a", "b"))),
        ({"checks": check}, DraftWish(request="Go", checks=(check,))),
        ({"checks": [check, check]}, DraftWish(request="Go", checks=(check, check))),
        ({"draft": "d", "problem": "p"}, DraftWish(request="Go", draft="d", problem="p", purpose=Purpose.FIX_ERROR)),
        (
            {"draft": "d", "problem": "p", "purpose": "self_correct"},
            DraftWish(request="Go", draft="d", problem="p", purpose=Purpose.SELF_CORRECT),
        ),
    ],
)
def test_one_rule_or_check_may_stand_for_a_list_of_them(given: dict[str, Any], meant: DraftWish) -> None:
    assert make_wish("Go", **given) == meant


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"corrections": -1}, "corrections=-1: it cannot be negative"),
        ({"purpose": "praise"}, "'praise' is not a valid Purpose"),
    ],
)
def test_what_cannot_be_wished_for_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_wish("Go", **given)


def test_a_wish_that_there_is_not_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match="output_type"):
        make_wish("Go", output_type=str)
