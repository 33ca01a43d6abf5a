"""What a plan may cost, from recorded attempts of the same steps; without a history it is unknown, never zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from oncue.core.model import step_name
from oncue.core.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """From the cheapest to the dearest that was seen."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a plan may cost. ``seconds`` adds up the durations of its steps, as if one ran after the other.

    ``unknown`` are the steps without a history; while there are any, the sum is unknown (None).
    """

    seconds: Range | None
    unknown: tuple[str, ...] = ()


def estimate_plan(plan: Plan, durations: Mapping[str, Sequence[float]]) -> Estimate:
    """Add up, for every step that executes, the shortest and longest of its latest attempts.

    A fan-out whose instances are not known yet is unknown. A step that executes only if it becomes stale counts as zero in
    the low sum.
    """
    low = high = 0.0
    unknown: list[str] = []
    for step in plan.executing:
        seen = durations.get(step_name(step.id))
        if not seen or step.is_expanding:
            unknown.append(step.id)
            continue
        low += 0.0 if step.is_conditional else min(seen)
        high += max(seen)
    if unknown or not plan.executing:
        return Estimate(seconds=None, unknown=tuple(unknown))
    return Estimate(seconds=Range(low=low, high=high))
