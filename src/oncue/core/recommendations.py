"""Recommendations: advice, by an agent or a person, to run a job in a certain way. They are read, used, and start nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NewType

from oncue.core.model import JobId

RecommendationId = NewType("RecommendationId", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """Advice on record. ``request`` is the stored form of the run request that is recommended.

    ``blockers`` and ``warnings`` are what preflight found when it was given, in their wire form, so that findings which nothing
    makes any more can still be read; ``plan_digest`` is the plan it was given for, ``estimate`` what that might have cost.
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
