"""What a person decides about the research, as questions: which goals, how often, and whether to go on.

Every decision can be given beforehand by a parameter of the name of its type; an empty one decides nothing. What asks gets
``ctx.ask`` alone, not the whole context: so it is plain that a step which does no more can do nothing with a comment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from oncue import Params
from oncue.workflows.research.goals import Goal, choose_goals, weakest_goals

Ask = Callable[..., Any]
ALL, DEEP, NONE = "ALL", "DEEP", "NONE"
ONCE, DEEP_LOOP = "ONCE", "DEEP_LOOP"
YES, NO = "Yes", "No"
_MODES = (
    {"id": ONCE, "label": "Once", "help": "every planned question is searched once"},
    {"id": DEEP_LOOP, "label": "Deep loop", "help": "what has no evidence yet is searched for again, as long as you say"},
)


def ask_pillar_selection(goals: Sequence[Goal], params: Params, ask: Ask) -> tuple[Goal, ...]:
    """The goals to pursue; nobody is asked where there is none."""
    if not goals:
        return ()
    chosen: list[str] = ask(
        "pillar_selection",
        "Which goals should be pursued?",
        kind="choices",
        options=goal_options(goals),
        default=[ALL],
        configured=preset_selection(params.pillar_selection),
        **_deadline(params),
    )
    return choose_goals(goals, chosen)


def ask_run_mode(params: Params, ask: Ask) -> str:
    """``ONCE`` or ``DEEP_LOOP``."""
    mode: str = ask(
        "run_mode",
        "Search once, or again and again for what has no evidence yet?",
        options=_MODES,
        default=ONCE,
        configured=params.run_mode or None,
        **_deadline(params),
    )
    return mode


def ask_continue(iteration: int, uncovered: Sequence[str], *, params: Params, ask: Ask) -> bool:
    """Whether to go on after an iteration that left these terms without evidence.

    The message has the iteration and not the gaps, so that the same decision can be used again when the gaps differ.
    """
    answer: str = ask(
        "continue",
        f"Iteration {iteration} complete. Continue deep review loop?",
        options=[YES, NO],
        default=NO,
        configured=params["continue"] or None,
        iteration=iteration,
        gap_count=len(uncovered),
        gaps=list(uncovered),
        **_deadline(params),
    )
    return answer == YES


def goal_options(goals: Sequence[Goal]) -> list[Mapping[str, str]]:
    """All, the weakest, each goal, and none."""
    weakest = ", ".join(goal.label for goal in weakest_goals(goals))
    return [
        {"id": ALL, "label": "All goals"},
        {"id": DEEP, "label": "Where the evidence is weakest", "help": weakest},
        *({"id": goal.id, "label": goal.label, "help": f"evidence {goal.evidence_strength:.0%}"} for goal in goals),
        {"id": NONE, "label": "None", "help": "nothing is searched, and the report says so"},
    ]


def preset_selection(text: str) -> list[str] | None:
    """The choices that a parameter names, with commas between them; None where it names none."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    return [part.upper() if part.upper() in (ALL, DEEP, NONE) else part for part in parts] or None


def _deadline(params: Params) -> dict[str, Any]:
    seconds = params.timeout
    return {"timeout_seconds": seconds, "on_timeout": "default"} if seconds else {}
