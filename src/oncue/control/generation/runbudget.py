"""The budget of one run in tokens, money, calls and seconds: what is left is asked before every call of a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oncue.control.amounts import show_dollars
from oncue.core.model import Failure, Run
from oncue.core.modelcalls import Spending
from oncue.core.ports import Clock


class BudgetReached(BaseException):
    """The run may spend no more; code of a step must let it pass."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class RunBudget:
    """What a run may spend and has spent; used in the executor's event loop.

    ``deadline`` is when its seconds are used up, on the monotonic clock. Calls that are under way count as calls at once, and
    as tokens and money when their answer says what they cost.
    """

    def __init__(self, run: Run, spent: Spending, *, deadline: float | None, clock: Clock) -> None:
        budget: Any = run.request.get("budget")
        self._limits: Mapping[str, float] = budget if isinstance(budget, Mapping) else {}
        self._spent = spent
        self._begun = spent.calls
        self._deadline = deadline
        self._clock = clock

    def begin_call(self) -> None:
        """Count a call that is about to be made.

        Raises:
            BudgetReached: the run may make no more.
        """
        failure = self._explain()
        if failure is not None:
            raise BudgetReached(failure)
        self._begun += 1

    def end_call(self, cost: Spending) -> None:
        """Count what a call cost."""
        self._spent = self._spent + cost

    def _explain(self) -> Failure | None:
        """Why no call may begin."""
        if self._deadline is not None and self._clock.monotonic() >= self._deadline:
            return Failure(code="budget_seconds", message="the time limit of the run is used up")
        used: dict[str, float] = {"calls": self._begun, "tokens": self._spent.tokens, "usd": self._spent.usd}
        for name, amount in used.items():
            limit = self._limits.get(name)
            if limit is not None and amount >= limit:
                words = f"{amount:g} of its limit of {limit:g} {name}"
                if name == "usd":
                    words = f"{show_dollars(amount)} of its limit of {show_dollars(limit)}"
                return Failure(code=f"budget_{name}", message=f"the run used {words}")
        if self._spent.unknown_usd and "usd" in self._limits and "tokens" not in self._limits:
            return Failure(
                code="budget_unknown",
                message="the price of a call is unknown, so the budget in money cannot be kept",
                detail="give --max-tokens as well, or set price.NAME.input and price.NAME.output with oncue config set",
            )
        return None
