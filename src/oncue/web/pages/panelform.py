"""From the fields of the run panel to the body of the one route that starts a run; nothing else reads them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from oncue.control.views.panelview import fold_breaks
from oncue.control.views.planview import PlanView
from oncue.core.findings import Finding, FindingCode
from oncue.core.request import Scope
from oncue.web.findingwords import show_hint
from oncue.web.refusals import InvalidFields
from oncue.web.runbody import SCOPES_WITH_DOWNSTREAM, SCOPES_WITH_STEPS

Fields = Sequence[tuple[str, str]]
PARAM = "param."
SHOWN = "shown."
BUDGETS = {"seconds": "Seconds", "tokens": "Tokens", "usd": "US dollars", "calls": "Model calls"}
WHOLE = ("tokens", "calls")


def read_texts(fields: Fields, prefix: str) -> dict[str, str]:
    """What the fields with this prefix say, with the line breaks that values have; browsers send others."""
    return {name.removeprefix(prefix): fold_breaks(text) for name, text in fields if name.startswith(prefix)}


def read_body(fields: Fields, read_params: Callable[[Mapping[str, str]], Mapping[str, object]]) -> dict[str, object]:
    """The body that these fields mean; what is left empty is left out.

    Raises:
        InvalidFields: limits that are no numbers above 0.
        InvalidParam: a parameter of the wrong type.
    """
    given = {name: value for name, value in fields if value}
    scope = Scope(given.get("scope", Scope.ALL.value))
    comment = fold_breaks(given.get("comment", ""))
    body: dict[str, object] = {
        "scope": scope.value,
        "steps": [value for name, value in fields if name == "step"] if scope in SCOPES_WITH_STEPS else [],
        "phase": given.get("phase") if scope is Scope.PHASE else None,
        "downstream": given.get("downstream") if scope in SCOPES_WITH_DOWNSTREAM else None,
        "context": given.get("context"),
        "params": read_params(read_texts(fields, PARAM)),
        "budget": _read_budget(given),
        "refresh": "refresh" in given,
        "definition": given.get("definition"),
        "answers": given.get("answers"),
        "rerun_comment": comment or None,
        "comment_kind": given.get("kind") if comment else None,
        "keep_comments": "keep_comments" in given,
    }
    return {name: value for name, value in body.items() if value}


def _read_budget(given: Mapping[str, str]) -> dict[str, float]:
    texts = {name: text for name in BUDGETS if (text := given.get(f"budget.{name}", "").strip())}
    budget = {name: _read_limit(text, is_whole=name in WHOLE) for name, text in texts.items()}
    wrong = {f"budget.{name}": _explain_limit(name) for name, limit in budget.items() if limit is None}
    if wrong:
        raise InvalidFields(wrong)
    return {name: limit for name, limit in budget.items() if limit is not None}


def _read_limit(text: str, *, is_whole: bool) -> float | None:
    """A number above 0, or None."""
    try:
        limit = int(text) if is_whole else float(text)
    except ValueError:
        return None
    return limit if 0 < limit < math.inf else None


def _explain_limit(name: str) -> str:
    return f"{BUDGETS[name]} must be a {'whole ' if name in WHOLE else ''}number above 0."


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What a plan says, and what to do about it in the panel; ``others`` are further findings of the same code."""

    kind: str
    code: str
    message: str
    hint: str = ""
    others: tuple[str, ...] = ()


def advise(plan: PlanView) -> list[Advice]:
    """What a plan says, blockers first; of many alike, one, and the others with it."""
    advice: list[Advice] = []
    for kind, findings in (("blocker", plan.blockers), ("warning", plan.warnings)):
        by_code: dict[FindingCode, list[Finding]] = {}
        for finding in findings:
            by_code.setdefault(finding.code, []).append(finding)
        for code, (first, *others) in by_code.items():
            rest = tuple(other.message for other in others)
            advice.append(Advice(kind=kind, code=code.value, message=first.message, hint=show_hint(first), others=rest))
    return advice
