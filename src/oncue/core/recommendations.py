"""Recommendations: advice, by an agent or a person, to run a job in a certain way. They are read, used, and start nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NewType

from oncue.core.model import JobId

RecommendationId = NewType("RecommendationId", str)
_BY_KEY = frozenset({"params", "budget", "comment"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """Advice on record. ``request`` is the stored form of the run request that is recommended.

    ``blockers`` and ``warnings`` are what preflight found when it was given, in their wire form, so that findings which
    nothing makes any more can still be read; ``prerequisites`` says of each step it builds on whether its output was there.
    ``plan_digest`` is the plan it was given for, ``estimate`` what that might have cost.
    """

    id: RecommendationId
    job_id: JobId
    request: Mapping[str, object]
    rationale: str
    author: str
    given_at: datetime
    plan_digest: str
    blockers: tuple[Mapping[str, str], ...] = ()
    warnings: tuple[Mapping[str, str], ...] = ()
    estimate: Mapping[str, object] = field(default_factory=dict)
    prerequisites: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """An option that a person set otherwise than was recommended; None is an option that was left out."""

    name: str
    recommended: object
    used: object

    def as_dict(self) -> dict[str, object]:
        """The wire form."""
        return {"name": self.name, "recommended": self.recommended, "used": self.used}


def find_overrides(recommended: Mapping[str, object], used: Mapping[str, object]) -> tuple[Override, ...]:
    """Where two stored run requests differ, option by option; parameters and limits one by one."""
    before, after = _flat(recommended), _flat(used)
    return tuple(
        Override(name=name, recommended=before.get(name), used=after.get(name))
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    )


def _flat(request: Mapping[str, object]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in request.items():
        if name in _BY_KEY and isinstance(value, Mapping):
            found |= {f"{name}.{key}": one for key, one in value.items()}
        else:
            found[name] = list(value) if isinstance(value, tuple) else value
    return found
