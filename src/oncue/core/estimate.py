"""What a plan may cost, from recorded attempts of the same steps; without a history it is unknown, never zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from oncue.core.model import step_name
from oncue.core.modelcalls import Spending
from oncue.core.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """From the cheapest to the dearest that was seen."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a plan may cost. ``seconds`` adds up the durations of its steps, as if one ran after the other.

    ``unknown`` are the steps without a history, and the ``uncounted`` ones: fan-outs with a history whose number of instances
    is not known yet. While there are any, every sum is unknown (None). ``tokens`` and ``usd`` are unknown as well where no
    earlier attempt of such a step said of all its calls what they used, or what they cost.
    """

    seconds: Range | None
    tokens: Range | None = None
    usd: Range | None = None
    unknown: tuple[str, ...] = ()
    uncounted: tuple[str, ...] = ()


def estimate_plan(
    plan: Plan, durations: Mapping[str, Sequence[float]], costs: Mapping[str, Sequence[Spending]] | None = None
) -> Estimate:
    """Add up, for every step that executes, the least and the most of its latest attempts.

    A fan-out whose instances are not known yet is unknown. A step that executes only if it becomes stale counts as zero in
    the low sum. ``costs`` is empty where the job never called a model, and then nothing is known of tokens and money.
    """
    unknown: list[str] = []
    uncounted: list[str] = []
    seconds, tokens, usd = _Sum(), _Sum(), _Sum()
    for step in plan.executing:
        name = step_name(step.id)
        seen = durations.get(name)
        if not seen or step.is_expanding:
            unknown.append(step.id)
            if seen:
                uncounted.append(step.id)
            continue
        seconds.add(seen, is_certain=not step.is_conditional)
        spent = costs.get(name, ()) if costs else ()
        tokens.add([float(one.tokens) for one in spent if not one.unknown_tokens], is_certain=not step.is_conditional)
        usd.add([one.usd for one in spent if not one.unknown_usd], is_certain=not step.is_conditional)
    if unknown or not plan.executing:
        return Estimate(seconds=None, unknown=tuple(unknown), uncounted=tuple(uncounted))
    return Estimate(seconds=seconds.range(), tokens=tokens.range(), usd=usd.range())


class _Sum:
    """A range that is added up; unknown as soon as one part is."""

    def __init__(self) -> None:
        self._low = self._high = 0.0
        self._is_known = True

    def add(self, seen: Sequence[float], *, is_certain: bool) -> None:
        if not seen:
            self._is_known = False
            return
        self._low += min(seen) if is_certain else 0.0
        self._high += max(seen)

    def range(self) -> Range | None:
        return Range(low=self._low, high=self._high) if self._is_known else None
