"""What a plan may cost, from recorded attempts of the same steps; without a history it is unknown, never zero."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

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

    ``assumed`` are the fan-outs whose number of instances is not known yet, with the number they had last, which is taken.
    ``unknown`` are the steps without a history; while there are any, every sum is unknown (None). ``tokens`` and ``usd`` are
    unknown as well where no earlier attempt of such a step said of all its calls what they used, or what they cost.
    """

    seconds: Range | None
    tokens: Range | None = None
    usd: Range | None = None
    unknown: tuple[str, ...] = ()
    assumed: Mapping[str, int] = field(default_factory=dict)


def estimate_plan(
    plan: Plan,
    durations: Mapping[str, Sequence[float]],
    costs: Mapping[str, Sequence[Spending]] | None = None,
    *,
    count: Callable[[str], int | None],
) -> Estimate:
    """Add up, for every step that executes, the least and the most of its latest attempts.

    A fan-out whose instances are not known yet counts as many times as it had instances last, by ``count``. A step that
    executes only if it becomes stale counts as zero in the low sum. ``costs`` is empty where the job never called a model, and
    then nothing is known of tokens and money.
    """
    unknown: list[str] = []
    assumed: dict[str, int] = {}
    seconds, tokens, usd = _Sum(), _Sum(), _Sum()
    for step in plan.executing:
        name = step_name(step.id)
        times = count(name) if step.is_expanding else 1
        seen = durations.get(name)
        if not seen or times is None:
            unknown.append(step.id)
            continue
        if step.is_expanding:
            assumed[name] = times
        low = 0 if step.is_conditional else times
        spent = costs.get(name, ()) if costs else ()
        seconds.add(seen, low=low, high=times)
        tokens.add([float(one.tokens) for one in spent if not one.unknown_tokens], low=low, high=times)
        usd.add([one.usd for one in spent if not one.unknown_usd], low=low, high=times)
    if unknown or not plan.executing:
        return Estimate(seconds=None, unknown=tuple(unknown), assumed=assumed)
    return Estimate(seconds=seconds.range(), tokens=tokens.range(), usd=usd.range(), assumed=assumed)


class _Sum:
    """A range that is added up; unknown as soon as one part is."""

    def __init__(self) -> None:
        self._low = self._high = 0.0
        self._is_known = True

    def add(self, seen: Sequence[float], *, low: int, high: int) -> None:
        """Something that happens at least ``low`` and at most ``high`` times, and cost this before."""
        if not seen:
            self._is_known = False
            return
        self._low += low * min(seen)
        self._high += high * max(seen)

    def range(self) -> Range | None:
        return Range(low=self._low, high=self._high) if self._is_known else None
