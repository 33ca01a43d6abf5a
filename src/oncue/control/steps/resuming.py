"""From which attempts an attempt goes on: their answers are paid for, and are not asked for again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from oncue.core.model import Attempt, AttemptState
from oncue.core.modelport import ModelTrouble
from oncue.core.request import Scope

_INTERRUPTED = frozenset({"timeout", "worker_lost", *(trouble.value for trouble in ModelTrouble)})


def attempts_resumed(
    attempt: Attempt, attempts: Iterable[Attempt], request_of: Callable[[int], Mapping[str, object]]
) -> tuple[Attempt, ...]:
    """The attempts that this one goes on from, the latest first; ``attempts`` are those of its step, in any order.

    An attempt goes on from the one before it when that was ended from outside (by its budget, a person, the network), and it is
    a retry in the same run or its run resumes what was left. So a job goes on however often it was halted.
    """
    found: list[Attempt] = []
    later = attempt
    earlier = [one for one in attempts if _order(one) < _order(attempt)]
    for one in sorted(earlier, key=_order, reverse=True):
        is_resumed = one.key.run == later.key.run or request_of(later.key.run).get("scope") == Scope.RESUME.value
        if not (is_resumed and _was_interrupted(one)):
            break
        found.append(one)
        later = one
    return tuple(found)


def _was_interrupted(attempt: Attempt) -> bool:
    is_trouble = attempt.error is not None and attempt.error.code in _INTERRUPTED
    return attempt.state is AttemptState.CANCELLED or (attempt.state is AttemptState.FAILED and is_trouble)


def _order(attempt: Attempt) -> tuple[int, int]:
    return attempt.key.run, attempt.key.number
