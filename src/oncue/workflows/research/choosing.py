"""What a person decides about the research, as questions: which goals, how often, and whether to go on.

Every decision can be given beforehand by a parameter of the name of its type; an empty one decides nothing. The questions are
the arguments of ``ctx.ask``: a step that calls it itself, and does no more with ``ctx``, plainly has no use for a comment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from oncue import Params
from oncue.workflows.research.goals import Goal, weakest_goals

ALL, DEEP, NONE = "ALL", "DEEP", "NONE"
ONCE, DEEP_LOOP = "ONCE", "DEEP_LOOP"
YES, NO = "Yes", "No"
_MODES = (
    {"id": ONCE, "label": "Once", "help": "every planned question is searched once"},
    {"id": DEEP_LOOP, "label": "Deep loop", "help": "what has no evidence yet is searched for again, as long as you say"},
)


def pillar_selection_question(goals: Sequence[Goal], params: Params) -> dict[str, Any]:
    """Which goals to pursue; the answer is a list for ``choose_goals``."""
    return {
        "type": "pillar_selection",
        "message": "Which goals should be pursued?",
        "kind": "choices",
        "options": goal_options(goals),
        "default": [ALL],
        "configured": preset_selection(params.pillar_selection),
        **_deadline(params),
    }


def run_mode_question(params: Params) -> dict[str, Any]:
    """``ONCE`` or ``DEEP_LOOP``."""
    return {
        "type": "run_mode",
        "message": "Search once, or again and again for what has no evidence yet?",
        "options": _MODES,
        "default": ONCE,
        "configured": params.run_mode or None,
        **_deadline(params),
    }


def continue_question(iteration: int, uncovered: Sequence[str], params: Params) -> dict[str, Any]:
    """Whether to go on (``YES`` or ``NO``) after an iteration that left these terms without evidence.

    The message has the iteration and not the gaps, so that the same decision can be used again when the gaps differ.
    """
    return {
        "type": "continue",
        "message": f"Iteration {iteration} complete. Continue deep review loop?",
        "options": [YES, NO],
        "default": NO,
        "configured": params["continue"] or None,
        "iteration": iteration,
        "gap_count": len(uncovered),
        "gaps": list(uncovered),
        **_deadline(params),
    }


def goal_options(goals: Sequence[Goal]) -> list[Mapping[str, str | bool]]:
    """All, the weakest, each goal, and none; all and none go with no other."""
    weakest = ", ".join(goal.label for goal in weakest_goals(goals))
    return [
        {"id": ALL, "label": "All goals", "alone": True},
        {"id": DEEP, "label": "Where the evidence is weakest", "help": weakest},
        *({"id": goal.id, "label": goal.label, "help": f"evidence {goal.evidence_strength:.0%}"} for goal in goals),
        {"id": NONE, "label": "None", "help": "nothing is searched, and the report says so", "alone": True},
    ]


def preset_selection(text: str) -> list[str] | None:
    """The choices that a parameter names, with commas between them; None where it names none."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    return [part.upper() if part.upper() in (ALL, DEEP, NONE) else part for part in parts] or None


def _deadline(params: Params) -> dict[str, Any]:
    seconds = params.timeout
    return {"timeout_seconds": seconds, "on_timeout": "default"} if seconds else {}
