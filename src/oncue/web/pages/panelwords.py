"""What is wrong with the fields of the run panel, in words for whoever fills them in; each stands beside its field."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from oncue.core.comments import InvalidComment
from oncue.errors import InvalidParam, OncueError
from oncue.web.pages.panelform import BUDGETS, PARAM, Fields
from oncue.web.refusals import InvalidFields

FIELDS = {
    "steps": "Choose at least one step.",
    "phase": "Choose a phase.",
}
UNKNOWN = "The form holds something that cannot be taken. Close it and open it again."


def name_slots(fields: Fields) -> list[str]:
    """Every field beside which something may be said."""
    params = [name for name, _ in fields if name.startswith(PARAM)]
    return ["steps", "comment", *(f"budget.{name}" for name in BUDGETS), *params]


def explain_fields(error: OncueError, explain_params: Callable[[], Mapping[str, str]]) -> dict[str, str]:
    """Field of the panel → what to do there; empty where the error is about no field."""
    match error:
        case InvalidFields():
            return {name: FIELDS.get(name, why) for name, why in error.fields.items()}
        case InvalidComment():
            return {"comment": error.message}
        case InvalidParam():
            return {f"{PARAM}{name}": why for name, why in explain_params().items()}
        case _:
            return {}
